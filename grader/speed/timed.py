"""What every timed training has: a fresh worker, a beginning and an end on the trusted side's clock, and a round."""

from __future__ import annotations

import contextlib
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, Final, Self

from grader.checks.common.epochs import believed
from grader.checks.common.hidden import Split
from grader.course import Course
from grader.sandbox.host.session import Sandbox, Worker
from grader.sandbox.wire.frames import Accounted
from grader.speed.errors import MeasuringError
from grader.speed.records import Round
from grader.speed.turns import TURN_SECONDS, OwnTime, Turn, stretches
from grader.submissions import Submission

_MORE_TURNS: Final = 2
"""The first turn and the last may be shorter than the others."""

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
        trial: Settings of `trial.Trial` in the sandbox, where the training tells of its passes and is not judged.

    Attributes:
        config: The network's configuration, as `toolbox.export_model` gives it; there after `prepare`.
        ended: Whether the training has come to its end.
        turns: The turns that it has had.
        notes: What a trial said at the end of each turn.
    """

    config: str

    def __init__(
        self,
        sandbox: Sandbox,
        submission: Submission,
        course: Course,
        split: Split,
        seed: int,
        *,
        trial: Mapping[str, Any] | None = None,
    ) -> None:
        self._sandbox = sandbox
        self._submission = submission
        self._course = course
        self._split = split
        self._seed = seed
        self._worker: Worker | None = None
        self._trial = trial
        self.turns: list[Turn] = []
        self.notes: list[Any] = []
        self._ran = self._host_mb = self._ready_seconds = 0.0
        self.ended = False

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

    def turn(self) -> None:
        """Let it train for one turn, or to the end where that comes first; the first turn begins the training.

        Raises:
            MeasuringError: It fails.
        """
        if len(self.turns) > self._course.limits.training_seconds / TURN_SECONDS + _MORE_TURNS:
            raise MeasuringError("failed", "The code hands over its turns sooner than a training does.")
        before = self._account()
        began = time.perf_counter()
        with self._explained():
            answer = self._resume() if self.turns else self._begin()
        ended = time.perf_counter()
        after = self._account()
        between = before.ran - self._ran if self.turns else 0.0
        ran, waited = after.ran - before.ran, after.waited - before.waited
        self.turns.append(Turn(began, ended, ran, waited, between, self._course.speed.threads))
        self._ran = after.ran
        if self._trial is not None and isinstance(answer, dict) and answer.get("kind") == "turn":
            self.notes.append(answer)
        elif answer != {"kind": "turn"}:
            self.ended = True
            self._take(answer)

    def _account(self) -> Accounted:
        assert self._worker is not None, "prepare() comes first"
        return self._sandbox.account(self._worker.number)

    def _left(self) -> float:
        """How much longer the training may take, in seconds."""
        return max(self._course.limits.training_seconds - sum(turn.length for turn in self.turns), 0.0)

    def _resume(self, **more: Any) -> Any:
        """Let it go on, told more; gives what the worker answers once it has trained for a turn, or has ended."""
        assert self._worker is not None, "prepare() comes first"
        return self._worker.tool("resume", {"turn_seconds": TURN_SECONDS, **more}, seconds=self._left())

    @abstractmethod
    def _begin(self) -> Any:
        """Let it begin; likewise."""

    def _take(self, answer: Any) -> None:  # noqa: B027 - what `train` of a submission returns is of no use
        """Look at what the worker answered in the end.

        Raises:
            MeasuringError: It says that the training failed.
        """

    @abstractmethod
    def _explained(self) -> contextlib.AbstractContextManager[None]:
        """Turn what a submission may do into a `MeasuringError`."""

    def train(self) -> None:
        """Train alone, to the end: a turn after the other, so that what other programs take is told for each.

        Raises:
            MeasuringError: It fails.
        """
        while not self.ended:
            self.turn()

    @property
    def own_seconds(self) -> float:
        """What its own clock shows now."""
        return sum(turn.length + turn.between for turn in self.turns)

    @property
    def undisturbed_seconds(self) -> float:
        """The same, without what other programs took from it."""
        return sum(turn.undisturbed + turn.between for turn in self.turns)

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
        at = OwnTime(self.turns).at
        ended = self.own_seconds
        own = {
            "first_step": None if noted["first_step"] is None else float(at(noted["first_step"])),
            "epochs": [(*map(float, at(epoch[:4])), *epoch[4:]) for epoch in noted["epochs"]],
        }
        epochs, first_step = believed(own, 0.0, ended)
        return Round(
            seed=self._seed,
            cold_seconds=self._ready_seconds + (first_step or ended),
            call_seconds=ended,
            epochs=epochs,
            accuracy=accuracy,
            moved=moved,
            host_mb=self._host_mb,
            device_mb=device_mb,
            images=noted["trained"]["images"],
            stretches=stretches(self.turns, noted["epochs"], noted["stamps"]) if epochs else (),
        )
