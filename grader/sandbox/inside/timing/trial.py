"""A trial of a training's speed: the program trains as it is written, or with one thing undone where it calls Keras.

Untrusted side.  The trusted side lets several trials of one submission take turns, and ends them when it has seen
enough.  So a trial reports its results at the end of each turn.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, Final

import keras

from grader.sandbox.inside import backend
from grader.sandbox.inside.facts import flat_list
from grader.sandbox.inside.timing.clock import Turns
from grader.sandbox.inside.timing.suspects import Suspects
from grader.sandbox.inside.timing.tally import Tally
from grader.sandbox.inside.timing.undoing import Undoing

_WARM: Final = 2
"""The epoch at whose beginning all tracing and compiling is done."""


class Trial:
    """Changes and watches each `fit` of a network in a trial.

    Args:
        model: The network, before its training.
        settings: `look`, whether to look for what takes the time; `undo`, the kind of thing to undo, or an empty
            string; and the further settings of `Suspects` and `Undoing`.
    """

    def __init__(self, model: Any, settings: Mapping[str, Any]) -> None:
        self._model = model
        self._tally = Tally(model)
        self._marks: list[tuple[float, int]] = []
        self._marked = 0
        self._undoing = Undoing(model, settings, self._images) if settings["undo"] else None
        self._suspects = Suspects(model, settings) if settings["look"] else None

    def _images(self) -> int:
        return self._tally.read()["images"]

    def prepare(self, given: dict[str, Any], turns: Turns) -> None:
        """Change the arguments of `fit` in place, before it trains."""
        given["callbacks"] = [each for each in flat_list(given.get("callbacks")) if each is not None]
        if self._undoing is not None:
            self._undoing.apply(given)
        if self._suspects is not None:
            self._suspects.watch(given)
        given["callbacks"].append(_Passes(self._mark, turns))

    def _mark(self) -> None:
        backend.synchronize(self._model)
        self._marks.append((time.perf_counter(), self._images()))
        self._marked += 1
        if self._suspects is not None and self._marked == _WARM:
            self._suspects.begin()

    def notes(self) -> dict[str, Any]:
        """Return what to report at the end of a turn.

        Returns:
            `marks`, the times since the last report at which an epoch began or `fit` ended, each with the number of
            images that had reached the network by then; and `suspects`, empty unless they are looked for.
        """
        marks, self._marks[:] = list(self._marks), []
        return {"marks": marks, "suspects": self._suspects.found() if self._suspects is not None else []}


class _Passes(keras.callbacks.Callback):  # type: ignore[misc]
    """A callback that marks the beginnings of epochs, and hands over turns."""

    def __init__(self, mark: Callable[[], None], turns: Turns) -> None:
        super().__init__()
        self._mark = mark
        self._turns = turns

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Mark the beginning of an epoch, after the other callbacks."""
        self._mark()

    def on_train_end(self, logs: Any = None) -> None:
        """Mark the end of the last epoch."""
        self._mark()

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Hand over if the turn is over."""
        self._turns.hand_over()

    def on_test_batch_end(self, batch: int, logs: Any = None) -> None:
        """Hand over if the turn is over, since validation takes turns, too."""
        self._turns.hand_over()
