"""Grading many submissions on one machine: slots, each with a sandbox of its own, fed from one list."""

from __future__ import annotations

import concurrent.futures
import contextlib
import multiprocessing
import os
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Final

import msgspec

from grader import contract
from grader.course import Course
from grader.datasets import Dataset, load_dataset
from grader.errors import GraderError
from grader.exports.document import encode
from grader.files import write_whole
from grader.grading import Context, grade
from grader.sandbox.session import Sandbox, SandboxError
from grader.scoring import Graded, Outcome, Report, Result, make_result
from grader.speed.machine import cores
from grader.submissions import Submission, SubmissionFile, read_apart

_TRIES: Final = 2


class Settings(msgspec.Struct, frozen=True):
    """How submissions are graded.

    Attributes:
        course: The course.
        profile: One of `contract.PROFILES`.
        tasks: The tasks that are asked for; empty for all.
        level: The isolation level of the sandbox.
    """

    course: Course
    profile: str
    tasks: frozenset[int]
    level: str


class Slot:
    """Grades one submission after another in one sandbox, which is started anew where it failed.

    Use it as a context, which ends the sandbox.

    Attributes:
        sandbox: The sandbox; `None` before the first submission.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._stack = contextlib.ExitStack()
        self.sandbox: Sandbox | None = None
        self._dataset: Dataset | None = None

    def __enter__(self) -> Slot:
        """Nothing is started before the first submission."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the sandbox."""
        self._stack.close()
        self.sandbox = None

    def grade(self, file: SubmissionFile, on_check: Callable[[str, Outcome], None] | None = None) -> Graded:
        """Grade one submission; where the sandbox fails, once more in a new one.

        Args:
            file: The submission.
            on_check: Called as each check ends.

        Returns:
            The result, `infrastructure_error` where the second try failed too, with the artefacts.
        """
        submission = read_apart(file)
        graded = self._grade(submission, on_check)
        for _ in range(_TRIES - 1):
            if graded.result.status == "infrastructure_error":
                self.__exit__()
                graded = self._grade(submission, on_check)
        return graded

    def _grade(self, submission: Submission, on_check: Callable[[str, Outcome], None] | None) -> Graded:
        try:
            return grade(self.context(submission, on_check))
        except SandboxError as error:
            return _not_graded(submission, self._settings, str(error))
        except GraderError:
            raise  # nothing can be graded: the data cannot be had
        except Exception as error:  # whatever it is: the others still get their grades
            return _not_graded(submission, self._settings, f"{type(error).__name__}: {error}"[:500])

    def context(self, submission: Submission, on_check: Callable[[str, Outcome], None] | None = None) -> Context:
        """What grading a submission needs, with the sandbox and the data ready.

        Raises:
            SandboxError: The sandbox does not start.
            GraderError: The data cannot be had.
        """
        settings = self._settings
        if self._dataset is None and settings.profile != "quick":
            self._dataset = load_dataset(settings.course.dataset)
        if self.sandbox is None:
            start = Sandbox.start(settings.level, threads=settings.course.limits.threads)
            self.sandbox = self._stack.enter_context(start)
        return Context(
            submission, settings.course, settings.profile, settings.tasks, self.sandbox, self._dataset, on_check
        )


def default_jobs(settings: Settings) -> int:
    """How many submissions are graded at once, unless asked otherwise.

    The quick profile is bound by Python and so fills one core; training fills the threads it is given.
    """
    threads = 1 if settings.profile == "quick" else settings.course.limits.threads
    return max(1, cores() // threads)


def grade_all(
    files: Sequence[SubmissionFile],
    settings: Settings,
    *,
    jobs: int,
    on_graded: Callable[[Graded], None],
) -> Report:
    """Grade submissions, several at once.

    Args:
        files: What to grade.
        settings: How.
        jobs: How many at once.
        on_graded: Called with each result and its artefacts as soon as they are there.

    Returns:
        The results in the order of the files; after Ctrl-C those that were finished.
    """
    began = time.monotonic()
    results: dict[str, Result] = {}

    def finished(graded: Graded) -> None:
        results[graded.result.submission.id] = graded.result
        on_graded(graded)

    with contextlib.suppress(KeyboardInterrupt):
        if jobs == 1 or len(files) == 1:
            with Slot(settings) as slot:
                for file in files:
                    finished(slot.grade(file))
        else:
            _grade_in_processes(files, settings, min(jobs, len(files)), finished)
    return make_report(settings, [results[f.id] for f in files if f.id in results], time.monotonic() - began)


def make_report(settings: Settings, results: Iterable[Result], seconds: float) -> Report:
    """The report of a grading."""
    return Report(settings.profile, settings.level, round(seconds, 3), tuple(results))


def _grade_in_processes(
    files: Sequence[SubmissionFile], settings: Settings, jobs: int, finished: Callable[[Graded], None]
) -> None:
    """Grade in several processes; what was being graded when one died is graded again, each by itself."""
    for file in _grade_in_pool(files, settings, jobs, finished):
        if _grade_in_pool([file], settings, 1, finished):
            submission = Submission(file.id, file.path, "", "")
            problem = "The grading process ended unexpectedly; grade the submission again."
            finished(_not_graded(submission, settings, problem))


def _grade_in_pool(
    files: Sequence[SubmissionFile], settings: Settings, jobs: int, finished: Callable[[Graded], None]
) -> list[SubmissionFile]:
    """Grade in several processes; gives what was being graded when one of them died, which takes the others along."""
    context = multiprocessing.get_context("spawn")
    waiting = list(reversed(files))
    suspects: list[SubmissionFile] = []
    while waiting:
        running: dict[concurrent.futures.Future[Graded], SubmissionFile] = {}
        with concurrent.futures.ProcessPoolExecutor(jobs, context, start_slot, (settings,)) as pool:
            try:
                while waiting or running:
                    while waiting and len(running) < jobs:  # no more, so that it is known what was being graded
                        future = pool.submit(grade_in_slot, waiting[-1])
                        running[future] = waiting.pop()
                    for future in concurrent.futures.wait(running, return_when="FIRST_COMPLETED").done:
                        finished(future.result())
                        del running[future]
            except BrokenProcessPool:
                suspects += running.values()
            except KeyboardInterrupt:
                pool.shutdown(wait=False, cancel_futures=True)
                _end_children()
                raise
    return suspects


def _not_graded(submission: Submission, settings: Settings, problem: str) -> Graded:
    """The result where the grader itself failed."""
    checks = contract.checks_of(settings.profile, settings.tasks)
    return Graded(make_result(submission, settings.course, checks, {}, seconds=0.0, problem=problem))


_slots: Final[list[Slot]] = []


def start_slot(settings: Settings) -> None:
    """In a new grading process: make its slot, and leave Ctrl-C to the process that started it."""
    import atexit
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    slot = Slot(settings)
    _slots.append(slot)
    atexit.register(slot.__exit__)


def _end_with_parent() -> None:
    """Where the process that hands out the work is killed, end as well, and with this process its sandbox."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def grade_in_slot(file: SubmissionFile) -> Graded:
    """In a grading process that `start_slot` began: grade one submission."""
    return _slots[0].grade(file)


def _end_children() -> None:
    for child in multiprocessing.active_children():
        child.terminate()


def write_report(report: Report, folder: Path) -> Path:
    """Write a report as `results.json` into a folder, whole or not at all.

    Returns:
        The file.

    Raises:
        GraderError: It cannot be written.
    """
    path = folder / "results.json"
    write_whole(path, encode(report))
    return path
