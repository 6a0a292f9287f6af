"""A clock for a network's training: when its epochs begin and end, and what they train on.

Untrusted side.  What it says is the submission's word, as it could reach into it; the trusted side times the whole call
itself and believes no account of the epochs that does not fit into it.
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
"""Answers the call that is being served with an event, and gives what the trusted side then resumes it with."""


class Turns:
    """Lets a training wait, as soon as its turn is over, until it has its next one.

    It waits between two batches, in a callback, so that a turn is a number of whole steps.  Stopping all of the
    worker's processes with `SIGSTOP` was tried, too.  It ends turns anywhere, so that the work of a turn is only known
    by interpolation, and the ratio of two turns then had several times the spread.

    Args:
        ask: How to say that the turn is over.
        seconds: How long the first one is.
        notes: Gives what else to say when it is.
    """

    def __init__(self, ask: Ask, seconds: float, notes: Callable[[], dict[str, Any]] = dict) -> None:
        self._ask = ask
        self._notes = notes
        self._ends = time.perf_counter() + seconds

    def hand_over(self) -> None:
        """Wait for the next turn where this one is over."""
        if time.perf_counter() >= self._ends:
            told = self._ask({"kind": "turn"} | self._notes())
            self._ends = time.perf_counter() + told["turn_seconds"]


class Clock(keras.callbacks.Callback):  # type: ignore[misc]
    """Notes the times of a training, as the last of its callbacks, so that the others' time shows as theirs.

    Times are those of `time.perf_counter`, which on one machine is the same in every process.

    Args:
        model: The network, before its training.
        turns: The turns that it trains in; `None` where it is alone.

    Attributes:
        first_step: When the first step was done, or the first so many where `steps_per_execution` are done at once;
            `None` before.
        epochs: An epoch each: when it began, when its steps were done, when its validation was, when it ended; its
            steps; the images that reached the network in them; its validation accuracy, NaN where there is none.
        stamps: When a batch was done, and how many of its epoch were done by then, both as numbers; one in many where
            `steps_per_execution` are done at once.  A device that runs behind what Python has asked for may be later,
            always by about as much.
        tally: What was trained up to now, in `fit` and without it.
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
        """Note the beginning, the others having had their turn."""
        self._before = self.tally.read()
        self._trained = self._validated = 0.0
        self._began = time.perf_counter()

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Note the end of a step."""
        if self.first_step is None:
            backend.synchronize(self.model)
            self.first_step = time.perf_counter()
        if len(self.stamps) < _MOST_STAMPS:
            self.stamps.append((time.perf_counter(), batch + 1.0))
        self._hand_over()

    def on_test_batch_end(self, batch: int, logs: Any = None) -> None:
        """Note nothing: validation takes turns, too."""
        self._hand_over()

    def _hand_over(self) -> None:
        if self._turns is not None:
            self._turns.hand_over()

    def on_test_begin(self, logs: Any = None) -> None:
        """Note the end of the steps, where there is validation."""
        backend.synchronize(self.model)
        self._trained = time.perf_counter()
        self._after = self.tally.read()

    def on_test_end(self, logs: Any = None) -> None:
        """Note the end of the validation."""
        self._validated = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Note the end, the others having had their turn."""
        backend.synchronize(self.model)
        ended = time.perf_counter()
        trained = self._trained or ended
        after = self._after if self._trained else self.tally.read()
        steps, images = steps_between(self._before, after), after["images"] - self._before["images"]
        accuracy = float((logs or {}).get("val_accuracy", "nan"))
        self.epochs.append((self._began, trained, self._validated or trained, ended, steps, images, accuracy))

    def read(self) -> dict[str, Any]:
        """What it has noted: its attributes, with what the tally has up to now as `trained`."""
        stamps = np.array(self.stamps, np.float64).reshape(-1, 2)
        return {
            "first_step": self.first_step,
            "epochs": self.epochs,
            "stamps": stamps,
            "trained": self.tally.read(),
        }
