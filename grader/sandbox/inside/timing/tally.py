"""Count what is trained: the images and batches that reach a network, and the steps that optimizers take.

Untrusted side.  Nothing is counted by callbacks: with `steps_per_execution` they are called for one batch in many, and
in a submission's own training loop for none.  The counting happens where the computation runs, in compiled code too.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
from collections.abc import Callable
from typing import Any, Final

import keras
import numpy as np

from grader.sandbox.inside import backend

_MOST_SEEN: Final = 48

_STEPS: Final[list[backend.Count]] = []
"""The count of the steps of all optimizers in this process, as the only element; empty until it is first needed."""


class Tally:
    """Counts what one network is trained on, and the steps that optimizers take, from the time that it is made.

    A call of the network counts unless it passes `training=False`, so a training loop that passes nothing counts, too.
    The steps of all Keras optimizers count, since a network may be compiled again with a new one.  The count that an
    optimizer keeps itself is not used, since loading an earlier checkpoint resets it.

    Args:
        model: The network.  Calls of this object count, also as a part of another network, but not calls of its copies.
    """

    def __init__(self, model: Any) -> None:
        self._images = backend.Count()
        self._optimizers = _steps_of_optimizers()
        _, self._steps_before = self._optimizers.read()
        if isinstance(model, keras.Layer):  # otherwise it is an object of the submission's own that has a `fit`
            object.__setattr__(model, "call", self._counting(model.call))

    def read(self) -> dict[str, int]:
        """Return what was counted so far.

        Returns:
            `images`, where each image counts as often as it reached the network; `batches`, the number of batches that
            they came in; and `steps`, the steps of optimizers, which is 0 if a training uses none of Keras'.
        """
        images, batches = self._images.read()
        _, steps = self._optimizers.read()
        return {"images": images, "batches": batches, "steps": steps - self._steps_before}

    def _counting(self, call: Callable[..., Any]) -> Callable[..., Any]:
        names = list(inspect.signature(call).parameters)
        place = names.index("training") if "training" in names else len(names)

        @functools.wraps(call)
        def counting_call(*args: Any, **kwargs: Any) -> Any:
            training = kwargs.get("training", args[place] if len(args) > place else None)
            rows = None if _is_no(training) else backend.rows_of((args, kwargs))
            if rows is not None:
                self._images.add(rows)
            return call(*args, **kwargs)

        return counting_call


class Watch(keras.callbacks.Callback):  # type: ignore[misc]
    """Watches what a known model is given: counts its training, and keeps the first images.

    It counts epochs as well, if it is among the callbacks of `fit`.

    Args:
        model: The network.
    """

    def __init__(self, model: Any) -> None:
        super().__init__()
        self._tally = Tally(model)
        self._validated = backend.Count()
        self._epochs = self._largest = 0
        self._seen: dict[bool, list[Any]] = {True: [], False: []}
        call = model.call

        @functools.wraps(call)
        def watched_call(inputs: Any, training: Any = None, **kwargs: Any) -> Any:
            with contextlib.suppress(Exception):  # a failure to look at the images must not keep `train` from training
                self._look_at(inputs, training=not _is_no(training))
            return call(inputs, training=training, **kwargs)

        object.__setattr__(model, "call", watched_call)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Count the epoch."""
        self._epochs += 1

    def _look_at(self, images: Any, *, training: bool) -> None:
        rows = backend.rows_of(images)
        if not training and rows is not None:
            self._validated.add(rows)
        if training and isinstance(rows, int):
            self._largest = max(self._largest, rows)
        if sum(map(len, self._seen[training])) < _MOST_SEEN:
            self._seen[training].append(np.asarray(keras.ops.convert_to_numpy(images))[:_MOST_SEEN])

    def read(self) -> dict[str, int]:
        """Return what was counted so far.

        Returns:
            The counts of `Tally.read`; `epochs`; `validated`, the number of images that were not for training; and
            `largest`, the size of the largest training batch, 0 if it is not known.
        """
        validated, _ = self._validated.read()
        return self._tally.read() | {"epochs": self._epochs, "validated": validated, "largest": self._largest}

    def images(self) -> dict[str, Any]:
        """Return the first images for `training`, and for anything else as `validation`; `None` if there are none."""
        seen: dict[str, Any] = {"training": None, "validation": None}
        for name, batches in zip(seen, (self._seen[True], self._seen[False]), strict=True):
            alike = [batch for batch in batches if batch.shape[1:] == batches[0].shape[1:]]
            if alike:
                seen[name] = np.concatenate(alike)[:_MOST_SEEN]
        return seen


def steps_between(before: dict[str, int], after: dict[str, int]) -> int:
    """Return the number of steps between two readings: those of optimizers, or the batches if there are none."""
    return after["steps"] - before["steps"] or after["batches"] - before["batches"]


def _is_no(training: Any) -> bool:
    return isinstance(training, (bool, int, np.bool_)) and not training


def _steps_of_optimizers() -> backend.Count:
    """Return the count of the steps that all optimizers have taken since this function was first called."""
    if not _STEPS:
        count = backend.Count()
        apply = keras.optimizers.Optimizer.apply

        @functools.wraps(apply)
        def counting_apply(self: Any, grads: Any, *args: Any, **kwargs: Any) -> Any:
            count.add(1)
            return apply(self, grads, *args, **kwargs)

        keras.optimizers.Optimizer.apply = counting_apply
        _STEPS.append(count)
    return _STEPS[0]
