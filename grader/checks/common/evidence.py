"""Evidence that several checks judge.  It is gathered once, in one worker, and its outcome is remembered."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, Final, TypeVar

import msgspec
import numpy as np

from grader.assignment.subject import USUAL, Subject
from grader.checks.common.student import Student, TimeLeft, UnwrittenStudent, is_unwritten, told
from grader.checks.common.tools import ExaminerTools
from grader.checks.common.verdict import CheckFailed, NotRun
from grader.sandbox.host.session import SubmissionError, Worker, WorkerGone
from grader.sandbox.wire import graphs
from grader.submissions import Submission

KNOWN_GAIN: Final = 0.2
"""Logits per unit of a channel's mean in the brightest-channel models, measurable for images of 0-255 and of 0-1."""

_EXAMINER_SECONDS: Final = 120.0
_FROM_1: Final = 1e-4
"""How far sums of probabilities may be from 1: less than a batch normalisation after the softmax moves them."""

_FROM_1_IN_HALF_PRECISION: Final = 1e-2

TWO_SOFTMAXES: Final = (
    "The network should end in one softmax, but it ends in two, so that no class can become much more probable than "
    "the others."
)
ONE_SOFTMAX: Final = "Leave out one of the two, such as a Softmax layer after a Dense layer that has the activation."
_SHARP: Final = 1e6

_Gathered = TypeVar("_Gathered")


def are_probabilities(answers: np.ndarray[Any, Any]) -> bool:
    """Whether the rows of an array, shape (n, classes), are probabilities that sum to 1."""
    with np.errstate(over="ignore"):
        half = bool(np.all(answers == answers.astype(np.float16)))
    off = np.abs(answers.sum(axis=1) - 1)
    return bool(np.all(answers >= 0) and np.all(off < (_FROM_1_IN_HALF_PRECISION if half else _FROM_1)))


class Evidence:
    """Gathers evidence about a submission, and remembers it.

    Asked again, it gives the same value, or raises the same exception, and restores the example that belongs to it.
    """

    def __init__(self, student: Student) -> None:
        self.student = student
        self._remembered: dict[Hashable, tuple[Any, BaseException | None, str]] = {}

    @property
    def example(self) -> str:
        """The call behind the evidence that was asked for last."""
        return self.student.example

    @property
    def seed(self) -> int:
        """The seed with which checks draw their cases."""
        return self.student.seed

    @property
    def subject(self) -> Subject:
        """What the course is about."""
        return self.student.subject

    def once(self, key: Hashable, gather: Callable[[], _Gathered]) -> _Gathered:
        """Return the result of `gather()`, which is only called the first time that the key is used."""
        if key not in self._remembered:
            try:
                self._remembered[key] = (gather(), None, self.student.example)
            except (CheckFailed, NotRun, SubmissionError, WorkerGone) as error:
                self._remembered[key] = (None, error, self.student.example)
        value: _Gathered
        value, raised, self.student.example = self._remembered[key]
        if raised is not None:
            raise raised
        return value

    def fact(self, key: Hashable, gather: Callable[[], _Gathered]) -> _Gathered:
        """Return the result of `gather()` as `once` does, and keep the example as it is.

        This is for facts about a submission in general, so that the example stays the call that is being judged.
        """
        example = self.student.example
        try:
            return self.once(key, gather)
        finally:
            self.student.example = example


class Aside:
    """A separate worker for calls that may be too much for a worker, or that must leave no traces elsewhere.

    If such a call ends the worker, the other checks are not affected.  All such calls share one worker as long as it
    lives, and get a new one after that.

    Args:
        open_worker: Loads the submission into a fresh worker.
        submission: The submission.
        seed: The seed with which its checks draw their cases.
        subject: The subject of the course.
    """

    def __init__(
        self, open_worker: Callable[[], Student], submission: Submission, seed: int, subject: Subject = USUAL
    ) -> None:
        self._open = open_worker
        self._submission = submission
        self._student: Student | None = None
        self.seed = seed
        self.subject = subject

    @property
    def student(self) -> Student:
        """The submission in this worker, loaded anew if the worker has ended."""
        if self._student is None or self._student.worker.gone:
            self._student = self._open()
        return self._student

    def student_for(self, name: str) -> Student:
        """Return the submission for calls of one function; no worker is started if that is still to be written."""
        if is_unwritten(self._submission, name):
            return UnwrittenStudent(self._submission, name, seed=self.seed, subject=self.subject)
        return self.student

    @property
    def example(self) -> str:
        """The last call in this worker, as source."""
        return "" if self._student is None else self._student.example


class CannotRebuild(CheckFailed):
    """The examiner cannot build a network from what it was given.

    Attributes:
        reason: Why, as half a sentence.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"The network should be made of Keras' own layers, or of such as do nothing but compute, so that it can be "
            f"judged, but {reason}.",
            hint="Let the call of a layer of your own use layers, weights made with add_weight, and operations of "
            "keras.ops or TensorFlow.",
        )
        self.reason = reason


class Examiner(ExaminerTools):
    """A worker that never sees the submission, and says what a network is and does.

    The worker is started when it is first used.  Each of its tools raises `CheckFailed` if the network cannot be
    rebuilt, or if it brings the worker down.

    Args:
        start: Starts the worker.
        budget: The submission's time, since a network can be built to run for any length of time.
    """

    def __init__(self, start: Callable[[], Worker], budget: TimeLeft) -> None:
        super().__init__(self._ask)
        self._start = start
        self._budget = budget
        self._worker: Worker | None = None

    def _ask(self, tool: str, args: tuple[Any, ...], read: Callable[[Any], Any], **_limits: Any) -> Any:
        # A string is the configuration of a network that a submission's worker exported.  The graphs in it, which stand
        # for the submission's own layers, are checked here before the examiner builds anything from them.
        for config in args:
            if isinstance(config, str) and config and (fault := graphs.fault_of(config)):
                raise CannotRebuild(fault)
        if self._worker is None:
            self._worker = self._start()
        try:
            allowed = self._budget.allow(self._worker, _EXAMINER_SECONDS)
            with self._budget.spend():
                return read(self._worker.tool(tool, *args, seconds=allowed))
        except SubmissionError as error:
            if error.type_name != "CannotRebuildError":
                raise CheckFailed(f"The network cannot be examined: {told(error.type_name, error.text)}.") from None
            raise CannotRebuild(error.text) from None
        except msgspec.ValidationError:
            raise CheckFailed("The network cannot be examined: its arrays are none that can be sent.") from None
        except WorkerGone as gone:
            self.close()
            raise CheckFailed(f"The network cannot be examined: running it {gone.detail}.") from None

    def ends_in_two_softmaxes(self, config: str, x: np.ndarray[Any, Any]) -> bool:
        """Whether a network takes the softmax of a softmax.

        With very large weights in the last layer one softmax is sure of a class.  Two give it e / (e + classes - 1).

        Args:
            config: The network's configuration from `toolbox.export_model`.
            x: Images, shape (n, height, width, channels).
        """
        weights = self.weights_of(self.rebuild(config))
        last = max((place for place, weight in enumerate(weights) if weight.ndim >= 2), default=None)
        if last is None:
            return False
        weights[last] = weights[last] * np.float32(_SHARP)
        answers = self.run_network(self.rebuild(config, weights), x)
        if answers.ndim != 2:
            return False
        of_two = np.e / (np.e + answers.shape[1] - 1)
        return bool(np.mean(np.abs(answers.max(axis=1) - of_two) < _FROM_1) > 0.5)

    def close(self) -> None:
        """End the worker, if it was started."""
        if self._worker is not None:
            self._worker.close()
            self._worker = None
