"""Accuracy thresholds: what the reference reaches under the same budget, measured and kept in a file.

`grader calibrate` trains the reference several times under the budget of the course and writes
`grader/course/calibration.json`.  A submission earns points by bands: full credit down to `full_credit`, then parts.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec

from grader.assignment import contract
from grader.assignment.requirements import Bands
from grader.course import Accuracy, Course, Settings
from grader.course.datasets import is_own, load_dataset
from grader.ground.errors import GraderError
from grader.ground.machine import versions_of
from grader.sandbox.wire import backends

CALIBRATION_FILE: Final = Path(__file__).with_name("calibration.json")

STYLE_ALLOWANCE: Final = 0.16
"""How much less than the reference's mean a single run of a sound network of another style may reach.

Measured on CIFAR-10 under the standard budget, with seven or eight seeds for each of five plain student networks: the
worst single run was at 0.682, 15.8 points below the reference's mean of 0.840. The uncertainties in
`Calibration.full_credit` come on top: they are for the runs that nobody has measured.
"""

BANDS: Final = ((0.0, 1.0), (0.03, 0.6), (0.06, 0.3))
"""Distance below full credit, and the share of the points that is earned down to there.

Measured likewise: a training set of which half is mislabelled, which still lets a network learn something, gives 0.50
to 0.555 and so nothing; images scaled twice, and labels off by one, give 0.32 to 0.39.
"""


VALIDATION_IMAGES: Final = 600
"""Images that the accuracy check validates on, but in the profile `full`."""

_SPREAD_UNKNOWN: Final = 0.02
"""Taken for the spread of a calibration of one run; over ten runs under the standard budget it was 0.014."""

RUNS_OF_FULL: Final = 5
"""Runs that a calibration of the profile `full` should have."""


class Calibration(msgspec.Struct, frozen=True):
    """What the reference reached under one budget.

    Attributes:
        dataset: Name of the data set.
        sha256: Its digest.
        classes: The course's classes.
        budget: Images, epochs and batch size; in the profile `full` those that the reference has by itself.
        accuracies: Share of hidden images that the reference predicted right, one for each seed.
        versions: What it was measured with.
        profile: `standard`, or `full`: trained as it was written.
        validation_images: Images to validate on.
    """

    dataset: str
    sha256: str
    classes: tuple[int, ...]
    budget: Accuracy
    accuracies: tuple[float, ...]
    versions: dict[str, str]
    profile: str = "standard"
    validation_images: int = VALIDATION_IMAGES

    @property
    def mean(self) -> float:
        """Mean accuracy over the seeds."""
        return statistics.fmean(self.accuracies)

    @property
    def spread(self) -> float:
        """Standard deviation over the seeds; with one alone, what it is at most elsewhere."""
        return statistics.stdev(self.accuracies) if len(self.accuracies) > 1 else _SPREAD_UNKNOWN

    @property
    def full_credit(self) -> float:
        """The accuracy from which all points are earned.

        The mean, less `STYLE_ALLOWANCE` for networks that are sound but simpler than the reference, and less two
        standard errors of the mean and two standard deviations of a single run; never below half way between chance
        and the mean.
        """
        error = 2 * self.spread / math.sqrt(len(self.accuracies)) + 2 * self.spread
        chance = 1 / len(self.classes)
        return max(self.mean - error - STYLE_ALLOWANCE, (chance + self.mean) / 2)

    def other_versions(self, installed: Mapping[str, str]) -> str:
        """What is installed in other versions than it was measured with; empty where major and minor agree.

        Args:
            installed: Version by name, such as `keras`; a name that is missing is not compared.
        """
        differing = [
            f"{name} {measured} (installed: {installed[name]})"
            for name, measured in self.versions.items()
            if name in installed and measured.split(".")[:2] != installed[name].split(".")[:2]
        ]
        return ", ".join(differing)

    def share(self, accuracy: float) -> float:
        """The share of the points that an accuracy earns."""
        chance = 1 / len(self.classes)
        for distance, share in BANDS:
            if accuracy >= max(self.full_credit - distance, chance + 0.05):
                return share
        return 0.0


def calibration_file(dataset: str) -> Path:
    """Where the calibrations of a data set are kept: beside a course's own data, and else with the grader."""
    if not is_own(dataset):
        return CALIBRATION_FILE
    path = Path(dataset)
    return path.with_name(f"{path.stem if path.is_file() else path.name}.calibration.json")


def load_calibrations(path: Path = CALIBRATION_FILE) -> tuple[Calibration, ...]:
    """Every calibration in a file.

    Raises:
        GraderError: If the file cannot be read.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=tuple[Calibration, ...])
    except FileNotFoundError:
        return ()
    except (OSError, msgspec.MsgspecError) as error:
        raise GraderError(f"{path.name}: cannot be read ({error}); write it anew with `grader calibrate`.") from error


def installed_versions() -> dict[str, str]:
    """What training runs on here, found without importing it."""
    return versions_of(("keras", backends.DEFAULT, "numpy"))


def full_budget(course: Course) -> Accuracy:
    """What the reference trains in the profile `full`, where nobody tells it how long or in which batches."""
    defaults = {parameter.name: parameter.default for parameter in contract.function("train").parameters}
    return Accuracy(
        course.full.train_images,
        int(defaults["epochs"] or 0),
        int(defaults["batch_size"] or 0),
        mirror=course.accuracy.mirror,
    )


def find_calibration(
    calibrations: Sequence[Calibration], course: Course, sha256: str, profile: str = "standard"
) -> Calibration:
    """The calibration for a course's data, classes and budget.

    Args:
        calibrations: Those there are.
        course: The course.
        sha256: Of its data.
        profile: `full`, or any other; those share one.

    Raises:
        GraderError: If there is none; thresholds measured on something else would judge wrongly.
    """
    full = profile == "full"
    budget = full_budget(course) if full else course.accuracy
    wanted = ("full", course.full.validation_images) if full else ("standard", VALIDATION_IMAGES)
    for calibration in calibrations:
        same_data = calibration.sha256 == sha256 and set(calibration.classes) == set(course.classes)
        same_training = (calibration.profile, calibration.validation_images) == wanted
        if same_data and same_training and calibration.budget == budget:
            return calibration
    if full:
        raise GraderError(
            f"no accuracy thresholds are known for the whole training on {course.dataset} with classes "
            f"{list(course.classes)} and {course.full.train_images:,} images; measure them with `grader calibrate "
            "--profile full`, or grade with --profile standard."
        )
    raise GraderError(
        f"no accuracy thresholds are known for {course.dataset} with classes {list(course.classes)} and the budget in "
        "course.toml; measure them with `grader calibrate`, or grade with --profile quick."
    )


def calibration_of(settings: Settings) -> Calibration | None:
    """The thresholds that these settings need to have measured, the data being fetched for it; `None` for none.

    Raises:
        GraderError: If the data cannot be had, or its thresholds are not known.
    """
    checks = contract.chosen(settings.course.checks(), settings.profile, settings.tasks)
    if all(check.profile == "quick" for check in checks):
        return None
    course = settings.course
    dataset = load_dataset(course.dataset)
    if course.requirements.accuracy is not None:
        return None
    calibrations = load_calibrations(calibration_file(course.dataset))
    return find_calibration(calibrations, course, dataset.sha256, settings.profile)


def bands_of(course: Course, sha256: str, profile: str = "standard") -> Bands | Calibration:
    """What an accuracy earns: as the course says, else as the reference was measured.

    Args:
        course: The course.
        sha256: Of its data.
        profile: `full`, or any other; those share one.

    Raises:
        GraderError: If the course says nothing, and nothing was measured.
    """
    if course.requirements.accuracy is not None:
        return course.requirements.accuracy
    return find_calibration(load_calibrations(calibration_file(course.dataset)), course, sha256, profile)
