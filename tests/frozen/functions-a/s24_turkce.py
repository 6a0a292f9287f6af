# sound: Turkish, dictionary of ready one-hot rows, list comprehensions everywhere, figure from subplots(1, n)
import random
from os import PathLike, fspath

import keras
import matplotlib.pyplot as plt
import numpy as np
from keras.layers import (
    BatchNormalization, Conv2D, Dense, GlobalAvgPool2D, Input, MaxPool2D, Rescaling,
)


def subset_data(x, y, classes=(0, 1, 2), seed=None):
    """İstenen sınıfları seçer, karıştırır, etiketleri kodlar."""
    satirlar = {int(sinif): satir for sinif, satir in zip(classes, np.eye(len(classes)).tolist())}
    etiketler = np.asarray(y).ravel().tolist()
    sira = [i for i, etiket in enumerate(etiketler) if etiket in satirlar]
    random.Random(seed).shuffle(sira)
    x_subset = x[np.array(sira, dtype=int)]
    y_subset = np.array([satirlar[etiketler[i]] for i in sira], dtype=np.float32)
    return x_subset, y_subset.reshape(len(sira), len(classes))


def show_examples(x, y, class_names, predictions=None, count=10, seed=None):
    sayi = min(count, len(x))
    secilen = random.Random(seed).sample(list(range(len(x))), sayi)
    basliklar = [class_names[y[i].argmax()] for i in secilen]
    if predictions is not None:
        tahminler = [class_names[predictions[i].argmax()] for i in secilen]
        basliklar = [f"{b}\ntahmin: {t}" for b, t in zip(basliklar, tahminler)]

    sekil, eksenler = plt.subplots(1, max(sayi, 1), figsize=(2 * max(sayi, 1), 3), squeeze=False)
    [eksen.axis("off") for eksen in eksenler.flat]
    for eksen, i, baslik in zip(eksenler.flat, secilen, basliklar):
        eksen.imshow(x[i])
        eksen.set_title(baslik)
    return sekil


def add_conv_block(model, filters):
    katmanlar = [
        Conv2D(filters, 3, padding="same", activation="relu"),
        BatchNormalization(),
        Conv2D(filters, 3, padding="same", activation="relu"),
        BatchNormalization(),
        MaxPool2D(),
    ]
    for katman in katmanlar:
        model.add(katman)
    return model


def build_model(input_shape=(32, 32, 3), num_classes=3):
    ag = keras.Sequential()
    ag.add(Input(shape=input_shape))
    ag.add(Rescaling(1 / 255))
    [add_conv_block(ag, f) for f in (16, 32, 64)]
    ag.add(GlobalAvgPool2D())
    ag.add(Dense(num_classes, activation="softmax"))
    ag.compile(
        optimizer=keras.optimizers.Adam(3e-3),
        loss="categorical_crossentropy",
        metrics=["accuracy"],
    )
    return ag


def train(
    model,
    x_train,
    y_train,
    x_val,
    y_val,
    *,
    epochs=20,
    batch_size=128,
    patience=3,
    checkpoint_path="best_model.keras",
    callbacks=(),
):
    geri_cagrilar = [
        keras.callbacks.EarlyStopping(monitor="val_accuracy", patience=patience),
        keras.callbacks.ModelCheckpoint(
            fspath(checkpoint_path), monitor="val_accuracy", save_best_only=True
        ),
    ] + [c for c in callbacks]
    gecmis = model.fit(
        x_train,
        y_train,
        epochs=epochs,
        batch_size=batch_size,
        validation_data=(x_val, y_val),
        callbacks=geri_cagrilar,
    )
    return gecmis


def plot_history(history):
    degerler = history if isinstance(history, dict) else history.history
    sekil, eksen = plt.subplots()
    for anahtar, ad in [("accuracy", "eğitim"), ("val_accuracy", "doğrulama")]:
        eksen.plot([d for d in degerler[anahtar]], label=ad)
    eksen.set_xlabel("devir")
    eksen.set_ylabel("doğruluk")
    eksen.legend()
    return sekil


def predict(model, x):
    ag = keras.models.load_model(model) if isinstance(model, (str, PathLike)) else model
    return ag.predict(x)


if __name__ == "__main__":
    adlar = ["uçak", "otomobil", "kuş"]
    (x_hepsi, y_hepsi), (x_test, y_test) = keras.datasets.cifar10.load_data()
    x_hepsi, y_hepsi = subset_data(x_hepsi, y_hepsi, seed=0)
    x_test, y_test = subset_data(x_test, y_test, seed=0)
    n = len(x_hepsi) // 10
    show_examples(x_hepsi, y_hepsi, adlar)
    plt.show()
    ag = build_model()
    ag.summary()
    gecmis = train(ag, x_hepsi[n:], y_hepsi[n:], x_hepsi[:n], y_hepsi[:n])
    plot_history(gecmis)
    olasilik = predict("best_model.keras", x_test)
    show_examples(x_test, y_test, adlar, predictions=olasilik)
    plt.show()
    print("Doğruluk:", np.mean(olasilik.argmax(1) == y_test.argmax(1)))
