"""Slots: a slot grades one submission after another in a sandbox of its own."""

from __future__ import annotations

import contextlib
import hashlib
import threading
from collections.abc import Callable
from typing import Final

import msgspec

from grader.checks.common.context import Context
from grader.course import Settings
from grader.course.datasets import Dataset, load_dataset
from grader.grading import tries
from grader.grading.helpers import MOST, Helpers, parts_of, preload
from grader.grading.judging import grade, ungradable
from grader.ground.errors import GraderError
from grader.results.scoring import Graded, Outcome, make_result
from grader.sandbox.host.session import Sandbox, SandboxError
from grader.submissions import Submission, SubmissionBytes, SubmissionFile, fetch, parse_apart
from grader.submissions.forms import checks_of, form_of


class Slot:
    """Grades one submission after another in one sandbox, and starts a new sandbox if that one fails.

    Use it as a context manager, which ends the sandbox on exit.

    Args:
        settings: What is checked, and at which isolation level.
        processes: How many processes may grade the tasks of one submission side by side.
        interrupt: See `Sandbox.interrupt`.

    Attributes:
        sandbox: The sandbox; `None` before the first submission.
        helpers: The other processes that run checks; `None` before the first submission, or if there are none.
    """

    def __init__(self, settings: Settings, *, processes: int = 1, interrupt: int | None = None) -> None:
        self._settings = settings
        self._processes = min(processes, MOST)
        self._interrupt = interrupt
        self.helpers: Helpers | None = None
        self._stack = contextlib.ExitStack()
        self.sandbox: Sandbox | None = None
        self._dataset: Dataset | None = None

    def __enter__(self) -> Slot:
        """Return the slot; nothing is started before the first submission."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the sandbox."""
        self.close()

    def close(self) -> None:
        """End the sandbox; grading another submission starts a new one."""
        self._stack.close()
        self.sandbox = self.helpers = None

    def grade(self, file: SubmissionFile, on_check: Callable[[str, Outcome], None] | None = None) -> Graded:
        """Grade one submission, and try once more in a new sandbox if the sandbox fails.

        Args:
            file: The submission.
            on_check: Called with the id and the outcome of each check as it ends.

        Returns:
            The result and its artefacts; the status is `infrastructure_error` if the second try failed too.
        """
        return self.grade_bytes(fetch(file), on_check)

    def grade_bytes(self, handed_in: SubmissionBytes, on_check: Callable[[str, Outcome], None] | None = None) -> Graded:
        """Grade a submission whose file has already been read, perhaps on another machine; see `grade`."""
        try:
            submission = parse_apart(handed_in)
        except GraderError as error:
            file = handed_in.file
            return not_graded(Submission(file.id, file.path, "", ""), self._settings, str(error))
        return self.grade_parsed(submission, on_check)

    def grade_parsed(
        self,
        submission: Submission,
        on_check: Callable[[str, Outcome], None] | None = None,
        only: frozenset[str] | None = None,
    ) -> Graded:
        """Grade a submission that has already been parsed; see `grade`.

        Args:
            submission: The submission.
            on_check: Called with the id and the outcome of each check as it ends.
            only: The ids of the checks to run; `None` for all that the settings ask for.
        """
        graded = self._grade(submission, on_check, only)
        if ungradable(submission, self._settings.course):
            return graded  # it would fail again: this installation lacks something that the submission needs
        for _ in range(tries.SANDBOXES - 1):
            if graded.result.status == "infrastructure_error":
                self.close()
                graded = self._grade(submission, on_check, only)
            elif graded.by_signal:
                # The signal may come from TensorFlow's own oneDNN kernels, so that the student is not at fault: try
                # again without oneDNN, see `backends.environment`.
                self.close()
                try:
                    graded = self._grade(submission, on_check, only, plain=True)
                finally:
                    self.close()
        return graded

    def _grade(
        self,
        submission: Submission,
        on_check: Callable[[str, Outcome], None] | None,
        only: frozenset[str] | None,
        *,
        plain: bool = False,
    ) -> Graded:
        try:
            context = self.context(submission, on_check, only, plain=plain)
            return grade(context, self.helpers if only is None else None)
        except SandboxError as error:
            return not_graded(submission, self._settings, str(error))
        except GraderError:
            raise  # the data is not available, so no other submission could be graded either
        except Exception as error:  # a fault of the grader with one submission must not stop the whole batch
            return not_graded(submission, self._settings, f"{type(error).__name__}: {error}"[:500])

    def context(
        self,
        submission: Submission,
        on_check: Callable[[str, Outcome], None] | None = None,
        only: frozenset[str] | None = None,
        *,
        plain: bool = False,
    ) -> Context:
        """Return the context that the checks of a submission run in, with the sandbox started and the data loaded.

        Args:
            submission: The submission.
            on_check: Called with the id and the outcome of each check as it ends.
            only: The ids of the checks to run; `None` for all that the settings ask for.
            plain: See `prepare`.

        Raises:
            SandboxError: If the sandbox does not start.
            GraderError: If the data is not available.
        """
        settings = self._settings
        processes = len(parts_of(settings, submission, self._processes)) if only is None else 1
        sandbox = self.prepare(processes, plain=plain)
        return Context(
            submission, settings.course, settings.profile, settings.tasks, sandbox, self._dataset, on_check, only
        )

    def prepare(self, processes: int = 1, *, plain: bool = False) -> Sandbox:
        """Load the data and start the sandbox, unless that has been done already.

        Args:
            processes: How many processes, including this one, will use the sandbox.
            plain: Whether to switch off oneDNN for TensorFlow in the sandbox; see `backends.environment`.

        Raises:
            SandboxError: If the sandbox does not start.
            GraderError: If the data is not available.
        """
        settings = self._settings
        if self._dataset is None and settings.profile != "quick":
            self._dataset = load_dataset(settings.course.dataset)
        if self.sandbox is None:
            if processes > 1:
                self.helpers = self._stack.enter_context(Helpers(settings.level, processes - 1))
            # The sandbox takes seconds to import Keras; this process imports what the checks need in the meantime.
            importing = threading.Thread(target=preload)
            importing.start()
            start = Sandbox.start(settings.level, threads=settings.course.limits.threads, plain=plain)
            self.sandbox = self._stack.enter_context(start)
            self.sandbox.interrupt = self._interrupt
            importing.join()
            if self.helpers is not None:
                self.helpers.join(self.sandbox)
        return self.sandbox


def not_graded(submission: Submission, settings: Settings, problem: str) -> Graded:
    """Return the result of a submission that the grader itself failed to grade."""
    course = settings.course
    checks = checks_of(form_of(submission, course.form).name, course, settings.profile, settings.tasks)
    return Graded(make_result(submission, course, checks, {}, seconds=0.0, problem=problem))


_slots: Final[dict[str, Slot]] = {}
_grading: Final = threading.Lock()


def grade_here(settings: Settings, handed_in: SubmissionBytes) -> Graded:
    """Grade one submission in this process' slot, which is kept for the next submission."""
    with _grading:
        return _slot_of(settings).grade_bytes(handed_in)


def prepare_here(settings: Settings) -> None:
    """Start this process' slot and its sandbox.

    Raises:
        GraderError: If the sandbox does not start, or the data is not available.
    """
    with _grading:
        _slot_of(settings).prepare()


def end_here() -> None:
    """End this process' slot, if it has one."""
    with _grading:
        while _slots:
            _slots.popitem()[1].close()


def _slot_of(settings: Settings) -> Slot:
    """Return this process' slot for the given settings.

    A slot for other settings, left from an earlier batch, is ended, since each sandbox takes memory.
    """
    key = hashlib.sha256(msgspec.json.encode(settings, order="deterministic")).hexdigest()
    if key not in _slots:
        while _slots:
            _slots.popitem()[1].close()
        _slots[key] = Slot(settings)
    return _slots[key]
