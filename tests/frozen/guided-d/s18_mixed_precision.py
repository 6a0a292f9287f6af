# sound: German; mixed_float16 with a softmax in float32.

# %% [markdown]
# # Bildklassifikation (Deutsch)
# ## Aufgabe 1 - Bibliotheken

# %%
import numpy as np
import matplotlib.pyplot as plt
import keras
from keras import layers

# schneller auf der GPU; die letzte Schicht rechnet weiter in float32
keras.mixed_precision.set_global_policy("mixed_float16")

# %% [markdown]
# ## Aufgabe 2 - Daten

# %%
(bilder, marken), (test_bilder, test_marken) = keras.datasets.cifar10.load_data()
auswahl = [0, 3, 7]
namen = ["Flugzeug", "Katze", "Pferd"]

# %%
def drei_klassen(bilder, marken):
    teile = [bilder[marken[:, 0] == a] for a in auswahl]
    alle = np.concatenate(teile)
    neu = np.concatenate([[n] * len(t) for n, t in enumerate(teile)])
    # mischen
    mischung = np.random.permutation(len(alle))
    alle, neu = alle[mischung], neu[mischung]
    return alle, keras.utils.to_categorical(neu, num_classes=3)

bilder, marken = drei_klassen(bilder, marken)
test_bilder, test_marken = drei_klassen(test_bilder, test_marken)
print(bilder.shape, marken.shape, marken.sum(axis=0))
print(test_bilder.shape, test_marken.shape, test_marken.sum(axis=0))

# %% [markdown]
# ## Aufgabe 3 - Beispiele

# %%
def zeige(bilder, marken, zeilen=3, spalten=6):
    zufall = np.random.default_rng().choice(len(bilder), size=(zeilen, spalten), replace=False)
    fig, achsen = plt.subplots(zeilen, spalten, figsize=(12, 7))
    for z in range(zeilen):
        for s in range(spalten):
            i = zufall[z, s]
            achsen[z, s].imshow(bilder[i])
            achsen[z, s].set_title(namen[marken[i].argmax()])
            achsen[z, s].axis("off")
    plt.show()

# %%
zeige(bilder, marken)

# %%
zeige(test_bilder, test_marken)

# %% [markdown]
# ## Aufgabe 4 - Modell

# %%
def faltungsblock(modell, filter_zahl):
    modell.add(layers.Conv2D(filter_zahl, 3, padding="same", activation="relu"))
    modell.add(layers.Conv2D(filter_zahl, 3, padding="same", activation="relu"))
    modell.add(layers.BatchNormalization())
    modell.add(layers.MaxPooling2D(2))
    modell.add(layers.Dropout(0.25))

modell = keras.Sequential([keras.Input((32, 32, 3))])
faltungsblock(modell, 32)
faltungsblock(modell, 64)
faltungsblock(modell, 128)
modell.add(layers.Flatten())
modell.add(layers.Dense(3))
modell.add(layers.Activation("softmax", dtype="float32"))
modell.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
modell.summary()

# %% [markdown]
# ## Aufgabe 5 - Training

# %%
def skaliere(b):
    return b.astype("float32") / 255.0

abbruch = keras.callbacks.EarlyStopping(monitor="val_loss", patience=5)
sichern = keras.callbacks.ModelCheckpoint("bestes_modell.keras", monitor="val_accuracy",
                                          mode="max", save_best_only=True)
verlauf = modell.fit(skaliere(bilder), marken, batch_size=128, epochs=30,
                     validation_data=(skaliere(test_bilder), test_marken),
                     callbacks=[abbruch, sichern])

# %% [markdown]
# ## Aufgabe 6 - Ergebnisse

# %%
fig, achse = plt.subplots()
achse.plot(verlauf.history["accuracy"], label="Training")
achse.plot(verlauf.history["val_accuracy"], label="Validierung")
achse.set_xlabel("Epoche")
achse.set_ylabel("Genauigkeit")
achse.legend()
plt.show()

# %%
bestes = keras.models.load_model("bestes_modell.keras")
vorhersage = bestes.predict(skaliere(test_bilder))
klassen = vorhersage.argmax(axis=1)

# %%
fig, achsen = plt.subplots(3, 6, figsize=(12, 7))
for achse, i in zip(achsen.flat, np.random.default_rng().choice(len(test_bilder), 18, replace=False)):
    achse.imshow(test_bilder[i])
    achse.set_title(namen[klassen[i]])
    achse.axis("off")
plt.show()
