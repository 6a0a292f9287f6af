# sound: German names and comments (with an umlaut in names), dictionary of class numbers, val_loss everywhere
"""Kursprojekt: Katze, Hund und Pferd."""

# %%
# Aufgabe 1
import os

import keras
import matplotlib.pyplot as plt
import numpy as np

# %%
# Aufgabe 2: Daten laden und vorbereiten
(x_train, y_train), (x_test, y_test) = keras.datasets.cifar10.load_data()

KLASSEN = {3: "Katze", 5: "Hund", 7: "Pferd"}


def auswählen(bilder, marken):
    """Nur die drei Klassen behalten, mischen, One-Hot erzeugen."""
    marken = marken.reshape(-1)
    behalten = np.isin(marken, list(KLASSEN))
    bilder = bilder[behalten]
    marken = marken[behalten]
    neue_nummer = {alt: neu for neu, alt in enumerate(KLASSEN)}
    marken = np.array([neue_nummer[int(m)] for m in marken])
    reihenfolge = np.random.permutation(len(bilder))
    bilder = bilder[reihenfolge]
    marken = marken[reihenfolge]
    return bilder.astype("float32") / 255, keras.utils.to_categorical(marken, len(KLASSEN))


trainbilder, trainmarken = auswählen(x_train, y_train)
prüfbilder, prüfmarken = auswählen(x_test, y_test)
print("Training:", trainbilder.shape, trainmarken.shape)
print("Test:", prüfbilder.shape, prüfmarken.shape)

# %%
# Aufgabe 3: Bilder ansehen
namen = list(KLASSEN.values())


def zeige_bilder(bilder, marken, überschrift):
    auswahl = np.random.choice(len(bilder), size=8, replace=False)
    fig, achsen = plt.subplots(2, 4, figsize=(10, 5))
    for achse, nr in zip(achsen.flat, auswahl):
        achse.imshow(bilder[nr])
        achse.set_title(namen[marken[nr].argmax()])
        achse.axis("off")
    fig.suptitle(überschrift)
    plt.show()


zeige_bilder(trainbilder, trainmarken, "Trainingsdaten")
zeige_bilder(prüfbilder, prüfmarken, "Testdaten")


# %%
# Aufgabe 4: Modell bauen
def faltungsblock(netz, filterzahl):
    netz.add(keras.layers.Conv2D(filterzahl, 3, padding="same", activation="relu"))
    netz.add(keras.layers.Conv2D(filterzahl, 3, padding="same", activation="relu"))
    netz.add(keras.layers.MaxPooling2D())


def modell_erstellen():
    netz = keras.Sequential([keras.layers.Input((32, 32, 3))])
    for filterzahl in (16, 32, 64):
        faltungsblock(netz, filterzahl)
    netz.add(keras.layers.Flatten())
    netz.add(keras.layers.Dropout(0.4))
    netz.add(keras.layers.Dense(len(KLASSEN), activation="softmax"))
    netz.compile(
        loss="categorical_crossentropy",
        optimizer=keras.optimizers.Adam(learning_rate=1e-3),
        metrics=["accuracy"],
    )
    return netz


netz = modell_erstellen()
netz.summary()

# %%
# Aufgabe 5: Training
os.makedirs("modelle", exist_ok=True)
pfad = os.path.join("modelle", "bestes_netz.keras")
stopp = keras.callbacks.EarlyStopping(monitor="val_loss", patience=5, verbose=1)
sichern = keras.callbacks.ModelCheckpoint(
    pfad, monitor="val_loss", save_best_only=True, verbose=1
)
verlauf = netz.fit(
    trainbilder,
    trainmarken,
    batch_size=64,
    epochs=40,
    validation_data=(prüfbilder, prüfmarken),
    callbacks=[stopp, sichern],
)

# %%
# Aufgabe 6: Auswertung
plt.plot(verlauf.history["accuracy"], "b-", label="Training")
plt.plot(verlauf.history["val_accuracy"], "r-", label="Validierung")
plt.title("Genauigkeit")
plt.xlabel("Epoche")
plt.legend()
plt.show()

bestes = keras.saving.load_model(pfad)
vorhersage = bestes.predict(prüfbilder)
zeige_bilder(prüfbilder, vorhersage, "Vorhersagen")
