"""Measure the accuracy thresholds by training the reference several times under the course's budget."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import msgspec

from grader.checks.common.accuracy import trained
from grader.checks.common.evidence import Examiner
from grader.checks.common.hidden import draw_split, draw_whole, seeded_generator
from grader.checks.common.student import Student, TimeLeft
from grader.checks.common.verdict import count_of
from grader.course import Course
from grader.course.datasets import Dataset
from grader.course.thresholds import (
    CALIBRATION_FILE,
    VALIDATION_IMAGES,
    Calibration,
    find_calibration,
    full_budget,
    load_calibrations,
)
from grader.ground.errors import GraderError
from grader.ground.files import write_whole
from grader.sandbox.host.session import Sandbox
from grader.submissions import SubmissionFile, read_submission


def measure(
    sandbox: Sandbox,
    source: Path,
    course: Course,
    dataset: Dataset,
    *,
    runs: int,
    profile: str = "standard",
    earlier: Calibration | None = None,
    keep: Callable[[Calibration], None] = lambda calibration: None,
    notify: Callable[[str], None] = lambda line: None,
) -> Calibration:
    """Train a solution several times under the course's budget, each time with newly drawn data.

    Args:
        sandbox: The sandbox to train it in.
        source: The file of the solution; `write_reference` writes the reference as one file.
        course: The course, for its classes, budget and seed.
        dataset: The course's data set.
        runs: The number of runs, including those of `earlier`.
        profile: `standard`, or `full` to train on all images, as the solution is written.
        earlier: A calibration that already has some of the runs; see `to_go_on_with`.
        keep: Called after each run with the calibration so far, so that an interrupted calibration can be continued.
        notify: Called after each run with a line that says its accuracy and the estimated time left.

    Returns:
        The calibration with all runs.
    """
    submission = read_submission(SubmissionFile("reference", source))
    full = profile == "full"
    calibration = earlier or Calibration(
        dataset=dataset.name,
        sha256=dataset.sha256,
        classes=course.classes,
        budget=full_budget(course) if full else course.accuracy,
        accuracies=(),
        versions=sandbox.versions,
        profile=profile,
        validation_images=course.full.validation_images if full else VALIDATION_IMAGES,
    )
    first = len(calibration.accuracies)
    began = time.monotonic()
    for run in range(first, runs):
        # Seeds follow from the number of the run, so an interrupted calibration goes on with the ones that are missing.
        seed = course.seed + run
        rng = seeded_generator(seed, "calibration")
        split = draw_whole(dataset, course, rng) if full else draw_split(dataset, course, rng)
        seconds = course.full.training_seconds if full else course.limits.training_seconds
        budget = TimeLeft(course.limits.grading_seconds)
        examiner = Examiner(lambda seed=seed: sandbox.spawn(seed=seed), budget)  # type: ignore[misc]
        with sandbox.worker(seed=seed) as worker, contextlib.closing(examiner):
            student = Student(worker, submission, course.limits, subject=course.subject)
            came = trained(student, examiner, split, None if full else course.accuracy, seconds=seconds)
        accuracies = (*calibration.accuracies, round(came.accuracy, 4))
        calibration = msgspec.structs.replace(calibration, accuracies=accuracies)
        keep(calibration)
        each = (time.monotonic() - began) / (run + 1 - first)
        left = f"; about {duration(each * (runs - run - 1))} to go" if run + 1 < runs else ""
        notify(f"run {run + 1} of {runs}: {came.accuracy:.4f}, {count_of(came.steps, 'step')}{left}")
    return calibration


def to_go_on_with(
    calibrations: Sequence[Calibration], course: Course, sha256: str, versions: Mapping[str, str]
) -> Calibration | None:
    """Return the calibration of the profile `full` to which more runs can be added; `None` if there is none.

    Args:
        calibrations: The calibrations to search.
        course: The course.
        sha256: SHA-256 of the course's data set.
        versions: The versions of the libraries now; runs with different versions are not mixed.
    """
    try:
        found = find_calibration(calibrations, course, sha256, "full")
    except GraderError:
        return None
    return found if found.versions == versions and found.classes == course.classes else None


def duration(seconds: float) -> str:
    """Format a duration for people: `40 s`, `12 min`, `1 h 20 min`."""
    minutes = round(seconds / 60)
    if minutes < 1:
        return f"{seconds:.0f} s"
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def store(calibration: Calibration, path: Path = CALIBRATION_FILE) -> None:
    """Write a calibration to a file, replacing one of the same data, classes, budget and profile."""

    def same(other: Calibration) -> bool:
        return key_of(other) == key_of(calibration)

    def key_of(each: Calibration) -> tuple[object, ...]:
        return each.sha256, each.classes, each.budget, each.profile, each.validation_images

    kept = [other for other in load_calibrations(path) if not same(other)]
    write_whole(path, msgspec.json.format(msgspec.json.encode([*kept, calibration]), indent=2) + b"\n")
