# sound: Swedish, GridSpec figure, AdamW, label smoothing in the categorical cross-entropy
import os

import keras
import matplotlib.pyplot as plt
import numpy as np
from keras import layers
from matplotlib.gridspec import GridSpec


def subset_data(x, y, classes=(0, 1, 2), seed=None):
    """Välj klasser, blanda, koda etiketterna."""
    etiketter = y[:, 0] if y.ndim == 2 else y
    par = []
    for kolumn, klass in enumerate(classes):
        for nummer in np.nonzero(etiketter == klass)[0]:
            par.append((nummer, kolumn))
    par = np.array(par, dtype=int).reshape(-1, 2)

    slump = np.random.default_rng(seed)
    slump.shuffle(par, axis=0)
    nummer, kolumner = par[:, 0], par[:, 1]
    y_subset = np.zeros((len(par), len(classes)))
    np.put_along_axis(y_subset, kolumner[:, None], 1.0, axis=1)
    return x[nummer], y_subset


def show_examples(x, y, class_names, predictions=None, count=10, seed=None):
    slump = np.random.default_rng(seed)
    antal = min(count, len(x))
    valda = slump.choice(len(x), size=antal, replace=False, shuffle=True)
    figur = plt.figure(figsize=(12, 6))
    rutor = GridSpec(max(1, (antal + 4) // 5), 5, figure=figur)
    for k, nummer in enumerate(valda):
        axel = figur.add_subplot(rutor[k // 5, k % 5])
        axel.imshow(x[nummer])
        axel.set_axis_off()
        rubrik = class_names[int(y[nummer].argmax())]
        if predictions is not None:
            rubrik += "\nnätet: " + class_names[int(predictions[nummer].argmax())]
        axel.set_title(rubrik)
    return figur


def add_conv_block(model, filters):
    model.add(layers.Conv2D(filters, (3, 3), padding="same", activation="gelu"))
    model.add(layers.Conv2D(filters, (3, 3), padding="same", activation="gelu"))
    model.add(layers.MaxPooling2D((2, 2)))
    return model


def build_model(input_shape=(32, 32, 3), num_classes=3):
    nat = keras.Sequential(name="natverk")
    nat.add(keras.Input(shape=input_shape))
    nat.add(layers.Rescaling(1 / 255))
    add_conv_block(nat, 32)
    add_conv_block(nat, 64)
    nat.add(layers.Flatten())
    nat.add(layers.Dense(64, activation="gelu"))
    nat.add(layers.Dense(num_classes))
    nat.add(layers.Activation("softmax"))
    nat.compile(
        optimizer=keras.optimizers.AdamW(learning_rate=1e-3, weight_decay=1e-4),
        loss=keras.losses.CategoricalCrossentropy(label_smoothing=0.05),
        metrics=["accuracy"],
    )
    return nat


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
    stopp = keras.callbacks.EarlyStopping(monitor="val_accuracy", patience=patience)
    spara = keras.callbacks.ModelCheckpoint(
        checkpoint_path, monitor="val_accuracy", save_best_only=True
    )
    return model.fit(
        x_train,
        y_train,
        batch_size=batch_size,
        epochs=epochs,
        validation_data=(x_val, y_val),
        callbacks=[stopp, spara, *callbacks],
    )


def plot_history(history):
    kurvor = getattr(history, "history", history)
    figur, axel = plt.subplots()
    axel.plot(kurvor["accuracy"], label="träning")
    axel.plot(kurvor["val_accuracy"], label="validering")
    axel.set_xlabel("epok")
    axel.set_ylabel("träffsäkerhet")
    axel.legend()
    return figur


def predict(model, x):
    if isinstance(model, (str, os.PathLike)):
        model = keras.models.load_model(model)
    return model.predict(x)


if __name__ == "__main__":
    namn = ["flygplan", "bil", "fågel"]
    (x_alla, y_alla), (x_test, y_test) = keras.datasets.cifar10.load_data()
    x_alla, y_alla = subset_data(x_alla, y_alla, seed=0)
    x_test, y_test = subset_data(x_test, y_test, seed=0)
    x_val, x_train = np.split(x_alla, [1500])
    y_val, y_train = np.split(y_alla, [1500])
    show_examples(x_train, y_train, namn)
    plt.show()
    nat = build_model()
    nat.summary()
    forlopp = train(nat, x_train, y_train, x_val, y_val)
    plot_history(forlopp)
    sannolikheter = predict("best_model.keras", x_test)
    show_examples(x_test, y_test, namn, predictions=sannolikheter)
    plt.show()
    print("Träffsäkerhet:", np.mean(sannolikheter.argmax(1) == y_test.argmax(1)))
