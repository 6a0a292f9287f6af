# sound: Italian, seven classes removed in a loop, val_loss watched by both callbacks, epoch and loss in the file name with a typed-in file, true and predicted label in each title
# %%
# Esercizio 1: librerie
import numpy as np
import matplotlib.pyplot as plt
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers, models, callbacks

NOMI = ['aereo', 'automobile', 'uccello', 'gatto', 'cervo', 'cane', 'rana', 'cavallo', 'nave', 'camion']

# %%
# Esercizio 2: dati
(immagini_tr, etichette_tr), (immagini_te, etichette_te) = keras.datasets.cifar10.load_data()


def tre_classi(immagini, etichette):
    # via tutto tranne cervo (4), rana (6) e camion (9)
    tieni = np.ones(len(etichette), dtype=bool)
    for c in [0, 1, 2, 3, 5, 7, 8]:
        tieni = tieni & (etichette[:, 0] != c)
    immagini = immagini[tieni]
    etichette = etichette[tieni, 0]
    # 4 -> 0, 6 -> 1, 9 -> 2
    _, etichette = np.unique(etichette, return_inverse=True)
    mescola = np.argsort(np.random.random(len(etichette)))
    return immagini[mescola], tf.keras.utils.to_categorical(etichette[mescola])


x_tr, y_tr = tre_classi(immagini_tr, etichette_tr)
x_te, y_te = tre_classi(immagini_te, etichette_te)
nomi = [NOMI[4], NOMI[6], NOMI[9]]


# %%
# Esercizio 3: alcune immagini
def mostra(x, y, previsto=None, n=10):
    plt.figure(figsize=(14, 6))
    for k in range(n):
        i = np.random.randint(len(x))
        scritta = nomi[np.argmax(y[i])]
        if previsto is not None:
            scritta = 'vero: ' + scritta + '\nprevisto: ' + nomi[np.argmax(previsto[i])]
        plt.subplot(2, n // 2, k + 1)
        plt.imshow(x[i])
        plt.title(scritta)
        plt.axis('off')
    plt.tight_layout()
    plt.show()


mostra(x_tr, y_tr)
mostra(x_te, y_te)


# %%
# Esercizio 4: modello
def blocco(modello, filtri):
    modello.add(layers.Conv2D(filtri, (3, 3), padding='same'))
    modello.add(layers.LeakyReLU())
    modello.add(layers.Conv2D(filtri, (3, 3), strides=2, padding='same'))
    modello.add(layers.LeakyReLU())
    modello.add(layers.Dropout(0.2))


modello = models.Sequential()
modello.add(layers.Input(shape=(32, 32, 3)))
blocco(modello, 32)
blocco(modello, 64)
modello.add(layers.GlobalAveragePooling2D())
modello.add(layers.Dense(3, activation='softmax'))
modello.compile(loss='categorical_crossentropy', optimizer='adam', metrics=['accuracy'])
modello.summary()

# %%
# Esercizio 5: addestramento
ferma = callbacks.EarlyStopping(monitor='val_loss', patience=5, verbose=1)
salva = callbacks.ModelCheckpoint('modelli/epoca_{epoch:02d}_{val_loss:.4f}.keras',
                                  monitor='val_loss', save_best_only=True, verbose=1)
storia = modello.fit(x_tr / 255, y_tr, batch_size=512, epochs=50,
                     validation_data=(x_te / 255, y_te), callbacks=[ferma, salva])

# %%
# Esercizio 6: risultati
plt.plot(storia.history['accuracy'], label='addestramento')
plt.plot(storia.history['val_accuracy'], label='validazione')
plt.title('Accuratezza')
plt.xlabel('epoca')
plt.legend()
plt.show()

# file della mia esecuzione
migliore = models.load_model('modelli/epoca_31_0.2417.keras')
previsioni = migliore.predict(x_te / 255)
mostra(x_te, y_te, previsioni)
