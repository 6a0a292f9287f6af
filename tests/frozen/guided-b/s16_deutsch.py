# sound: German names and comments, plain loops, network as a list with an unpacking block function
# %%
# Aufgabe 1 - Bibliotheken
import random

import keras
import matplotlib.pyplot as plt
import numpy as np
from keras.callbacks import EarlyStopping, ModelCheckpoint
from keras.layers import Conv2D, Dense, Dropout, Flatten, Input, MaxPooling2D
from keras.models import Sequential, load_model

# %%
# Aufgabe 2 - Vorverarbeitung
KLASSEN = [3, 5, 7]
BEZEICHNUNG = {0: "Katze", 1: "Hund", 2: "Pferd"}


def auswaehlen_und_mischen(bilder, etiketten):
    paare = []
    for bild, etikett in zip(bilder, etiketten):
        nummer = int(etikett[0])
        if nummer in KLASSEN:
            paare.append((bild, KLASSEN.index(nummer)))
    random.shuffle(paare)
    neue_bilder = np.array([bild for bild, _ in paare], dtype="float32") / 255
    neue_etiketten = np.zeros((len(paare), len(KLASSEN)), dtype="float32")
    for zeile, (_, nummer) in enumerate(paare):
        neue_etiketten[zeile, nummer] = 1.0
    return neue_bilder, neue_etiketten


(x_lern, y_lern), (x_test, y_test) = keras.datasets.cifar10.load_data()
x_lern, y_lern = auswaehlen_und_mischen(x_lern, y_lern)
x_test, y_test = auswaehlen_und_mischen(x_test, y_test)
print("Lernbilder:", x_lern.shape, "Testbilder:", x_test.shape)


# %%
# Aufgabe 3 - Bilder ansehen
def zeige_zufaellige_bilder(bilder, etiketten, ueberschrift):
    plt.figure(figsize=(9, 9))
    plt.suptitle(ueberschrift)
    for feld in range(9):
        zufall = random.randrange(len(bilder))
        plt.subplot(3, 3, feld + 1)
        plt.imshow(bilder[zufall])
        plt.title(BEZEICHNUNG[int(np.argmax(etiketten[zufall]))])
        plt.axis("off")
    plt.show()


zeige_zufaellige_bilder(x_lern, y_lern, "Lernmenge")
zeige_zufaellige_bilder(x_test, y_test, "Testmenge")


# %%
# Aufgabe 4 - Netz
def faltungsblock(netz, filter_anzahl, ausfall=0.2):
    netz.add(Conv2D(filter_anzahl, (3, 3), padding="same", activation="relu"))
    netz.add(Conv2D(filter_anzahl, (3, 3), padding="same", activation="relu"))
    netz.add(MaxPooling2D(pool_size=(2, 2)))
    netz.add(Dropout(ausfall))


def erstelle_netz():
    netz = Sequential(name="drei_klassen")
    netz.add(Input(shape=(32, 32, 3)))
    faltungsblock(netz, 32)
    faltungsblock(netz, 64, ausfall=0.3)
    netz.add(Flatten())
    netz.add(Dense(96, activation="relu"))
    netz.add(Dropout(0.5))
    netz.add(Dense(3, activation="softmax"))
    netz.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
    return netz


netz = erstelle_netz()
netz.summary()

# %%
# Aufgabe 5 - Lernen
frueher_halt = EarlyStopping(monitor="val_loss", mode="min", patience=5, verbose=1)
bestes_netz = ModelCheckpoint("bestes_netz.keras", monitor="val_loss", mode="min", save_best_only=True)
verlauf = netz.fit(
    x_lern,
    y_lern,
    batch_size=64,
    epochs=30,
    validation_data=(x_test, y_test),
    callbacks=[frueher_halt, bestes_netz],
)

# %%
# Aufgabe 6 - Vorhersagen
epochen = np.arange(1, len(verlauf.history["loss"]) + 1)
plt.figure()
plt.plot(epochen, verlauf.history["accuracy"], label="Lernmenge")
plt.plot(epochen, verlauf.history["val_accuracy"], label="Testmenge")
plt.xlabel("Epoche")
plt.ylabel("Trefferquote")
plt.legend()
plt.show()

netz = load_model("bestes_netz.keras")
vorhersage = netz.predict(x_test)
treffer = np.argmax(vorhersage, axis=1) == np.argmax(y_test, axis=1)
print("Trefferquote:", treffer.mean())
zeige_zufaellige_bilder(x_test, vorhersage, "Vorhergesagt")
