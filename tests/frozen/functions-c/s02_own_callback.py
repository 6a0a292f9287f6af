# sound: one callback class of its own does both the early stopping and the saving, and images are divided by 255 in train and predict.
import os
from pathlib import Path

import keras
import matplotlib.pyplot as plt
import numpy as np


class BestEpochKeeper(keras.callbacks.Callback):
    """Saves the model whenever val_accuracy reaches a new maximum and ends the training when it has not for a while."""

    def __init__(self, path, patience):
        super().__init__()
        self.path = Path(path)
        self.patience = patience
        self.best = float("-inf")
        self.bad_epochs = 0

    def on_train_begin(self, logs=None):
        self.best = float("-inf")
        self.bad_epochs = 0
        self.path.parent.mkdir(parents=True, exist_ok=True)

    def on_epoch_end(self, epoch, logs=None):
        score = logs["val_accuracy"]
        if score > self.best:
            self.best = score
            self.bad_epochs = 0
            self.model.save(self.path)
        else:
            self.bad_epochs += 1
            if self.bad_epochs >= self.patience:
                self.model.stop_training = True


def scale(images):
    """uint8 0..255 to float32 0..1, as a new array."""
    return np.asarray(images).astype("float32") / 255.0


def subset_data(x, y, classes=(0, 1, 2), seed=None):
    flat = np.ravel(y)
    keep = np.isin(flat, list(classes))
    x_kept = x[keep]
    flat = flat[keep]
    column_of = {label: column for column, label in enumerate(classes)}
    columns = np.array([column_of[int(label)] for label in flat], dtype=int)
    one_hot = np.eye(len(classes), dtype="float32")[columns]
    order = np.random.default_rng(seed).permutation(len(flat))
    return x_kept[order], one_hot[order]


def show_examples(x, y, class_names, predictions=None, count=10, seed=None):
    rng = np.random.default_rng(seed)
    number = min(count, len(x))
    picked = rng.choice(len(x), size=number, replace=False)
    columns = 5
    rows = max(1, (number + columns - 1) // columns)
    fig, axes = plt.subplots(rows, columns, figsize=(2.2 * columns, 2.6 * rows), squeeze=False)
    axes = axes.ravel()
    for ax in axes:
        ax.set_axis_off()
    for ax, i in zip(axes, picked):
        ax.imshow(x[i])
        true_name = class_names[int(y[i].argmax())]
        if predictions is None:
            ax.set_title(true_name)
        else:
            guess = class_names[int(predictions[i].argmax())]
            ax.set_title(f"{true_name} -> {guess}", color="green" if guess == true_name else "red")
    fig.tight_layout()
    return fig


def add_conv_block(model, filters):
    model.add(keras.layers.Conv2D(filters, 3, padding="same"))
    model.add(keras.layers.BatchNormalization(momentum=0.9))
    model.add(keras.layers.ReLU())
    model.add(keras.layers.MaxPooling2D(2))
    return model


def build_model(input_shape=(32, 32, 3), num_classes=3):
    model = keras.Sequential(name="small_cnn")
    model.add(keras.Input(shape=input_shape))
    for filters in (32, 64, 128):
        add_conv_block(model, filters)
    model.add(keras.layers.GlobalAveragePooling2D())
    model.add(keras.layers.Dense(num_classes, activation="softmax"))
    model.compile(
        optimizer=keras.optimizers.Adam(1e-3),
        loss=keras.losses.CategoricalCrossentropy(),
        metrics=["accuracy"],
    )
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
):
    keeper = BestEpochKeeper(checkpoint_path, patience)
    return model.fit(
        scale(x_train),
        y_train,
        batch_size=batch_size,
        epochs=epochs,
        validation_data=(scale(x_val), y_val),
        callbacks=[*callbacks, keeper],
        verbose=2,
    )


def plot_history(history):
    values = getattr(history, "history", history)
    fig, ax = plt.subplots()
    for key, label in [("accuracy", "training accuracy"), ("val_accuracy", "validation accuracy")]:
        ax.plot(np.arange(1, len(values[key]) + 1), values[key], marker=".", label=label)
    ax.set_xlabel("epoch")
    ax.set_ylabel("accuracy")
    ax.set_ylim(0, 1)
    ax.legend(loc="lower right")
    return fig


def predict(model, x):
    if isinstance(model, (str, os.PathLike)):
        model = keras.saving.load_model(model)
    return model.predict(scale(x), batch_size=256, verbose=0)
