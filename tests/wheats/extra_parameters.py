"""Uses keras.ops and keras.random throughout; the functions have more parameters than asked for."""

import secrets
from typing import Optional

import keras
import matplotlib.pyplot as plt
import numpy as np
from keras import layers, ops


def _order(n, seed):
    seed = secrets.randbelow(2**31) if seed is None else seed
    return ops.convert_to_numpy(keras.random.shuffle(ops.arange(n), seed=seed))


def subset_data(x, y, classes=(0, 1, 2), seed: Optional[int] = None, *, shuffle=True, dtype="float32"):
    labels = np.asarray(y).reshape((-1,))
    matches = labels.reshape(-1, 1) == np.asarray(list(classes)).reshape(1, -1)
    rows = np.flatnonzero(matches.sum(axis=1))
    if shuffle:
        rows = rows[_order(len(rows), seed)]
    return x[rows], matches[rows].astype(dtype)


def show_examples(x, y, class_names, predictions=None, count=10, seed=None, columns=5, size=2.0):
    chosen = _order(len(x), seed)[: min(count, len(x))]
    rows = (len(chosen) + columns - 1) // columns
    fig, axes = plt.subplots(rows, columns, figsize=(size * columns, 1.3 * size * rows), squeeze=False)
    for k in range(rows * columns):
        ax = axes[k // columns][k % columns]
        ax.axis("off")
        if k >= len(chosen):
            continue
        i = int(chosen[k])
        ax.imshow(x[i])
        parts = ["true: " + class_names[int(np.argmax(y[i]))]]
        if predictions is not None:
            parts.append("predicted: " + class_names[int(np.argmax(predictions[i]))])
        ax.set_title(" / ".join(parts), fontsize=7)
    return fig


def add_conv_block(model, filters, kernel_size=3, dropout=0.1, pool=2):
    model.add(layers.Conv2D(filters, kernel_size, padding="same"))
    model.add(layers.GroupNormalization(groups=1))
    model.add(layers.Activation("relu"))
    model.add(layers.MaxPooling2D(pool))
    if dropout:
        model.add(layers.Dropout(dropout))
    return model


def build_model(input_shape=(32, 32, 3), num_classes=3, widths=(16, 32, 64), learning_rate=0.002):
    model = keras.Sequential([keras.Input(shape=input_shape)], name="small_net")
    model.add(layers.Rescaling(1 / 255))
    for width in widths:
        add_conv_block(model, width)
    model.add(layers.Flatten())
    model.add(layers.Dense(num_classes, activation=ops.softmax))
    model.compile(
        optimizer=keras.optimizers.Adam(learning_rate),
        loss=keras.losses.CategoricalCrossentropy(label_smoothing=0.05),
        metrics=["accuracy", keras.metrics.F1Score(average="macro")],
    )
    return model


def train(model, x_train, y_train, x_val, y_val, epochs=20, batch_size=128, patience=3,
          checkpoint_path="best_model.keras", callbacks=(), verbose=0, seed=None):
    if seed is not None:
        keras.utils.set_random_seed(seed)
    watch = dict(monitor="val_accuracy", mode="max")
    return model.fit(
        x_train,
        y_train,
        epochs=epochs,
        batch_size=batch_size,
        validation_data=(x_val, y_val),
        callbacks=[
            keras.callbacks.EarlyStopping(patience=patience, **watch),
            keras.callbacks.ModelCheckpoint(checkpoint_path, save_best_only=True, **watch),
            *callbacks,
        ],
        verbose=verbose,
    )


def plot_history(history, title="Training", ax=None):
    record = history if isinstance(history, dict) else history.history
    if ax is None:
        _, ax = plt.subplots()
    for metric, style in {"accuracy": "-", "val_accuracy": "--"}.items():
        ax.plot(range(1, len(record[metric]) + 1), record[metric], style, color="black")
    ax.set_title(title)
    ax.set_xlabel("Epoch")
    ax.set_ylabel("Accuracy")
    ax.legend(labels=["on the training set", "on the validation set"])
    return ax.figure


def predict(model, x, batch_size=64):
    if not isinstance(model, keras.Model):
        model = keras.saving.load_model(model)
    return model.predict(x, batch_size=batch_size, verbose=0)
