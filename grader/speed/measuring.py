"""Measure trainings of a submission and of the reference, side by side in turns.

Each training has a fresh worker, so that nothing compiled or cached is left from the one before.  The whole call of
`train` is timed here, on the trusted side.  How that time is divided into epochs is reported by a clock beside the
submission, and accepted only if it fits into the call.
"""

from __future__ import annotations

import contextlib
import functools
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, TypeVar

import msgspec
import numpy as np

from grader.checks.common.accuracy import accuracy_of, build_arguments
from grader.checks.common.hidden import Split, draw_split, seeded_generator
from grader.checks.common.student import Student
from grader.checks.common.tools import tools_in
from grader.checks.guided.unseen import Columns
from grader.course import Accuracy, Course
from grader.course.datasets import Dataset
from grader.sandbox.host.session import Sandbox
from grader.sandbox.wire.weights import differ
from grader.speed.errors import explained
from grader.speed.guided import GuidedTraining, columns_kept
from grader.speed.records import Budget, Round
from grader.speed.timed import JUDGED_IMAGES, TimedTraining
from grader.speed.turns import OWN_TIME, TURN_SECONDS
from grader.submissions import Submission
from grader.submissions.forms import form_of

_Done = TypeVar("_Done")

_CHECKPOINT: Final = "speed.keras"

ROUND_VALIDATION: Final = 180
"""The number of images that each epoch of a round is validated on."""


def draw_data(dataset: Dataset, course: Course, seed: int, *, validation_images: int = ROUND_VALIDATION) -> Split:
    """Draw the images of one round, which are the same for the submission and the reference.

    Args:
        dataset: The data set that they come from.
        course: The course, with its classes and the number of training images.
        seed: The seed of the round.
        validation_images: The number of validation images.
    """
    speed = course.speed
    budget = Accuracy(speed.train_images, speed.epochs, speed.batch_size, mirror=course.accuracy.mirror)
    course = msgspec.structs.replace(course, accuracy=budget)
    return draw_split(dataset, course, seeded_generator(seed, "speed"), validation_images=validation_images)


def budget_of(split: Split, course: Course, dataset: Dataset) -> Budget:
    """Return the budget of a round: what is trained in it."""
    speed = course.speed
    return Budget(dataset.name, len(split.x_train), len(split.x_val), speed.batch_size, speed.epochs)


class Training(TimedTraining):
    """One training of a submission in the form of functions, by a call of its `train`."""

    def prepare(self) -> None:
        """Load the file and build the network.

        Raises:
            MeasuringError: If the submission fails at that.
        """
        began = time.perf_counter()
        worker = self._spawn()
        if self._trial is not None and self._trial["undo"] == "precision":
            with explained(str):
                tools_in(worker).keep_to_single_precision()
        with self._explained():
            self._student = Student(worker, self._submission, self._course.limits, subject=self._course.subject)
            self._model = self._student.call("build_model", **build_arguments(self._split))
            self._ready_seconds = time.perf_counter() - began
            export = self._student.export(self._model)
            self.config, self._weights = export["config"], export["weights"]
            if self._trial is not None:
                self._student.tools.start_trial(self._model, TURN_SECONDS, dict(self._trial))
            else:
                self._clock = self._student.tools.start_clock(self._model, TURN_SECONDS)

    def _begin(self) -> Any:
        split, speed = self._split, self._course.speed
        return self._student.call(
            "train",
            self._model,
            *(split.x_train, split.y_train, split.x_val, split.y_val),
            epochs=speed.epochs,
            batch_size=speed.batch_size,
            patience=speed.epochs,
            checkpoint_path=_CHECKPOINT,
            seconds=self._left(),
        )

    def finish(self) -> Round:
        """Measure the accuracy after the training, and end the worker.

        Raises:
            MeasuringError: If the submission fails at that.
        """
        images = self._split.x_hidden[:JUDGED_IMAGES]
        with self._explained():
            noted = self._student.tools.read_clock(self._clock)
            device_mb = self._student.tools.device_memory_mb()
            weights = self._student.weights(self._model)
            trained = self._student.tools.file_bytes(_CHECKPOINT) is not None
            answers = self._student.call("predict", _CHECKPOINT if trained else self._model, images)
        self.close()
        accuracy = accuracy_of(answers, self._split) if isinstance(answers, np.ndarray) else 0.0
        moved = differ(weights, self._weights)
        return self._round(noted, accuracy=accuracy, moved=moved, device_mb=device_mb)

    def _explained(self) -> contextlib.AbstractContextManager[None]:
        return explained(lambda error: self._student.explain(error))


class Pairs:
    """Trains a submission and the reference in pairs, the two trainings of a pair in turns.

    The two get the same images and the same seed, and run side by side, each for a part of a second while the other
    stands still.  So anything else that slows the machine down slows both.  `before`, `timed` and `after` make one
    pair; pytest-benchmark calls them, and times `timed` by `turns.OWN_TIME`.

    Args:
        sandbox: The sandbox to run them in.
        submission: The submission.
        reference: The reference; `None` to measure the submission alone.
        course: The course, with its limits and what is trained.
        dataset: The data set that the images come from.
        on_training: Called after each training.
        second: A second sandbox of the same forkserver, whose workers start on other cores; see `Sandbox.second`.  With
            it, what is not compared runs at the same time for both: all that comes before the first turn of a pair,
            that turn, and what follows the training.

    Attributes:
        rounds: The rounds of the submission so far.
        reference_rounds: The rounds of the reference so far.
        config: The configuration of the submission's network, from `toolbox.export_model`; empty before the first pair.
    """

    def __init__(
        self,
        sandbox: Sandbox,
        submission: Submission,
        reference: Submission | None,
        course: Course,
        dataset: Dataset,
        on_training: Callable[[], None] = lambda: None,
        *,
        second: Sandbox | None = None,
    ) -> None:
        self._sandbox = sandbox
        self._submission = submission
        self._reference = reference
        self._course = course
        self._dataset = dataset
        self._on_training = on_training
        self._second = second
        self._training: TimedTraining | None = None
        self._other: TimedTraining | None = None
        self.rounds: list[Round] = []
        self.reference_rounds: list[Round] = []
        self.config = ""

    @functools.cached_property
    def _kept(self) -> Columns | None:
        """The classes that a guided program keeps; `None` for the form of functions.

        Raises:
            MeasuringError: If they cannot be told.
        """
        if form_of(self._submission, self._course.form).name != "guided":
            return None
        return columns_kept(self._sandbox, self._submission, self._course)

    def before(self) -> None:
        """Prepare both trainings, up to the call of `train`.

        Raises:
            MeasuringError: If the submission fails at that.
        """
        with self._ended_on_error():
            mine, other = self._sandboxes
            self._training = self._make(self._submission, mine)
            if self._reference is not None:
                self._other = self._make(self._reference, other)
            self._with_both(lambda training: training.prepare())
        self.config = self._training.config

    def timed(self) -> None:
        """Train both in turns; the order is reversed after each pair of turns, so that a drift favours neither.

        Raises:
            MeasuringError: If a training fails.
        """
        assert self._training is not None, "before() comes first"
        began = time.perf_counter()
        with self._ended_on_error():
            # The first turn traces and compiles, so it is not compared.
            self._with_both(lambda training: training.turn())
            mine, other = self._sandboxes
            if self._other is not None and mine is not other:
                self._other.move(mine)
            both = self._both
            while len(both) == 2 and not any(training.ended for training in both):
                for training in both:
                    training.turn()
                both.reverse()
            for training in both:  # once one has ended, the other trains on alone
                training.train()
        OWN_TIME.stood += time.perf_counter() - began - self._training.own_seconds

    def after(self) -> None:
        """Finish both trainings, and keep their rounds.

        Raises:
            MeasuringError: If the submission fails at that.
        """
        assert self._training is not None, "before() comes first"
        with self._ended_on_error():
            mine, other = self._sandboxes
            if self._other is not None and mine is not other:
                self._other.move(other)
            finished = self._with_both(lambda training: training.finish())
        for kept, round_ in zip((self.rounds, self.reference_rounds), finished, strict=False):
            kept.append(round_)
            self._on_training()
        self._training = self._other = None

    @property
    def _sandboxes(self) -> tuple[Sandbox, Sandbox]:
        """The sandboxes of the submission and of the reference in this round.

        They change places after each round, so that over the rounds both meet whatever slows down either core.  The
        submission, which is not trusted, stays on its cores; the reference is moved there for the turns.
        """
        second = self._second or self._sandbox
        return (self._sandbox, second) if len(self.rounds) % 2 == 0 else (second, self._sandbox)

    @property
    def _both(self) -> list[TimedTraining]:
        """The training of the submission, and that of the reference if there is one."""
        return [training for training in (self._training, self._other) if training is not None]

    def _with_both(self, step: Callable[[TimedTraining], _Done]) -> list[_Done]:
        """Do a step of both trainings that is not compared, at the same time if there is a core to spare.

        Returns:
            The results, that of the submission first.
        """
        if self._second is None or self._other is None:
            return [step(training) for training in self._both]
        mine, other = self._both
        with ThreadPoolExecutor(1) as pool:
            running = pool.submit(step, other)
            try:
                return [step(mine), running.result()]
            except BaseException:
                other.kill(self._sandboxes[0])  # so that nobody has to wait for it
                raise

    def _make(self, submission: Submission, sandbox: Sandbox) -> TimedTraining:
        number = 1 + len(self.rounds)
        split = draw_data(self._dataset, self._course, self._course.seed + number)
        return self._training_of(submission, sandbox, self._course, split, number)  # the course's seed stays secret

    def trial(self, course: Course, split: Split, settings: Mapping[str, Any]) -> TimedTraining:
        """Make a training of the submission that reports its passes over the images; see `timed.TimedTraining`.

        Args:
            course: The course, with its limits and what is trained.
            split: The images.
            settings: The settings of the trial.
        """
        return self._training_of(self._submission, self._sandbox, course, split, 0, trial=settings)

    def _training_of(
        self,
        submission: Submission,
        sandbox: Sandbox,
        course: Course,
        split: Split,
        seed: int,
        *,
        trial: Mapping[str, Any] | None = None,
    ) -> TimedTraining:
        if submission is self._submission and self._kept is not None:
            return GuidedTraining(sandbox, submission, course, split, seed, self._kept, trial=trial)
        return Training(sandbox, submission, course, split, seed, trial=trial)

    @contextlib.contextmanager
    def _ended_on_error(self) -> Iterator[None]:
        """End both workers if a step of a round fails."""
        try:
            yield
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """End the trainings that have begun and are not finished."""
        for training in (self._training, self._other):
            if training is not None:
                training.close()
        self._training = self._other = None
