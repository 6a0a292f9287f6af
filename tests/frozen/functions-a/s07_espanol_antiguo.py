# sound: Spanish, old-fashioned Keras idioms (Convolution2D, Activation layers, input_shape argument) that still work
from os import PathLike

import matplotlib.pyplot as plt
import numpy as np
from keras.callbacks import EarlyStopping, ModelCheckpoint
from keras.datasets import cifar10
from keras.layers import (
    Activation,
    Convolution2D,
    Dense,
    Dropout,
    Flatten,
    MaxPooling2D,
    Rescaling,
)
from keras.models import Sequential, load_model
from keras.optimizers import SGD
from keras.utils import to_categorical


# Tarea 2: preparar los datos
def subset_data(x, y, classes=(0, 1, 2), seed=None):
    etiquetas = np.array(y).flatten()

    # guardamos la posicion de cada clase
    columna = {}
    for j in range(len(classes)):
        columna[int(classes[j])] = j

    indices = [i for i in range(len(etiquetas)) if int(etiquetas[i]) in columna]
    indices = np.array(indices, dtype=int)

    # barajar
    np.random.seed(seed)
    np.random.shuffle(indices)

    imagenes = x[indices]
    numeros = np.array([columna[int(etiquetas[i])] for i in indices], dtype=int)
    y_categorica = to_categorical(numeros, len(classes))
    return imagenes, y_categorica


# Tarea 3: mostrar ejemplos
def show_examples(x, y, class_names, predictions=None, count=10, seed=None):
    np.random.seed(seed)
    n = min(count, len(x))
    elegidos = np.random.choice(len(x), n, replace=False)
    filas = n // 5 + 1
    figura = plt.figure(figsize=(12, 3 * filas))
    for k in range(n):
        i = elegidos[k]
        eje = figura.add_subplot(filas, 5, k + 1)
        eje.imshow(x[i])
        eje.set_xticks([])
        eje.set_yticks([])
        titulo = "real: " + class_names[y[i].argmax()]
        if predictions is not None:
            titulo += "\nprediccion: " + class_names[predictions[i].argmax()]
        eje.set_title(titulo)
    return figura


# Tarea 4: el modelo
def add_conv_block(model, filters):
    model.add(Convolution2D(filters, (3, 3), padding="same"))
    model.add(Activation("relu"))
    model.add(Convolution2D(filters, (3, 3), padding="same"))
    model.add(Activation("relu"))
    model.add(MaxPooling2D(pool_size=(2, 2)))
    model.add(Dropout(0.25))
    return model


def build_model(input_shape=(32, 32, 3), num_classes=3):
    modelo = Sequential()
    modelo.add(Rescaling(1.0 / 255, input_shape=input_shape))
    add_conv_block(modelo, 32)
    add_conv_block(modelo, 64)
    modelo.add(Flatten())
    modelo.add(Dense(128))
    modelo.add(Activation("relu"))
    modelo.add(Dropout(0.5))
    modelo.add(Dense(num_classes))
    modelo.add(Activation("softmax"))
    sgd = SGD(learning_rate=0.01, momentum=0.9, nesterov=True)
    modelo.compile(loss="categorical_crossentropy", optimizer=sgd, metrics=["accuracy"])
    return modelo


# Tarea 5: entrenar
def train(
    model,
    x_train,
    y_train,
    x_val,
    y_val,
    *,
    epochs=20,
    batch_size=128,
    patience=3,
    checkpoint_path="best_model.keras",
    callbacks=(),
):
    parada = EarlyStopping(monitor="val_accuracy", patience=patience, verbose=1)
    punto = ModelCheckpoint(
        filepath=checkpoint_path,
        monitor="val_accuracy",
        verbose=1,
        save_best_only=True,
    )
    lista = [parada, punto]
    lista.extend(callbacks)
    historia = model.fit(
        x_train,
        y_train,
        batch_size=batch_size,
        epochs=epochs,
        validation_data=(x_val, y_val),
        shuffle=True,
        callbacks=lista,
    )
    return historia


# Tarea 6: graficas y predicciones
def plot_history(history):
    if not isinstance(history, dict):
        history = history.history
    figura = plt.figure()
    plt.plot(history["accuracy"])
    plt.plot(history["val_accuracy"])
    plt.title("Exactitud del modelo")
    plt.ylabel("exactitud")
    plt.xlabel("epoca")
    plt.legend(["entrenamiento", "validacion"], loc="upper left")
    return figura


def predict(model, x):
    if isinstance(model, (str, PathLike)):
        model = load_model(model)
    return model.predict(x, batch_size=64)


if __name__ == "__main__":
    nombres = ["avion", "coche", "pajaro"]
    (x_todo, y_todo), (x_test, y_test) = cifar10.load_data()
    x_todo, y_todo = subset_data(x_todo, y_todo, seed=7)
    x_test, y_test = subset_data(x_test, y_test, seed=7)
    corte = int(0.9 * len(x_todo))
    show_examples(x_todo, y_todo, nombres)
    plt.show()
    modelo = build_model()
    modelo.summary()
    historia = train(modelo, x_todo[:corte], y_todo[:corte], x_todo[corte:], y_todo[corte:])
    plot_history(historia)
    prob = predict("best_model.keras", x_test)
    show_examples(x_test, y_test, nombres, predictions=prob)
    plt.show()
    print("Exactitud: %.3f" % np.mean(prob.argmax(1) == y_test.argmax(1)))
