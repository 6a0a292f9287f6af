# sound: French; a residual functional block inside a Sequential.

# %% [markdown]
# # Classification d'images avec Keras
# ## Tâche 1 : bibliothèques

# %%
# Les importations
import numpy as np
import tensorflow as tf
import matplotlib.pyplot as plt
from tensorflow import keras
from tensorflow.keras import layers, models, callbacks

# %% [markdown]
# ## Tâche 2 : les données (trois classes : avion, oiseau, camion)

# %%
(x_app, y_app), (x_tst, y_tst) = keras.datasets.cifar10.load_data()
noms = ['avion', 'oiseau', 'camion']

def trois_classes(x, y):
    """Garde les classes 0, 2 et 9 et renvoie des étiquettes à trois colonnes."""
    y = y.ravel()
    garde = (y == 0) | (y == 2) | (y == 9)
    x, y = x[garde], y[garde]
    # une colonne par classe
    etiquettes = np.stack([y == 0, y == 2, y == 9], axis=1).astype('float32')
    # mélange : le même ordre pour les images et les étiquettes
    ordre = np.arange(len(x))
    np.random.shuffle(ordre)
    return x[ordre], etiquettes[ordre]

x_app, y_app = trois_classes(x_app, y_app)
x_tst, y_tst = trois_classes(x_tst, y_tst)
print(x_app.shape, y_app.shape, x_tst.shape, y_tst.shape)

# %% [markdown]
# ## Tâche 3 : quelques images au hasard

# %%
def afficher(x, y, n=10):
    hasard = np.random.choice(x.shape[0], n, replace=False)
    plt.figure(figsize=(14, 6))
    for k, h in enumerate(hasard):
        plt.subplot(2, n // 2, k + 1)
        plt.imshow(x[h])
        plt.title(noms[np.argmax(y[h])])
        plt.axis('off')
    plt.show()

afficher(x_app, y_app)   # apprentissage

# %%
afficher(x_tst, y_tst)   # test

# %% [markdown]
# ## Tâche 4 : le modèle
# Le bloc est un petit modèle fonctionnel (avec une connexion résiduelle) que l'on ajoute au `Sequential`.

# %%
def ajouter_bloc(modele, forme, filtres):
    entree = layers.Input(shape=forme)
    a = layers.Conv2D(filtres, 3, padding='same', activation='relu')(entree)
    b = layers.Conv2D(filtres, 3, padding='same')(a)
    somme = layers.Activation('relu')(layers.Add()([a, b]))
    sortie = layers.MaxPooling2D(2)(somme)
    modele.add(models.Model(entree, sortie, name=f'bloc_{filtres}'))

modele = models.Sequential()
modele.add(layers.Input(shape=(32, 32, 3)))
ajouter_bloc(modele, (32, 32, 3), 32)
ajouter_bloc(modele, (16, 16, 32), 64)
ajouter_bloc(modele, (8, 8, 64), 128)
modele.add(layers.Flatten())
modele.add(layers.Dropout(0.5))
modele.add(layers.Dense(3, activation='softmax'))

modele.compile(optimizer='adam', loss='categorical_crossentropy', metrics=['accuracy'])
modele.summary()

# %% [markdown]
# ## Tâche 5 : l'apprentissage

# %%
arret = callbacks.EarlyStopping(monitor='val_loss', patience=4)
sauvegarde = callbacks.ModelCheckpoint('meilleur.keras', monitor='val_loss', mode='min', save_best_only=True)

historique = modele.fit(x_app / 255.0, y_app, batch_size=64, epochs=25,
                        validation_data=(x_tst / 255.0, y_tst),
                        callbacks=[arret, sauvegarde])

# %% [markdown]
# ## Tâche 6 : résultats

# %%
plt.plot(historique.history['accuracy'], '-o', label='apprentissage')
plt.plot(historique.history['val_accuracy'], '-x', label='validation')
plt.xlabel('époque')
plt.ylabel('exactitude')
plt.legend()
plt.show()

# %%
# on recharge le meilleur modèle
meilleur = models.load_model('meilleur.keras')

hasard = np.random.choice(x_tst.shape[0], 10, replace=False)
lot = x_tst[hasard]
probas = meilleur.predict(lot / 255.0)
classes = np.argmax(probas, axis=1)

plt.figure(figsize=(14, 6))
for k in range(10):
    plt.subplot(2, 5, k + 1)
    plt.imshow(lot[k])
    plt.title('prédit : ' + noms[classes[k]])
    plt.axis('off')
plt.show()
