"""Task 6, predict: see how the training went, and have the best model predict images that it never saw."""

import os
from collections.abc import Mapping, Sequence

import keras
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator


def plot_history(history: keras.callbacks.History | Mapping[str, Sequence[float]]) -> Figure:
    """Plot training and validation accuracy per epoch.

    Args:
        history: What `train` returned, or its `history` dictionary.

    Returns:
        A figure with one pair of axes and two lines. Accuracies are fractions, 0 to 1; epochs count from 1.

    Raises:
        ValueError: If the history lacks `accuracy` or `val_accuracy`.
    """
    metrics = history if isinstance(history, Mapping) else history.history
    for name in ("accuracy", "val_accuracy"):
        if name not in metrics:
            raise ValueError(
                f"the history has no {name!r}, only {sorted(metrics)}: "
                "train with validation data and compile with metrics=['accuracy']"
            )

    figure, axes = plt.subplots(figsize=(7, 4.5), layout="constrained")
    for name, label in (("accuracy", "training"), ("val_accuracy", "validation")):
        axes.plot(range(1, len(metrics[name]) + 1), metrics[name], marker="o", label=label)
    axes.set(xlabel="epoch", ylabel="accuracy", title="Training and validation accuracy")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))  # there is no epoch 2.5
    axes.grid(alpha=0.3)
    axes.legend()
    return figure


def predict(model: keras.Model | str | os.PathLike[str], x: np.ndarray) -> np.ndarray:
    """Return the class probabilities of images, in their order.

    Args:
        model: A model, or the path of a checkpoint.
        x: Images, uint8 0-255, shape (n, height, width, channels).

    Returns:
        Probabilities, float32, shape (n, number of classes). Each row sums to 1.
    """
    if isinstance(model, str | os.PathLike):
        model = keras.models.load_model(model)
    probabilities: np.ndarray = model.predict(x, verbose=0)
    return probabilities
