"""Inspect and transform the training data of `fit`, which comes from arrays or from a pipeline of batches.

Untrusted side.
"""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Iterator, Sequence
from typing import Any

import keras
import numpy as np

from grader.sandbox.inside import backend

Batch = tuple[Any, ...]
"""The images of a batch, then its labels if it has any, then its sample weights if it has any."""


def in_arrays(x: Any) -> bool:
    """Whether images are given as arrays rather than by a pipeline."""
    return x is None or isinstance(x, (np.ndarray, list, tuple, dict)) or backend.is_tensor(x)


def batches_of(x: Any) -> Iterator[Batch]:
    """Yield the batches of a pipeline."""
    indexed = hasattr(x, "__getitem__") and hasattr(x, "__len__")
    for batch in (x[index] for index in range(len(x))) if indexed else x:
        yield tuple(batch) if isinstance(batch, (tuple, list)) else (batch,)


def rows_in(batch: Batch) -> int:
    """Return the number of images in a batch."""
    return int(np.shape(batch[0])[0])


def joined(batches: Sequence[Batch]) -> Batch:
    """Join several batches into one, as arrays."""
    columns = zip(*batches, strict=True)
    return tuple(np.concatenate([keras.ops.convert_to_numpy(each) for each in column]) for column in columns)


def collected(x: Any, *, steps: int | None, most: int) -> tuple[Batch, int]:
    """Collect the images of one epoch from a pipeline.

    Args:
        x: The pipeline.
        steps: The number of batches in an epoch; `None` for all batches of the pipeline.
        most: Stop once there are this many images.

    Returns:
        All batches joined into one, as arrays, and the number of images in the first batch.

    Raises:
        ValueError: If the pipeline gives no images.
    """
    batches, rows = [], 0
    for batch in itertools.islice(batches_of(x), steps):
        batches.append(batch)
        rows += rows_in(batch)
        if rows >= most:
            break
    if not batches:
        raise ValueError("the pipeline gives no images")
    return joined(batches), rows_in(batches[0])


class Merged(keras.utils.PyDataset):  # type: ignore[misc]
    """A sequence of larger batches, each of them several batches of another sequence joined into one.

    Args:
        sequence: The other sequence.
        count: The number of batches to join.
    """

    def __init__(self, sequence: Any, count: int) -> None:
        names = ("workers", "use_multiprocessing", "max_queue_size")
        super().__init__(**{name: getattr(sequence, name) for name in names if hasattr(sequence, name)})
        self._sequence = sequence
        self._count = count

    def __len__(self) -> int:
        """Return the number of larger batches."""
        return -(-len(self._sequence) // self._count)

    def __getitem__(self, index: int) -> Batch:
        """Return one of the larger batches."""
        end = min((index + 1) * self._count, len(self._sequence))
        return joined([tuple(self._sequence[each]) for each in range(index * self._count, end)])

    def on_epoch_end(self) -> None:
        """Pass the end of an epoch on to the other sequence."""
        if hasattr(self._sequence, "on_epoch_end"):
            self._sequence.on_epoch_end()


def merged(x: Any, count: int, rows: int) -> Any:
    """Return a pipeline with larger batches.

    Args:
        x: The pipeline.
        count: The number of its batches to join into one.
        rows: The number of images in each of its batches.

    Raises:
        ValueError: If batches of this kind of pipeline cannot be joined.
    """
    if hasattr(x, "rebatch"):
        return x.rebatch(count * rows)
    if hasattr(x, "__getitem__") and hasattr(x, "__len__"):
        return Merged(x, count)
    if isinstance(x, Iterator):
        return _merged_iterator(x, count)
    raise ValueError("batches of such a pipeline cannot be joined")


def _merged_iterator(x: Iterator[Any], count: int) -> Iterator[Batch]:
    while batches := [tuple(batch) for batch in itertools.islice(x, count)]:
        yield joined(batches)


def first_batches(x: Any, count: int, *, seconds: float = math.inf) -> tuple[list[Batch], list[float], Any]:
    """Take the first batches of a pipeline, and time each.

    Args:
        x: The pipeline.
        count: The number of batches.
        seconds: Stop once they have taken this long together.

    Returns:
        The batches, the seconds that each took, and a pipeline that still yields all batches.
    """
    iterator = batches_of(x)
    taken: list[Batch] = []
    took: list[float] = []
    while len(taken) < count and sum(took) < seconds:
        began = time.perf_counter()
        batch = next(iterator, None)
        if batch is None:
            break
        taken.append(batch)
        took.append(time.perf_counter() - began)
    return taken, took, _put_back(taken, iterator) if isinstance(x, Iterator) else x


def _put_back(taken: Sequence[Batch], rest: Iterator[Batch]) -> Iterator[Batch]:
    yield from taken
    yield from rest
