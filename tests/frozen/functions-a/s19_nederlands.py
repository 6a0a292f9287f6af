# sound: Dutch, boolean masks chained with |=, blocks with three convolutions, labels through a comparison loop
import os

import keras
import matplotlib.pyplot as plt
import numpy as np
from keras import layers


def subset_data(x, y, classes=(0, 1, 2), seed=None):
    """Houd de gevraagde klassen over, schud ze en maak one-hot-rijen."""
    labels = np.asarray(y).reshape((-1,))
    masker = np.zeros(labels.shape, dtype=bool)
    for klasse in classes:
        masker |= labels == klasse

    beelden = x[masker]
    labels = labels[masker]

    toeval = np.random.default_rng(seed)
    volgorde = np.argsort(toeval.random(len(labels)))

    one_hot = np.zeros((len(labels), len(classes)), dtype=np.float64)
    for rij, i in enumerate(volgorde):
        for kolom, klasse in enumerate(classes):
            one_hot[rij, kolom] = float(labels[i] == klasse)
    return beelden[volgorde], one_hot


def show_examples(x, y, class_names, predictions=None, count=10, seed=None):
    toeval = np.random.default_rng(seed)
    aantal = count if count < len(x) else len(x)
    keuze = np.argsort(toeval.random(len(x)))[:aantal]

    figuur = plt.figure(figsize=(2.2 * 5, 2.6 * (aantal // 5 + 1)))
    for plek, i in enumerate(keuze):
        vak = figuur.add_subplot(aantal // 5 + 1, 5, plek + 1)
        vak.imshow(x[i])
        vak.axis("off")
        naam = class_names[np.argmax(y[i])]
        if predictions is not None:
            naam += f" / netwerk: {class_names[np.argmax(predictions[i])]}"
        vak.set_title(naam, fontsize=8)
    return figuur


def add_conv_block(model, filters):
    for _ in range(3):
        model.add(layers.Conv2D(filters, 3, padding="same", activation="relu"))
    model.add(layers.MaxPooling2D(pool_size=2))
    return model


def build_model(input_shape=(32, 32, 3), num_classes=3):
    netwerk = keras.Sequential()
    netwerk.add(keras.Input(shape=input_shape))
    netwerk.add(layers.Rescaling(scale=1 / 255))
    add_conv_block(netwerk, 32)
    add_conv_block(netwerk, 64)
    netwerk.add(layers.GlobalAveragePooling2D())
    netwerk.add(layers.Dense(64, activation="relu"))
    netwerk.add(layers.Dense(num_classes, activation="softmax"))
    netwerk.compile(
        optimizer=keras.optimizers.Adamax(learning_rate=0.003),
        loss="categorical_crossentropy",
        metrics=["accuracy"],
    )
    return netwerk


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
    stoppen = keras.callbacks.EarlyStopping(monitor="val_accuracy", patience=patience)
    bewaren = keras.callbacks.ModelCheckpoint(
        str(checkpoint_path), monitor="val_accuracy", save_best_only=True
    )
    verloop = model.fit(
        x_train,
        y_train,
        batch_size=batch_size,
        epochs=epochs,
        validation_data=(x_val, y_val),
        callbacks=[stoppen, bewaren, *callbacks],
    )
    return verloop


def plot_history(history):
    if not isinstance(history, dict):
        history = history.history
    figuur, vak = plt.subplots()
    tijd = list(range(1, len(history["accuracy"]) + 1))
    vak.plot(tijd, history["accuracy"], label="training")
    vak.plot(tijd, history["val_accuracy"], label="validatie")
    vak.set_xlabel("epoch")
    vak.set_ylabel("nauwkeurigheid")
    vak.legend()
    return figuur


def predict(model, x):
    if isinstance(model, (str, os.PathLike)):
        model = keras.models.load_model(model)
    kansen = model.predict(x)
    return kansen


if __name__ == "__main__":
    namen = ["vliegtuig", "auto", "vogel"]
    (x_alle, y_alle), (x_test, y_test) = keras.datasets.cifar10.load_data()
    x_alle, y_alle = subset_data(x_alle, y_alle, seed=0)
    x_test, y_test = subset_data(x_test, y_test, seed=0)
    x_val, x_train = np.split(x_alle, [1500])
    y_val, y_train = np.split(y_alle, [1500])
    show_examples(x_train, y_train, namen)
    plt.show()
    netwerk = build_model()
    netwerk.summary()
    verloop = train(netwerk, x_train, y_train, x_val, y_val)
    plot_history(verloop)
    kansen = predict("best_model.keras", x_test)
    show_examples(x_test, y_test, namen, predictions=kansen)
    plt.show()
    print(f"Nauwkeurigheid: {np.mean(kansen.argmax(1) == y_test.argmax(1)):.3f}")
