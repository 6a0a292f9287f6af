"""Accuracy thresholds, derived from what the reference solution reaches under the same training budget.

`grader calibrate` trains the reference several times under the budget of the course and stores the accuracies in
`grader/course/calibration.json`.  A submission earns points in bands: all of them from `Calibration.full_credit` up,
and parts of them in two bands below.
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
"""How far a single run of a sound network of another style may fall below the reference's mean accuracy.

Measured on CIFAR-10 under the standard budget, with seven or eight seeds for each of five plain student networks: the
worst single run reached 0.682, 15.8 percentage points below the reference's mean of 0.840. The uncertainties in
`Calibration.full_credit` are added to this: they cover runs that nobody has measured.
"""

BANDS: Final = ((0.0, 1.0), (0.03, 0.6), (0.06, 0.3))
"""Pairs of a distance below full credit and the share of the points that is earned down to that distance.

The bands end above what broken pipelines reach, measured on CIFAR-10 under the standard budget. With half of the
training labels wrong, a network still learns something and reaches 0.50 to 0.555, and so no points; with images scaled
twice, or labels off by one, it reaches 0.32 to 0.39.
"""


VALIDATION_IMAGES: Final = 600
"""Number of validation images in the accuracy check, in all profiles except `full`."""

_SPREAD_UNKNOWN: Final = 0.02
"""The standard deviation assumed for a calibration of one run.

Over ten runs under the standard budget it was 0.014.
"""

RUNS_OF_FULL: Final = 5
"""Number of runs that a calibration of the profile `full` should have."""


class Calibration(msgspec.Struct, frozen=True):
    """The accuracies that the reference reached under one training budget.

    Attributes:
        dataset: Name of the data set.
        sha256: SHA-256 of the data set.
        classes: The course's classes.
        budget: Images, epochs and batch size; in the profile `full` the reference's own defaults.
        accuracies: Share of the hidden images that the reference predicted right, one for each seed.
        versions: Versions of the libraries that it was measured with, by name.
        profile: `standard`, or `full` if the reference was trained as it is written.
        validation_images: Number of validation images.
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
        """The mean accuracy over the seeds."""
        return statistics.fmean(self.accuracies)

    @property
    def spread(self) -> float:
        """The standard deviation over the seeds; with only one seed, `_SPREAD_UNKNOWN`."""
        return statistics.stdev(self.accuracies) if len(self.accuracies) > 1 else _SPREAD_UNKNOWN

    @property
    def full_credit(self) -> float:
        """The lowest accuracy that earns all points.

        It is the mean less `STYLE_ALLOWANCE`, for networks that are sound but simpler than the reference, less two
        standard errors of the mean, and less two standard deviations of a single run.  It is never below the middle
        between chance and the mean.
        """
        error = 2 * self.spread / math.sqrt(len(self.accuracies)) + 2 * self.spread
        chance = 1 / len(self.classes)
        return max(self.mean - error - STYLE_ALLOWANCE, (chance + self.mean) / 2)

    def other_versions(self, installed: Mapping[str, str]) -> str:
        """List the libraries whose installed version differs from the one that the calibration was measured with.

        Only major and minor versions are compared.

        Args:
            installed: Versions by name, such as `keras`; a library that is missing is not compared.

        Returns:
            The differences as a text for people; empty if there are none.
        """
        differing = [
            f"{name} {measured} (installed: {installed[name]})"
            for name, measured in self.versions.items()
            if name in installed and measured.split(".")[:2] != installed[name].split(".")[:2]
        ]
        return ", ".join(differing)

    def share(self, accuracy: float) -> float:
        """Return the share of the points that an accuracy earns, 0 to 1."""
        # With few classes or a weak reference the bands could reach down to chance, so none begins below chance + 0.05.
        chance = 1 / len(self.classes)
        for distance, share in BANDS:
            if accuracy >= max(self.full_credit - distance, chance + 0.05):
                return share
        return 0.0


def calibration_file(dataset: str) -> Path:
    """Return the file with the calibrations of a data set: beside a course's own data, else in the package."""
    if not is_own(dataset):
        return CALIBRATION_FILE
    # Not in the package, which may be read-only and is the same for all courses.
    path = Path(dataset)
    return path.with_name(f"{path.stem if path.is_file() else path.name}.calibration.json")


def load_calibrations(path: Path = CALIBRATION_FILE) -> tuple[Calibration, ...]:
    """Return all calibrations in a file; none if the file does not exist.

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
    """Return the installed versions of the libraries that training depends on, without importing them."""
    return versions_of(("keras", backends.DEFAULT, "numpy"))


def full_budget(course: Course) -> Accuracy:
    """Return the reference's training budget in the profile `full`: default epochs and batch size of the contract."""
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
    """Find the calibration for a course's data, classes and budget.

    Args:
        calibrations: The calibrations to search.
        course: The course.
        sha256: SHA-256 of the course's data set.
        profile: The profile; all profiles except `full` share one calibration.

    Raises:
        GraderError: If there is none.  A calibration of other data or another budget would judge wrongly, so there is
            no fallback.
    """
    full = profile == "full"
    budget = full_budget(course) if full else course.accuracy
    wanted = ("full", course.full.validation_images) if full else ("standard", VALIDATION_IMAGES)
    for calibration in calibrations:
        # As sets: the accuracy check draws the order of the classes anew for each submission.
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
    """Return the calibration that a grading with these settings needs, and fetch the data set if it is missing.

    Returns:
        The calibration.  `None` if no accuracy is measured, or if the course sets the accuracies itself.

    Raises:
        GraderError: If the data set cannot be fetched, or has no calibration.
    """
    # Only checks of the profiles above `quick` measure accuracy; without one, no data set has to be downloaded.
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
    """Return the rule that turns an accuracy into points: the course's own if it has one, else a calibration.

    Args:
        course: The course.
        sha256: SHA-256 of the course's data set.
        profile: The profile; all profiles except `full` share one calibration.

    Raises:
        GraderError: If the course sets no accuracies, and there is no calibration.
    """
    if course.requirements.accuracy is not None:
        return course.requirements.accuracy
    return find_calibration(load_calibrations(calibration_file(course.dataset)), course, sha256, profile)
