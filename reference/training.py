"""Task 5, train: stop when the validation accuracy no longer rises, and keep the best epoch."""

import os
from collections.abc import Sequence

import keras
import numpy as np


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
    checkpoint_path: str | os.PathLike[str] = "best_model.keras",
    callbacks: Sequence[keras.callbacks.Callback] = (),
) -> keras.callbacks.History:
    """Train the model with early stopping and a checkpoint of the best epoch.

    Afterwards the model has the weights of the last epoch; the best epoch is in the checkpoint.

    Args:
        model: A compiled model that tracks `accuracy`. It is trained in place.
        x_train: Training images, uint8 0-255, shape (n, height, width, channels).
        y_train: Their one-hot labels, shape (n, number of classes).
        x_val: Validation images, uint8 0-255. The model is evaluated on them after each epoch, and never trained.
        y_val: Their one-hot labels.
        epochs: The most epochs to train.
        batch_size: Images per step.
        patience: Stop after so many epochs in a row without a new best `val_accuracy`.
        checkpoint_path: Where the whole model is saved at each new best `val_accuracy`; must end in `.keras`.
        callbacks: Further Keras callbacks to run.

    Returns:
        The History: its `history` has the lists `accuracy`, `val_accuracy`, `loss` and `val_loss`, one value an epoch.

    Raises:
        ValueError: If images and labels differ in number, there are none, or a number is less than 1.
    """
    for name, x, y in (("training", x_train, y_train), ("validation", x_val, y_val)):
        if len(x) != len(y) or len(x) == 0:
            raise ValueError(f"{name} needs images and as many labels: got {len(x)} images and {len(y)} labels")
    for name, number in (("epochs", epochs), ("batch_size", batch_size), ("patience", patience)):
        if number < 1:
            raise ValueError(f"{name} must be at least 1: got {number}")

    stop_early = keras.callbacks.EarlyStopping(monitor="val_accuracy", mode="max", patience=patience)
    keep_best = keras.callbacks.ModelCheckpoint(
        checkpoint_path, monitor="val_accuracy", mode="max", save_best_only=True
    )
    return model.fit(
        x_train,
        y_train,
        validation_data=(x_val, y_val),
        epochs=epochs,
        batch_size=batch_size,
        callbacks=[*callbacks, stop_early, keep_best],
    )
