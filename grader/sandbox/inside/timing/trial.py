"""A training that is tried for its speed: as it is written, or with one thing undone where the program meets Keras.

Untrusted side.  The trusted side lets several trials of one submission take turns, and ends them when it has seen
enough.  So what a trial has to say it says whenever a turn is over.
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
"""Once the second epoch begins, what is traced and compiled is."""


class Trial:
    """What becomes of each `fit` of a network that is tried.

    Args:
        model: The network, before its training.
        settings: `look`, whether to look for what takes the time; `undo`, what is undone, or nothing; and what else
            `Suspects` and `Undoing` take.
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
        """Change what `fit` is given, before it trains."""
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
        """What there is to say when a turn is over.

        Returns:
            `marks`, when an epoch began or `fit` ended since the last time, each with the images that had reached the
            network by then; `suspects`, where they are looked for.
        """
        marks, self._marks[:] = list(self._marks), []
        return {"marks": marks, "suspects": self._suspects.found() if self._suspects is not None else []}


class _Passes(keras.callbacks.Callback):  # type: ignore[misc]
    """Marks where epochs begin, and hands over turns."""

    def __init__(self, mark: Callable[[], None], turns: Turns) -> None:
        super().__init__()
        self._mark = mark
        self._turns = turns

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Mark it, the other callbacks having had their turn."""
        self._mark()

    def on_train_end(self, logs: Any = None) -> None:
        """Mark the end of the last epoch."""
        self._mark()

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Wait where the turn is over."""
        self._turns.hand_over()

    def on_test_batch_end(self, batch: int, logs: Any = None) -> None:
        """Likewise: validation takes turns, too."""
        self._turns.hand_over()
