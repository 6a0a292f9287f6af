"""
PROYECTO FINAL - REDES CONVOLUCIONALES
======================================

En este archivo se resuelven las seis tareas del curso. Cada función lleva su explicación.
"""

# Importamos las bibliotecas que necesitamos
import tensorflow as tf          # el motor
from tensorflow import keras     # las redes
import numpy as np               # los arreglos
import matplotlib.pyplot as plt  # los dibujos
import warnings

warnings.warn("este aviso no es grave")

# Constantes del proyecto
PIXEL_MAXIMO = 255.0
COLUMNAS = 5


# ---------------------------------------------------------------------------
# Tarea 2: preprocesamiento
# ---------------------------------------------------------------------------
def subset_data(x, y, classes=(0, 1, 2), seed=None):
    """Devuelve las imágenes de las clases pedidas, barajadas, y sus etiquetas one-hot."""
    # Primero aplanamos las etiquetas, porque CIFAR-10 las trae con forma (n, 1)
    etiquetas = np.array(y, copy=True).reshape(-1)
    # Después buscamos las posiciones
    posiciones = []
    columnas = []
    for posicion in range(etiquetas.shape[0]):
        for columna in range(len(classes)):
            if etiquetas[posicion] == classes[columna]:
                posiciones.append(posicion)
                columnas.append(columna)
    posiciones = np.array(posiciones, dtype="int64")
    columnas = np.array(columnas, dtype="int64")
    # Barajamos las dos listas con la misma permutación
    generador = np.random.default_rng(seed)
    permutacion = generador.permutation(len(posiciones))
    posiciones = posiciones[permutacion]
    columnas = columnas[permutacion]
    # Por último, one-hot
    y_subset = keras.utils.to_categorical(columnas, num_classes=len(classes))
    x_subset = x[posiciones]
    print("Quedan", len(x_subset), "imágenes")
    return x_subset, y_subset


# ---------------------------------------------------------------------------
# Tarea 3: visualización
# ---------------------------------------------------------------------------
def show_examples(x, y, class_names, predictions=None, count=10, seed=None):
    """Muestra imágenes al azar con el nombre de su clase."""
    generador = np.random.default_rng(seed)
    cantidad = min(count, len(x))
    elegidas = generador.choice(len(x), size=cantidad, replace=False)
    filas = (cantidad - 1) // COLUMNAS + 1
    figura = plt.figure(figsize=(COLUMNAS * 2, filas * 2.5))
    for lugar in range(cantidad):
        imagen = elegidas[lugar]
        eje = figura.add_subplot(filas, COLUMNAS, lugar + 1)
        eje.imshow(x[imagen])
        eje.set_axis_off()
        verdadera = class_names[int(np.argmax(y[imagen]))]
        if predictions is not None:
            predicha = class_names[int(np.argmax(predictions[imagen]))]
            eje.set_title("Real: {0}\nPredicción: {1}".format(verdadera, predicha))
        else:
            eje.set_title("Real: {0}".format(verdadera))
    figura.suptitle("Ejemplos de CIFAR-10")
    return figura


# ---------------------------------------------------------------------------
# Tarea 4: modelo
# ---------------------------------------------------------------------------
def add_conv_block(model, filters):
    """Añade dos convoluciones, normalización y reducción a la mitad."""
    model.add(keras.layers.Conv2D(filters=filters, kernel_size=(3, 3), padding="same", activation="relu"))
    model.add(keras.layers.BatchNormalization())
    model.add(keras.layers.Conv2D(filters=filters, kernel_size=(3, 3), padding="same", activation="relu"))
    model.add(keras.layers.BatchNormalization())
    model.add(keras.layers.MaxPooling2D(pool_size=(2, 2)))
    model.add(keras.layers.Dropout(rate=0.1))
    return model


def build_model(input_shape=(32, 32, 3), num_classes=3):
    """Construye y compila la red."""
    modelo = tf.keras.Sequential()
    modelo.add(tf.keras.layers.Input(shape=input_shape))
    for filtros in (16, 32):
        modelo = add_conv_block(modelo, filtros)
    modelo.add(tf.keras.layers.Flatten())
    modelo.add(tf.keras.layers.Dense(units=num_classes, activation="softmax"))
    modelo.compile(
        optimizer=tf.keras.optimizers.Adam(learning_rate=0.001),
        loss="categorical_crossentropy",
        metrics=["accuracy"],
    )
    return modelo


# ---------------------------------------------------------------------------
# Tarea 5: entrenamiento
# ---------------------------------------------------------------------------
def train(model, x_train, y_train, x_val, y_val, *, epochs=20, batch_size=128, patience=3,
          checkpoint_path="best_model.keras", callbacks=()):
    """Entrena con parada temprana y guarda la mejor época."""
    x_train_normal = x_train.astype("float32") / PIXEL_MAXIMO
    x_val_normal = x_val.astype("float32") / PIXEL_MAXIMO
    parada = keras.callbacks.EarlyStopping(monitor="val_accuracy", mode="max", patience=patience, verbose=1,
                                           restore_best_weights=True)
    guardado = keras.callbacks.ModelCheckpoint(filepath=checkpoint_path, monitor="val_accuracy", mode="max",
                                               save_best_only=True, verbose=1)
    historia = model.fit(
        x=x_train_normal,
        y=y_train,
        epochs=epochs,
        batch_size=batch_size,
        validation_data=(x_val_normal, y_val),
        callbacks=[parada, guardado, *callbacks],
        verbose=2,
    )
    return historia


# ---------------------------------------------------------------------------
# Tarea 6: curvas y predicción
# ---------------------------------------------------------------------------
def plot_history(history):
    """Dibuja la exactitud y la pérdida por época."""
    if hasattr(history, "history"):
        datos = history.history
    else:
        datos = history
    figura, ejes = plt.subplots(nrows=1, ncols=2, figsize=(12, 4))
    epocas = np.arange(1, len(datos["accuracy"]) + 1)
    ejes[1].plot(epocas, datos["accuracy"], label="entrenamiento (train)")
    ejes[1].plot(epocas, datos["val_accuracy"], label="validación (val)")
    ejes[1].set_title("Exactitud")
    ejes[1].set_xlabel("Época")
    ejes[1].set_ylabel("Exactitud")
    ejes[1].legend()
    ejes[0].plot(epocas, datos["loss"], label="entrenamiento (train)")
    ejes[0].plot(epocas, datos["val_loss"], label="validación (val)")
    ejes[0].set_title("Pérdida")
    ejes[0].set_xlabel("Época")
    ejes[0].set_ylabel("Pérdida")
    ejes[0].legend()
    figura.tight_layout()
    return figura


def predict(model, x):
    """Devuelve las probabilidades; acepta el modelo o la ruta del archivo."""
    if isinstance(model, keras.Model):
        modelo = model
    else:
        modelo = keras.models.load_model(model)
    return modelo.predict(x.astype("float32") / PIXEL_MAXIMO, verbose=0)
