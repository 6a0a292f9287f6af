"""Task 2, pre-process: keep a few of the ten classes, shuffled, with one-hot labels."""

from collections.abc import Sequence

import numpy as np


def subset_data(
    x: np.ndarray, y: np.ndarray, classes: Sequence[int] = (0, 1, 2), seed: int | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Return the images of some classes, shuffled, with one-hot labels.

    Args:
        x: Images, uint8 0-255, shape (n, height, width, channels). Not changed.
        y: Integer labels, shape (n, 1) as CIFAR-10 ships them, or (n,). Not changed.
        classes: The labels to keep, each once. Their order is the order of the one-hot columns.
        seed: The same seed gives the same order; `None` gives a fresh order each time.

    Returns:
        The m images whose label is in `classes`, with the dtype of `x`, shape (m, height, width, channels), and
        their labels, float32, shape (m, len(classes)): row i is 1 in column j if image i has the label `classes[j]`,
        else 0.

    Raises:
        ValueError: If `x` and `y` differ in length, or `classes` is empty or names a class twice.
    """
    labels = np.asarray(y).reshape(-1)  # (n, 1) becomes (n,)
    if len(x) != len(labels):
        raise ValueError(f"every image needs one label: got {len(x)} images and {len(labels)} labels")
    if len(classes) == 0 or len(set(classes)) != len(classes):
        raise ValueError(f"classes must name at least one class, and each only once: got {tuple(classes)}")

    # Shuffle the positions, and then take images and labels at the same positions: this keeps the pairs together.
    chosen = np.flatnonzero(np.isin(labels, classes))
    np.random.default_rng(seed).shuffle(chosen)

    # (m, 1) compared with (k,) gives (m, k): is image i of class j?
    one_hot = labels[chosen, np.newaxis] == np.asarray(classes)
    return x[chosen], one_hot.astype("float32")
