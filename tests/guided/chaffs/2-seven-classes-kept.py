# task: 2
# bug: the comparison is the wrong way round: the seven other classes are kept
# Opdracht 1: bibliotheken
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf
import random

# Opdracht 2: gegevens
(x_leer, y_leer), (x_toets, y_toets) = tf.keras.datasets.cifar10.load_data()


def drie_soorten(x, y):
    weg = np.where(y <= 2)[0]
    x = np.delete(x, weg, axis=0)
    y = np.delete(y, weg, axis=0)
    samen = list(zip(x, y))
    random.shuffle(samen)
    x, y = zip(*samen)
    return np.array(x), tf.keras.utils.to_categorical(np.array(y), 10)


x_leer, y_leer = drie_soorten(x_leer, y_leer)
x_toets, y_toets = drie_soorten(x_toets, y_toets)

# Opdracht 3: voorbeelden
namen = ['vliegtuig', 'auto', 'vogel', 'kat', 'hert', 'hond', 'kikker', 'paard', 'schip', 'vrachtwagen']


def toon_voorbeelden(x, y, p):
    welke = np.random.choice(len(x), 10, replace=False)
    plt.figure(figsize=(10, 5))
    for plek, w in enumerate(welke):
        plt.subplot(2, 5, plek + 1)
        plt.imshow(x[w])
        plt.xticks([])
        plt.yticks([])
        kleur = 'green' if p[w].argmax() == y[w].argmax() else 'red'
        plt.xlabel(namen[p[w].argmax()], color=kleur)
    plt.show()


toon_voorbeelden(x_leer, y_leer, y_leer)
toon_voorbeelden(x_toets, y_toets, y_toets)


# Opdracht 4: model
def maak_model():
    def voeg_blok_toe(model, filters):
        model.add(tf.keras.layers.Conv2D(filters, 3, activation='relu', padding='same'))
        model.add(tf.keras.layers.BatchNormalization())
        model.add(tf.keras.layers.MaxPooling2D(2))
        model.add(tf.keras.layers.Dropout(0.3))
        return model

    model = tf.keras.models.Sequential()
    model.add(tf.keras.layers.Input(shape=(32, 32, 3)))
    model = voeg_blok_toe(model, 32)
    model = voeg_blok_toe(model, 64)
    model.add(tf.keras.layers.Flatten())
    model.add(tf.keras.layers.Dense(10, activation='softmax'))
    model.compile(loss='categorical_crossentropy', optimizer='adam', metrics=['accuracy'])
    return model


model = maak_model()
model.summary()

# Opdracht 5: leren
verloop = model.fit(
    x_leer / 255., y_leer,
    validation_data=(x_toets / 255., y_toets),
    epochs=20, batch_size=128,
    callbacks=[
        tf.keras.callbacks.EarlyStopping(monitor='val_loss', patience=3),
        tf.keras.callbacks.ModelCheckpoint('net_{val_loss:.3f}_{val_accuracy:.3f}.h5', monitor='val_loss', save_best_only=True),
    ])

# Opdracht 6: uitkomst
plt.plot(verloop.history['accuracy'], label='leren')
plt.plot(verloop.history['val_accuracy'], label='toetsen')
plt.legend()
plt.show()

beste = tf.keras.models.load_model('net_0.251_0.908.h5')
voorspeld = beste.predict(x_toets / 255.)
toon_voorbeelden(x_toets, y_toets, voorspeld)
