"""The base class of timed trainings: one runs in a fresh worker, is timed on the trusted side, and gives a round."""

from __future__ import annotations

import contextlib
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Annotated, Any, Final, Self

import msgspec

from grader.checks.common.epochs import believed
from grader.checks.common.hidden import Split
from grader.course import Course
from grader.sandbox.host.session import Sandbox, Worker
from grader.sandbox.wire.answers import converted
from grader.sandbox.wire.frames import Accounted
from grader.speed.errors import MeasuringError
from grader.speed.records import Kind, Round
from grader.speed.turns import TURN_SECONDS, OwnTime, Turn, stretches
from grader.submissions import Submission

_MORE_TURNS: Final = 2
"""The number of turns allowed beyond the expected one, since the first and the last turn may be shorter than others."""

JUDGED_IMAGES: Final = 200
"""The number of hidden images that are predicted after a training."""


_Number = Annotated[int, msgspec.Meta(ge=0, le=2**50)]


class Suspect(msgspec.Struct, frozen=True):
    """What may take a share of a training's time, as `suspects` in the sandbox estimates it."""

    kind: Kind
    name: Annotated[str, msgspec.Meta(max_length=300)]
    index: Annotated[int, msgspec.Meta(ge=0, le=10_000)]
    share: float


class Notes(msgspec.Struct, frozen=True):
    """What a trial reports at the end of a turn; see `trial.Trial.notes`."""

    marks: Annotated[list[tuple[float, _Number]], msgspec.Meta(max_length=1_000)]
    suspects: Annotated[list[Suspect], msgspec.Meta(max_length=10_000)]


class TimedTraining(ABC):
    """One training of a submission: call `prepare`, `train`, `finish`.  As a context manager, it ends the worker.

    Args:
        sandbox: The sandbox to run it in.
        submission: The submission.
        course: The course, with its limits and what is trained.
        split: The images.
        seed: The seed of the worker's random generators.
        trial: The settings of `trial.Trial` in the sandbox.  If given, the training reports its passes over the images,
            and is not judged.

    Attributes:
        config: The configuration of the network, as `toolbox.export_model` gives it; set by `prepare`.
        ended: Whether the training has ended.
        turns: The turns that it has had.
        notes: The reports of a trial, one for each turn; those that do not have the right form are left out.
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
        self.notes: list[Notes] = []
        self._ran = self._host_mb = self._ready_seconds = 0.0
        self.ended = False

    def __enter__(self) -> Self:
        """Do nothing; the worker is started by `prepare`."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the worker."""
        self.close()

    def close(self) -> None:
        """End the worker, and record its peak memory."""
        if self._worker is not None:
            self._host_mb = self._worker.close().peak_mb
            self._worker = None

    @abstractmethod
    def prepare(self) -> None:
        """Start the worker, and get everything ready for the training.

        Raises:
            MeasuringError: If the submission fails at that.
        """

    def turn(self) -> None:
        """Let it train for one turn, or to its end if that comes first; the first turn begins the training.

        Raises:
            MeasuringError: If it fails.
        """
        # A submission that hands over without training would otherwise never use up its time.
        if len(self.turns) > self._course.limits.training_seconds / TURN_SECONDS + _MORE_TURNS:
            raise MeasuringError("failed", "The code hands over its turns sooner than a training does.")
        before = self._account()
        began = time.perf_counter()
        with self._explained():
            answer = self._resume() if self.turns else self._begin()
        ended = time.perf_counter()
        after = self._account()
        # What it computed during the other training's turn, such as reading ahead, is charged to it.  So a submission
        # gains nothing by working there.
        between = max(before.ran - self._ran, 0.0) if self.turns else 0.0
        ran, waited = after.ran - before.ran, after.waited - before.waited
        cores = self._course.speed.threads
        if self._sandbox.pinned:
            # The cores cannot have run for longer than the turn took.  The rest was between the accounts and the
            # readings of the clock.
            between += max(ran - cores * (ended - began), 0.0)
        self.turns.append(Turn(began, ended, ran, waited, between, cores))
        self._ran = after.ran
        if self._trial is not None and isinstance(answer, dict) and answer.get("kind") == "turn":
            with contextlib.suppress(msgspec.ValidationError):
                self.notes.append(converted(answer, Notes))
        elif answer != {"kind": "turn"}:
            self.ended = True
            self._take(answer)

    def move(self, sandbox: Sandbox) -> None:
        """Move it to the cores that a sandbox starts its workers on."""
        assert self._worker is not None, "prepare() comes first"
        self._sandbox.pin(self._worker.number, sandbox.cores)

    def kill(self, sandbox: Sandbox) -> None:
        """End the worker through another sandbox, while another thread waits for it through its own.

        Args:
            sandbox: The sandbox that gives the order.
        """
        if self._worker is not None:
            sandbox.kill(self._worker.number)

    def _account(self) -> Accounted:
        assert self._worker is not None, "prepare() comes first"
        return self._sandbox.account(self._worker.number)

    def _left(self) -> float:
        """Return how much longer the training may take, in seconds."""
        return max(self._course.limits.training_seconds - sum(turn.length for turn in self.turns), 0.0)

    def _resume(self, **more: Any) -> Any:
        """Let the training continue, and return the worker's answer at the end of the turn or of the training.

        Args:
            more: Further values for the worker, besides the length of the turn.
        """
        assert self._worker is not None, "prepare() comes first"
        return self._worker.tool("resume", {"turn_seconds": TURN_SECONDS, **more}, seconds=self._left())

    @abstractmethod
    def _begin(self) -> Any:
        """Begin the training, and return the worker's answer at the end of the first turn or of the training."""

    def _take(self, answer: Any) -> None:  # noqa: B027 - what `train` of a submission returns is of no use
        """Receive the worker's answer at the end of the training.

        Raises:
            MeasuringError: If the answer says that the training failed.
        """

    @abstractmethod
    def _explained(self) -> contextlib.AbstractContextManager[None]:
        """Turn failures of the submission inside a `with` block into a `MeasuringError`."""

    def train(self) -> None:
        """Train alone, to the end.

        It still trains turn by turn, so that the time that other programs take is known for each.

        Raises:
            MeasuringError: If it fails.
        """
        while not self.ended:
            self.turn()

    @property
    def own_seconds(self) -> float:
        """The training's own time so far, in seconds; see `turns.OwnTime`."""
        return sum(turn.length + turn.between for turn in self.turns)

    @property
    def undisturbed_seconds(self) -> float:
        """The training's own time so far, in seconds, without the time that other programs took from it."""
        return sum(turn.undisturbed + turn.between for turn in self.turns)

    @abstractmethod
    def finish(self) -> Round:
        """Measure the accuracy after the training, and end the worker.

        Raises:
            MeasuringError: If the submission fails at that.
        """

    def _spawn(self) -> Worker:
        self._worker = self._sandbox.spawn(seed=self._seed, limits=self._course.limits.of_worker)
        return self._worker

    def _round(self, noted: Mapping[str, Any], *, accuracy: float, moved: bool, device_mb: float | None) -> Round:
        """Make the round, after the worker has ended; it has epochs only if the clock beside them can be believed.

        Args:
            noted: The result of `toolbox.read_clock`.
            accuracy: The share of the predicted images that are right, 0 to 1.
            moved: Whether the weights differ from those before the training.
            device_mb: The peak memory on the device, in MiB; `None` if it is not known.
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
