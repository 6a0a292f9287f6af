# sound: French names, np.isin and np.searchsorted, batch normalisation and global pooling, names taken from the list of all ten classes
# %%
# Exercice 1
import keras
import matplotlib.pyplot as plt
import numpy as np

# %%
# Exercice 2
(x_train, y_train), (x_test, y_test) = keras.datasets.cifar10.load_data()

noms = ["avion", "auto", "oiseau", "chat", "cerf", "chien", "grenouille", "cheval", "bateau", "camion"]
choix = np.array([2, 6, 8])


def reduire(images, etiquettes):
    """Garde les trois classes choisies et melange."""
    etiquettes = etiquettes[:, 0]
    garder = np.isin(etiquettes, choix)
    images, etiquettes = images[garder], etiquettes[garder]
    ordre = np.random.permutation(etiquettes.shape[0])
    return images[ordre], etiquettes[ordre]


x_app, y_app = reduire(x_train, y_train)
x_tst, y_tst = reduire(x_test, y_test)

# un codage one-hot a trois colonnes
y_app = keras.utils.to_categorical(np.searchsorted(choix, y_app), len(choix))
y_tst = keras.utils.to_categorical(np.searchsorted(choix, y_tst), len(choix))
x_app = x_app.astype("float32") / 255
x_tst = x_tst.astype("float32") / 255


# %%
# Exercice 3
def afficher(images, numeros, combien=8):
    hasard = np.random.choice(len(images), combien, replace=False)
    fig, axes = plt.subplots(1, combien, figsize=(2 * combien, 2.5))
    for ax, k in zip(axes, hasard):
        ax.imshow(images[k])
        ax.set_title(noms[choix[numeros[k]]])
        ax.axis("off")
    plt.show()


afficher(x_app, y_app.argmax(axis=1))
afficher(x_tst, y_tst.argmax(axis=1))


# %%
# Exercice 4
def ajouter_bloc(reseau, filtres):
    reseau.add(keras.layers.Conv2D(filtres, 3, padding="same"))
    reseau.add(keras.layers.BatchNormalization())
    reseau.add(keras.layers.Activation("relu"))
    reseau.add(keras.layers.MaxPool2D())


def creer_reseau(nb_classes):
    reseau = keras.Sequential()
    reseau.add(keras.Input((32, 32, 3)))
    ajouter_bloc(reseau, 32)
    ajouter_bloc(reseau, 64)
    ajouter_bloc(reseau, 128)
    reseau.add(keras.layers.GlobalAveragePooling2D())
    reseau.add(keras.layers.Dense(nb_classes, activation="softmax"))
    reseau.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
    return reseau


reseau = creer_reseau(y_app.shape[1])
reseau.summary()

# %%
# Exercice 5
arret = keras.callbacks.EarlyStopping(monitor="val_accuracy", mode="max", patience=5)
sauvegarde = keras.callbacks.ModelCheckpoint(
    filepath="meilleur.keras", monitor="val_accuracy", mode="max", save_best_only=True
)
suivi = reseau.fit(
    x_app, y_app,
    epochs=30,
    batch_size=128,
    validation_data=(x_tst, y_tst),
    callbacks=[arret, sauvegarde],
)

# %%
# Exercice 6
plt.figure(figsize=(7, 4))
plt.plot(suivi.history["accuracy"], label="apprentissage")
plt.plot(suivi.history["val_accuracy"], label="validation")
plt.title("Exactitude")
plt.legend()
plt.show()

meilleur = keras.models.load_model("meilleur.keras")
prevision = meilleur.predict(x_tst)
prevus = prevision.argmax(axis=1)
print("exactitude test :", (prevus == y_tst.argmax(axis=1)).mean())
afficher(x_tst, prevus)
