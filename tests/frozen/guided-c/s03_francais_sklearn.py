# sound: French, list comprehension for the selection, sklearn's shuffle, history through a pandas data frame
# %%
# Partie 1 - bibliothèques
import random

import keras
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from keras.layers import Conv2D, Dense, Dropout, Flatten, Input, MaxPool2D
from keras.models import Sequential
from keras.utils import to_categorical
from sklearn.utils import shuffle

# %%
# Partie 2 - les données : oiseau (2), grenouille (6), bateau (8)
(images_app, etiq_app), (images_test, etiq_test) = keras.datasets.cifar10.load_data()
choix = {2: 0, 6: 1, 8: 2}
noms = ["oiseau", "grenouille", "bateau"]


def sous_ensemble(images, etiquettes):
    garder = [i for i in range(len(etiquettes)) if int(etiquettes[i][0]) in choix]
    x = np.array([images[i] for i in garder])
    y = np.array([choix[int(etiquettes[i][0])] for i in garder])
    x, y = shuffle(x, y)
    return x, to_categorical(y, num_classes=3)


x_app, y_app = sous_ensemble(images_app, etiq_app)
x_test, y_test = sous_ensemble(images_test, etiq_test)

print(x_app.shape, y_app.shape)
print(x_test.shape, y_test.shape)


# %%
# Partie 3 - affichage d'exemples tirés au hasard
def afficher(x, y, titre):
    tirage = random.sample(range(len(x)), 8)
    plt.figure(figsize=(12, 2.2))
    plt.suptitle(titre)
    for position, k in enumerate(tirage, start=1):
        plt.subplot(1, 8, position)
        plt.imshow(x[k])
        plt.title(noms[int(np.argmax(y[k]))])
        plt.axis("off")
    plt.show()


afficher(x_app, y_app, "Ensemble d'apprentissage")
afficher(x_test, y_test, "Ensemble de test")


# %%
# Partie 4 - le modèle
def ajouter_bloc(modele, nb_filtres, taux=0.25):
    modele.add(Conv2D(nb_filtres, kernel_size=(3, 3), padding="same", activation="relu"))
    modele.add(Conv2D(nb_filtres, kernel_size=(3, 3), activation="relu"))
    modele.add(MaxPool2D((2, 2)))
    modele.add(Dropout(taux))


def creer_modele():
    modele = Sequential([Input((32, 32, 3))])
    ajouter_bloc(modele, 32)
    ajouter_bloc(modele, 64)
    modele.add(Flatten())
    modele.add(Dense(256, activation="relu"))
    modele.add(Dropout(0.5))
    modele.add(Dense(3, activation="softmax"))
    modele.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
    return modele


modele = creer_modele()
print(modele.summary())

# %%
# Partie 5 - apprentissage
arret = keras.callbacks.EarlyStopping("val_accuracy", patience=3, mode="max")
sauvegarde = keras.callbacks.ModelCheckpoint(
    "meilleur_modele.keras", "val_accuracy", save_best_only=True, mode="max", verbose=1
)
historique = modele.fit(
    x_app / 255.0,
    y_app,
    epochs=15,
    batch_size=100,
    validation_data=(x_test / 255.0, y_test),
    callbacks=[arret, sauvegarde],
)

# %%
# Partie 6 - résultats
courbes = pd.DataFrame(historique.history)
courbes.index += 1
courbes = courbes.rename(columns={"accuracy": "apprentissage", "val_accuracy": "validation"})
axe = courbes[["apprentissage", "validation"]].plot(title="Exactitude", grid=True)
axe.set_xlabel("époque")
plt.show()

meilleur = keras.models.load_model("meilleur_modele.keras")
predictions = meilleur.predict(x_test / 255.0)

afficher(x_test, predictions, "Prédictions sur l'ensemble de test")
