# sound: Spanish tutorial, labels renumbered by hand line by line, pixels divided by 255 only inside fit and predict
# %%
# Tarea 1: librerias
import keras
import matplotlib.pyplot as plt
import numpy as np
from keras.layers import Conv2D, Dense, Dropout, Flatten, Input, MaxPooling2D

# %%
# Tarea 2: preparar los datos
(x_train, y_train), (x_test, y_test) = keras.datasets.cifar10.load_data()
y_train = y_train.ravel()
y_test = y_test.ravel()

# avion (0), barco (8), camion (9)
filas_train = np.where((y_train == 0) | (y_train == 8) | (y_train == 9))[0]
filas_test = np.where((y_test == 0) | (y_test == 8) | (y_test == 9))[0]

# mezclar los indices antes de recortar
np.random.shuffle(filas_train)
np.random.shuffle(filas_test)

x_train = x_train[filas_train]
y_train = y_train[filas_train]
x_test = x_test[filas_test]
y_test = y_test[filas_test]

# nuevos numeros: 0, 1, 2
y_train[y_train == 8] = 1
y_train[y_train == 9] = 2
y_test[y_test == 8] = 1
y_test[y_test == 9] = 2

y_train = keras.utils.to_categorical(y_train, num_classes=3)
y_test = keras.utils.to_categorical(y_test, num_classes=3)

nombres = ["avion", "barco", "camion"]
print("Entrenamiento:", x_train.shape, y_train.shape)
print("Prueba:", x_test.shape, y_test.shape)


# %%
# Tarea 3: mirar imagenes al azar
def mostrar_imagenes(imagenes, etiquetas, titulo):
    plt.figure(figsize=(10, 4))
    plt.suptitle(titulo)
    azar = np.random.permutation(len(imagenes))[:10]
    for i in range(len(azar)):
        plt.subplot(2, 5, i + 1)
        plt.imshow(imagenes[azar[i]])
        plt.title(nombres[np.argmax(etiquetas[azar[i]])])
        plt.axis("off")
    plt.show()


mostrar_imagenes(x_train, y_train, "Entrenamiento")
mostrar_imagenes(x_test, y_test, "Prueba")


# %%
# Tarea 4: la red
def agregar_bloque(modelo, filtros):
    modelo.add(Conv2D(filtros, kernel_size=(3, 3), activation="relu"))
    modelo.add(MaxPooling2D(pool_size=(2, 2)))


def crear_modelo():
    modelo = keras.Sequential()
    modelo.add(Input(shape=(32, 32, 3)))
    agregar_bloque(modelo, 32)
    agregar_bloque(modelo, 64)
    modelo.add(Flatten())
    modelo.add(Dense(64, activation="relu"))
    modelo.add(Dropout(0.5))
    modelo.add(Dense(3, activation="softmax"))
    return modelo


modelo = crear_modelo()
modelo.compile(
    optimizer=keras.optimizers.SGD(learning_rate=0.01, momentum=0.9),
    loss="categorical_crossentropy",
    metrics=["accuracy"],
)
modelo.summary()

# %%
# Tarea 5: entrenar
parada = keras.callbacks.EarlyStopping(monitor="val_accuracy", patience=5)
guardar = keras.callbacks.ModelCheckpoint(
    "mejor_modelo.keras", monitor="val_accuracy", save_best_only=True
)
historia = modelo.fit(
    x_train / 255.0,
    y_train,
    epochs=40,
    batch_size=64,
    validation_data=(x_test / 255.0, y_test),
    callbacks=[parada, guardar],
)

# %%
# Tarea 6: resultados
plt.plot(historia.history["accuracy"], label="entrenamiento")
plt.plot(historia.history["val_accuracy"], label="validacion")
plt.xlabel("epoca")
plt.ylabel("exactitud")
plt.legend()
plt.show()

mejor = keras.models.load_model("mejor_modelo.keras")
predicciones = mejor.predict(x_test / 255.0)
mostrar_imagenes(x_test, predicciones, "Predicciones")
