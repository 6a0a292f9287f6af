"""Images that are drawn anew for each submission, and that can be recognised wherever they occur.

Each image consists of four by four blocks of colour.  One pixel of each block makes its *signature*, which tells it
from all others, even if its values were scaled or shifted, or if it was mirrored or moved by a few pixels.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec
import numpy as np

Array = np.ndarray[Any, Any]

ENOUGH: Final = 0.9
"""The share of rows that must be recognised for an array to count as a set of the grader's images."""

CLASSES: Final = 10
SIDE: Final = 32
_BLOCKS: Final = 4
_SURE: Final = 0.9
"""The least correlation of two signatures of the same image; that of two different images is hardly ever above 0.6."""


_COMPARED: Final = 1000
"""The most rows that are compared with every image, if they are not recognised at once."""


class Pictures(msgspec.Struct, frozen=True, eq=False):
    """The images and labels that `cifar10.load_data()` returns in an observed run.

    Attributes:
        x_train: The training images, uint8 of shape (n, 32, 32, 3).
        y_train: Their labels from 0 to 9, uint8 of shape (n, 1).
        x_test: The test images, uint8 of shape (n, 32, 32, 3).
        y_test: Their labels from 0 to 9, uint8 of shape (n, 1).
    """

    x_train: Array
    y_train: Array
    x_test: Array
    y_test: Array

    @property
    def data(self) -> dict[str, Array]:
        """The arrays by name, as they are sent to the observed run."""
        return {"x_train": self.x_train, "y_train": self.y_train, "x_test": self.x_test, "y_test": self.y_test}


def draw(rng: np.random.Generator, *, train: int, test: int) -> Pictures:
    """Draw images, equally many of each class, in random order.

    Args:
        rng: A generator that is seeded for the submission.
        train: The number of training images.
        test: The number of test images.
    """
    tints = rng.integers(0, 256, (CLASSES, 1, 1, 3))
    parts: list[Array] = []
    for count in (train, test):
        labels = rng.permutation(np.arange(count) % CLASSES)
        blocks = 0.6 * rng.integers(0, 256, (count, _BLOCKS, _BLOCKS, 3)) + 0.4 * tints[labels]
        images = blocks.round().astype(np.uint8).repeat(SIDE // _BLOCKS, 1).repeat(SIDE // _BLOCKS, 2)
        parts += [images, labels.astype(np.uint8).reshape(-1, 1)]
    return Pictures(*parts)


class Recognised(msgspec.Struct, frozen=True, eq=False):
    """Which images an array holds.

    Attributes:
        train: The number of each row's training image, shape (n,); -1 for rows that are not one.
        test: The number of each row's test image, shape (n,); -1 for rows that are not one.
        scale: The factor by which pixels were multiplied, as the median over all rows; NaN if no row was recognised.
        offset: The number that was added to pixels.
    """

    train: Array
    test: Array
    scale: float
    offset: float

    @property
    def count(self) -> int:
        """The number of rows."""
        return len(self.train)

    @property
    def of_train(self) -> float:
        """The share of rows that are training images."""
        return float(np.mean(self.train >= 0)) if len(self.train) else 0.0

    @property
    def of_test(self) -> float:
        """The share of rows that are test images."""
        return float(np.mean(self.test >= 0)) if len(self.test) else 0.0


class Album:
    """Recognises the images of an observed run."""

    def __init__(self, pictures: Pictures) -> None:
        self.pictures = pictures
        self.train_labels = pictures.y_train.reshape(-1).astype(int)
        self.test_labels = pictures.y_test.reshape(-1).astype(int)
        step = SIDE // _BLOCKS
        images = np.concatenate([pictures.x_train, pictures.x_test])
        self._raw = images[:, step // 2 :: step, step // 2 :: step].astype(np.float32)
        self._known = _normalised(self._raw)
        self._mirrored = _normalised(self._raw[:, :, ::-1])
        self._boundary = len(pictures.x_train)
        self._numbers = {key: number for number, key in enumerate(_keys(self._mirrored))}
        self._numbers |= {key: number for number, key in enumerate(_keys(self._known))}
        self._remembered: dict[int, tuple[Array, Recognised]] = {}

    def recognise(self, signatures: Array | None) -> Recognised:
        """Return which images some signatures, shape (n, 4, 4, 3), belong to."""
        if signatures is None or signatures.ndim != 4 or signatures.shape[1:] != (_BLOCKS, _BLOCKS, 3):
            count = 0 if signatures is None else len(signatures)
            return Recognised(np.full(count, -1), np.full(count, -1), float("nan"), float("nan"))
        kept = self._remembered.get(id(signatures))
        if kept is not None and kept[0] is signatures:
            return kept[1]
        recognised = self._recognise(signatures)
        self._remembered[id(signatures)] = signatures, recognised
        return recognised

    def _recognise(self, signatures: Array) -> Recognised:
        rows = _normalised(signatures.astype(np.float32))
        found = np.array([self._numbers.get(key, -1) for key in _keys(rows)], int)
        # The blocks that are lighter than the mean nearly always identify the image.  If a value is close to the mean,
        # or the image was changed, the row is compared with all images.  That takes long, so if there are many such
        # rows, only some of them are compared.
        unknown = np.flatnonzero(found < 0)[:_COMPARED]
        for start in range(0, len(unknown), 200):
            part = unknown[start : start + 200]
            likeness = np.maximum(rows[part] @ self._known.T, rows[part] @ self._mirrored.T)
            best = np.argmax(likeness, axis=1)
            found[part] = np.where(likeness[np.arange(len(part)), best] > _SURE, best, -1)
        own = np.maximum(found, 0)
        alike = np.maximum((rows * self._known[own]).sum(axis=1), (rows * self._mirrored[own]).sum(axis=1))
        found = np.where(alike > _SURE, found, -1)
        train = np.where((found >= 0) & (found < self._boundary), found, -1)
        test = np.where(found >= self._boundary, found - self._boundary, -1)
        return Recognised(train, test, *self._scale(signatures, found))

    def _scale(self, signatures: Array, found: Array) -> tuple[float, float]:
        rows = np.flatnonzero(found >= 0)[:500]
        if not len(rows):
            return float("nan"), float("nan")
        given = signatures[rows].reshape(len(rows), -1, 3).astype(np.float64)
        raw = self._raw[found[rows]].reshape(len(rows), -1, 3).astype(np.float64)
        # Both can be measured on a mirrored image as well, since mirroring changes neither its mean nor its spread.
        # Programs that standardise images give each channel a factor of its own.
        factors = np.median(given.std(axis=1) / np.maximum(raw.std(axis=1), 1e-9), axis=0)
        scale = float(np.mean(factors))
        return scale, float(np.median(given.mean(axis=(1, 2)) - scale * raw.mean(axis=(1, 2))))


def _keys(rows: Array) -> list[bytes]:
    """Return for each row, as bytes, which of its values are above zero."""
    return [key.tobytes() for key in np.packbits(rows > 0, axis=1)]


def whole(signatures: Array) -> Array:
    """Return the whole images of some signatures, as the program has scaled them, shape (n, 32, 32, 3)."""
    return signatures.repeat(SIDE // _BLOCKS, 1).repeat(SIDE // _BLOCKS, 2)


def _normalised(signatures: Array) -> Array:
    """Return signatures as rows of length 1, with each channel centred."""
    with np.errstate(all="ignore"):
        centred = signatures - signatures.mean(axis=(1, 2), keepdims=True)
        spread = centred.std(axis=(1, 2), keepdims=True)
        rows = np.nan_to_num(centred / np.maximum(spread, 1e-9)).reshape(len(signatures), 3 * _BLOCKS**2)
        rows = np.where(np.abs(rows) < 1e6, rows, 0)
        lengths: Array = np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)
    return np.asarray(rows / lengths)
