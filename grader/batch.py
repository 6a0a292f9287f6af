"""Grading many submissions: slots, each with a sandbox of its own, in processes that `crew.dispatch` feeds."""

from __future__ import annotations

import atexit
import concurrent.futures
import contextlib
import hashlib
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Final

import msgspec
import psutil

from grader import contract
from grader.calibration import Calibration, find_calibration, load_calibrations
from grader.course import Course
from grader.crew import TRIES, Crew, CrewLost, Place, dispatch
from grader.datasets import Dataset, load_dataset
from grader.errors import GraderError
from grader.exports.document import encode
from grader.files import write_whole
from grader.forms import checks_of, form_of
from grader.grading import Context, grade
from grader.reports.text import clean
from grader.sandbox.session import Sandbox, SandboxError
from grader.scoring import Graded, Outcome, Report, Result, make_result
from grader.speed.machine import cores
from grader.submissions import Submission, SubmissionBytes, SubmissionFile, fetch, parse_apart

_TRIES: Final = 2
_START_SECONDS: Final = 180.0
_JOB_BYTES: Final = 2 * 2**30  # what a grading uses with its training, generously


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
        return self.grade_bytes(fetch(file), on_check)

    def grade_bytes(self, handed_in: SubmissionBytes, on_check: Callable[[str, Outcome], None] | None = None) -> Graded:
        """As `grade`, of a submission that was read already, perhaps elsewhere."""
        try:
            submission = parse_apart(handed_in)
        except GraderError as error:
            file = handed_in.file
            return _not_graded(Submission(file.id, file.path, "", ""), self._settings, str(error))
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
        sandbox, settings = self.prepare(), self._settings
        return Context(submission, settings.course, settings.profile, settings.tasks, sandbox, self._dataset, on_check)

    def prepare(self) -> Sandbox:
        """Load the data and start the sandbox, where that is still to be done.

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
        return self.sandbox


def calibration_of(settings: Settings) -> Calibration | None:
    """The accuracy thresholds that these settings need, the data being fetched for it; `None` where they need none.

    Raises:
        GraderError: The data cannot be had, or its thresholds are not known.
    """
    if all(check.profile == "quick" for check in contract.checks_of(settings.profile, settings.tasks)):
        return None
    dataset = load_dataset(settings.course.dataset)
    return find_calibration(load_calibrations(), settings.course, dataset.sha256)


def default_jobs(settings: Settings) -> int:
    """How many submissions are graded at once, unless asked otherwise.

    The quick profile is bound by Python and so fills one core; training fills the threads it is given.  Cores may be
    many where memory is little.
    """
    threads = 1 if settings.profile == "quick" else settings.course.limits.threads
    room: int = psutil.virtual_memory().total // _JOB_BYTES
    return max(1, min(cores() // threads, room))


def grade_all(
    files: Sequence[SubmissionFile],
    settings: Settings,
    *,
    jobs: int = 1,
    crew: Crew | None = None,
    on_graded: Callable[[Graded], None],
) -> Report:
    """Grade submissions, several at once.

    Args:
        files: What to grade.
        settings: How.
        jobs: How many at once on this machine.
        crew: Who grades, in place of processes on this machine.
        on_graded: Called with each result and its artefacts as soon as they are there, once for each submission.

    Returns:
        The results in the order of the files; after Ctrl-C, or where the crew is lost, those that were finished.
    """
    began = time.monotonic()
    results: dict[str, Result] = {}

    def finished(graded: Graded) -> None:
        results[graded.result.submission.id] = graded.result
        on_graded(graded)

    def given_up(file: SubmissionFile, problem: str) -> None:
        text = f"{problem[:1].upper()}{problem[1:]}, {TRIES} times; set aside."
        finished(_not_graded(Submission(file.id, file.path, "", ""), settings, text))

    def feed(crew: Crew) -> None:
        seconds = _deadline(settings)
        dispatch(files, crew, seconds=seconds, on_graded=finished, on_given_up=given_up, notify=note)

    try:
        if crew is not None:
            feed(crew)
        elif jobs == 1 or len(files) == 1:
            with Slot(settings) as slot:
                for file in files:
                    finished(slot.grade(file))
        else:
            with Processes(settings, min(jobs, len(files))) as processes:
                feed(processes)
    except KeyboardInterrupt:
        pass
    except CrewLost as error:
        note(str(error))
    return make_report(settings, [results[f.id] for f in files if f.id in results], time.monotonic() - began)


def note(text: str) -> None:
    """Say something beside the results."""
    print(f"grader: note: {clean(text)}", file=sys.stderr, flush=True)


def make_report(settings: Settings, results: Iterable[Result], seconds: float) -> Report:
    """The report of a grading."""
    return Report(settings.profile, settings.level, round(seconds, 3), tuple(results))


def _deadline(settings: Settings) -> float:
    """Seconds after which a grading must have ended: both tries of a slot, each with the start of a sandbox."""
    limits = settings.course.limits
    training = 0.0 if settings.profile == "quick" else limits.training_seconds
    return 2 * (_START_SECONDS + limits.grading_seconds + training)


def _not_graded(submission: Submission, settings: Settings, problem: str) -> Graded:
    """The result where the grader itself failed."""
    checks = checks_of(form_of(submission, settings.course.form).name, settings.profile, settings.tasks)
    return Graded(make_result(submission, settings.course, checks, {}, seconds=0.0, problem=problem))


_slots: Final[dict[str, Slot]] = {}
_grading: Final = threading.Lock()


def grade_here(settings: Settings, handed_in: SubmissionBytes) -> Graded:
    """Grade one submission in the slot of this process, which stays for the next."""
    with _grading:
        return _slot_of(settings).grade_bytes(handed_in)


def prepare_here(settings: Settings) -> None:
    """Start the slot of this process with its sandbox.

    Raises:
        GraderError: The sandbox does not start, or the data cannot be had.
    """
    with _grading:
        _slot_of(settings).prepare()


def end_here() -> None:
    """End the slot of this process."""
    with _grading:
        while _slots:
            _slots.popitem()[1].__exit__()


def _slot_of(settings: Settings) -> Slot:
    """The slot of this process for some settings: another batch' slot ends, since each sandbox takes memory."""
    key = hashlib.sha256(msgspec.json.encode(settings, order="deterministic")).hexdigest()
    if key not in _slots:
        while _slots:
            _slots.popitem()[1].__exit__()
        _slots[key] = Slot(settings)
    return _slots[key]


class Processes:
    """A crew of processes on this machine, each of which is started anew where it ends; a context.

    Each is an executor of its own, so that one that dies is known by what it was grading.
    """

    def __init__(self, settings: Settings, jobs: int) -> None:
        self._places = [_Process(f"process {number}", settings) for number in range(1, jobs + 1)]

    def __enter__(self) -> Processes:
        """No process is started before its first submission."""
        return self

    def __exit__(self, failed: type[BaseException] | None, *_: object) -> None:
        """End the processes: at once where something failed, such as after Ctrl-C."""
        if failed is not None:
            _end_children()
        for place in self._places:
            place.close()
        _end_children()

    def places(self) -> Sequence[Place]:
        """All of them."""
        return self._places


class _Process:
    """One process of `Processes`."""

    def __init__(self, name: str, settings: Settings) -> None:
        self.name = name
        self._settings = settings
        self._executor: concurrent.futures.ProcessPoolExecutor | None = None

    def start(self, handed_in: SubmissionBytes) -> concurrent.futures.Future[Graded]:
        """Begin to grade, in a new process where the last has ended."""
        try:
            return self._running().submit(grade_here, self._settings, handed_in)
        except BrokenProcessPool:
            self.give_up()
            return self._running().submit(grade_here, self._settings, handed_in)

    def _running(self) -> concurrent.futures.ProcessPoolExecutor:
        if self._executor is None:
            context = multiprocessing.get_context("spawn")
            self._executor = concurrent.futures.ProcessPoolExecutor(1, context, _begin_process)
        return self._executor

    def give_up(self) -> None:
        """Leave the process, which ends with the crew at the latest."""
        if self._executor is not None:
            self._executor.shutdown(wait=False, cancel_futures=True)
            self._executor = None

    def close(self) -> None:
        """End the process in good order."""
        if self._executor is not None:
            self._executor.shutdown(cancel_futures=True)


def _begin_process() -> None:
    """In a new grading process: leave Ctrl-C to the process that started it, and end with that one."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    atexit.register(end_here)


def _end_with_parent() -> None:
    """Where the process that hands out the work is killed, end as well, and with this process its sandbox."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _end_children() -> None:
    for child in multiprocessing.active_children():
        child.kill()


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
