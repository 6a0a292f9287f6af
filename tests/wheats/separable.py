"""Three classes of CIFAR-10 with separable convolutions and a hand-written early stopping."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import matplotlib.pyplot as plt
import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

Array = npt.NDArray[Any]


class PatientStop(keras.callbacks.Callback):
    """Stops the training when val_accuracy has not risen for some epochs."""

    def __init__(self, patience: int) -> None:
        super().__init__()
        self.patience = patience
        self.best = float("-inf")
        self.best_epoch = -1

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        self.best = float("-inf")
        self.best_epoch = -1

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        assert logs is not None
        if logs["val_accuracy"] > self.best:
            self.best = logs["val_accuracy"]
            self.best_epoch = epoch
        elif epoch - self.best_epoch >= self.patience:
            print(f"nothing better since epoch {self.best_epoch + 1}, stopping")
            self.model.stop_training = True


def subset_data(
    x: Array, y: Array, classes: Sequence[int] = (0, 1, 2), seed: int | None = None
) -> tuple[Array, Array]:
    """Pick classes, shuffle, one-hot.

    Args:
        x: Images.
        y: Labels, (n, 1) or (n,).
        classes: Which labels to keep.
        seed: For the shuffle.
    """
    labels = y.ravel()
    one_hot = (labels[:, None] == np.array(classes)[None, :]).astype(np.float32)
    indices = np.nonzero(one_hot.any(axis=1))[0]
    order = np.random.default_rng(seed).permutation(len(indices))
    return x[indices][order], one_hot[indices][order]


def show_examples(
    x: Array,
    y: Array,
    class_names: Sequence[str],
    predictions: Array | None = None,
    count: int = 10,
    seed: int | None = None,
) -> Figure:
    """A grid of random pictures."""
    rng = np.random.default_rng(seed)
    chosen = rng.choice(np.arange(len(x)), min(count, len(x)), replace=False)
    side = int(np.ceil(np.sqrt(len(chosen))))
    figure, axes = plt.subplots(side, side, squeeze=False)
    for axis, index in zip(axes.flat, chosen):
        axis.imshow(x[index])
        axis.axis("off")
        lines = [f"Label: {class_names[int(y[index].argmax())]}"]
        if predictions is not None:
            best = int(predictions[index].argmax())
            lines.append(f"Prediction: {class_names[best]} ({predictions[index][best]:.0%})")
        axis.set_title("\n".join(lines))
    for axis in list(axes.flat)[len(chosen):]:
        axis.set_visible(False)
    figure.suptitle("Examples")
    figure.tight_layout()
    return figure


def add_conv_block(model: keras.Sequential, filters: int) -> keras.Sequential:
    model.add(keras.layers.SeparableConv2D(filters, 3, padding="same"))
    model.add(keras.layers.LeakyReLU(negative_slope=0.1))
    model.add(keras.layers.SeparableConv2D(filters, 3, padding="same"))
    model.add(keras.layers.BatchNormalization(momentum=0.95))
    model.add(keras.layers.LeakyReLU(negative_slope=0.1))
    model.add(keras.layers.MaxPool2D())
    return model


def build_model(input_shape: tuple[int, int, int] = (32, 32, 3), num_classes: int = 3) -> keras.Sequential:
    model = keras.Sequential()
    model.add(keras.layers.InputLayer(shape=input_shape))
    model.add(keras.layers.Rescaling(1.0 / 127.5, offset=-1.0))
    for filters in (32, 48, 64):
        add_conv_block(model, filters)
    model.add(keras.layers.GlobalMaxPooling2D())
    model.add(keras.layers.Dense(num_classes, activation=keras.activations.softmax))
    model.compile(
        optimizer=keras.optimizers.AdamW(learning_rate=3e-3, weight_decay=1e-4),
        loss=keras.losses.CategoricalCrossentropy(label_smoothing=0.1),
        metrics=["accuracy"],
    )
    return model


def train(
    model: keras.Model,
    x_train: Array,
    y_train: Array,
    x_val: Array,
    y_val: Array,
    *,
    epochs: int = 20,
    batch_size: int = 128,
    patience: int = 3,
    checkpoint_path: str | Path = "best_model.keras",
    callbacks: Sequence[keras.callbacks.Callback] = (),
) -> keras.callbacks.History:
    return model.fit(
        x=x_train,
        y=y_train,
        validation_data=(x_val, y_val),
        epochs=epochs,
        batch_size=batch_size,
        callbacks=[
            *callbacks,
            keras.callbacks.ModelCheckpoint(
                str(checkpoint_path), monitor="val_accuracy", mode="max", save_best_only=True
            ),
            PatientStop(patience),
        ],
        verbose=0,
    )


def plot_history(history: keras.callbacks.History | dict[str, list[float]]) -> Figure:
    curves = history.history if isinstance(history, keras.callbacks.History) else history
    figure, axis = plt.subplots()
    for key, name in (("accuracy", "Training"), ("val_accuracy", "Validation")):
        axis.plot(np.arange(len(curves[key])) + 1, curves[key], marker="o", label=name)
    axis.set(xlabel="Epoch", ylabel="Accuracy", ylim=(0, 1))
    axis.grid(alpha=0.3)
    figure.legend(loc="upper center", ncol=2)
    return figure


def predict(model: keras.Model | str | Path, x: Array) -> Array:
    if isinstance(model, (str, Path)):
        model = keras.saving.load_model(model)
    return np.asarray(model.predict(x, batch_size=512, verbose=0))
