# sound: Spanish comments, LabelBinarizer, sklearn.utils.shuffle, fig.add_subplot, and an arrow that marks the best epoch
# %%
# 1. Librerías
import numpy as np
import matplotlib.pyplot as plt
from sklearn.preprocessing import LabelBinarizer
from sklearn.utils import shuffle

from tensorflow.keras.datasets import cifar10
from tensorflow.keras.models import Sequential, load_model
from tensorflow.keras.layers import Input, Conv2D, MaxPooling2D, Dropout, Flatten, Dense
from tensorflow.keras.callbacks import EarlyStopping, ModelCheckpoint

NOMBRES = ["avión", "coche", "pájaro", "gato", "ciervo", "perro", "rana", "caballo", "barco", "camión"]
CLASES = [2, 6, 8]  # pájaro, rana, barco

# %%
# 2. Datos: nos quedamos con tres clases
(x_entreno, y_entreno), (x_prueba, y_prueba) = cifar10.load_data()

binarizador = LabelBinarizer()
binarizador.fit(CLASES)
nombres3 = [NOMBRES[c] for c in binarizador.classes_]


def subconjunto(x, y):
    y = y.ravel()
    mascara = np.isin(y, CLASES)
    x3 = x[mascara]
    y3 = binarizador.transform(y[mascara]).astype("float32")
    return shuffle(x3, y3, random_state=7)  # baraja las dos a la vez


x3_entreno, y3_entreno = subconjunto(x_entreno, y_entreno)
x3_prueba, y3_prueba = subconjunto(x_prueba, y_prueba)
print(x3_entreno.shape, y3_entreno.shape)
print(x3_prueba.shape, y3_prueba.shape)


# %%
# 3. Ejemplos al azar
def ejemplos(x, y, filas=2, columnas=5):
    indices = np.random.choice(len(x), filas * columnas, replace=False)
    fig = plt.figure(figsize=(2 * columnas, 2.3 * filas))
    for k, i in enumerate(indices, start=1):
        ax = fig.add_subplot(filas, columnas, k)
        ax.imshow(x[i])
        ax.set_title(nombres3[np.argmax(y[i])], fontsize=11)
        ax.set_xticks([])
        ax.set_yticks([])
    fig.tight_layout()
    plt.show()


print("Entrenamiento")
ejemplos(x3_entreno, y3_entreno)
print("Prueba")
ejemplos(x3_prueba, y3_prueba)

# %%
# 4. Modelo
modelo = Sequential()
modelo.add(Input((32, 32, 3)))


def agrega_bloque(modelo, n, tasa):
    """Dos convoluciones, un submuestreo y dropout."""
    modelo.add(Conv2D(n, 3, activation="relu", padding="same", kernel_initializer="he_uniform"))
    modelo.add(Conv2D(n, 3, activation="relu", padding="same", kernel_initializer="he_uniform"))
    modelo.add(MaxPooling2D(2))
    modelo.add(Dropout(tasa))


agrega_bloque(modelo, 32, 0.2)
agrega_bloque(modelo, 64, 0.3)
agrega_bloque(modelo, 96, 0.4)
modelo.add(Flatten())
modelo.add(Dense(96, activation="relu"))
modelo.add(Dense(3, activation="softmax"))

modelo.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
modelo.summary()

# %%
# 5. Entrenamiento
xe = x3_entreno.astype("float32") / 255
xp = x3_prueba.astype("float32") / 255

historia = modelo.fit(
    xe, y3_entreno,
    validation_data=(xp, y3_prueba),
    epochs=40, batch_size=128,
    callbacks=[
        EarlyStopping(monitor="val_accuracy", mode="max", patience=8),
        ModelCheckpoint("mejor_modelo.keras", monitor="val_accuracy", mode="max", save_best_only=True),
    ],
)

# %%
# 6. Curvas, con una flecha en la mejor época
acc = historia.history["accuracy"]
val = historia.history["val_accuracy"]
mejor = int(np.argmax(val))

fig = plt.figure(figsize=(8, 5))
ax = fig.add_subplot(1, 1, 1)
ax.plot(acc, color="navy", label="entrenamiento")
ax.plot(val, color="crimson", label="validación")
ax.annotate(
    f"mejor época: {val[mejor]:.3f}",
    xy=(mejor, val[mejor]),
    xytext=(0.5, 0.2),
    textcoords="axes fraction",
    arrowprops=dict(arrowstyle="->"),
)
ax.set_xlabel("época")
ax.set_ylabel("exactitud")
ax.legend()
plt.show()

# %%
# Predicciones con el mejor modelo guardado
mejor_modelo = load_model("mejor_modelo.keras")
probabilidades = mejor_modelo.predict(xp)
pred = binarizador.inverse_transform(probabilidades)  # vuelve a dar el número 2, 6 u 8

indices = np.random.choice(len(xp), 10, replace=False)
fig = plt.figure(figsize=(12, 5))
for k, i in enumerate(indices, start=1):
    ax = fig.add_subplot(2, 5, k)
    ax.imshow(x3_prueba[i])
    ax.set_title("pred.: " + NOMBRES[pred[i]])
    ax.axis("off")
plt.show()
