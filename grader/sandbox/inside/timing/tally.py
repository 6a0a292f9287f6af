"""Counts what trains: the images and batches that reach a network, and the steps that optimizers take.

Untrusted side.  Nothing here goes by what callbacks are told: with `steps_per_execution` they are told of one batch in
many, and a training loop of a submission's own tells them of none.
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
"""The steps of all optimizers in this process; empty until somebody asks."""


class Tally:
    """What has reached one network for training since it was made, and what optimizers have done meanwhile.

    A call of the network counts unless it says `training=False`, so that a training loop that says nothing counts too.
    All optimizers of Keras count: a network may be compiled anew, and the count that an optimizer keeps of itself comes
    back with the weights of an earlier checkpoint.

    Args:
        model: The network.  Only this one object counts, as part of another network too, and not its copies.
    """

    def __init__(self, model: Any) -> None:
        self._images = backend.Count()
        self._optimizers = _steps_of_optimizers()
        _, self._steps_before = self._optimizers.read()
        if isinstance(model, keras.Layer):  # else it is something of the submission's own with a `fit`
            object.__setattr__(model, "call", self._counting(model.call))

    def read(self) -> dict[str, int]:
        """What was counted up to now.

        Returns:
            `images`, each as often as it reached the network; `batches` that they came in; `steps` of optimizers, which
            is 0 where a training does without those of Keras.
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
    """What a known network is given: a tally of its training, and what there is to know beside that.

    Epochs are those that its `fit` tells of, where this is among the callbacks.

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
            with contextlib.suppress(Exception):  # whatever keeps it from being looked at is no reason not to train
                self._look_at(inputs, training=not _is_no(training))
            return call(inputs, training=training, **kwargs)

        object.__setattr__(model, "call", watched_call)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Count."""
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
        """What was counted up to now.

        Returns:
            What the tally has; `epochs`; `validated`, images that were not for training; `largest`, the most images
            that came at once for training, 0 where that cannot be told.
        """
        validated, _ = self._validated.read()
        return self._tally.read() | {"epochs": self._epochs, "validated": validated, "largest": self._largest}

    def images(self) -> dict[str, Any]:
        """The first images for `training`, and for anything else (`validation`); `None` where there are none."""
        seen: dict[str, Any] = {"training": None, "validation": None}
        for name, batches in zip(seen, (self._seen[True], self._seen[False]), strict=True):
            alike = [batch for batch in batches if batch.shape[1:] == batches[0].shape[1:]]
            if alike:
                seen[name] = np.concatenate(alike)[:_MOST_SEEN]
        return seen


def steps_between(before: dict[str, int], after: dict[str, int]) -> int:
    """The steps between two readings: those of optimizers, and where there are none the batches."""
    return after["steps"] - before["steps"] or after["batches"] - before["batches"]


def _is_no(training: Any) -> bool:
    return isinstance(training, (bool, int, np.bool_)) and not training


def _steps_of_optimizers() -> backend.Count:
    """The steps that all optimizers have taken since this was called first."""
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
