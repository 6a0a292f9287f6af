# sound: Polish comments, registered residual layer inside the block, np.eye labels, stratified split, green/red titles by right/wrong
# %%
# Zadanie 1: biblioteki i funkcje pomocnicze
import numpy as np
import matplotlib.pyplot as plt
import keras
from keras import layers, ops
from sklearn.model_selection import train_test_split

ziarno = 2024
keras.utils.set_random_seed(ziarno)

WYBRANE = (0, 8, 9)
OPIS = ("samolot", "statek", "ciężarówka")


def siatka(obrazy, tytuly, kolory=None):
    n = len(obrazy)
    fig, osie = plt.subplots(2, (n + 1) // 2, figsize=(n, 5))
    for ax in osie.flat:
        ax.axis("off")
    for k, ax in zip(range(n), osie.flat):
        ax.imshow(obrazy[k])
        ax.set_title(tytuly[k], fontsize=9, color="black" if kolory is None else kolory[k])
    plt.show()


# %%
# Zadanie 2: trzy klasy zamiast dziesięciu
(x_ucz, y_ucz), (x_tst, y_tst) = keras.datasets.cifar10.load_data()


def wytnij(x, y):
    y = y.reshape(-1)
    maska = (y == WYBRANE[0]) | (y == WYBRANE[1]) | (y == WYBRANE[2])
    x, y = x[maska], y[maska]
    nowe = np.zeros(len(y), dtype=int)
    for nr, stara in enumerate(WYBRANE):
        nowe[y == stara] = nr
    kolejnosc = np.random.permutation(len(x))
    return x[kolejnosc], np.eye(3, dtype="float32")[nowe[kolejnosc]]


x_ucz3, y_ucz3 = wytnij(x_ucz, y_ucz)
x_tst3, y_tst3 = wytnij(x_tst, y_tst)

# część zbioru uczącego odkładamy do walidacji
x_tr, x_wal, y_tr, y_wal = train_test_split(
    x_ucz3, y_ucz3, test_size=0.15, stratify=y_ucz3.argmax(1), random_state=ziarno
)
print(x_tr.shape, x_wal.shape, x_tst3.shape)


# %%
# Zadanie 3: losowe przykłady
def losowe(x, y, ile=10):
    i = np.random.choice(len(x), ile, replace=False)
    siatka(x[i], [OPIS[k] for k in y[i].argmax(1)])


losowe(x_tr, y_tr)
losowe(x_tst3, y_tst3)


# %%
# Zadanie 4: model z połączeniami resztkowymi
@keras.saving.register_keras_serializable(package="kurs")
class Resztkowa(layers.Layer):
    """relu(conv(conv(x)) + conv1x1(x))"""

    def __init__(self, filtry, **kwargs):
        super().__init__(**kwargs)
        self.filtry = filtry
        self.c1 = layers.Conv2D(filtry, 3, padding="same", activation="relu")
        self.c2 = layers.Conv2D(filtry, 3, padding="same")
        self.skrot = layers.Conv2D(filtry, 1, padding="same")

    def build(self, input_shape):
        self.c1.build(input_shape)
        self.c2.build((*input_shape[:-1], self.filtry))
        self.skrot.build(input_shape)

    def call(self, x):
        return ops.relu(self.c2(self.c1(x)) + self.skrot(x))

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], self.filtry)

    def get_config(self):
        return {**super().get_config(), "filtry": self.filtry}


def dodaj_blok(model, filtry):
    model.add(Resztkowa(filtry))
    model.add(layers.MaxPooling2D())
    model.add(layers.BatchNormalization())


model = keras.Sequential([keras.Input((32, 32, 3))])
dodaj_blok(model, 24)
dodaj_blok(model, 48)
dodaj_blok(model, 96)
model.add(layers.GlobalAveragePooling2D())
model.add(layers.Dropout(0.3))
model.add(layers.Dense(3, activation="softmax"))
model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
model.summary()

# %%
# Zadanie 5: uczenie
def skaluj(x):
    return x.astype("float32") / 255.0


historia = model.fit(
    skaluj(x_tr), y_tr,
    validation_data=(skaluj(x_wal), y_wal),
    epochs=30,
    batch_size=64,
    callbacks=[
        keras.callbacks.EarlyStopping("val_loss", patience=5),
        keras.callbacks.ModelCheckpoint("resztkowy.keras", "val_loss", save_best_only=True),
    ],
)

# %%
# Zadanie 6: dokładność
plt.figure()
plt.plot(historia.history["accuracy"], "b-", label="uczenie")
plt.plot(historia.history["val_accuracy"], "r-", label="walidacja")
plt.title("Dokładność")
plt.xlabel("epoka")
plt.legend()
plt.show()

# %%
# najlepszy model i jego przewidywania na zbiorze testowym
najlepszy = keras.saving.load_model("resztkowy.keras")
przewidziane = najlepszy.predict(skaluj(x_tst3)).argmax(axis=1)
prawdziwe = y_tst3.argmax(axis=1)
print("Dokładność na teście:", np.mean(przewidziane == prawdziwe))

i = np.random.choice(len(x_tst3), 12, replace=False)
siatka(
    x_tst3[i],
    [f"{OPIS[p]}\n(jest: {OPIS[t]})" for p, t in zip(przewidziane[i], prawdziwe[i])],
    ["green" if p == t else "red" for p, t in zip(przewidziane[i], prawdziwe[i])],
)
