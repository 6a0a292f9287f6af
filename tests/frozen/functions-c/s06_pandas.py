# sound: pandas does the bookkeeping (isin, sample, Categorical, get_dummies, DataFrame.plot), and images are drawn as floats 0..1.
import pathlib

import keras
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from keras import layers


def subset_data(x, y, classes=(0, 1, 2), seed=None):
    table = pd.DataFrame({"label": np.asarray(y).reshape(-1).astype(int)})
    table = table[table["label"].isin(list(classes))]
    table = table.sample(frac=1, random_state=seed)
    categories = pd.Categorical(table["label"], categories=list(classes))
    one_hot = pd.get_dummies(categories, dtype=float)
    return x[table.index.to_numpy()], one_hot.to_numpy()


def show_examples(x, y, class_names, predictions=None, count=10, seed=None):
    names = pd.Series(list(class_names))
    table = pd.DataFrame({"true": names.iloc[np.argmax(y, axis=1)].to_numpy()})
    if predictions is not None:
        table["guess"] = names.iloc[np.argmax(predictions, axis=1)].to_numpy()
    table = table.sample(n=min(count, len(table)), random_state=seed)

    fig = plt.figure(figsize=(11, 2.6 * max(1, -(-len(table) // 5))))
    for place, row in enumerate(table.itertuples(), start=1):
        ax = fig.add_subplot(max(1, -(-len(table) // 5)), 5, place)
        ax.imshow(x[row.Index].astype("float32") / 255)
        ax.set_title(row.true if predictions is None else f"{row.true} / predicted: {row.guess}", fontsize=8)
        ax.axis("off")
    return fig


def add_conv_block(model, filters):
    model.add(layers.Conv2D(filters, 3, padding="same", activation="relu"))
    model.add(layers.Conv2D(filters, 3, padding="same", activation="relu"))
    model.add(layers.BatchNormalization(momentum=0.9))
    model.add(layers.MaxPooling2D(2))
    return model


def build_model(input_shape=(32, 32, 3), num_classes=3):
    model = keras.Sequential([keras.Input(shape=input_shape), layers.Rescaling(1 / 255)])
    add_conv_block(model, 24)
    add_conv_block(model, 48)
    add_conv_block(model, 96)
    model.add(layers.Flatten())
    model.add(layers.Dense(64, activation="relu"))
    model.add(layers.Dense(num_classes, activation="softmax"))
    model.compile(optimizer=keras.optimizers.Nadam(1e-3), loss="categorical_crossentropy", metrics=["accuracy"])
    return model


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
    log_path=None,
):
    best = {"monitor": "val_accuracy", "mode": "max"}
    ours = [
        keras.callbacks.ModelCheckpoint(checkpoint_path, save_best_only=True, **best),
        keras.callbacks.EarlyStopping(patience=patience, **best),
    ]
    if log_path is not None:
        ours.append(keras.callbacks.CSVLogger(log_path))
    return model.fit(
        x_train, y_train, batch_size, epochs, validation_data=(x_val, y_val), callbacks=[*callbacks, *ours]
    )


def plot_history(history):
    frame = pd.DataFrame(history if isinstance(history, dict) else history.history)
    frame = frame[["accuracy", "val_accuracy"]].rename(columns={"accuracy": "training", "val_accuracy": "validation"})
    frame.index = frame.index + 1
    ax = frame.plot(marker="o", xlabel="epoch", ylabel="accuracy", title="Accuracy by epoch")
    return ax.get_figure()


def predict(model, x):
    if isinstance(model, (str, pathlib.Path)):
        model = keras.models.load_model(model)
    return model.predict(x, verbose=0)
