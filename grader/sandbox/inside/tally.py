"""Counts what trains: the images and batches that reach a network, and the steps that optimizers take.

Untrusted side.  Nothing here goes by what callbacks are told: with `steps_per_execution` they are told of one batch in
many, and a training loop of a submission's own tells them of none.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, Final

import keras
import numpy as np

from grader.sandbox.inside import backend

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
