"""Find out what `train` does to validation images but not to training images."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np

from grader.sandbox.wire.rings import rings

Array = np.ndarray[Any, Any]


_TURNS: Final[tuple[tuple[str, Callable[[Array], Array]], ...]] = (
    ("mirrored", lambda x: x[:, :, ::-1]),
    ("upside down", lambda x: x[:, ::-1]),
    ("turned by half", lambda x: x[:, ::-1, ::-1]),
    ("transposed", lambda x: np.swapaxes(x, 1, 2)),
    ("turned by a quarter", lambda x: np.rot90(x, 1, (1, 2))),
    ("turned by a quarter", lambda x: np.rot90(x, 3, (1, 2))),
    ("with their channels the other way round", lambda x: x[..., ::-1]),
    ("with other channels", lambda x: np.roll(x, 1, axis=3)),
    ("with other channels", lambda x: np.roll(x, 2, axis=3)),
)
_LIKE: Final = 0.9
_SAME: Final = 0.95
_MOST_SEEN: Final = 100
_MOST_VALUES: Final = 2_000_000


def how_changed(images: Array, training: Array | None, validation: Array | None) -> str:
    """Return what is done to validation images but not to training images, in words, or "" if nothing is.

    The scale is ignored.  Training images may be augmented at random.

    Args:
        images: The images that were given, the same for training and validation, shape (n, h, w, channels).
        training: The first training images that the network saw, in any order; `None` if there are none.
        validation: The first validation images that the network saw, in any order; `None` if there are none.
    """
    if training is None or validation is None or validation.ndim != 4 or training.ndim != 4:
        return ""
    if _share_found(validation, images) >= _LIKE or _share_found(validation, training) >= _LIKE:
        return ""
    for words, turn in _TURNS:
        if _share_found(validation, turn(images)) >= _LIKE:
            return words
    # Other changes, such as cutting or shifting, are only certain if the training images are unchanged.
    return "changed" if _share_found(training, images) >= _LIKE else ""


def _share_found(seen: Array, images: Array) -> float:
    """Return the share of the images that the network saw which are, except for scale, among some other images."""
    few = 0 < len(seen) <= _MOST_SEEN and 0 < len(images) <= _MOST_SEEN
    if (
        not few
        or seen.size > _MOST_VALUES
        or seen.shape[1:] != images.shape[1:]
        or not (np.all(np.isfinite(seen)) and np.all(np.isfinite(images)))
    ):
        return 0.0
    rows = [_standardised(each) for each in (seen, images)]
    return float(np.mean((rows[0] @ rows[1].T).max(axis=1) > _SAME))


def _standardised(images: Array) -> Array:
    """Return each image as a row of length 1, with the channels, or the parts of grey images, centred.

    All channels are scaled to the same strength.
    """
    values = images.astype(np.float64)
    values = values - values.mean(axis=(1, 2), keepdims=True)
    if values.shape[3] == 1:  # turning an image leaves its frame, ring and middle as they are
        parts = rings(*values.shape[1:3])
        for part in range(3):
            values[:, parts == part] -= values[:, parts == part].mean(axis=1, keepdims=True)
    values /= np.sqrt(np.sum(values**2, axis=(1, 2), keepdims=True)) + 1e-9
    rows = values.reshape(len(values), -1)
    standardised: Array = rows / (np.linalg.norm(rows, axis=1, keepdims=True) + 1e-9)
    return standardised
