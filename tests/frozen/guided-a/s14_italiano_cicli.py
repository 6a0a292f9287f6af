# sound: Italian beginner who filters with a for loop and append and shuffles a list of pairs with random.shuffle
# %%
# Compito 1
import random

import keras
import matplotlib.pyplot as plt
import numpy as np
from keras.callbacks import EarlyStopping, ModelCheckpoint
from keras.layers import Conv2D, Dense, Dropout, Flatten, Input, MaxPooling2D
from keras.models import Sequential

# %%
# Compito 2
(x_train, y_train), (x_test, y_test) = keras.datasets.cifar10.load_data()

classi = [3, 4, 7]
nomi = ["gatto", "cervo", "cavallo"]


def prepara(immagini, etichette):
    coppie = []
    for i in range(len(immagini)):
        numero = etichette[i][0]
        if numero in classi:
            coppie.append((immagini[i], classi.index(numero)))
    random.shuffle(coppie)
    x = []
    y = []
    for immagine, posizione in coppie:
        riga = [0, 0, 0]
        riga[posizione] = 1
        x.append(immagine)
        y.append(riga)
    x = np.array(x) / 255
    y = np.array(y)
    return x, y


x_train, y_train = prepara(x_train, y_train)
x_test, y_test = prepara(x_test, y_test)
print("immagini di addestramento:", len(x_train))
print("immagini di prova:", len(x_test))


# %%
# Compito 3
def mostra(immagini, etichette):
    plt.figure(figsize=(9, 3))
    for i in range(6):
        a_caso = random.randrange(len(immagini))
        plt.subplot(1, 6, i + 1)
        plt.imshow(immagini[a_caso])
        plt.title(nomi[np.argmax(etichette[a_caso])])
        plt.axis("off")
    plt.show()


mostra(x_train, y_train)
mostra(x_test, y_test)


# %%
# Compito 4
def aggiungi_blocco(modello, filtri):
    modello.add(Conv2D(filtri, (3, 3), activation="relu", padding="same"))
    modello.add(MaxPooling2D((2, 2)))
    modello.add(Dropout(0.2))
    return modello


modello = Sequential()
modello.add(Input(shape=(32, 32, 3)))
modello = aggiungi_blocco(modello, 32)
modello = aggiungi_blocco(modello, 64)
modello = aggiungi_blocco(modello, 128)
modello.add(Flatten())
modello.add(Dense(100, activation="relu"))
modello.add(Dense(3, activation="softmax"))
modello.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
modello.summary()

# %%
# Compito 5
fermata = EarlyStopping(monitor="val_loss", mode="min", patience=5)
salva = ModelCheckpoint("migliore.h5", monitor="val_loss", mode="min", save_best_only=True)
storia = modello.fit(x_train, y_train, epochs=30, batch_size=50,
                     validation_data=(x_test, y_test), callbacks=[fermata, salva])

# %%
# Compito 6
plt.plot(storia.history["accuracy"], label="addestramento")
plt.plot(storia.history["val_accuracy"], label="validazione")
plt.title("Accuratezza")
plt.legend()
plt.show()

migliore = keras.models.load_model("migliore.h5")
previsioni = migliore.predict(x_test)
giuste = 0
for i in range(len(x_test)):
    if np.argmax(previsioni[i]) == np.argmax(y_test[i]):
        giuste = giuste + 1
print("giuste:", giuste, "di", len(x_test))

mostra(x_test, previsioni)
