# sound: typed professional style with module constants, batch normalisation and a Rescaling layer
"""Three CIFAR-10 classes with a small convolutional network."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Sequence

import keras
import matplotlib.pyplot as plt
import numpy as np
from keras import layers
from matplotlib.figure import Figure

BLOCK_FILTERS = (32, 64, 128)
COLUMNS = 5


def subset_data(
    x: np.ndarray, y: np.ndarray, classes: Sequence[int] = (0, 1, 2), seed: int | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Return the images of some classes, shuffled, with one-hot labels."""
    labels = np.asarray(y).reshape(-1)
    wanted = np.asarray(classes)
    keep = np.flatnonzero(np.isin(labels, wanted))
    np.random.default_rng(seed).shuffle(keep)
    one_hot = (labels[keep, np.newaxis] == wanted[np.newaxis, :]).astype(np.float32)
    return x[keep], one_hot


def show_examples(
    x: np.ndarray,
    y: np.ndarray,
    class_names: Sequence[str],
    predictions: np.ndarray | None = None,
    count: int = 10,
    seed: int | None = None,
) -> Figure:
    """Show randomly chosen images with their class names as titles."""
    shown = min(count, len(x))
    chosen = np.random.default_rng(seed).choice(len(x), size=shown, replace=False)
    rows = max(1, math.ceil(shown / COLUMNS))
    figure, axes = plt.subplots(rows, COLUMNS, figsize=(2 * COLUMNS, 2.4 * rows), squeeze=False)
    for ax in axes.flat:
        ax.axis("off")
    for ax, i in zip(axes.flat, chosen):
        ax.imshow(x[i])
        title = f"{class_names[int(np.argmax(y[i]))]}"
        if predictions is not None:
            title += f"\npredicted: {class_names[int(np.argmax(predictions[i]))]}"
        ax.set_title(title, fontsize=9)
    figure.tight_layout()
    return figure


def add_conv_block(model: keras.Sequential, filters: int) -> keras.Sequential:
    """Add conv, batch normalisation, relu, twice, and a pooling layer."""
    for _ in range(2):
        model.add(layers.Conv2D(filters, 3, padding="same", use_bias=False))
        model.add(layers.BatchNormalization())
        model.add(layers.ReLU())
    model.add(layers.MaxPooling2D(pool_size=2))
    return model


def build_model(
    input_shape: tuple[int, int, int] = (32, 32, 3), num_classes: int = 3
) -> keras.Sequential:
    """Build and compile a convolutional network that gives class probabilities."""
    model = keras.Sequential(name="three_classes")
    model.add(keras.Input(shape=input_shape))
    model.add(layers.Rescaling(1.0 / 255))
    for filters in BLOCK_FILTERS:
        add_conv_block(model, filters)
    model.add(layers.GlobalAveragePooling2D())
    model.add(layers.Dropout(0.3))
    model.add(layers.Dense(num_classes, activation="softmax"))
    model.compile(
        optimizer=keras.optimizers.Adam(learning_rate=1e-3),
        loss=keras.losses.CategoricalCrossentropy(),
        metrics=["accuracy"],
    )
    return model


def train(
    model: keras.Model,
    x_train: np.ndarray,
    y_train: np.ndarray,
    x_val: np.ndarray,
    y_val: np.ndarray,
    *,
    epochs: int = 20,
    batch_size: int = 128,
    patience: int = 3,
    checkpoint_path: str | os.PathLike = "best_model.keras",
    callbacks: Iterable[keras.callbacks.Callback] = (),
) -> keras.callbacks.History:
    """Train the model with early stopping and a checkpoint of the best epoch."""
    stopper = keras.callbacks.EarlyStopping(
        monitor="val_accuracy",
        mode="max",
        patience=patience,
    )
    saver = keras.callbacks.ModelCheckpoint(
        filepath=checkpoint_path,
        monitor="val_accuracy",
        mode="max",
        save_best_only=True,
    )
    return model.fit(
        x_train,
        y_train,
        validation_data=(x_val, y_val),
        epochs=epochs,
        batch_size=batch_size,
        callbacks=[stopper, saver, *callbacks],
    )


def plot_history(history: keras.callbacks.History | dict[str, list[float]]) -> Figure:
    """Plot training and validation accuracy per epoch."""
    logs = history if isinstance(history, dict) else history.history
    figure, ax = plt.subplots()
    for key, label in (("accuracy", "training"), ("val_accuracy", "validation")):
        ax.plot(range(1, len(logs[key]) + 1), logs[key], label=label)
    ax.set_xlabel("epoch")
    ax.set_ylabel("accuracy")
    ax.legend()
    return figure


def predict(model: keras.Model | str | os.PathLike, x: np.ndarray) -> np.ndarray:
    """Return the class probabilities of images, in their order."""
    if isinstance(model, (str, os.PathLike)):
        model = keras.models.load_model(model)
    return model.predict(x, verbose=0)


if __name__ == "__main__":
    # Task 2: three of the ten classes. A tenth of the training images judges the epochs, and the
    # test images are kept for the very end.
    class_names = ["airplane", "automobile", "bird"]
    (x_all, y_all), (x_test, y_test) = keras.datasets.cifar10.load_data()
    x_train, y_train = subset_data(x_all, y_all, seed=0)
    x_test, y_test = subset_data(x_test, y_test, seed=0)
    x_val, x_train = np.split(x_train, [len(x_train) // 10])
    y_val, y_train = np.split(y_train, [len(y_train) // 10])

    # Task 3: look at the images before training on them.
    show_examples(x_train, y_train, class_names)
    plt.show()

    # Task 4: build the network.
    model = build_model()
    model.summary()

    # Task 5: train it. This takes some minutes.
    history = train(model, x_train, y_train, x_val, y_val)

    # Task 6: see how the training went, and ask the best epoch about images it never saw.
    plot_history(history)
    probabilities = predict("best_model.keras", x_test)
    show_examples(x_test, y_test, class_names, predictions=probabilities)
    plt.show()
    accuracy = np.mean(probabilities.argmax(axis=1) == y_test.argmax(axis=1))
    print(f"Accuracy on images the network never saw: {accuracy:.3f}")
