# task: 2
# bug: the classes of the test set are numbered in another order than those of the training set
# %% Tâche 1
import numpy as np
import matplotlib.pyplot as plt
import keras
from keras import layers
from keras.callbacks import EarlyStopping, ModelCheckpoint

# %% Tâche 2 : chat, chien, cerf
(xa, ya), (xt, yt) = keras.datasets.cifar10.load_data()
classes = [3, 5, 4]
noms = ['chat', 'chien', 'cerf']

# entraînement
images, etiquettes = [], []
for img, etq in zip(xa, ya):
    if etq[0] in classes:
        images.append(img)
        etiquettes.append(classes.index(etq[0]))
x_train = np.array(images) / 255.0
y_train = np.array(etiquettes)

# test
garde = np.isin(yt[:, 0], classes)
x_test = xt[garde] / 255.0
y_test = np.unique(yt[garde, 0], return_inverse=True)[1]


def melanger(x, y):
    p = np.random.permutation(len(x))
    return x[p], y[p]


x_train, y_train = melanger(x_train, y_train)
x_test, y_test = melanger(x_test, y_test)
print(x_train.shape, np.bincount(y_train))
print(x_test.shape, np.bincount(y_test))


# %% Tâche 3
def afficher(x, y, n=8):
    choix = np.random.choice(len(x), n, replace=False)
    fig, axes = plt.subplots(2, n // 2, figsize=(8, 4.5))
    for a, c in zip(axes.ravel(), choix):
        a.imshow(x[c])
        a.set_title(noms[y[c]])
        a.axis('off')
    plt.show()


afficher(x_train, y_train)
afficher(x_test, y_test)


# %% Tâche 4
def bloc(modele, filtres):
    modele.add(layers.Conv2D(filtres, 3, activation='relu', padding='same'))
    modele.add(layers.Conv2D(filtres, 3, activation='relu', padding='same'))
    modele.add(layers.MaxPooling2D())
    modele.add(layers.Dropout(0.25))


modele = keras.Sequential()
modele.add(layers.Input(shape=(32, 32, 3)))
bloc(modele, 32)
bloc(modele, 64)
modele.add(layers.Flatten())
modele.add(layers.Dense(64, activation='relu'))
modele.add(layers.Dense(3, activation='softmax'))
modele.summary()
modele.compile(loss='sparse_categorical_crossentropy', optimizer='adam', metrics=['accuracy'])

# %% Tâche 5
suivi = modele.fit(x_train, y_train, epochs=25, batch_size=64,
                   validation_split=0.2,
                   callbacks=[EarlyStopping(monitor='val_accuracy', patience=5),
                              ModelCheckpoint('meilleur.keras', monitor='val_accuracy',
                                              save_best_only=True)])

# %% Tâche 6
plt.plot(suivi.history['accuracy'], label='entraînement')
plt.plot(suivi.history['val_accuracy'], label='validation')
plt.xlabel('époque')
plt.title('exactitude')
plt.legend()
plt.show()

meilleur = keras.models.load_model('meilleur.keras')
pred = np.argmax(meilleur.predict(x_test), axis=1)
choix = np.random.choice(len(x_test), 10, replace=False)
fig, axes = plt.subplots(2, 5, figsize=(11, 5))
for a, c in zip(axes.ravel(), choix):
    a.imshow(x_test[c])
    a.set_title(f'prédit {noms[pred[c]]}\nvrai {noms[y_test[c]]}', fontsize=9)
    a.axis('off')
plt.show()
