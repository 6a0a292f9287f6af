"""Measuring the accuracy thresholds: the reference, trained several times under the course's budget."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec

from grader.checks.common.accuracy import trained
from grader.checks.common.evidence import Examiner
from grader.checks.common.hidden import draw_split, seeded_generator
from grader.checks.common.student import Student, TimeLeft
from grader.course import Course
from grader.course.datasets import Dataset
from grader.course.thresholds import CALIBRATION_FILE, Calibration, load_calibrations
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
    notify: Callable[[str], None] = lambda line: None,
) -> Calibration:
    """Train a solution several times under the course's budget, each time with data drawn anew.

    Args:
        sandbox: Where it is trained.
        source: The solution; `write_reference` gives the reference as one file.
        course: Classes, budget and seed.
        dataset: The course's data.
        runs: How many times.
        notify: Called with a line after each.
    """
    submission = read_submission(SubmissionFile("reference", source))
    accuracies: list[float] = []
    for run in range(runs):
        seed = course.seed + run
        split = draw_split(dataset, course, seeded_generator(seed, "calibration"))
        budget = TimeLeft(course.limits.grading_seconds)
        examiner = Examiner(lambda seed=seed: sandbox.spawn(seed=seed), budget)  # type: ignore[misc]
        with sandbox.worker(seed=seed) as worker:
            student = Student(worker, submission, course.limits)
            seconds = course.limits.training_seconds
            accuracies.append(trained(student, examiner, split, course.accuracy, seconds=seconds).accuracy)
        examiner.close()
        notify(f"run {run + 1} of {runs}: {accuracies[-1]:.4f}")
    return Calibration(
        dataset=dataset.name,
        sha256=dataset.sha256,
        classes=course.classes,
        budget=course.accuracy,
        accuracies=tuple(round(accuracy, 4) for accuracy in accuracies),
        versions=sandbox.versions,
    )


def store(calibration: Calibration, path: Path = CALIBRATION_FILE) -> None:
    """Put a calibration into the file, in place of an earlier one of the same data, classes and budget."""

    def same(other: Calibration) -> bool:
        key = (calibration.sha256, calibration.classes, calibration.budget)
        return (other.sha256, other.classes, other.budget) == key

    kept = [other for other in load_calibrations(path) if not same(other)]
    write_whole(path, msgspec.json.format(msgspec.json.encode([*kept, calibration]), indent=2) + b"\n")
