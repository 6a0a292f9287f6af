"""Find what may make a training slow, while it runs, by timing each callback, layer and validation.

Untrusted side.  The results are estimates; they name likely causes, and decide what is worth undoing in a trial.
"""

from __future__ import annotations

import contextlib
import functools
import math
import statistics
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

import keras
import numpy as np

from grader.sandbox.inside import backend
from grader.sandbox.inside.timing import feeding
from grader.sandbox.inside.timing.rates import finish
from grader.sandbox.inside.timing.undoing import parts_of

_HOOKS: Final = tuple(
    f"on_{when}"
    for when in (
        *("epoch_begin", "epoch_end", "train_batch_begin", "train_batch_end", "batch_begin", "batch_end"),
        *("test_begin", "test_end", "test_batch_begin", "test_batch_end"),
    )
)
_BATCHES: Final = 6
_BATCH_SECONDS: Final = 1.5
_FORWARDS: Final = 3

_MUCH: Final = 0.1
"""The least share of a network's work that makes a layer that learns nothing a suspect."""

_MUCH_TO_LEARN: Final = 0.5
"""The least share of a network's work that makes a layer that learns a suspect.

It is higher, since in a sound network several such layers share most of the work.
"""

_MANY_WEIGHTS: Final = 100_000
"""A layer with fewer weights takes next to none of the optimizer's time."""


class Suspects:
    """Estimates what takes the time of a training.

    Args:
        model: The network.
        settings: `batch_size`, the batch size that the program was told to use, and `images`, the number of images
            that it was given to train on.
    """

    def __init__(self, model: Any, settings: Mapping[str, Any]) -> None:
        self._model = model
        self._batch_size: int = settings["batch_size"]
        self._images: int = settings["images"]
        self._began: float | None = None
        self._callbacks: dict[int, list[Any]] = {}
        self._evaluated = 0.0
        self._evaluations = self._compiled = 0
        self._validation_size = self._size = self._batch_size
        self._of_step: dict[str, float] = {}
        self._layers: list[dict[str, Any]] = []
        self._batch: Any = None
        self._precise = self._watched = False
        self._step_began = 0.0
        self._first = True
        self._firsts: list[float] = []
        self._others: list[float] = []

    def watch(self, given: dict[str, Any]) -> None:
        """Inspect the arguments of `fit`, and start timing its callbacks and validation."""
        for index, callback in enumerate(given["callbacks"]):
            kind = type(callback).__name__
            twice = sum(type(each) is type(callback) for each in given["callbacks"]) > 1
            account = self._callbacks.setdefault(index, [f"{kind} (number {index + 1})" if twice else kind, 0.0])
            for hook in _HOOKS:
                self._time_hook(callback, hook, account)
        self._first = True
        given["callbacks"].append(
            keras.callbacks.LambdaCallback(on_train_batch_begin=self._begin_step, on_train_batch_end=self._end_step)
        )
        if self._watched:
            return
        self._watched = True
        with contextlib.suppress(Exception):  # a failure to inspect it must not keep the program from training
            self._look_at_data(given)
            self._look_at_network()
        self._time_evaluate()
        self._count_compiling()

    def begin(self) -> None:
        """Start counting from zero, now that what happens only once, such as compiling, is over."""
        self._began = time.perf_counter()
        self._evaluated, self._evaluations, self._compiled = 0.0, 0, 0
        self._firsts, self._others = [], []
        for account in self._callbacks.values():
            account[1] = 0.0

    # -- clocks ---------------------------------------------------------------------------------------------------

    def _time_hook(self, callback: Any, hook: str, account: list[Any]) -> None:
        method = getattr(callback, hook, None)
        if method is None or getattr(method, "_is_default", False) or hasattr(method, "timed"):
            return

        @functools.wraps(method)
        def timed(*args: Any, **kwargs: Any) -> Any:
            evaluated, began = self._evaluated, time.perf_counter()
            try:
                return method(*args, **kwargs)
            finally:
                account[1] += time.perf_counter() - began - (self._evaluated - evaluated)

        timed.timed = True  # type: ignore[attr-defined]
        setattr(callback, hook, timed)

    def _time_evaluate(self) -> None:
        evaluate = self._model.evaluate

        def timed(*args: Any, **kwargs: Any) -> Any:
            began = time.perf_counter()
            try:
                return evaluate(*args, **kwargs)
            finally:
                self._evaluated += time.perf_counter() - began
                self._evaluations += 1

        object.__setattr__(self._model, "evaluate", timed)

    def _count_compiling(self) -> None:
        compile_ = self._model.compile

        def counted(*args: Any, **kwargs: Any) -> Any:
            self._compiled += 1
            return compile_(*args, **kwargs)

        object.__setattr__(self._model, "compile", counted)

    def _begin_step(self, batch: int, logs: Any = None) -> None:
        self._step_began = time.perf_counter()

    def _end_step(self, batch: int, logs: Any = None) -> None:
        (self._firsts if self._first else self._others).append(time.perf_counter() - self._step_began)
        self._first = False

    # -- what can be told before the training ------------------------------------------------------------------------

    def _look_at_data(self, given: dict[str, Any]) -> None:
        """Measure the size of a batch, and how long a pipeline takes for one if it has nothing to wait for."""
        x: Any = given.get("x")
        if feeding.in_arrays(x):
            self._size = int(given.get("batch_size") or 32)
            self._batch = x
        else:
            taken, took, given["x"] = feeding.first_batches(x, _BATCHES, seconds=_BATCH_SECONDS)
            self._size, self._batch = feeding.rows_in(taken[0]), taken[0][0]
            self._of_step["input"] = statistics.median(took[1:] or took)
        data = given.get("validation_data")
        if feeding.in_arrays(data) and data is not None:
            self._validation_size = int(given.get("validation_batch_size") or given.get("batch_size") or 32)

    def _look_at_network(self) -> None:
        """Time the network and its layers for one batch, with larger batches, and compiled if it runs eagerly."""
        images = keras.ops.convert_to_tensor(np.asarray(keras.ops.convert_to_numpy(self._batch[: self._size])))
        parts = parts_of(self._model)
        spent = _seconds_of_parts(self._model, parts, images)
        self._precise = any(getattr(part, "compute_dtype", "") == "float64" for part in parts)
        trained = [bool(part.trainable_weights) for part in parts]
        # The gradients of weights and of inputs are each as much work as the forward pass.  Layers before the first
        # weights need neither.
        works = [
            seconds * (3 if weights else 2 if any(trained[:index]) else 1)
            for index, (seconds, weights) in enumerate(zip(spent, trained, strict=True))
        ]
        works = [work + _seconds_of_update(self._model, part) for work, part in zip(works, parts, strict=True)]
        whole = sum(works) or 1.0
        for index, (part, work) in enumerate(zip(parts[:-1], works, strict=False)):
            if work / whole >= (_MUCH_TO_LEARN if trained[index] else _MUCH):
                name = f"{part.name} ({type(part).__name__})"
                self._layers.append({"kind": "layer", "name": name, "index": index, "share": work / whole})
        forward = _seconds(lambda: self._model(images, training=True))
        if self._size < self._batch_size:
            times = -(-self._batch_size // self._size)
            many = keras.ops.concatenate([images] * times)
            self._of_step["batch"] = 1 - _seconds(lambda: self._model(many, training=True)) / times / forward
        if backend.runs_eagerly(self._model):
            compute = backend.compiled(lambda: self._model(images, training=True))
            self._of_step["eager"] = 1 - _seconds(compute) / forward

    # -- what was found ----------------------------------------------------------------------------------------------

    def found(self) -> list[dict[str, Any]]:
        """Return the suspects so far, each with its estimated share of the time; empty as long as there is no estimate.

        The shares of callbacks and validation are measured; the rest of the time belongs to the steps.
        """
        steps = len(self._firsts) + len(self._others)
        if self._began is None or not steps:
            return []
        whole = time.perf_counter() - self._began
        passes = steps * self._size / self._images
        suspects = [
            {"kind": "callback", "name": name, "index": index, "share": seconds / whole}
            for index, (name, seconds) in self._callbacks.items()
        ]
        validating = self._evaluated / whole
        stepping = max(0.0, 1 - validating - sum(suspect["share"] for suspect in suspects))
        often = max(0.0, 1 - passes / max(self._evaluations, 1))
        small = max(0.0, 1 - self._validation_size / self._batch_size)
        suspects.append(_suspect("validation", validating * max(often, small)))
        if "input" in self._of_step:
            suspects.append(_suspect("input", min(stepping, steps * self._of_step["input"] / whole)))
        suspects += [_suspect(kind, stepping * self._of_step.get(kind, 0.0)) for kind in ("batch", "eager")]
        if self._compiled and self._others:
            compiling = sum(self._firsts) - len(self._firsts) * statistics.median(self._others)
            suspects.append(_suspect("recompiling", compiling / whole))
        if self._precise:
            suspects.append(_suspect("precision", stepping / 2))
        return suspects + [layer | {"share": layer["share"] * stepping} for layer in self._layers]


def _suspect(kind: str, share: float) -> dict[str, Any]:
    return {"kind": kind, "name": "", "index": 0, "share": share}


def _seconds(compute: Callable[[], Any]) -> float:
    """Return how long a computation takes, as the median of a few runs after the first."""
    took = []
    for _ in range(_FORWARDS + 1):
        began = time.perf_counter()
        _wait_for(compute())
        took.append(time.perf_counter() - began)
    return statistics.median(took[1:])


def _seconds_of_parts(model: Any, parts: list[Any], images: Any) -> list[float]:
    """Return how long the forward pass of each layer takes for a batch, when the network runs eagerly."""
    took: list[list[float]] = [[] for _ in parts]
    own = [vars(part).get("call") for part in parts]
    for part, times in zip(parts, took, strict=True):
        object.__setattr__(part, "call", _timed(part.call, times))
    try:
        for _ in range(_FORWARDS + 1):
            model(images, training=True)
    finally:
        for part, call in zip(parts, own, strict=True):
            object.__delattr__(part, "call")
            if call is not None:
                object.__setattr__(part, "call", call)
    return [statistics.median(times[1:]) if len(times) > 1 else 0.0 for times in took]


def _seconds_of_update(model: Any, part: Any) -> float:
    """Return how long the network's optimizer takes for the weights of a layer, tried on zeros; 0 if they are few."""
    count = sum(math.prod(weight.shape) for weight in part.trainable_weights)
    if count < _MANY_WEIGHTS:
        return 0.0
    with contextlib.suppress(Exception):  # an optimizer of the program's own may need more than its configuration
        optimizer = type(model.optimizer).from_config(model.optimizer.get_config())
        zeros = keras.ops.zeros((count,))
        weights = keras.Variable(zeros)

        def update() -> Any:
            optimizer.apply([zeros], [weights])
            return weights.value

        return _seconds(update)
    return 0.0


def _timed(call: Callable[..., Any], times: list[float]) -> Callable[..., Any]:
    @functools.wraps(call)
    def timed(*args: Any, **kwargs: Any) -> Any:
        began = time.perf_counter()
        result = call(*args, **kwargs)
        _wait_for(result)
        times.append(time.perf_counter() - began)
        return result

    return timed


def _wait_for(result: Any) -> None:
    for tensor in keras.tree.flatten(result)[:1]:
        finish(tensor)
