# sound: German comments, matplotlib.gridspec for the images, np.where + np.concatenate and a dictionary for the labels, Rescaling layer in the model
# %%
# Aufgabe 1: Bibliotheken
import random

import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf
from matplotlib.gridspec import GridSpec
from tensorflow import keras
from tensorflow.keras import layers

# Katze, Hund, Pferd -> Spalte 0, 1, 2
spalte = {3: 0, 5: 1, 7: 2}
klassenname = {0: "Katze", 1: "Hund", 2: "Pferd"}


def zeige(bilder, namen, ueberschrift):
    """Zeigt 12 Bilder in einem Gitter, jeweils mit Namen darüber."""
    fig = plt.figure(figsize=(9, 7))
    gs = GridSpec(3, 4, figure=fig, hspace=0.35)
    for nr, (bild, name) in enumerate(zip(bilder, namen)):
        ax = fig.add_subplot(gs[nr // 4, nr % 4])
        ax.imshow(bild)
        ax.set_title(name)
        ax.axis("off")
    fig.suptitle(ueberschrift)
    plt.show()


# %%
# Aufgabe 2: Daten laden und auf drei Klassen verkleinern
(xtr, ytr), (xte, yte) = keras.datasets.cifar10.load_data()


def drei_klassen(x, y):
    y = y[:, 0]
    # alle Positionen der drei Klassen hintereinander hängen ...
    stellen = np.concatenate([np.where(y == alt)[0] for alt in spalte])
    # ... und mischen, damit die Klassen nicht sortiert bleiben
    np.random.shuffle(stellen)
    neu = np.array([spalte[int(alt)] for alt in y[stellen]])
    return x[stellen], keras.utils.to_categorical(neu, num_classes=3)


x_train, y_train = drei_klassen(xtr, ytr)
x_test, y_test = drei_klassen(xte, yte)
print(x_train.shape, y_train.shape, x_test.shape, y_test.shape)


# %%
# Aufgabe 3: zufällige Beispiele
def zufallsbilder(x, y, ueberschrift):
    wahl = random.sample(range(len(x)), 12)
    zeige([x[i] for i in wahl], [klassenname[int(y[i].argmax())] for i in wahl], ueberschrift)


zufallsbilder(x_train, y_train, "Trainingsdaten")
zufallsbilder(x_test, y_test, "Testdaten")

# %%
# Aufgabe 4: Netz
netz = keras.Sequential(name="drei_tiere")
netz.add(keras.Input(shape=(32, 32, 3)))
netz.add(layers.Rescaling(1.0 / 255))  # Skalierung steckt im Netz selbst


def faltungsblock(netz, filter, dropout=0.2):
    netz.add(layers.Conv2D(filter, 3, padding="same", use_bias=False))
    netz.add(layers.BatchNormalization())
    netz.add(layers.Activation("relu"))
    netz.add(layers.MaxPool2D())
    netz.add(layers.Dropout(dropout))


for f in (32, 64, 128):
    faltungsblock(netz, f)

netz.add(layers.Flatten())
netz.add(layers.Dense(64, activation="relu"))
netz.add(layers.Dense(3, activation="softmax"))
netz.compile(
    optimizer=keras.optimizers.Adam(learning_rate=1e-3),
    loss=keras.losses.CategoricalCrossentropy(),
    metrics=["accuracy"],
)
netz.summary()

# %%
# Aufgabe 5: Training; die letzten 20 % der (gemischten) Trainingsdaten dienen zur Validierung
frueh_stopp = keras.callbacks.EarlyStopping(monitor="val_loss", patience=6, verbose=1)
sichern = keras.callbacks.ModelCheckpoint(
    "bestes_netz.keras", monitor="val_loss", save_best_only=True, verbose=1
)
verlauf = netz.fit(
    x_train,
    y_train,
    epochs=30,
    batch_size=128,
    validation_split=0.2,
    callbacks=[frueh_stopp, sichern],
)

# %%
# Aufgabe 6a: Genauigkeit
fig, ax = plt.subplots(figsize=(7, 4))
epochen = range(1, len(verlauf.history["accuracy"]) + 1)
ax.plot(epochen, verlauf.history["accuracy"], "o-", color="tab:blue", label="Training")
ax.plot(epochen, verlauf.history["val_accuracy"], "s--", color="tab:orange", label="Validierung")
ax.set_xlabel("Epoche")
ax.set_ylabel("Genauigkeit")
ax.legend(loc="lower right")
ax.grid(alpha=0.4)
plt.show()

# %%
# Aufgabe 6b: bestes Netz laden und vorhersagen (Rohbilder, denn das Netz skaliert selbst)
bestes = keras.models.load_model("bestes_netz.keras")
print(bestes.evaluate(x_test, y_test, verbose=0))
wahl = random.sample(range(len(x_test)), 12)
p = bestes.predict(x_test[wahl], verbose=0)
zeige(
    x_test[wahl],
    ["Vorhersage: " + klassenname[int(k)] for k in tf.argmax(p, axis=1).numpy()],
    "Testbilder",
)
