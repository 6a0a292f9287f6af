"""A clock for a network's training: when its epochs begin and end, and how many steps they take.

Untrusted side.  What it says is the submission's word, as it could reach into it; the trusted side times the whole call
itself and believes no account of the epochs that does not fit into it.
"""

from __future__ import annotations

import time
from typing import Any

import keras

from grader.sandbox.inside import backend


class Clock(keras.callbacks.Callback):  # type: ignore[misc]
    """Notes the times of a training, as the last of its callbacks, so that the others' time shows as theirs.

    Times are those of `time.perf_counter`, which on one machine is the same in every process.

    Attributes:
        first_step: When the first step was done; `None` before.
        epochs: An epoch each: when it began, when its steps were done, when its validation was, when it ended; its
            steps; its validation accuracy, NaN where there is none.
    """

    def __init__(self) -> None:
        super().__init__()
        self.first_step: float | None = None
        self.epochs: list[tuple[float, float, float, float, int, float]] = []
        self._began = self._trained = self._validated = 0.0
        self._steps = 0

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Note the beginning, the others having had their turn."""
        self._steps = 0
        self._trained = self._validated = 0.0
        self._began = time.perf_counter()

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Count a step."""
        self._steps += 1
        if self.first_step is None:
            backend.synchronize(self.model)
            self.first_step = time.perf_counter()

    def on_test_begin(self, logs: Any = None) -> None:
        """Note the end of the steps, where there is validation."""
        backend.synchronize(self.model)
        self._trained = time.perf_counter()

    def on_test_end(self, logs: Any = None) -> None:
        """Note the end of the validation."""
        self._validated = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Note the end, the others having had their turn."""
        backend.synchronize(self.model)
        ended = time.perf_counter()
        trained = self._trained or ended
        accuracy = float((logs or {}).get("val_accuracy", "nan"))
        self.epochs.append((self._began, trained, self._validated or trained, ended, self._steps, accuracy))
