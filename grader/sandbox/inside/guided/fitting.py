"""The replacement for `fit` in an observed run: it records all of its arguments, and trains only for a short while.

Untrusted side.
"""

from __future__ import annotations

import contextlib
import inspect
import time
from collections.abc import Callable
from typing import Any, Final

import keras
import msgspec
import numpy as np

from grader.sandbox.inside import backend, raising
from grader.sandbox.inside.facts import MAX_TEXT, callback_facts, flat_list, loss_name, metric_names, watch_upwards
from grader.sandbox.inside.guided import legacy
from grader.sandbox.inside.guided.fed import Fed, classes_of, labels, signatures
from grader.sandbox.inside.guided.recording import Recorder
from grader.sandbox.inside.guided.watched import MOST_EPOCHS, TRAINED_IMAGES, Commit, Keeper, Shared, spread
from grader.sandbox.inside.methods import own_methods
from grader.sandbox.inside.timing.clock import Clock, Turns
from grader.sandbox.inside.timing.trial import Trial
from grader.sandbox.wire import stand_ins
from grader.sandbox.wire.weights import differ

Ask = Callable[[Any], Any]
"""A function that sends an event to the trusted side, waits for the reply, and returns it."""

_LEAST_WEIGHT: Final = 1e-3
"""The weight of an image that counts for next to nothing, as a share of the largest weight."""

_VALIDATED_IMAGES: Final = 8
_FEW_IMAGES: Final = 8
"""The number of images in a shortened training of a large network."""

_LONG: Final = 0.025
"""The processor time for one image, in seconds, above which a network counts as large.

A network of three blocks takes 0.003 s.
"""


class Stop(BaseException):
    """Ends the run.  It is a `BaseException`, so that a submission's `except Exception` does not catch it."""


class RunOptions(msgspec.Struct, frozen=True):
    """How a program is run.

    Attributes:
        scripted: Whether each epoch's accuracies and losses come from the trusted side, and most epochs train nothing.
        epochs: The budget's number of epochs, which replaces the program's; 0 leaves epochs and batch size as they are.
        batch_size: The budget's batch size, which replaces the program's.
        shorten: Whether `fit` trains on a few of its images only.
        shims: Whether to restore names that newer versions of libraries have dropped.
        timed: Whether to time the first `fit`, and end the run after it.
        statement_seconds: The processor time that one statement may take; 0 for any.
        program_seconds: The processor time after which each further statement may take only a little.
    """

    scripted: bool = True
    epochs: int = 0
    batch_size: int = 0
    shorten: bool = True
    shims: bool = True
    timed: bool = False
    statement_seconds: float = 0.0
    program_seconds: float = 0.0


class Fitting:
    """The replacement for Keras' `fit`.

    Args:
        recorder: Takes the notes.
        shared: The state that the callbacks of all trainings share.
        ask: Sends an event to the trusted side in the middle of the run, and returns the reply.
        options: How the program is run.

    Attributes:
        last_fitted: The network that was fitted last; `None` before the first `fit`.
    """

    def __init__(self, recorder: Recorder, shared: Shared, ask: Ask, options: RunOptions) -> None:
        self._recorder = recorder
        self._shared = shared
        self._ask = ask
        self._options = options
        self.last_fitted: Any = None

    def fit(self, original: Any, model: Any, *args: Any, **kwargs: Any) -> Any:
        """Record the arguments of `fit`, and train for a short while.

        Args:
            original: Keras' own `fit`.
            model: The network.
            args: The positional arguments of the program's call.
            kwargs: Its keyword arguments.

        Returns:
            The History.
        """
        names = list(inspect.signature(original).parameters)[1:]
        given = dict(zip(names, args, strict=False)) | kwargs
        if self._options.shims:
            legacy.modern_fit_arguments(given)
        callbacks = [c for c in flat_list(given.get("callbacks")) if c is not None]
        x, y = given.get("x"), given.get("y")
        validation = given.get("validation_data")
        split = float(given.get("validation_split") or 0)
        fed = Fed(x, y, _count(given.get("steps_per_epoch")))
        held = Fed(*_pair(validation), _count(given.get("validation_steps"))) if validation is not None else None
        if self._options.shorten:
            fed.look_at_next_epoch()
        x_counted, y_counted = _trained_on(fed, given)
        x_held, y_held = _validated_on(held, validation)
        facts = {
            "model": self._recorder.number_of(model),
            "x": signatures(x_counted),
            "y": labels(y_counted),
            "how": fed.how,
            "augmented": fed.augmented,
            "validation_split": split,
            "val_x": signatures(x_held),
            "val_y": labels(y_held),
            "epochs": max(1, int(given.get("epochs") or 1) - int(given.get("initial_epoch") or 0)),
            "batch_size": int(given.get("batch_size") or 0),
            "callbacks": [callback_facts(callback) for callback in callbacks][:20],
            "loss": loss_name(getattr(model, "loss", None)),
            "metrics": metric_names(model),
            "digests": [],
            "names": [],
            "ended": False,
            "moved": False,
            "replaced": own_methods(model),
            "error": "",
            "repaired": False,
            **self._recorder.export(model),
        }
        note = self._recorder.note("fit", **facts)
        script = Commit(
            self._shared, note, sum(each["kind"] == "fit" for each in self._recorder.notes) - 1, fed.x, fed.y
        )
        given["callbacks"] = callbacks if self._options.timed else [script, *callbacks, Keeper(self._shared)]
        given["verbose"] = 0
        self._shorten_fit(model, given, fed, held, split)
        if self._options.scripted and not _watch_validation(callbacks):
            given.setdefault("validation_freq", script.validated)
        watch_upwards(callbacks, facts["metrics"])
        if self._options.timed:
            self._time(original, model, given, fed)
        if self._options.scripted:
            backend.train_again(model)  # by the step of its class, whatever the program has put in its place
        with self._recorder.within():
            try:
                history = original(model, **given)
            except Stop:
                raise
            except Exception as error:
                note["error"] = f"{type(error).__name__}: {raising.words_of(error)}"[:MAX_TEXT]
                history = self._fit_repaired(original, model, given, fed, note)
                if history is None:
                    raise
            finally:
                if self._options.scripted:
                    backend.train_again(model)
        note["ended"] = True
        self.last_fitted = model
        note.update(self._recorder.export(model))
        self._shared.kept.drop_missing()
        return history

    def _time(self, original: Any, model: Any, given: dict[str, Any], fed: Fed) -> None:
        """Train between two events by which the trusted side times it, classify the images it then sends, and stop."""
        before = model.get_weights()
        told = self._ask({"kind": "ready", "config": self._recorder.export(model)["config"]})
        if told["trial"]:
            trial = Trial(model, told["trial"])
            trial.prepare(given, Turns(self._ask, told["turn_seconds"], trial.notes))
            with self._recorder.within():
                original(model, **given)
            raise Stop
        clock = Clock(model, Turns(self._ask, told["turn_seconds"]))
        given["callbacks"].append(clock)
        with self._recorder.within():
            original(model, **given)
        trained = {
            "kind": "trained",
            "clock": clock.read(),
            "moved": differ(model.get_weights(), before),
            "x": signatures(fed.x),
            "device_mb": backend.device_memory_mb(),
        }
        asked = self._ask(trained)
        with self._recorder.within():
            answers = np.asarray(model.predict(asked["images"], verbose=0), np.float32)
        self._ask({"kind": "answers", "answers": answers})
        raise Stop

    def _fit_repaired(self, original: Any, model: Any, given: dict[str, Any], fed: Fed, note: dict[str, Any]) -> Any:
        """Train again after the program's own call failed: with other data, then other callbacks, then both.

        The bug that made it fail costs points in the task that it belongs to.  This lets what follows `fit` be judged
        all the same.

        Returns:
            The History, or `None` if all of these failed.
        """
        names = inspect.signature(original).parameters
        known = {name: value for name, value in given.items() if name in names}
        stopping = keras.callbacks.EarlyStopping(monitor="val_accuracy", mode="max", patience=3)
        script, *_, keeper = given["callbacks"]
        for changes in (
            lambda: {"callbacks": given["callbacks"], **self._data_that_fits(model, fed)},
            lambda: {"callbacks": [script, stopping, keeper]},
            lambda: {"callbacks": [script, stopping, keeper], **self._data_that_fits(model, fed)},
        ):
            try:
                note["digests"], note["names"] = [], []
                if not model.compiled:
                    model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
                else:
                    # The metrics were built for labels of the old shape, so they have to be built again.
                    model.compile_from_config(model.get_compile_config())
                history = original(model, **(known | changes()))
            except Stop:
                raise
            except Exception:
                continue
            note["repaired"] = True
            return history
        return None

    @staticmethod
    def _data_that_fits(model: Any, fed: Fed) -> dict[str, Any]:
        """Return arguments of `fit`: some of the given images, with labels of the form that the network expects."""
        outputs = int(model.output_shape[-1])
        rows = np.asarray(fed.x[:TRAINED_IMAGES], np.float32)
        classes = np.arange(len(rows)) % outputs
        sparse = "sparse" in loss_name(getattr(model, "loss", None)).lower()
        targets = classes if sparse else stand_ins.targets(len(rows), outputs)
        return {
            "x": rows,
            "y": targets,
            "validation_data": (rows[:_VALIDATED_IMAGES], targets[:_VALIDATED_IMAGES]),
            "validation_split": 0.0,
            "steps_per_epoch": None,
            "validation_steps": None,
            "sample_weight": None,
            "class_weight": None,
        }

    def _shorten_fit(self, model: Any, given: dict[str, Any], fed: Fed, held: Fed | None, split: float) -> None:
        if self._options.epochs:
            self._keep_to_budget(given, fed)
        if not self._options.shorten:
            return
        given.pop("initial_epoch", None)
        images = _FEW_IMAGES if self._takes_long(model, fed.x) else TRAINED_IMAGES
        if fed.how == "arrays":
            count = len(fed.x)
            at = count - int(count * split) if split else count
            x, y = fed.x, fed.y
            rows = spread(min(at, count), images)
            given["x"] = x[rows]
            given["y"] = None if y is None else y[rows]
            if split and held is None:
                after = at + spread(count - at, _VALIDATED_IMAGES)
                given["validation_data"] = (x[after], y[after])
                given["validation_split"] = 0.0
            weights = given.get("sample_weight")
            if weights is not None:
                given["sample_weight"] = np.asarray(weights)[rows]
            if given.get("steps_per_epoch"):
                given["steps_per_epoch"] = None
        else:
            given["x"], given["y"] = fed.short(images), None
            given["steps_per_epoch"] = 1
        if held is not None:
            if held.how == "arrays":
                rows = spread(len(held.x), _VALIDATED_IMAGES)
                given["validation_data"] = (held.x[rows], held.y[rows])
                given["validation_steps"] = None
            else:
                given["validation_data"] = held.short(_VALIDATED_IMAGES)
                given["validation_steps"] = 1
        if self._options.scripted:
            given["epochs"] = MOST_EPOCHS

    def _takes_long(self, model: Any, images: Any) -> bool:
        """Whether a network is so large that its epochs have to be shorter than those of others."""
        with contextlib.suppress(Exception), self._recorder.within():
            model(images[:1])  # the first call also builds the layers, so it is not timed
            began = time.process_time()
            model(images[:1])
            return time.process_time() - began > _LONG
        return False

    def _keep_to_budget(self, given: dict[str, Any], fed: Fed) -> None:
        """Change the arguments of `fit` to train for the budget's number of steps, without early stopping."""
        epochs = self._options.epochs
        if fed.how == "arrays":
            given["batch_size"] = self._options.batch_size
        elif fed.x is not None and hasattr(given["x"], "__len__"):
            steps = int(given.get("steps_per_epoch") or 0) or len(given["x"])
            epochs = max(1, round(epochs * len(fed.x) / self._options.batch_size / max(1, steps)))
        given["epochs"] = epochs
        given.pop("initial_epoch", None)
        given["callbacks"] = [c for c in given["callbacks"] if not isinstance(c, keras.callbacks.EarlyStopping)]


def _watch_validation(callbacks: list[Any]) -> bool:
    """Whether callbacks do something as a validation begins or ends, or at one of its batches."""
    names = ("on_test_begin", "on_test_end", "on_test_batch_begin", "on_test_batch_end")
    plain = keras.callbacks.Callback
    return any(
        getattr(getattr(each, name, None), "__func__", None) is not getattr(plain, name)
        for each in callbacks
        for name in names
    )


def _count(steps: Any) -> int | None:
    """Convert a number of steps, which programs also give as a float, to an int; `None` if there is none."""
    return max(1, int(steps)) if isinstance(steps, (int, float, np.number)) and steps else None


def _trained_on(fed: Fed, given: dict[str, Any]) -> tuple[Any, Any]:
    """Return the images and labels that count in training.

    The others have a sample weight or class weight that is zero, or next to nothing beside the largest.
    """
    with contextlib.suppress(Exception):  # weights that cannot be combined make fit itself fail
        counts = np.ones(0 if fed.y is None else len(fed.y), bool)
        if given.get("sample_weight") is not None:
            counts &= _that_weigh(given["sample_weight"], len(counts))
        if given.get("class_weight"):
            of_class = {each: abs(float(weight)) for each, weight in given["class_weight"].items()}
            least = _LEAST_WEIGHT * max(of_class.values())
            counts &= ~np.isin(classes_of(fed.y), [each for each, weight in of_class.items() if weight <= least])
        if not counts.all():
            return fed.x[counts], fed.y[counts]
    return fed.x, fed.y


def _that_weigh(weights: Any, rows: int) -> Any:
    """Return which rows have more than next to nothing of the largest weight, bool (rows,)."""
    largest = np.abs(np.asarray(weights, np.float64)).reshape(rows, -1).max(axis=1)
    return largest > _LEAST_WEIGHT * largest.max()


def _validated_on(held: Fed | None, validation: Any) -> tuple[Any, Any]:
    """Return the images and labels that count in validation; `None` for both if none does."""
    if held is None:
        return None, None
    if isinstance(validation, (tuple, list)) and len(validation) == 3 and validation[2] is not None:
        with contextlib.suppress(Exception):  # weights that do not fit make fit itself fail
            counts = _that_weigh(validation[2], len(held.x))
            return (held.x[counts], held.y[counts]) if counts.any() else (None, None)
    return held.x, held.y


def _pair(validation: Any) -> tuple[Any, Any]:
    if isinstance(validation, (tuple, list)) and len(validation) in (2, 3):
        return validation[0], validation[1]
    return validation, None
