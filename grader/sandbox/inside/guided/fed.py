"""Turn the data given to `fit`, `evaluate` and `predict` into arrays, and reduce these to what the notes contain.

Untrusted side.
"""

from __future__ import annotations

import contextlib
import copy
import functools
from collections.abc import Iterator
from typing import Any, Final

import keras
import numpy as np

from grader.sandbox.inside import backend

SIDE: Final = 32
"""The height and width of the images, in pixels, before the program changes their size."""

MAX_ROWS: Final = 60_000
"""The most images whose signatures are noted."""

BLOCKS: Final = 4
"""The number of blocks of one colour in a row or column of an image, whatever its size."""


class Fed:
    """The data given to `fit`, `evaluate` or `predict`, as arrays as far as possible.

    Args:
        x: The images as they were given: arrays, a data set, a sequence or a generator.
        y: The labels as they were given.
        steps: The number of batches in an epoch, if it was given.

    Attributes:
        given: The images as they were given.
        x: The images as an array; `None` if they cannot be extracted.
        y: The labels as an array; `None` if there are none.
        how: The form in which they were given: `arrays`, `dataset`, `sequence` or `generator`.
        augmented: Whether images may be changed on their way to the network.
    """

    def __init__(self, x: Any, y: Any, steps: Any = None) -> None:
        self.given = x
        self.x: Any = None
        self.y: Any = None
        self.how = "arrays"
        self.augmented = False
        self._batches: list[Any] = []
        if x is None:
            return
        if backend.is_tensor(x):
            self.x, self.y = backend.to_numpy(x), as_labels(y)
        elif isinstance(x, np.ndarray):
            self.x, self.y = x, as_labels(y)
        elif isinstance(x, (list, tuple)):
            with contextlib.suppress(Exception):
                self.x, self.y = np.asarray(x), as_labels(y)
        elif hasattr(x, "image_data_generator") and hasattr(x, "x"):
            self.how, self.augmented = "sequence", True
            scale = getattr(x.image_data_generator, "rescale", None) or 1
            images = np.asarray(x.x, np.float32)
            if (prepare := getattr(x.image_data_generator, "preprocessing_function", None)) is not None:
                with contextlib.suppress(Exception):  # then fit itself fails
                    images = np.stack([prepare(image.copy()) for image in images[:MAX_ROWS]])
            self.x, self.y = images * np.float32(scale), as_labels(x.y)
        elif hasattr(x, "take") and hasattr(x, "element_spec"):
            self.how = "dataset"
            self._collect(x.take(steps or 400))
        elif hasattr(x, "__getitem__") and hasattr(x, "__len__"):
            self.how = "sequence"
            self._collect(x[index] for index in range(min(len(x), 400)))
        else:
            self.how = "generator"
            self._collect(x, most=steps or 8)

    def _collect(self, batches: Any, *, most: int = 400) -> None:
        # An endless generator or a repeating data set never stops, so `most` limits it to the batches of one epoch.
        xs, ys = [], []
        rows = 0
        with contextlib.suppress(Exception):
            for batch in batches:
                pair = batch if isinstance(batch, (tuple, list)) else (batch, None)
                images = backend.to_numpy(pair[0]) if backend.is_tensor(pair[0]) else np.asarray(pair[0])
                self._batches += [pair][: max(0, 2 - len(self._batches))]
                xs.append(images if images.ndim == 4 else images[None])
                if len(pair) > 1 and pair[1] is not None:
                    target = backend.to_numpy(pair[1]) if backend.is_tensor(pair[1]) else np.asarray(pair[1])
                    ys.append(target if images.ndim == 4 else target[None])
                rows += len(xs[-1])
                if len(xs) >= most or rows > MAX_ROWS:
                    break
        if xs:
            self.x = np.concatenate(xs)
            self.y = as_labels(np.concatenate(ys)) if len(ys) == len(xs) else None

    def look_at_next_epoch(self) -> None:
        """Go through a sequence once more, as the next epoch does, and keep what that gives if it is fewer images."""
        if self.how != "sequence" or self.augmented:
            return
        later = copy.copy(self)
        with contextlib.suppress(Exception):
            if hasattr(self.given, "on_epoch_end"):
                self.given.on_epoch_end()
            later._batches = []
            later._collect(self.given[index] for index in range(min(len(self.given), 400)))
            if len(_distinct(later.x)) < len(_distinct(self.x)):
                self.x, self.y = later.x, later.y

    def short(self, rows: int) -> Any:
        """Return data of the same form that repeats the first images of a batch, for a shortened call.

        Args:
            rows: The most images that are repeated.
        """
        if self.how == "sequence" and self.augmented:
            fewer = copy.copy(self.given)
            fewer.batch_size = min(rows, int(fewer.batch_size))
            return fewer
        batch = self._batches[0] if self._batches else None
        batched = batch is not None and np.ndim(batch[0]) == 4
        if self.how == "dataset":
            first = self.given.take(1)
            # Without the cache, the whole pipeline would start over in each epoch.
            return (first.map(functools.partial(_beginning, rows)) if batched else first).cache().repeat()
        if batch is None:
            return self.given
        repeated = _beginning(rows, *batch) if batched else batch

        def forever() -> Iterator[Any]:
            while True:
                yield repeated

        return forever()


def _distinct(images: Any) -> set[bytes]:
    seen = signatures(images)
    return set() if seen is None else {each.tobytes() for each in seen}


def _beginning(rows: int, *parts: Any) -> Any:
    """Return the first rows of each part of a batch."""
    first = keras.tree.map_structure(lambda part: None if part is None else part[:rows], parts)
    return first if len(parts) > 1 else first[0]


def signatures(x: Any) -> Any:
    """Return the signatures of images, by which the trusted side recognises them: the middle pixel of each block.

    Returns:
        float32 of shape (n, 4, 4, 3), or (n, 0, 0, 3) for images that are too small.  `None` if these are not images.
    """
    if x is None:
        return None
    with contextlib.suppress(Exception):
        array = np.asarray(x)
        if array.ndim == 2 and array.shape[1] == SIDE * SIDE * 3:
            array = array.reshape(-1, SIDE, SIDE, 3)
        if array.ndim == 4 and min(array.shape[1:3]) < 2 * BLOCKS:
            return np.zeros((len(array[:MAX_ROWS]), 0, 0, 3), np.float32)
        if array.ndim == 4 and array.shape[3] in (1, 3, 4):
            rows, columns = ((2 * np.arange(BLOCKS) + 1) * side // (2 * BLOCKS) for side in array.shape[1:3])
            return np.ascontiguousarray(array[:MAX_ROWS, rows[:, np.newaxis], columns, :3], np.float32)
    return None


def labels(y: Any) -> Any:
    """Return labels as float32 of shape (n,) or (n, k), or (n, 0) if they have more axes; `None` for anything else."""
    if y is None:
        return None
    with contextlib.suppress(Exception):
        array = np.asarray(y)
        if array.dtype.kind in "biuf" and array.ndim in (1, 2):
            return np.ascontiguousarray(array[:MAX_ROWS, ...], np.float32)
        if array.dtype.kind in "biuf" and array.ndim > 2:
            return np.zeros((len(array[:MAX_ROWS]), 0), np.float32)
    return None


def classes_of(y: Any) -> Any:
    """Return labels as one number each, shape (n,): the column of the largest entry, or the number itself."""
    rows = np.asarray(y).reshape(len(y), -1)
    return rows.argmax(axis=1) if rows.shape[1] > 1 else rows[:, 0]


def as_labels(y: Any) -> Any:
    """Convert labels to an array; `None` if there are none."""
    if y is None:
        return None
    if backend.is_tensor(y):
        return backend.to_numpy(y)
    with contextlib.suppress(Exception):
        return np.asarray(y)
    return None
