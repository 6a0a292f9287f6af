"""Evidence that several checks judge: gathered once, in one worker, and remembered with how it ended."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, Final, TypeVar

import msgspec

from grader.assignment.subject import USUAL, Subject
from grader.checks.common.student import Student, TimeLeft, UnwrittenStudent, is_unwritten, told
from grader.checks.common.tools import ExaminerTools
from grader.checks.common.verdict import CheckFailed, NotRun
from grader.sandbox.host.session import SubmissionError, Worker, WorkerGone
from grader.sandbox.wire import graphs
from grader.submissions import Submission

KNOWN_GAIN: Final = 0.2
"""Logits per unit of a channel's mean in the brightest-channel models: measurable for 0-255 and for 0-1 alike."""

_EXAMINER_SECONDS: Final = 120.0

_Gathered = TypeVar("_Gathered")


class Evidence:
    """Remembers what gathering gave: the same value, or the same exception with the same example, each time."""

    def __init__(self, student: Student) -> None:
        self.student = student
        self._remembered: dict[Hashable, tuple[Any, BaseException | None, str]] = {}

    @property
    def example(self) -> str:
        """The call that the evidence looked at last is about."""
        return self.student.example

    @property
    def seed(self) -> int:
        """What the checks draw their cases from."""
        return self.student.seed

    @property
    def subject(self) -> Subject:
        """What the course is about."""
        return self.student.subject

    def once(self, key: Hashable, gather: Callable[[], _Gathered]) -> _Gathered:
        """The result of `gather()`, called for the first use of the key alone."""
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
        """As `once`, of what holds of a submission in general: the example stays the call that is being judged."""
        example = self.student.example
        try:
            return self.once(key, gather)
        finally:
            self.student.example = example


class Aside:
    """A worker for what may be too much for one: whatever happens there, all else is still to be seen.

    One serves for all of that, as long as it lives.

    Args:
        open_worker: Loads the submission into a fresh worker.
        submission: The submission.
        seed: What its checks draw their cases from.
        subject: What the course is about.
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
        """The submission in it, loaded anew where it has ended."""
        if self._student is None or self._student.worker.gone:
            self._student = self._open()
        return self._student

    def student_for(self, name: str) -> Student:
        """The same, for calls of one function; one that is still to be written needs no worker."""
        if is_unwritten(self._submission, name):
            return UnwrittenStudent(self._submission, name, seed=self.seed, subject=self.subject)
        return self.student

    @property
    def example(self) -> str:
        """The last call there, as source."""
        return "" if self._student is None else self._student.example


class CannotRebuild(CheckFailed):
    """The examiner cannot make a network of what it was given.

    Attributes:
        reason: Why, half a sentence.
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
    """A worker that never saw the submission, and says what a network is and does; started when first asked.

    Each of its tools raises `CheckFailed` if the network cannot be rebuilt, or brings the examiner down.

    Args:
        start: Starts it.
        budget: The submission's time, for a network can be made to take as long as one likes.
    """

    def __init__(self, start: Callable[[], Worker], budget: TimeLeft) -> None:
        super().__init__(self._ask)
        self._start = start
        self._budget = budget
        self._worker: Worker | None = None

    def _ask(self, tool: str, args: tuple[Any, ...], read: Callable[[Any], Any], **_limits: Any) -> Any:
        # A text is the configuration of a network, as a submission's worker gave it: the layers of a submission's own
        # in it are taken apart before the examiner makes anything of it.
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

    def close(self) -> None:
        """End the worker."""
        if self._worker is not None:
            self._worker.close()
            self._worker = None
