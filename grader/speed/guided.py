"""Measure the training of a guided program: its own `fit`, on the images of the speed measurement.

The program runs as in the observed run, but `cifar10.load_data()` returns the images of the measurement.  The worker
stops before the first `fit`, and goes on when it is told to.  The trusted side times from there until the worker
reports that `fit` has returned.  Nothing after `fit` is run.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec
import numpy as np

from grader.checks.common.answers import ClockFacts
from grader.checks.common.context import Context
from grader.checks.common.evidence import Examiner
from grader.checks.common.hidden import Split, seeded_generator
from grader.checks.common.student import TimeLeft
from grader.checks.common.verdict import NotRun
from grader.checks.guided.observed import Observed, starts_of
from grader.checks.guided.unseen import Columns, columns_of_program, images_for, scale_of
from grader.course import Course
from grader.sandbox.host.session import Sandbox, WorkerGone
from grader.sandbox.wire.answers import converted
from grader.speed.errors import MeasuringError, explained
from grader.speed.records import Round
from grader.speed.timed import JUDGED_IMAGES, TimedTraining
from grader.submissions import Submission


class _Ready(msgspec.Struct):
    config: str


class _Trained(msgspec.Struct):
    clock: ClockFacts
    moved: bool
    x: Any
    device_mb: float | None


class _Answers(msgspec.Struct):
    answers: Any


_Stop = TypeVar("_Stop", _Ready, _Trained, _Answers)


def columns_kept(sandbox: Sandbox, submission: Submission, course: Course) -> Columns:
    """Run a program once to find out which classes it keeps, and which columns of its network's output they are.

    Raises:
        MeasuringError: If it does not get as far as `fit`, or does not keep three classes.
    """
    context = Context(submission, course, "quick", frozenset(), sandbox)
    left = TimeLeft(course.limits.grading_seconds)
    examiner = Examiner(lambda: sandbox.spawn(limits=context.limits), left)
    with contextlib.closing(examiner), contextlib.closing(Observed(context, left, examiner)) as observed:
        try:
            if observed.fit() is None:
                raise MeasuringError("failed", "The program never gets to a call of fit.")
            return columns_of_program(observed)
        except NotRun as error:
            raise MeasuringError("failed", f"The program cannot be measured: {error}") from None
        except WorkerGone as gone:
            raise MeasuringError("failed", f"The program {gone.detail}.") from None


class GuidedTraining(TimedTraining):
    """One training of a guided program, by its own `fit`.

    Args:
        sandbox: The sandbox to run it in.
        submission: The program.
        course: The course, with its limits and what is trained.
        split: The images.
        seed: The seed of the worker's random generators.
        kept: The classes that the program keeps.
        trial: See `TimedTraining`.
    """

    def __init__(
        self,
        sandbox: Sandbox,
        submission: Submission,
        course: Course,
        split: Split,
        seed: int,
        kept: Columns,
        *,
        trial: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(sandbox, submission, course, split, seed, trial=trial)
        self._kept = kept

    def prepare(self) -> None:
        """Run the program up to its `fit`.

        Raises:
            MeasuringError: If it does not get there.
        """
        speed = self._course.speed
        self._images = images_for(self._split, self._kept, seeded_generator(self._seed, "guided speed"))
        began = time.perf_counter()
        self._spawn()
        if self._trial is not None and self._trial["undo"] == "precision":
            self._tool("keep_to_single_precision")
        settings: dict[str, int] = {"scripted": False, "shorten": False, "timed": True}
        settings |= {"shims": self._course.legacy == "run", "epochs": speed.epochs, "batch_size": speed.batch_size}
        program = self._submission.program
        reply = self._tool("observe", program, starts_of(self._submission.line_map), self._images, settings)
        self.config = self._form(reply, "ready", _Ready).config
        self._ready_seconds = time.perf_counter() - began

    def _begin(self) -> Any:
        return self._resume(trial=None if self._trial is None else dict(self._trial))

    def _take(self, answer: Any) -> None:
        if self._trial is None:
            self._trained = self._form(answer, "trained", _Trained)

    def _explained(self) -> contextlib.AbstractContextManager[None]:
        return explained(str)

    def finish(self) -> Round:
        """Measure the accuracy after the training, and end the worker.

        Raises:
            MeasuringError: If the submission fails at that.
        """
        trained = self._trained
        images = self._split.x_hidden[:JUDGED_IMAGES]
        # The hidden images are scaled as the program scaled its training images, or not at all if that cannot be told.
        factor, offset = scale_of(trained.x, self._images["x_train"], self._kept, self._images) or (1.0, 0.0)
        scaled = (images.astype(np.float32) * factor + offset).astype(np.float32)
        answers = self._form(self._tool("resume", {"images": scaled}), "answers", _Answers).answers
        self.close()
        accuracy = self._accuracy(answers, len(images))
        return self._round(trained.clock, accuracy=accuracy, moved=trained.moved, device_mb=trained.device_mb)

    def _accuracy(self, answers: Any, count: int) -> float:
        if not isinstance(answers, np.ndarray) or answers.ndim != 2 or len(answers) != count:
            return 0.0
        columns = np.array(self._kept.columns)[self._split.hidden_labels[:count]]
        return float(np.mean(np.argmax(answers, axis=1) == columns))

    def _tool(self, name: str, *arguments: Any) -> Any:
        assert self._worker is not None, "prepare() comes first"
        with self._explained():
            return self._worker.tool(name, *arguments, seconds=self._course.limits.training_seconds)

    def _form(self, reply: Any, kind: str, form: type[_Stop]) -> _Stop:
        """Convert what the worker reports when it stops.

        Raises:
            MeasuringError: If it reports another kind of event, or something invalid.
        """
        said = reply if isinstance(reply, dict) else {}
        if said.get("kind") == kind:
            with contextlib.suppress(msgspec.ValidationError):
                answer: _Stop = converted(said, form)
                return answer
        errors = said.get("errors")
        last = errors[-1] if isinstance(errors, list) and errors and isinstance(errors[-1], dict) else {}
        why = f": {last.get('kind')}: {last.get('text')}"[:300] if last else ""
        raise MeasuringError("failed", f"The program did not get through its call of fit{why}.")
