"""What every timed training has: a fresh worker, a beginning and an end on the trusted side's clock, and a round."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, Final, Self

from grader.checks.common.epochs import believed
from grader.checks.common.hidden import Split
from grader.course import Course
from grader.sandbox.host.session import Sandbox, Worker
from grader.speed.records import Round
from grader.submissions import Submission

JUDGED_IMAGES: Final = 600
"""How many hidden images are predicted after a training."""


class TimedTraining(ABC):
    """One training of a submission: `prepare`, `train`, `finish`.  Use it as a context, which ends the worker.

    Args:
        sandbox: Where it runs.
        submission: The submission.
        course: Limits, and what is trained.
        split: The images.
        seed: For the worker's generators.

    Attributes:
        export: The network before its training, as `toolbox.export_model` gives it, or its `config` alone; there after
            `prepare`.
    """

    export: dict[str, Any]

    def __init__(self, sandbox: Sandbox, submission: Submission, course: Course, split: Split, seed: int) -> None:
        self._sandbox = sandbox
        self._submission = submission
        self._course = course
        self._split = split
        self._seed = seed
        self._worker: Worker | None = None
        self._host_mb = self._ready_seconds = self._began = self._ended = 0.0

    def __enter__(self) -> Self:
        """Nothing is started before `prepare`."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the worker."""
        self.close()

    def close(self) -> None:
        """End the worker, and note what memory it took."""
        if self._worker is not None:
            self._host_mb = self._worker.close().peak_mb
            self._worker = None

    @abstractmethod
    def prepare(self) -> None:
        """Get as far as the training.

        Raises:
            MeasuringError: That fails.
        """

    @abstractmethod
    def train(self) -> None:
        """Train, which is what is timed.

        Raises:
            MeasuringError: That fails.
        """

    @abstractmethod
    def finish(self) -> Round:
        """Judge what came of it, and end the worker.

        Raises:
            MeasuringError: That fails.
        """

    def _spawn(self) -> Worker:
        self._worker = self._sandbox.spawn(seed=self._seed, limits=self._course.limits.of_worker)
        return self._worker

    def _round(self, noted: Mapping[str, Any], *, accuracy: float, moved: bool, device_mb: float | None) -> Round:
        """The round, with the epochs as far as the clock beside them can be believed; the worker has ended.

        Args:
            noted: What `toolbox.read_clock` gave.
            accuracy: Of the images that were predicted, 0 to 1.
            moved: Whether the weights differ from those before.
            device_mb: The most memory on the device; `None` where that cannot be told.
        """
        epochs, first_step = believed(noted, self._began, self._ended)
        return Round(
            seed=self._seed,
            cold_seconds=self._ready_seconds + (first_step or self._ended) - self._began,
            call_seconds=self._ended - self._began,
            epochs=epochs,
            accuracy=accuracy,
            moved=moved,
            host_mb=self._host_mb,
            device_mb=device_mb,
            images=noted["trained"]["images"],
        )
