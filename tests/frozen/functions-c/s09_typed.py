# sound: type hints everywhere, matplotlib's Figure without pyplot, strided convolutions instead of pooling, scaling by a helper in train and predict.
from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, TypeAlias

import keras
import numpy as np
import numpy.typing as npt
from keras import layers
from matplotlib.axes import Axes
from matplotlib.figure import Figure

Images: TypeAlias = npt.NDArray[np.uint8]
Floats: TypeAlias = npt.NDArray[np.floating[Any]]
PathLike: TypeAlias = "str | os.PathLike[str]"

WIDTHS: Final[tuple[int, ...]] = (32, 64, 128)
MONITOR: Final = "val_accuracy"


def subset_data(
    x: Images, y: npt.NDArray[np.integer[Any]], classes: Sequence[int] = (0, 1, 2), seed: int | None = None
) -> tuple[Images, Floats]:
    """Select, encode and shuffle."""
    labels: npt.NDArray[np.int64] = np.asarray(y, dtype=np.int64).reshape(-1)
    one_hot: Floats = np.stack([labels == c for c in classes], axis=1).astype(np.float32)
    rows: npt.NDArray[np.intp] = np.flatnonzero(one_hot.sum(axis=1))
    rng: np.random.Generator = np.random.default_rng(seed)
    rows = rng.permutation(rows)
    return x[rows], one_hot[rows]


def _title(names: Sequence[str], target: Floats, probabilities: Floats | None) -> str:
    match probabilities:
        case None:
            return names[int(target.argmax())]
        case _:
            return f"{names[int(target.argmax())]}\npredicted as {names[int(probabilities.argmax())]}"


def show_examples(
    x: Images,
    y: Floats,
    class_names: Sequence[str],
    predictions: Floats | None = None,
    count: int = 10,
    seed: int | None = None,
) -> Figure:
    """Draw a random sample without replacement."""
    rng: np.random.Generator = np.random.default_rng(seed)
    sample: list[int] = [int(i) for i in rng.choice(len(x), min(count, len(x)), replace=False)]
    n_rows: int = max(1, -(-len(sample) // 5))
    figure = Figure(figsize=(10.0, 2.5 * n_rows), layout="constrained")
    for position, index in enumerate(sample, start=1):
        ax: Axes = figure.add_subplot(n_rows, 5, position)
        ax.imshow(x[index])
        ax.set_axis_off()
        ax.set_title(_title(class_names, y[index], None if predictions is None else predictions[index]), fontsize=9)
    return figure


def add_conv_block(model: keras.Sequential, filters: int) -> keras.Sequential:
    """One convolution, and one more that halves height and width by its stride."""
    for kernel, stride, padding in ((3, 1, "same"), (2, 2, "valid")):
        model.add(layers.Conv2D(filters, kernel, strides=stride, padding=padding, use_bias=False))
        model.add(layers.BatchNormalization(momentum=0.9))
        model.add(layers.Activation("relu"))
    return model


def build_model(input_shape: tuple[int, int, int] = (32, 32, 3), num_classes: int = 3) -> keras.Sequential:
    """A fresh, compiled network for images of 0..1."""
    model: keras.Sequential = keras.Sequential([keras.Input(shape=input_shape)])
    for width in WIDTHS:
        add_conv_block(model, width)
    model.add(layers.GlobalAveragePooling2D())
    model.add(layers.Dense(num_classes, activation="softmax"))
    model.compile(optimizer=keras.optimizers.Adam(), loss="categorical_crossentropy", metrics=["accuracy"])
    return model


def _unit(x: Images) -> npt.NDArray[np.float32]:
    return np.divide(x, 255.0, dtype=np.float32)


def train(
    model: keras.Model,
    x_train: Images,
    y_train: Floats,
    x_val: Images,
    y_val: Floats,
    *,
    epochs: int = 20,
    batch_size: int = 128,
    patience: int = 3,
    checkpoint_path: PathLike = "best_model.keras",
    callbacks: Iterable[keras.callbacks.Callback] = (),
) -> keras.callbacks.History:
    """Train with early stopping."""
    stopper = keras.callbacks.EarlyStopping(monitor=MONITOR, mode="max", patience=patience)
    saver = keras.callbacks.ModelCheckpoint(
        filepath=os.fspath(checkpoint_path), monitor=MONITOR, mode="max", save_best_only=True, save_weights_only=False
    )
    return model.fit(
        _unit(x_train),
        y_train,
        validation_data=(_unit(x_val), y_val),
        epochs=epochs,
        batch_size=batch_size,
        callbacks=[stopper, saver, *callbacks],
        verbose=0,
    )


def plot_history(history: keras.callbacks.History | Mapping[str, Sequence[float]]) -> Figure:
    """Two lines, one legend."""
    curves: Mapping[str, Sequence[float]] = history if isinstance(history, Mapping) else history.history
    figure = Figure(figsize=(6.4, 4.0))
    ax: Axes = figure.add_subplot()
    epochs: list[int] = list(range(1, len(curves["accuracy"]) + 1))
    ax.plot(epochs, list(curves["accuracy"]), marker="o", label="training")
    ax.plot(epochs, list(curves["val_accuracy"]), marker="o", label="validation")
    ax.set_xlabel("Epoch")
    ax.set_ylabel("Accuracy")
    ax.legend()
    return figure


def predict(model: keras.Model | PathLike, x: Images) -> Floats:
    """Probabilities in the order of `x`."""
    network: keras.Model = model if isinstance(model, keras.Model) else keras.models.load_model(os.fspath(model))
    probabilities: Floats = network.predict(_unit(x), verbose=0)
    return probabilities
