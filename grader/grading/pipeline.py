"""The whole of a grading: discover, load, check, score, store and report, for a program to call.

    with submissions_in([Path("submissions")], note) as files:
        graded = grade_class(files, settings, How(output=Path("reports")))

The command `grader grade` reads its arguments, calls this, and prints.
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
from grader.grading.own import require_sound
from grader.grading.pages import Pages
from grader.grading.remaining import Remaining
from grader.ground.machine import machine_lock
from grader.ground.notes import note, say, warn
from grader.results.scoring import Graded, Report, Result
from grader.submissions import SubmissionFile

Show = Callable[[Result, str], None]
"""Told of each result as it comes, and when it was graded; empty where that is now."""


class How(msgspec.Struct, frozen=True, kw_only=True):
    """How a class is graded, beside the settings, which decide about verdicts.

    Attributes:
        output: The folder for the report, feedback and pages; `None` for none.
        jobs: How many at once on this machine; `None` for as many as the cores allow.
        cluster: The Dask cluster that grades instead; `None` for this machine.
        gradebook: The gradebook; `None` where none is kept.
        force: Whether what the gradebook has is graded again.
        order: What is graded first.
        submitted_at: When the submissions were handed in, as the gradebook writes it; empty for when each file was
            last changed.
    """

    output: Path | None = None
    jobs: int | None = None
    cluster: str | None = None
    gradebook: Path | None = None
    force: bool = False
    order: Literal["cheapest", "name"] = "cheapest"
    submitted_at: str = ""


class ClassGraded(msgspec.Struct, frozen=True):
    """What came of a class.

    Attributes:
        report: The results; fewer than there are submissions where grading was stopped.
        fault: What the gradebook could not be written for, in a sentence; empty where it was written.
        unwritten: How many results it did not take.
        saved: Where the results are as files; `None` where that was not asked for and there was no fault.
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
    """Grade a class, keep each result in the gradebook before it is announced, and write what is asked for.

    Args:
        files: The submissions, as `submissions_in` or `discover` gives them.
        settings: What is checked, and how strictly it is isolated.
        how: Where the results go, and how much is done at once.
        progress: Given how many results will come, opens what is told of each.
        remaining: Can be asked meanwhile how long the rest takes.
        on_report: Told the report before it is written.
        waiting: Told, in a sentence, whom this waits for where the machine is taken.

    Raises:
        GraderError: The data or the gradebook cannot be had, or something cannot be written.
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
                    break  # stopped
            on_report(report)
            if how.output is not None:
                write_results(report, how.output, hidden_from=pages.hidden_from)
                pages.write()
    saved = how.output or (_rescue(report, pages.hidden_from) if keeper.fault else None)
    return ClassGraded(report, keeper.fault, keeper.unwritten, saved)


def prepare_data(settings: Settings) -> Calibration | None:
    """Fetch the data set, find its thresholds and try the course's own checks now.

    What is missing or wrong is then one error, and not one for each submission.

    Returns:
        The thresholds; `None` where no check that was asked for needs any.

    Raises:
        GraderError: The data cannot be had, its thresholds are not known, or an own check cannot be run.
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
    """What is graded, the first round first, each submission once in a round; the last round has the last versions."""
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
    """Take from the gradebook what is in it, grade the rest, and keep each result before it is announced."""
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
        well = not keeper.fault
        keeper.add(graded.result, graded.artefacts)
        if well and keeper.fault:
            say(f"{keeper.fault} Grading goes on, and writing is tried again.")
        if how.output is not None:  # as it comes, so that nothing finished is lost
            write_feedback(make_report(settings, [graded.result], 0.0), how.output, hidden_from=pages.hidden_from)
            pages.add(graded)
            pages.write_so_far()
        remaining.done(graded.result)
        show(graded.result, "")

    new = [file for file in files if file.id not in kept]
    last = keeper.last_seconds()
    looks = functools.cache(looks_of)  # each file is read once for it
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
    """Write a report that the gradebook did not take in, and no folder was named for, into a folder of its own."""
    folder = Path(tempfile.mkdtemp(prefix="grader-results-"))
    write_results(report, folder, hidden_from=hidden_from)
    return folder


def write_results(
    report: Report, folder: Path, *, hidden_from: Callable[[Result], Hidden] = lambda result: Hidden()
) -> None:
    """Write `results.json` and the feedback into a folder.

    Args:
        report: The results.
        folder: Where to.
        hidden_from: What the student of a result does not see yet; nothing unless given.

    Raises:
        GraderError: They cannot be written.
    """
    write_report(report, folder)
    write_feedback(report, folder, hidden_from=hidden_from)
