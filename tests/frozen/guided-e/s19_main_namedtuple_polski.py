# sound: Polish comments, a main guard again, the data in named tuples, predictions by calling the model itself in pieces
# %%
# 1. Importy
from collections import namedtuple
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf
from tensorflow.keras import layers, models

Zbior = namedtuple("Zbior", ["obrazy", "etykiety"])
KLASY = {"kot": 3, "żaba": 6, "koń": 7}
NAZWY = sorted(KLASY, key=KLASY.get)
PLIK = Path("najlepszy") / "model.keras"


# %%
# 2. Wczytanie danych i wybór trzech klas
def wybierz(obrazy, etykiety):
    etykiety = etykiety.ravel()
    x, y = [], []
    for kolumna, nazwa in enumerate(NAZWY):
        te = np.where(etykiety == KLASY[nazwa])[0]
        x.append(obrazy[te])
        y.append(np.full(len(te), kolumna))
    x, y = np.concatenate(x), np.concatenate(y)
    los = np.random.permutation(len(y))
    return Zbior(x[los], tf.keras.utils.to_categorical(y[los], 3))


def wczytaj():
    (a, b), (c, d) = tf.keras.datasets.cifar10.load_data()
    return wybierz(a, b), wybierz(c, d)


# %%
# 3. Rysowanie losowych obrazów; przewidywania są opcjonalne
def rysuj(zbior, tytul, przewidywania=None):
    fig = plt.figure(figsize=(10, 5))
    fig.suptitle(tytul)
    for miejsce, nr in enumerate(np.random.choice(len(zbior.obrazy), 10, replace=False), 1):
        ax = fig.add_subplot(2, 5, miejsce)
        ax.imshow(zbior.obrazy[nr])
        ax.axis("off")
        if przewidywania is None:
            ax.set_title(NAZWY[zbior.etykiety[nr].argmax()])
        else:
            ax.set_title("model: " + NAZWY[przewidywania[nr]])
    plt.show()


# %%
# 4. Model
def blok(model, filtry):
    model.add(layers.Conv2D(filtry, 3, padding="same", activation="relu"))
    model.add(layers.BatchNormalization())
    model.add(layers.MaxPooling2D())


def zbuduj():
    model = models.Sequential(name="trzy_klasy")
    model.add(layers.Input(shape=(32, 32, 3)))
    for filtry in [32, 64, 128]:
        blok(model, filtry)
    model.add(layers.Flatten())
    model.add(layers.Dropout(0.5))
    model.add(layers.Dense(3, activation="softmax"))
    model.compile(
        loss=tf.keras.losses.CategoricalCrossentropy(from_logits=False),
        optimizer=tf.keras.optimizers.Adam(),
        metrics=["accuracy"],
    )
    model.summary()
    return model


# %%
# 5. Uczenie
def skala(obrazy):
    return (obrazy / 255.0).astype("float32")


def ucz(model, zbior):
    PLIK.parent.mkdir(exist_ok=True)
    return model.fit(
        skala(zbior.obrazy),
        zbior.etykiety,
        epochs=20,
        batch_size=100,
        validation_split=0.25,
        callbacks=[
            tf.keras.callbacks.EarlyStopping(monitor="val_accuracy", mode="max", patience=5),
            tf.keras.callbacks.ModelCheckpoint(
                filepath=PLIK, monitor="val_accuracy", mode="max", save_best_only=True
            ),
        ],
    )


# %%
# 6. Wykres i przewidywania
def wykres(historia):
    epoki = np.arange(len(historia.epoch)) + 1
    plt.plot(epoki, historia.history["accuracy"], "o-", label="zbiór uczący")
    plt.plot(epoki, historia.history["val_accuracy"], "^-", label="zbiór walidacyjny")
    plt.xlabel("epoka")
    plt.ylabel("dokładność")
    plt.legend()
    plt.show()


def przewidz(zbior):
    model = models.load_model(PLIK)
    wynik = []
    for kawalek in np.array_split(skala(zbior.obrazy), 20):
        wynik.extend(model(kawalek, training=False).numpy().argmax(axis=1))
    return np.array(wynik)


def main():
    uczacy, testowy = wczytaj()
    rysuj(uczacy, "Zbiór uczący")
    rysuj(testowy, "Zbiór testowy")
    historia = ucz(zbuduj(), uczacy)
    wykres(historia)
    przewidywania = przewidz(testowy)
    trafione = przewidywania == testowy.etykiety.argmax(axis=1)
    print(f"Trafione: {trafione.mean():.1%}")
    rysuj(testowy, "Przewidywania dla zbioru testowego", przewidywania)


if __name__ == "__main__":
    main()
