"""A clock for a network's training: it records when epochs begin and end, and what they train on.

Untrusted side.  A submission can reach into this clock, so its times are the submission's word.  The trusted side times
the whole call itself, and believes the times of the epochs only if they fit into the call.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final

import keras
import numpy as np

from grader.sandbox.inside import backend
from grader.sandbox.inside.timing.tally import Tally, steps_between

_MOST_STAMPS: Final = 200_000


Ask = Callable[[Any], Any]
"""A function that answers the current call with an event, and returns what the trusted side resumes the call with."""


class Turns:
    """Makes a training wait for its next turn when its turn is over.

    It waits between two batches, in a callback, so that a turn consists of whole steps.  Stopping all of the worker's
    processes with `SIGSTOP` was tried, too.  That ends turns anywhere, so the work done in a turn is only known by
    interpolation, and the ratio of two turns then had several times the spread.

    Args:
        ask: Reports the end of a turn, and returns when the next one begins.
        seconds: The length of the first turn.
        notes: Returns what else to report at the end of a turn.
    """

    def __init__(self, ask: Ask, seconds: float, notes: Callable[[], dict[str, Any]] = dict) -> None:
        self._ask = ask
        self._notes = notes
        self._ends = time.perf_counter() + seconds

    def hand_over(self) -> None:
        """Wait for the next turn if this one is over."""
        if time.perf_counter() >= self._ends:
            told = self._ask({"kind": "turn"} | self._notes())
            self._ends = time.perf_counter() + told["turn_seconds"]


class Clock(keras.callbacks.Callback):  # type: ignore[misc]
    """Records the times of a training.  It must be the last callback, so that the time of the others is told apart.

    Times are those of `time.perf_counter`, which is the same clock in every process of a machine.

    Args:
        model: The network, before its training.
        turns: The turns that it trains in; `None` if it trains alone.

    Attributes:
        first_step: When the first step was done, or the first group of steps with `steps_per_execution`; `None` before.
        epochs: For each epoch when it began, when its steps were done, when its validation was done, and when it ended;
            the number of its steps; the number of images that reached the network in them; and its validation accuracy,
            NaN if there is none.
        stamps: For each batch when it was done, and how many batches of its epoch were done by then.  With
            `steps_per_execution`, only the last batch of each group has a stamp.  A device that computes
            asynchronously may finish a batch later than its stamp, always by about as much.
        tally: Counts what was trained so far, in `fit` and outside of it.
    """

    def __init__(self, model: Any, turns: Turns | None = None) -> None:
        super().__init__()
        self.first_step: float | None = None
        self.epochs: list[tuple[float, float, float, float, int, int, float]] = []
        self._turns = turns
        self.stamps: list[tuple[float, float]] = []
        self.tally = Tally(model)
        self._began = self._trained = self._validated = 0.0
        self._before = self._after = self.tally.read()

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Record the beginning of an epoch, after the other callbacks."""
        self._before = self.tally.read()
        self._trained = self._validated = 0.0
        self._began = time.perf_counter()

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Record the end of a step."""
        if self.first_step is None:
            backend.synchronize(self.model)
            self.first_step = time.perf_counter()
        if len(self.stamps) < _MOST_STAMPS:
            self.stamps.append((time.perf_counter(), batch + 1.0))
        self._hand_over()

    def on_test_batch_end(self, batch: int, logs: Any = None) -> None:
        """Hand over if the turn is over, since validation takes turns, too; nothing is recorded."""
        self._hand_over()

    def _hand_over(self) -> None:
        if self._turns is not None:
            self._turns.hand_over()

    def on_test_begin(self, logs: Any = None) -> None:
        """Record the end of the steps, if there is a validation."""
        backend.synchronize(self.model)
        self._trained = time.perf_counter()
        self._after = self.tally.read()

    def on_test_end(self, logs: Any = None) -> None:
        """Record the end of the validation."""
        self._validated = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Record the end of an epoch, after the other callbacks."""
        backend.synchronize(self.model)
        ended = time.perf_counter()
        trained = self._trained or ended
        after = self._after if self._trained else self.tally.read()
        steps, images = steps_between(self._before, after), after["images"] - self._before["images"]
        accuracy = float((logs or {}).get("val_accuracy", "nan"))
        self.epochs.append((self._began, trained, self._validated or trained, ended, steps, images, accuracy))

    def read(self) -> dict[str, Any]:
        """Return what was recorded: `first_step`, `epochs`, `stamps`, and the current counts as `trained`."""
        stamps = np.array(self.stamps, np.float64).reshape(-1, 2)
        return {
            "first_step": self.first_step,
            "epochs": self.epochs,
            "stamps": stamps,
            "trained": self.tally.read(),
        }
