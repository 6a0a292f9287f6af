# sound: Polish, keras.ops.one_hot for the labels, blocks with average pooling, four of them with few filters
import os

import keras
import matplotlib.pyplot as plt
import numpy as np
from keras import layers, ops


def subset_data(x, y, classes=(0, 1, 2), seed=None):
    """Zostawia wybrane klasy, tasuje i koduje etykiety."""
    etykiety = np.asarray(y).flatten()
    los = np.random.default_rng(seed)

    # tasujemy wszystkie numery, a potem wybieramy z nich nasze klasy
    numery = los.permutation(len(etykiety))
    numery = [n for n in numery if etykiety[n] in classes]
    numery = np.asarray(numery, dtype=int)

    lista = list(classes)
    kolumny = np.asarray([lista.index(e) for e in etykiety[numery]], dtype="int32")
    zakodowane = ops.one_hot(kolumny, len(lista))
    return x[numery], ops.convert_to_numpy(zakodowane).astype("float32")


def show_examples(x, y, class_names, predictions=None, count=10, seed=None):
    los = np.random.default_rng(seed)
    ile = min(count, len(x))
    numery = los.choice(len(x), ile, replace=False)
    wiersze = (ile + 4) // 5
    rysunek = plt.figure(figsize=(11, 3 * max(1, wiersze)), layout="tight")
    for k in range(ile):
        n = numery[k]
        os_rysunku = rysunek.add_subplot(wiersze, 5, k + 1)
        os_rysunku.imshow(x[n])
        os_rysunku.axis("off")
        tytul = class_names[y[n].argmax()]
        if predictions is not None:
            tytul = tytul + "\nsieć: " + class_names[predictions[n].argmax()]
        os_rysunku.set_title(tytul)
    return rysunek


def add_conv_block(model, filters):
    model.add(layers.Conv2D(filters, 3, padding="same", activation="swish"))
    model.add(layers.AveragePooling2D(pool_size=(2, 2)))
    return model


def build_model(input_shape=(32, 32, 3), num_classes=3):
    siec = keras.Sequential()
    siec.add(layers.Input(shape=input_shape))
    siec.add(layers.Rescaling(1 / 255))
    wysokosc = min(input_shape[0], input_shape[1])
    for filtry in (16, 32, 64, 128):
        # małych obrazów nie da się dalej zmniejszać
        if wysokosc < 2:
            break
        add_conv_block(siec, filtry)
        wysokosc //= 2
    siec.add(layers.Flatten())
    siec.add(layers.Dense(64, activation="swish"))
    siec.add(layers.Dense(num_classes, activation="softmax"))
    siec.compile(
        optimizer=keras.optimizers.Adam(learning_rate=1e-3),
        loss="categorical_crossentropy",
        metrics=["accuracy"],
    )
    return siec


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
    zatrzymanie = keras.callbacks.EarlyStopping(
        monitor="val_accuracy", patience=patience, mode="max"
    )
    zapis = keras.callbacks.ModelCheckpoint(
        checkpoint_path, monitor="val_accuracy", mode="max", save_best_only=True
    )
    historia = model.fit(
        x_train,
        y_train,
        batch_size=batch_size,
        epochs=epochs,
        callbacks=[*callbacks, zatrzymanie, zapis],
        validation_data=(x_val, y_val),
    )
    return historia


def plot_history(history):
    dane = history if isinstance(history, dict) else history.history
    epoki = range(1, len(dane["accuracy"]) + 1)
    rysunek, wykres = plt.subplots()
    wykres.plot(epoki, dane["accuracy"], label="zbiór uczący")
    wykres.plot(epoki, dane["val_accuracy"], label="zbiór walidacyjny")
    wykres.set_xlabel("epoka")
    wykres.set_ylabel("dokładność")
    wykres.legend()
    return rysunek


def predict(model, x):
    siec = model
    if isinstance(model, (str, os.PathLike)):
        siec = keras.models.load_model(model)
    return siec.predict(x, verbose=0)


if __name__ == "__main__":
    nazwy = ["samolot", "samochód", "ptak"]
    (x_cale, y_cale), (x_test, y_test) = keras.datasets.cifar10.load_data()
    x_cale, y_cale = subset_data(x_cale, y_cale, seed=0)
    x_test, y_test = subset_data(x_test, y_test, seed=0)
    x_val, x_train = np.split(x_cale, [1500])
    y_val, y_train = np.split(y_cale, [1500])
    show_examples(x_train, y_train, nazwy)
    plt.show()
    siec = build_model()
    siec.summary()
    historia = train(siec, x_train, y_train, x_val, y_val)
    plot_history(historia)
    wynik = predict("best_model.keras", x_test)
    show_examples(x_test, y_test, nazwy, predictions=wynik)
    plt.show()
    print("Dokładność:", np.mean(wynik.argmax(1) == y_test.argmax(1)))
