"""What `fit` is given to train on: whether it comes from arrays or from a pipeline, and its batches.

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
"""Images, labels where there are any, and weights of samples likewise."""


def in_arrays(x: Any) -> bool:
    """Whether images are there as arrays, and no pipeline makes them."""
    return x is None or isinstance(x, (np.ndarray, list, tuple, dict)) or backend.is_tensor(x)


def batches_of(x: Any) -> Iterator[Batch]:
    """The batches of a pipeline."""
    indexed = hasattr(x, "__getitem__") and hasattr(x, "__len__")
    for batch in (x[index] for index in range(len(x))) if indexed else x:
        yield tuple(batch) if isinstance(batch, (tuple, list)) else (batch,)


def rows_in(batch: Batch) -> int:
    """Images in a batch."""
    return int(np.shape(batch[0])[0])


def joined(batches: Sequence[Batch]) -> Batch:
    """Several batches as one, of arrays."""
    columns = zip(*batches, strict=True)
    return tuple(np.concatenate([keras.ops.convert_to_numpy(each) for each in column]) for column in columns)


def collected(x: Any, *, steps: int | None, most: int) -> tuple[Batch, int]:
    """What a pipeline gives for one epoch, as arrays, and how many images there are in a batch of it.

    Args:
        x: The pipeline.
        steps: How many batches an epoch takes; `None`: all.
        most: No more images than these.

    Raises:
        ValueError: It gives nothing.
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
    """A sequence of batches, several of which are joined to one.

    Args:
        sequence: The sequence.
        count: How many become one.
    """

    def __init__(self, sequence: Any, count: int) -> None:
        names = ("workers", "use_multiprocessing", "max_queue_size")
        super().__init__(**{name: getattr(sequence, name) for name in names if hasattr(sequence, name)})
        self._sequence = sequence
        self._count = count

    def __len__(self) -> int:
        """How many there are."""
        return -(-len(self._sequence) // self._count)

    def __getitem__(self, index: int) -> Batch:
        """One of them."""
        end = min((index + 1) * self._count, len(self._sequence))
        return joined([tuple(self._sequence[each]) for each in range(index * self._count, end)])

    def on_epoch_end(self) -> None:
        """Tell the sequence."""
        if hasattr(self._sequence, "on_epoch_end"):
            self._sequence.on_epoch_end()


def merged(x: Any, count: int, rows: int) -> Any:
    """A pipeline with larger batches.

    Args:
        x: The pipeline.
        count: How many of its batches become one.
        rows: How many images there are in one of those.

    Raises:
        ValueError: There is no way to do so.
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
    """The first batches of a pipeline, and how long it took for each.

    Args:
        x: The pipeline.
        count: How many.
        seconds: Once they have taken so long together, there are no more.

    Returns:
        The batches, their seconds, and the pipeline as it was before.
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
