# sound: Polish, checkpoints of improving epochs in an emptied folder, the last one is picked with glob, green and red titles at the end
# %%
# Zadanie 1
import glob
import os
import shutil

import keras
import matplotlib.pyplot as plt
import numpy as np

# %%
# Zadanie 2
(x_train, y_train), (x_test, y_test) = keras.datasets.cifar10.load_data()

WYBRANE = (5, 7, 9)
NAZWY = ("pies", "koń", "ciężarówka")


def przygotuj(obrazy, etykiety):
    etykiety = etykiety.reshape(len(etykiety))
    maska = np.zeros(len(etykiety), dtype=bool)
    for klasa in WYBRANE:
        maska = maska | (etykiety == klasa)
    obrazy, etykiety = obrazy[maska], etykiety[maska]
    losowo = np.random.permutation(len(obrazy))
    obrazy, etykiety = obrazy[losowo], etykiety[losowo]
    wiersze = np.stack([etykiety == klasa for klasa in WYBRANE], axis=1)
    return obrazy.astype("float32") / 255.0, wiersze.astype("float32")


x_train, y_train = przygotuj(x_train, y_train)
x_test, y_test = przygotuj(x_test, y_test)


# %%
# Zadanie 3
def pokaz(obrazy, etykiety, prawdziwe=None, ile=10):
    numery = np.random.permutation(len(obrazy))[:ile]
    plt.figure(figsize=(2 * ile, 2.5))
    for miejsce, numer in enumerate(numery):
        plt.subplot(1, ile, miejsce + 1)
        plt.imshow(obrazy[numer])
        klasa = np.argmax(etykiety[numer])
        kolor = "black"
        if prawdziwe is not None:
            kolor = "green" if klasa == np.argmax(prawdziwe[numer]) else "red"
        plt.title(NAZWY[klasa], color=kolor)
        plt.axis("off")
    plt.show()


pokaz(x_train, y_train)
pokaz(x_test, y_test)


# %%
# Zadanie 4
def dodaj_blok(siec, filtry):
    siec.add(keras.layers.Conv2D(filtry, 3, padding="same", activation="relu"))
    siec.add(keras.layers.MaxPooling2D())
    siec.add(keras.layers.BatchNormalization())


def stworz_siec():
    siec = keras.Sequential()
    siec.add(keras.layers.InputLayer(shape=(32, 32, 3)))
    dodaj_blok(siec, 32)
    dodaj_blok(siec, 64)
    dodaj_blok(siec, 128)
    siec.add(keras.layers.Flatten())
    siec.add(keras.layers.Dense(64, activation="relu"))
    siec.add(keras.layers.Dropout(0.4))
    siec.add(keras.layers.Dense(3, activation="softmax"))
    siec.compile(
        optimizer=keras.optimizers.Adam(learning_rate=0.0007),
        loss="categorical_crossentropy",
        metrics=["accuracy"],
    )
    return siec


siec = stworz_siec()
siec.summary()

# %%
# Zadanie 5
shutil.rmtree("punkty", ignore_errors=True)
os.makedirs("punkty")
stop = keras.callbacks.EarlyStopping(monitor="val_loss", patience=6, mode="min")
punkt = keras.callbacks.ModelCheckpoint(
    "punkty/epoka_{epoch:03d}.keras", monitor="val_loss", mode="min", save_best_only=True
)
historia = siec.fit(
    x_train,
    y_train,
    batch_size=64,
    epochs=40,
    validation_split=0.2,
    callbacks=[stop, punkt],
)

# %%
# Zadanie 6
plt.plot(historia.history["accuracy"], label="uczenie")
plt.plot(historia.history["val_accuracy"], label="walidacja")
plt.title("Dokładność")
plt.legend()
plt.show()

pliki = sorted(glob.glob("punkty/epoka_*.keras"))
najlepsza = keras.models.load_model(pliki[-1])  # every file is better than the one before
wynik = najlepsza.predict(x_test)
pokaz(x_test, wynik, prawdziwe=y_test)
