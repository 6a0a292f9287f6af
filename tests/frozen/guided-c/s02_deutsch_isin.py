# sound: German names and titles, np.isin and searchsorted, float32 data scaled right after the import, fixed .keras file
# %% [markdown]
# Bildklassifikation mit Keras

# %% Aufgabe 1: Bibliotheken
from pathlib import Path

import keras
import matplotlib.pyplot as plt
import numpy as np
from keras import layers

rng = np.random.default_rng()

# %% Aufgabe 2: Daten laden, drei Klassen auswählen, mischen
KLASSEN = np.array([3, 5, 7])
KLASSENNAMEN = ["Katze", "Hund", "Pferd"]


def drei_klassen(bilder, etiketten):
    """Nur Katzen, Hunde und Pferde behalten, mischen und one-hot kodieren."""
    etiketten = etiketten.ravel()
    auswahl = np.flatnonzero(np.isin(etiketten, KLASSEN))
    auswahl = rng.permutation(auswahl)
    bilder = bilder[auswahl].astype("float32") / 255
    neue_etiketten = np.searchsorted(KLASSEN, etiketten[auswahl])  # 3->0, 5->1, 7->2
    return bilder, np.eye(len(KLASSEN), dtype="float32")[neue_etiketten]


(x_roh, y_roh), (x_roh_test, y_roh_test) = keras.datasets.cifar10.load_data()
x_training, y_training = drei_klassen(x_roh, y_roh)
x_pruefung, y_pruefung = drei_klassen(x_roh_test, y_roh_test)
del x_roh, y_roh, x_roh_test, y_roh_test

print("Training:", x_training.shape, "Anteile:", y_training.mean(axis=0))
print("Test:    ", x_pruefung.shape, "Anteile:", y_pruefung.mean(axis=0))


# %% Aufgabe 3: zufällige Beispiele zeigen
def zeige_beispiele(bilder, etiketten, ueberschrift, zeilen=3, spalten=6):
    fig, achsen = plt.subplots(zeilen, spalten, figsize=(1.5 * spalten, 1.8 * zeilen))
    fig.suptitle(ueberschrift)
    for achse in achsen.flat:
        nr = rng.integers(len(bilder))
        achse.imshow(bilder[nr])
        achse.set_title(KLASSENNAMEN[etiketten[nr].argmax()], fontsize=9)
        achse.axis("off")
    fig.tight_layout()
    plt.show()


zeige_beispiele(x_training, y_training, "Zufällige Trainingsbilder")
zeige_beispiele(x_pruefung, y_pruefung, "Zufällige Testbilder")


# %% Aufgabe 4: Netz aufbauen
def faltungsblock(netz, filter_anzahl):
    netz.add(layers.Conv2D(filter_anzahl, 3, padding="same", use_bias=False))
    netz.add(layers.BatchNormalization())
    netz.add(layers.Activation("relu"))
    netz.add(layers.MaxPooling2D())


netz = keras.Sequential(name="tiernetz")
netz.add(keras.Input((32, 32, 3)))
for anzahl in (32, 64, 128):
    faltungsblock(netz, anzahl)
netz.add(layers.GlobalAveragePooling2D())
netz.add(layers.Dropout(0.3))
netz.add(layers.Dense(3, activation="softmax"))

netz.compile(
    optimizer=keras.optimizers.Adam(2e-3),
    loss=keras.losses.CategoricalCrossentropy(),
    metrics=["accuracy"],
)
netz.summary()

# %% Aufgabe 5: Training
ordner = Path("modelle")
ordner.mkdir(exist_ok=True)
bestes = ordner / "bestes_netz.keras"

frueher_halt = keras.callbacks.EarlyStopping(
    monitor="val_accuracy", mode="max", patience=5, verbose=1
)
sicherung = keras.callbacks.ModelCheckpoint(
    str(bestes), monitor="val_accuracy", mode="max", save_best_only=True
)

verlauf = netz.fit(
    x_training,
    y_training,
    batch_size=64,
    epochs=30,
    validation_data=(x_pruefung, y_pruefung),
    callbacks=[frueher_halt, sicherung],
)

# %% Aufgabe 6: Auswertung
plt.figure()
plt.plot(verlauf.history["accuracy"], "o-", label="Training")
plt.plot(verlauf.history["val_accuracy"], "s-", label="Validierung")
plt.xlabel("Epoche")
plt.ylabel("Genauigkeit")
plt.title("Lernkurve")
plt.legend()
plt.grid(alpha=0.3)
plt.show()

bestes_netz = keras.models.load_model(bestes)
vorhersage = bestes_netz.predict(x_pruefung, verbose=0)
treffer = (vorhersage.argmax(axis=1) == y_pruefung.argmax(axis=1)).mean()
print(f"Trefferquote auf den Testbildern: {treffer:.1%}")

zeige_beispiele(x_pruefung, vorhersage, "Vorhersagen für Testbilder")
