# sound: German comments, confidence in the titles, one figure of random test images and one of only the wrongly predicted ones (however few there are)
# %%
# 1. Importe und Hilfsfunktion
import os
import shutil

import matplotlib.pyplot as plt
import numpy as np
from sklearn.model_selection import train_test_split
from tensorflow import keras

KLASSEN = {1: "Auto", 3: "Katze", 8: "Schiff"}
alte_nummern = np.array(sorted(KLASSEN))
namen = [KLASSEN[n] for n in alte_nummern]


def bilderreihe(bilder, titel, farben=None):
    """Zeichnet beliebig viele Bilder, fünf je Zeile."""
    zeilen = max(1, int(np.ceil(len(bilder) / 5)))
    fig, achsen = plt.subplots(zeilen, 5, figsize=(11, 2.5 * zeilen), squeeze=False)
    [a.axis("off") for a in achsen.flat]
    for k, (b, t) in enumerate(zip(bilder, titel)):
        a = achsen.flat[k]
        a.imshow(b)
        a.set_title(t, fontsize=9, color=farben[k] if farben else "k")
    plt.tight_layout()
    plt.show()


# %%
# 2. Daten
daten_train, daten_test = keras.datasets.cifar10.load_data()


def teilmenge(daten, saat):
    x, y = daten[0], daten[1].ravel()
    drin = np.isin(y, alte_nummern)
    x, y = x[drin], np.searchsorted(alte_nummern, y[drin])
    mischung = np.random.default_rng(saat).permutation(len(y))
    return x[mischung], np.eye(3)[y[mischung]]


x, y = teilmenge(daten_train, 1)
x_test, y_test = teilmenge(daten_test, 2)
x_train, x_val, y_train, y_val = train_test_split(x, y, test_size=0.2, random_state=0, stratify=y)
print(len(x_train), "Trainings-,", len(x_val), "Validierungs-,", len(x_test), "Testbilder")


# %%
# 3. Zufällige Beispiele
def beispiele(x, y):
    i = np.random.choice(len(x), 10, replace=False)
    bilderreihe(x[i], [namen[np.argmax(z)] for z in y[i]])


beispiele(x_train, y_train)
beispiele(x_test, y_test)

# %%
# 4. Modell
modell = keras.Sequential()
modell.add(keras.layers.Input((32, 32, 3)))
modell.add(keras.layers.Rescaling(1 / 255))


def block_dazu(modell, n_filter, n_faltungen=2, kern=(3, 3)):
    for _ in range(n_faltungen):
        modell.add(keras.layers.Conv2D(n_filter, kern, activation="relu", padding="same"))
    modell.add(keras.layers.MaxPooling2D((2, 2)))
    modell.add(keras.layers.BatchNormalization())


block_dazu(modell, 32)
block_dazu(modell, 64)
block_dazu(modell, 128, n_faltungen=1)
modell.add(keras.layers.Flatten())
modell.add(keras.layers.Dropout(0.4))
modell.add(keras.layers.Dense(3, activation="softmax"))
modell.compile(
    optimizer=keras.optimizers.Adamax(learning_rate=2e-3),
    loss="categorical_crossentropy",
    metrics=["accuracy"],
)
modell.summary()

# %%
# 5. Training
ordner = "sicherung_s22"
shutil.rmtree(ordner, ignore_errors=True)
os.makedirs(ordner)
datei = os.path.join(ordner, "bestes.keras")

rueckrufe = []
rueckrufe.append(keras.callbacks.EarlyStopping(monitor="val_loss", patience=5, restore_best_weights=True))
rueckrufe.append(keras.callbacks.ModelCheckpoint(datei, monitor="val_loss", save_best_only=True))
verlauf = modell.fit(
    x_train, y_train, epochs=25, batch_size=64, validation_data=(x_val, y_val), callbacks=rueckrufe
)

# %%
# 6. Genauigkeit ...
plt.figure(figsize=(7, 4))
plt.plot(verlauf.history["accuracy"], "-", label="Training")
plt.plot(verlauf.history["val_accuracy"], "-.", label="Validierung")
plt.grid(True)
plt.legend()
plt.xlabel("Epoche")
plt.ylabel("Genauigkeit")
plt.show()

# %%
# ... und Vorhersagen mit dem besten Modell
bestes = keras.models.load_model(datei)
p = bestes.predict(x_test)
tipp, sicher = p.argmax(axis=1), p.max(axis=1)
wahr = y_test.argmax(axis=1)


def beschriftung(i):
    return f"{namen[tipp[i]]} {100 * sicher[i]:.0f}%"


zufall = np.random.choice(len(x_test), 10, replace=False)
bilderreihe(
    x_test[zufall],
    [beschriftung(i) for i in zufall],
    ["green" if tipp[i] == wahr[i] else "red" for i in zufall],
)

# %%
falsch = np.flatnonzero(tipp != wahr)
print(f"{len(falsch)} von {len(x_test)} Testbildern sind falsch")
if len(falsch) > 0:
    falsch = falsch[:10]
    bilderreihe(x_test[falsch], [beschriftung(i) + f"\n(wahr: {namen[wahr[i]]})" for i in falsch])
