"""The whole grading pipeline as functions that a program can call: load, check, score, store and report.

    with submissions_in([Path("submissions")], note) as files:
        graded = grade_class(files, settings, How(output=Path("reports")))

The command `grader grade` only parses its arguments, calls this module and prints.
"""

from __future__ import annotations

import functools
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Literal

import msgspec
from msgspec.structs import replace

from grader.course import Settings
from grader.course.thresholds import Calibration, calibration_of, installed_versions
from grader.gradebook.conditions import conditions_of
from grader.gradebook.keeping import Keeper, keeping
from grader.gradebook.visibility import Hidden
from grader.grading.batch import default_jobs, grade_all, make_report, write_report
from grader.grading.cluster import connect
from grader.grading.feedback import write_feedback
from grader.grading.ordering import cheapest_first, looks_of
from grader.grading.own_checks import require_sound
from grader.grading.pages import Pages
from grader.grading.remaining import Remaining
from grader.ground.machine import machine_lock
from grader.ground.notes import note, say, warn
from grader.results.scoring import Graded, Report, Result
from grader.submissions import SubmissionFile

Show = Callable[[Result, str], None]
"""Called with each result as it comes and the time it was graded at, which is empty if it was graded just now."""


class How(msgspec.Struct, frozen=True, kw_only=True):
    """How a class is graded: everything that, unlike the settings, has no effect on the verdicts.

    Attributes:
        output: The folder for the report, feedback and pages; `None` to write none.
        jobs: How many submissions to grade at once on this machine; `None` for as many as the cores allow.
        cluster: The Dask cluster to grade on; `None` for this machine.
        gradebook: The gradebook file; `None` to keep none.
        force: Whether to grade again what the gradebook already has a result for.
        order: Which submissions are graded first.
        submitted_at: When the submissions were handed in, in the gradebook's format; if empty, the time at which each
            file was last changed is used.
    """

    output: Path | None = None
    jobs: int | None = None
    cluster: str | None = None
    gradebook: Path | None = None
    force: bool = False
    order: Literal["cheapest", "name"] = "cheapest"
    submitted_at: str = ""


class ClassGraded(msgspec.Struct, frozen=True):
    """The outcome of grading a class.

    Attributes:
        report: The results. There are fewer of them than submissions if grading was stopped.
        fault: Why the gradebook could not be written, in one sentence; empty if it was written.
        unwritten: The number of results that are missing from the gradebook.
        saved: The folder that holds the results as files; `None` if no folder was asked for and there was no fault.
    """

    report: Report
    fault: str
    unwritten: int
    saved: Path | None


def grade_class(
    files: Sequence[SubmissionFile],
    settings: Settings,
    how: How,
    *,
    progress: Callable[[int], AbstractContextManager[Show]] = lambda total: nullcontext(lambda result, kept_from: None),
    remaining: Remaining | None = None,
    on_report: Callable[[Report], None] = lambda report: None,
    waiting: Callable[[str], None] = say,
) -> ClassGraded:
    """Grade a class, store each result in the gradebook before announcing it, and write the files that were asked for.

    Args:
        files: The submissions, as returned by `submissions_in` or `discover`.
        settings: What is checked, and at which isolation level.
        how: Where the results go, and how many submissions are graded at once.
        progress: Called with the number of results to come; returns a context that yields the `Show` to call with each.
        remaining: Kept up to date while grading, so that another thread can ask it how long the rest will take.
        on_report: Called with the report before it is written.
        waiting: Called with a sentence that says what this waits for, if another grader process has the machine locked.

    Raises:
        GraderError: If the data or the gradebook is not available, or a file cannot be written.
    """
    with machine_lock("grader grade", alone=False, waiting=waiting):
        rounds = _in_rounds(files, all_versions=settings.course.attempts == "best" and how.gradebook is not None)
        conditions = conditions_of(settings, prepare_data(settings))
        kept = keeping(
            how.gradebook, conditions, force=how.force, submitted_at=how.submitted_at, course=settings.course
        )
        with kept as keeper, progress(sum(map(len, rounds))) as show:
            pages = Pages(settings, keeper, how.output)
            for each in rounds:
                pages.await_all(len(each), last=each is rounds[-1])
                report = _grade_what_is_new(each, settings, keeper, pages, show, how, remaining or Remaining())
                if len(report.results) < len(each):
                    break  # grading was stopped, so no further round is begun
            on_report(report)
            if how.output is not None:
                write_results(report, how.output, hidden_from=pages.hidden_from)
                pages.write()
    saved = how.output or (_rescue(report, pages.hidden_from) if keeper.fault else None)
    return ClassGraded(report, keeper.fault, keeper.unwritten, saved)


def prepare_data(settings: Settings) -> Calibration | None:
    """Fetch the data set, look up its accuracy thresholds, and make sure that the course's own checks can be run.

    Done before grading starts, so that a missing file is reported once and not once for each submission.

    Returns:
        The thresholds, or `None` if none of the requested checks needs them.

    Raises:
        GraderError: If the data is not available, its thresholds are not known, or one of the course's own checks
            cannot be run.
    """
    require_sound(settings.course.own)
    calibration = calibration_of(settings)
    if calibration is None:
        return None
    differing = calibration.other_versions(installed_versions())
    if differing:
        warn(
            f"the accuracy thresholds were measured with {differing}; where sound solutions fall "
            "short of them, measure anew with `grader calibrate`."
        )
    return calibration


def _in_rounds(files: Sequence[SubmissionFile], *, all_versions: bool) -> list[list[SubmissionFile]]:
    """Divide the submissions and their earlier versions into rounds, in the order in which the rounds are graded.

    A round has at most one version of each submission, and the last round has the latest version of all of them.
    """
    rounds = [list(files)]
    while all_versions and rounds[0]:
        back = len(rounds)
        rounds.insert(0, [replace(file.earlier[-back], id=file.id) for file in files if back <= len(file.earlier)])
    return [each for each in rounds if each]


def _grade_what_is_new(
    files: Sequence[SubmissionFile],
    settings: Settings,
    keeper: Keeper,
    pages: Pages,
    show: Show,
    how: How,
    remaining: Remaining,
) -> Report:
    """Take known results from the gradebook, grade the rest, and store each new result before announcing it."""
    began = time.monotonic()
    kept = {file.id: attempt for file in files if (attempt := keeper.find(file)) is not None}
    results: dict[str, Result] = {}
    for name, attempt in kept.items():
        results[name] = attempt.result
        pages.add(Graded(attempt.result, ()))
        show(attempt.result, attempt.graded_at)
    pages.write_so_far()

    def on_graded(graded: Graded) -> None:
        results[graded.result.submission.id] = graded.result
        well = not keeper.fault  # a fault is announced once and not with each result that follows
        keeper.add(graded.result, graded.artefacts)
        if well and keeper.fault:
            say(f"{keeper.fault} Grading goes on, and writing is tried again.")
        if how.output is not None:  # written for each result, so that nothing is lost if grading is stopped
            write_feedback(make_report(settings, [graded.result], 0.0), how.output, hidden_from=pages.hidden_from)
            pages.add(graded)
            pages.write_so_far()
        remaining.done(graded.result)
        show(graded.result, "")

    new = [file for file in files if file.id not in kept]
    last = keeper.last_seconds()
    looks = functools.cache(looks_of)  # the order and the remaining time both need it: read each file only once
    if how.order == "cheapest":
        new = cheapest_first(new, last, looks)
    jobs = how.jobs or default_jobs(settings)
    if how.cluster is not None and new:
        with connect(how.cluster, settings, note) as crew:
            remaining.expect(new, last, settings, max(1, len(crew.places())), looks)
            grade_all(new, settings, crew=crew, on_graded=on_graded)
    else:
        remaining.expect(new, last, settings, jobs, looks)
        grade_all(new, settings, jobs=jobs, on_graded=on_graded)
    keeper.write()
    in_order = [results[file.id] for file in files if file.id in results]
    return make_report(settings, in_order, time.monotonic() - began)


def _rescue(report: Report, hidden_from: Callable[[Result], Hidden]) -> Path:
    """Write a report to a new temporary folder: the gradebook could not be written and no output folder was named."""
    folder = Path(tempfile.mkdtemp(prefix="grader-results-"))
    write_results(report, folder, hidden_from=hidden_from)
    return folder


def write_results(
    report: Report, folder: Path, *, hidden_from: Callable[[Result], Hidden] = lambda result: Hidden()
) -> None:
    """Write `results.json` and the feedback into a folder.

    Args:
        report: The results.
        folder: The folder to write to.
        hidden_from: Returns what the student must not see of a result yet; by default nothing is hidden.

    Raises:
        GraderError: If they cannot be written.
    """
    write_report(report, folder)
    write_feedback(report, folder, hidden_from=hidden_from)
