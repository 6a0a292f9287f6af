# sound: Spanish, the whole project in one class with a method per task, called one after the other at the end
# Tarea 1: importar bibliotecas
import os

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "2"

import numpy as np
import matplotlib.pyplot as plt
from tensorflow import keras


class ProyectoCifar:
    """Clasificador de avión, camión y barco."""

    clases = {0: "avión", 8: "barco", 9: "camión"}

    def __init__(self, archivo="mejor_modelo.keras"):
        self.archivo = archivo
        self.nombres = list(self.clases.values())
        self.modelo = None
        self.historia = None

    # ------------------------------------------------------------- Tarea 2
    def cargar(self):
        entrenamiento, prueba = keras.datasets.cifar10.load_data()
        self.x_ent, self.y_ent = self._filtrar(*entrenamiento)
        self.x_pru, self.y_pru = self._filtrar(*prueba)
        print("entrenamiento:", self.x_ent.shape, "prueba:", self.x_pru.shape)

    def _filtrar(self, x, y):
        y = y.reshape(-1)
        partes_x, partes_y = [], []
        for nueva, vieja in enumerate(self.clases):
            seleccion = x[y == vieja]
            etiqueta = np.zeros((len(seleccion), 3))
            etiqueta[:, nueva] = 1
            partes_x.append(seleccion)
            partes_y.append(etiqueta)
        x = np.vstack(partes_x)
        y = np.vstack(partes_y)
        orden = np.arange(len(x))
        np.random.shuffle(orden)
        return x[orden] / 255.0, y[orden]

    # ------------------------------------------------------------- Tarea 3
    def mostrar(self, x, y, titulo, cantidad=9):
        fig = plt.figure(figsize=(6, 6.5))
        fig.suptitle(titulo)
        for n, i in enumerate(np.random.choice(len(x), cantidad, replace=False)):
            ax = fig.add_subplot(3, 3, n + 1)
            ax.imshow(x[i])
            ax.set_xlabel(self.nombres[np.argmax(y[i])])
            ax.set_xticks([])
            ax.set_yticks([])
        plt.show()

    # ------------------------------------------------------------- Tarea 4
    def _bloque(self, filtros):
        self.modelo.add(keras.layers.Conv2D(filtros, (3, 3), padding="same"))
        self.modelo.add(keras.layers.LeakyReLU())
        self.modelo.add(keras.layers.Conv2D(filtros, (3, 3), padding="same"))
        self.modelo.add(keras.layers.LeakyReLU())
        self.modelo.add(keras.layers.MaxPooling2D())
        self.modelo.add(keras.layers.SpatialDropout2D(0.15))

    def construir(self):
        self.modelo = keras.Sequential()
        self.modelo.add(keras.layers.Input(shape=(32, 32, 3)))
        self._bloque(24)
        self._bloque(48)
        self._bloque(96)
        self.modelo.add(keras.layers.Flatten())
        self.modelo.add(keras.layers.Dense(len(self.clases), activation="softmax"))
        self.modelo.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
        self.modelo.summary()

    # ------------------------------------------------------------- Tarea 5
    def entrenar(self, epocas=25, lote=256):
        llamadas = [
            keras.callbacks.EarlyStopping(monitor="val_accuracy", patience=5),
            keras.callbacks.ModelCheckpoint(
                self.archivo, monitor="val_accuracy", save_best_only=True, mode="max"
            ),
        ]
        self.historia = self.modelo.fit(
            self.x_ent,
            self.y_ent,
            batch_size=lote,
            epochs=epocas,
            validation_data=(self.x_pru, self.y_pru),
            callbacks=llamadas,
        )

    # ------------------------------------------------------------- Tarea 6
    def curvas(self):
        h = self.historia.history
        plt.plot(h["accuracy"], label="entrenamiento")
        plt.plot(h["val_accuracy"], label="validación")
        plt.xlabel("época")
        plt.ylabel("exactitud")
        plt.legend()
        plt.show()

    def predecir(self):
        mejor = keras.models.load_model(self.archivo)
        self.predicciones = mejor.predict(self.x_pru)
        self.mostrar(self.x_pru, self.predicciones, "Predicciones del mejor modelo")


proyecto = ProyectoCifar()
proyecto.cargar()
proyecto.mostrar(proyecto.x_ent, proyecto.y_ent, "Ejemplos de entrenamiento")
proyecto.mostrar(proyecto.x_pru, proyecto.y_pru, "Ejemplos de prueba")
proyecto.construir()
proyecto.entrenar()
proyecto.curvas()
proyecto.predecir()
