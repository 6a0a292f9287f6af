# task: 4
# bug: the last layer has no activation though the loss expects probabilities
import os
import matplotlib.pyplot as plt
import numpy as np
from tensorflow import keras

noms = ["chat", "grenouille", "camion"]
choix = [3, 6, 9]

(x_app, y_app), (x_val, y_val) = keras.datasets.cifar10.load_data()


def garder_trois(x, y):
    colonnes = [(y.ravel() == c) for c in choix]
    gardes = np.logical_or(np.logical_or(colonnes[0], colonnes[1]), colonnes[2])
    cible = np.stack(colonnes, axis=1)[gardes].astype(int)
    x = x[gardes]
    melange = np.random.permutation(len(x))
    return x[melange], cible[melange]


x_app, y_app = garder_trois(x_app, y_app)
x_val, y_val = garder_trois(x_val, y_val)


def montrer(x, y, titre):
    plt.figure(titre, figsize=(10, 4))
    for place, i in enumerate(np.random.choice(len(x), 10, replace=False)):
        plt.subplot(2, 5, place + 1)
        plt.imshow(x[i])
        plt.xlabel(noms[int(y[i].argmax())])
        plt.xticks([])
        plt.yticks([])
    plt.show()


montrer(x_app, y_app, "apprentissage")
montrer(x_val, y_val, "validation")


def creer_modele(filtres):
    def ajouter_bloc(modele, n):
        modele.add(keras.layers.Conv2D(n, 3, padding="same", activation="relu"))
        modele.add(keras.layers.MaxPooling2D())
        return modele

    modele = keras.Sequential([keras.layers.Input((32, 32, 3))])
    for n in filtres:
        modele = ajouter_bloc(modele, n)
    modele.add(keras.layers.Flatten())
    modele.add(keras.layers.Dense(3))
    modele.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
    return modele


# premier essai, trop petit
essai = creer_modele([8, 16])
print(essai.count_params())

modele = creer_modele([32, 64, 128])
modele.summary()

arret = keras.callbacks.EarlyStopping(monitor="val_accuracy", patience=5)
garde = keras.callbacks.ModelCheckpoint("meilleur_{epoch:02d}_{val_accuracy:.3f}.keras", monitor="val_accuracy", save_best_only=True)
histoire = modele.fit(x_app / 255., y_app, epochs=30, batch_size=64, validation_data=(x_val / 255., y_val), callbacks=[arret, garde])

plt.figure()
plt.plot(histoire.history["accuracy"], label="apprentissage")
plt.plot(histoire.history["val_accuracy"], label="validation")
plt.legend()
plt.show()

fichiers = [f for f in os.listdir(".") if f.startswith("meilleur_")]
valeurs = [float(f[:-len(".keras")].split("_")[2]) for f in fichiers]
# the later of two files with the same value is never better: strictly better ones only are written
meilleur = keras.models.load_model(fichiers[int(np.argmax(valeurs))])
prediction = meilleur.predict(x_val / 255.)
montrer(x_val, prediction, "prévisions")
