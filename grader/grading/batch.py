"""Grading a batch of submissions with a crew, and making the report.

A program that calls `grade_all` needs the guard `if __name__ == "__main__"`, since every grading process is spawned and
imports the program's main module again.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Final

import psutil

from grader.course import Settings
from grader.grading import tries
from grader.grading.crew import Crew, CrewLost, dispatch
from grader.grading.processes import Processes
from grader.grading.slots import not_graded
from grader.ground.files import write_whole
from grader.ground.machine import cores
from grader.ground.notes import note
from grader.results.scoring import Graded, Report, Result, encode
from grader.submissions import Submission, SubmissionFile

_JOB_BYTES: Final = 2 * 2**30  # a generous estimate of the memory that one grading uses, training included


def default_jobs(settings: Settings) -> int:
    """Return how many submissions are graded at once unless the user says otherwise.

    A grading in the profile `quick` keeps one core busy, since it mostly runs Python; training keeps as many cores busy
    as it is given threads.  The number is also limited by the machine's memory.
    """
    # A course's default is one thread: on two cores, two gradings in the profile `standard` took 74 s at once with one
    # thread each, and 118 s one after the other with two threads.
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
        files: The submissions.
        settings: What is checked, and at which isolation level.
        jobs: How many submissions to grade at once on this machine.
        crew: The crew that grades; `None` for processes on this machine.
        on_graded: Called with each result and its artefacts as soon as they are there, once for each submission.

    Returns:
        The results in the order of the files; after Ctrl-C, or if the crew is lost, only those that were finished.
    """
    began = time.monotonic()
    results: dict[str, Result] = {}

    def finished(graded: Graded) -> None:
        results[graded.result.submission.id] = graded.result
        on_graded(graded)

    def given_up(file: SubmissionFile, problem: str) -> None:
        text = f"{problem[:1].upper()}{problem[1:]}, {tries.PLACES} times; set aside."
        finished(not_graded(Submission(file.id, file.path, "", ""), settings, text))

    try:
        # Even a single job runs in a process of its own: a submission may end the process that grades it, and the batch
        # must survive that.
        own = Processes(settings, min(jobs, len(files))) if crew is None else contextlib.nullcontext(crew)
        with own as graders:
            seconds = tries.longest_seconds(settings)
            dispatch(files, graders, seconds=seconds, on_graded=finished, on_given_up=given_up, notify=note)
    except KeyboardInterrupt:
        pass
    except CrewLost as error:
        note(str(error))
    return make_report(settings, [results[f.id] for f in files if f.id in results], time.monotonic() - began)


def make_report(settings: Settings, results: Iterable[Result], seconds: float) -> Report:
    """Return the report of a grading that took a number of seconds."""
    return Report(settings.profile, settings.level, round(seconds, 3), tuple(results))


def write_report(report: Report, folder: Path) -> Path:
    """Write a report as `results.json` into a folder, atomically.

    Returns:
        The path of the file.

    Raises:
        GraderError: If it cannot be written.
    """
    path = folder / "results.json"
    write_whole(path, encode(report))
    return path
