"""Task 3, visualise: look at the data before training on it, and at the predictions afterwards."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

COLUMNS = 5
"""Images in one row of the figure."""


def show_examples(
    x: np.ndarray,
    y: np.ndarray,
    class_names: Sequence[str],
    predictions: np.ndarray | None = None,
    count: int = 10,
    seed: int | None = None,
) -> Figure:
    """Show randomly chosen images with their class names as titles.

    Args:
        x: Images, uint8 0-255, shape (n, height, width, channels) with 1 or 3 channels.
        y: One-hot labels, shape (n, number of classes).
        class_names: The name of each column of `y`.
        predictions: Probabilities, shape (n, number of classes). If given, each title also names the most probable
            class and its probability, and is red if that class is wrong.
        count: How many images to show; all of them, if `x` has fewer.
        seed: The same seed chooses the same images; `None` chooses afresh each time.

    Returns:
        A figure with min(count, n) axes, each with a different image.

    Raises:
        ValueError: If `count` is negative, or the arguments do not fit each other.
    """
    if count < 0:
        raise ValueError(f"count must not be negative: got {count}")
    expected = (len(x), len(class_names))
    if np.shape(y) != expected:
        raise ValueError(f"y must be one-hot, of shape {expected}: got {np.shape(y)}")
    if predictions is not None and np.shape(predictions) != expected:
        raise ValueError(f"predictions must have the shape of y, {expected}: got {np.shape(predictions)}")

    chosen = np.random.default_rng(seed).permutation(len(x))[:count]  # no position comes twice

    rows = max(1, -(-len(chosen) // COLUMNS))  # rounded up
    figure = plt.figure(figsize=(2 * COLUMNS, 2.4 * rows), layout="constrained")
    for position, i in enumerate(chosen, start=1):
        label = int(np.argmax(y[i]))
        title, colour = class_names[label], "black"
        if predictions is not None:
            guess = int(np.argmax(predictions[i]))
            title += f"\npredicted {class_names[guess]} ({predictions[i][guess]:.0%})"
            colour = "black" if guess == label else "red"
        axes = figure.add_subplot(rows, COLUMNS, position)
        axes.imshow(x[i], cmap="gray", vmin=0, vmax=255)  # the last three matter only to images of one channel
        axes.set_title(title, color=colour, fontsize="small")
        axes.axis("off")
    return figure
