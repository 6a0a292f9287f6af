"""Grading many submissions: the crew that grades them, and the report that comes of it.

A program that calls this needs the guard `if __name__ == "__main__"`, since every grading process imports it anew.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Final

import psutil

from grader.course import Settings
from grader.grading.crew import TRIES, Crew, CrewLost, dispatch
from grader.grading.processes import Processes
from grader.grading.slots import not_graded
from grader.ground.files import write_whole
from grader.ground.machine import cores
from grader.ground.notes import note
from grader.results.scoring import Graded, Report, Result, encode
from grader.submissions import Submission, SubmissionFile

_START_SECONDS: Final = 180.0
_JOB_BYTES: Final = 2 * 2**30  # what a grading uses with its training, generously


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
        finished(not_graded(Submission(file.id, file.path, "", ""), settings, text))

    try:
        # One at a time is a crew of one process, and not a special case: a submission may end the process that grades
        # it, and the batch is to outlive that.
        own = Processes(settings, min(jobs, len(files))) if crew is None else contextlib.nullcontext(crew)
        with own as graders:
            seconds = _deadline(settings)
            dispatch(files, graders, seconds=seconds, on_graded=finished, on_given_up=given_up, notify=note)
    except KeyboardInterrupt:
        pass
    except CrewLost as error:
        note(str(error))
    return make_report(settings, [results[f.id] for f in files if f.id in results], time.monotonic() - began)


def make_report(settings: Settings, results: Iterable[Result], seconds: float) -> Report:
    """The report of a grading."""
    return Report(settings.profile, settings.level, round(seconds, 3), tuple(results))


def _deadline(settings: Settings) -> float:
    """Seconds after which a grading must have ended: both tries of a slot, each with the start of a sandbox."""
    limits = settings.course.limits
    training = 0.0 if settings.profile == "quick" else limits.training_seconds
    if settings.profile == "full":
        training = max(training, settings.course.full.training_seconds)
    return 2 * (_START_SECONDS + limits.grading_seconds + training)


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
