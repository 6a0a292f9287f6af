"""Tests of the accuracy thresholds: from measured accuracies to bands of credit, and reading them from the file."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pytest

from grader.assignment.contract import FUNCTIONS
from grader.course import Accuracy, Course
from grader.course.thresholds import Calibration, find_calibration, installed_versions, load_calibrations
from grader.ground.errors import GraderError
from grader.sandbox.wire import backends
from grader.submissions import SubmissionFile, read_submission
from grader.submissions.reference import write_reference
from grader.validation.calibrate import store

MEASURED = Calibration("cifar10", "f" * 64, (0, 1, 2), Accuracy(), (0.82, 0.84, 0.86, 0.84), {"keras": "3"})


def test_full_credit_lies_below_what_the_reference_reaches_by_its_uncertainty_and_the_allowance() -> None:
    assert MEASURED.mean == pytest.approx(0.84)
    assert MEASURED.spread == pytest.approx(0.01633, abs=1e-5)
    assert MEASURED.full_credit == pytest.approx(0.84 - 2 * 0.01633 / 2 - 2 * 0.01633 - 0.16, abs=1e-4)


def test_credit_comes_in_bands() -> None:
    full = MEASURED.full_credit
    shares = [MEASURED.share(accuracy) for accuracy in (0.9, full, full - 0.01, full - 0.05, full - 0.09, 0.34)]
    assert shares == [1.0, 1.0, 0.6, 0.3, 0.0, 0.0]


def test_sound_networks_lie_above_full_credit_and_broken_pipelines_below_every_band() -> None:
    measured = next(found for found in load_calibrations() if found.dataset == "cifar10")
    assert measured.share(0.682) == 1.0  # the worst run of a sound style
    assert measured.share(0.682 - 0.025) == 1.0  # and room below it
    assert measured.share(0.555 + 0.025) == 0.0  # the best run with half of the labels wrong, and room above it


def test_chance_earns_nothing_however_low_the_thresholds() -> None:
    low = msgspec.structs.replace(MEASURED, accuracies=(0.40, 0.41))
    assert low.share(1 / 3) == 0.0
    assert low.share(1 / 3 + 0.04) == 0.0


def test_a_calibration_belongs_to_its_data_classes_and_budget() -> None:
    course = Course()
    assert find_calibration([MEASURED], course, "f" * 64) is MEASURED
    assert find_calibration([MEASURED], Course(classes=(2, 0, 1)), "f" * 64) is MEASURED
    for other, sha256 in (
        (course, "0" * 64),
        (Course(classes=(0, 1, 3)), "f" * 64),
        (Course(accuracy=Accuracy(epochs=5)), "f" * 64),
    ):
        with pytest.raises(GraderError) as raised:
            find_calibration([MEASURED], other, sha256)
        assert str(raised.value) == (
            f"no accuracy thresholds are known for cifar10 with classes {list(other.classes)} and the budget in "
            "course.toml; measure them with `grader calibrate`, or grade with --profile quick."
        )


def test_other_versions_are_named_and_patch_releases_are_not() -> None:
    measured = msgspec.structs.replace(
        MEASURED, versions={"keras": "3.15.1", "tensorflow": "2.21.0", "python": "3.11.7"}
    )
    assert measured.other_versions({"keras": "3.15.4", "tensorflow": "2.21.0"}) == ""
    assert measured.other_versions({"keras": "4.0.0", "tensorflow": "2.21.0"}) == "keras 3.15.1 (installed: 4.0.0)"
    both = {"keras": "4.0.0", "tensorflow": "3.0.0"}
    assert measured.other_versions(both) == "keras 3.15.1 (installed: 4.0.0), tensorflow 2.21.0 (installed: 3.0.0)"


def test_what_is_installed_is_told_and_what_is_not_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    assert installed_versions()["numpy"] == np.__version__
    monkeypatch.setattr(backends, "DEFAULT", "no-such-package")
    assert set(installed_versions()) == {"keras", "numpy"}


def test_storing_replaces_the_one_of_the_same_budget(tmp_path: Path) -> None:
    path = tmp_path / "calibration.json"
    assert load_calibrations(path) == ()
    other = msgspec.structs.replace(MEASURED, classes=(3, 4, 5))
    for calibration in (MEASURED, other, msgspec.structs.replace(MEASURED, accuracies=(0.9, 0.9))):
        store(calibration, path)
    assert [(c.classes, c.accuracies[0]) for c in load_calibrations(path)] == [((3, 4, 5), 0.82), ((0, 1, 2), 0.9)]


def test_a_broken_file_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "calibration.json"
    path.write_text("[")
    with pytest.raises(GraderError, match=r"^calibration\.json: cannot be read \(.*\); write it anew with `grader cal"):
        load_calibrations(path)


def test_the_project_brings_thresholds_for_the_default_course() -> None:
    (found,) = [c for c in load_calibrations() if c.dataset == "cifar10" and c.budget == Course().accuracy]
    assert found.classes == Course().classes
    assert len(found.accuracies) >= 5
    assert 0.6 < found.full_credit < found.mean < 1


def test_the_reference_is_written_as_one_submission(tmp_path: Path) -> None:
    path = tmp_path / "reference.py"
    write_reference(path)
    submission = read_submission(SubmissionFile("reference", path))
    assert submission.problem == ""
    assert {function.name for function in FUNCTIONS} <= set(submission.functions)
