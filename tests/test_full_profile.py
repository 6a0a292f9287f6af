"""Tests of the profile `full` in the sandbox: the whole training as written, its thresholds, epochs and speed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from grader.checks.common.context import Context
from grader.cli.speed import measure_graded
from grader.course import Course, CourseLimits, Full, Settings, Speed, thresholds
from grader.course.datasets import Dataset, load_dataset
from grader.course.thresholds import Calibration, find_calibration, full_budget, load_calibrations
from grader.gradebook.store import Gradebook
from grader.grading.batch import make_report
from grader.grading.judging import grade
from grader.ground.errors import GraderError
from grader.results.artefacts import Measured, decoded
from grader.results.scoring import Graded
from grader.sandbox.host.launch import best_level
from grader.sandbox.host.session import Sandbox
from grader.submissions import SubmissionFile, read_submission
from grader.validation.calibrate import duration, measure, store, to_go_on_with
from tests.results import result_of

COURSE = Course(
    dataset="shapes",
    full=Full(train_images=300, validation_images=60, training_seconds=90),
    speed=Speed(train_images=96, epochs=2, batch_size=32, rounds=1),
    limits=CourseLimits(training_seconds=1),
)
SOLUTION = """
import keras
import numpy as np

def build_model(input_shape=(32, 32, 3), num_classes=3):
    layers = keras.layers
    model = keras.Sequential([keras.Input(input_shape), layers.Rescaling(1 / 255), layers.Conv2D(8, 5, strides=3),
                              layers.GlobalMaxPooling2D(), layers.Dense(num_classes, activation="softmax")])
    model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"], steps_per_execution=4)
    return model

def predict(model, x):
    return (keras.models.load_model(model) if isinstance(model, str) else model).predict(x, verbose=0)

def train(model, x_train, y_train, x_val, y_val, *, epochs=7, batch_size=30, patience=9,
          checkpoint_path="best_model.keras", callbacks=()):
    {first}
    return model.fit(x_train, y_train, validation_data=(x_val, y_val), epochs=epochs, batch_size=batch_size,
                     callbacks=[*callbacks, keras.callbacks.ModelCheckpoint(checkpoint_path)], verbose=0)
"""
ID = "accuracy/unseen-images"


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return load_dataset("shapes")


def calibration(dataset: Dataset, *accuracies: float) -> Calibration:
    return Calibration(
        dataset="shapes",
        sha256=dataset.sha256,
        classes=COURSE.classes,
        budget=full_budget(COURSE),
        accuracies=accuracies,
        versions={},
        profile="full",
        validation_images=COURSE.full.validation_images,
    )


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An empty file of calibrations in place of the grader's own."""
    path = tmp_path / "calibration.json"
    monkeypatch.setattr(load_calibrations, "__defaults__", (path,))
    monkeypatch.setattr(thresholds, "CALIBRATION_FILE", path)
    return path


def solution(folder: Path, first: str = "pass") -> SubmissionFile:
    path = folder / "ada.py"
    path.write_text(SOLUTION.format(first=first))
    return SubmissionFile("ada", path)


def settings(course: Course = COURSE) -> Settings:
    return Settings(course, "full", frozenset({6}), best_level())


@pytest.fixture
def judge(sandbox: Sandbox, dataset: Dataset) -> Callable[..., Graded]:
    """Grades a file in the profile `full`, by the accuracy check alone."""

    def judged(file: SubmissionFile, course: Course = COURSE) -> Graded:
        chosen = (course, "full", frozenset({6}), sandbox, dataset)
        return grade(Context(read_submission(file), *chosen, only=frozenset({ID})))

    return judged


def test_it_trains_as_it_is_written_and_tells_each_epoch(
    judge: Callable[..., Graded], known: Path, dataset: Dataset, tmp_path: Path
) -> None:
    store(calibration(dataset, 0.5, 0.52), known)
    found = judge(solution(tmp_path))
    result = found.result
    (check,) = [check for check in result.checks if check.id == ID]
    assert (check.status, check.points, result.status) == ("passed", 7, "graded"), check.message
    assert [(epoch.steps, epoch.images) for epoch in result.epochs] == [(10, 300)] * 7
    assert all(epoch.train_seconds > 0 and epoch.val_accuracy is not None for epoch in result.epochs)
    measured = decoded(found.artefacts, "measured", Measured)
    assert measured is not None
    assert measured.steps == 70
    assert measured.full_credit == calibration(dataset, 0.5, 0.52).full_credit


def test_thresholds_are_its_own(judge: Callable[..., Graded], known: Path, dataset: Dataset, tmp_path: Path) -> None:
    store(calibration(dataset, 1.0, 1.0), known)
    result = judge(solution(tmp_path, "epochs = 1; x_train, y_train = x_train[:30], y_train[:30]")).result
    (check,) = [check for check in result.checks if check.id == ID]
    assert check.status == "failed"
    assert check.message.startswith("After the whole training, with its own epochs and batch size, ")
    assert check.message.endswith("% of the images that the network never saw are predicted right; 84% are expected.")
    assert "300 images for training and 60 for validation" in check.hint
    assert [epoch.images for epoch in result.epochs] == [30]


def test_the_course_says_how_long_it_may_take(
    judge: Callable[..., Graded], known: Path, dataset: Dataset, tmp_path: Path
) -> None:
    store(calibration(dataset, 0.5, 0.52), known)
    hurried = msgspec.structs.replace(COURSE, full=msgspec.structs.replace(COURSE.full, training_seconds=2))
    slow = "import time; time.sleep(60 if len(x_train) == 300 else 0)"
    result = judge(solution(tmp_path, slow), hurried).result
    (check,) = [check for check in result.checks if check.id == ID]
    assert (check.status, check.points) == ("timeout", 0)
    assert "2 seconds" in check.message
    assert result.epochs == ()


def test_without_thresholds_it_says_how_to_measure_them(dataset: Dataset) -> None:
    standard = msgspec.structs.replace(
        calibration(dataset, 0.8, 0.9), profile="standard", budget=COURSE.accuracy, validation_images=600
    )
    whole = calibration(dataset, 0.8, 0.9)
    both = [standard, whole]
    assert find_calibration(both, COURSE, dataset.sha256) is standard
    assert find_calibration(both, COURSE, dataset.sha256, "full") is whole
    other = msgspec.structs.replace(COURSE, full=msgspec.structs.replace(COURSE.full, validation_images=61))
    for course, some in ((COURSE, [standard]), (other, both)):
        with pytest.raises(GraderError, match="measure them with `grader calibrate --profile full`, or grade with"):
            find_calibration(some, course, dataset.sha256, "full")


def test_one_run_has_an_assumed_spread(dataset: Dataset) -> None:
    one, two = calibration(dataset, 0.9), calibration(dataset, 0.9, 0.9)
    assert one.full_credit == pytest.approx(0.9 - 4 * 0.02 - 0.16)
    assert two.full_credit == pytest.approx(0.9 - 0.16)


def test_a_calibration_goes_on_where_it_was_stopped(
    sandbox: Sandbox, known: Path, dataset: Dataset, tmp_path: Path
) -> None:
    source, said = solution(tmp_path).path, list[str]()

    class StoppedError(Exception):
        pass

    def keep_and_stop(calibration: Calibration) -> None:
        store(calibration, known)
        raise StoppedError

    with pytest.raises(StoppedError):
        measure(sandbox, source, COURSE, dataset, runs=3, profile="full", keep=keep_and_stop)
    earlier = to_go_on_with(load_calibrations(), COURSE, dataset.sha256, sandbox.versions)
    assert earlier is not None
    assert len(earlier.accuracies) == 1
    whole = measure(sandbox, source, COURSE, dataset, runs=3, profile="full", earlier=earlier, notify=said.append)
    assert whole.accuracies[0] == earlier.accuracies[0]
    assert len(whole.accuracies) == 3
    assert [line.split(":")[0] for line in said] == ["run 2 of 3", "run 3 of 3"]
    assert "70 steps; about" in said[0]
    assert "to go" not in said[1]
    assert to_go_on_with(load_calibrations(), COURSE, dataset.sha256, {"keras": "1.0"}) is None
    assert to_go_on_with(load_calibrations(), COURSE, "0" * 64, sandbox.versions) is None


@pytest.mark.parametrize(("seconds", "text"), [(20, "20 s"), (700, "12 min"), (4800, "1 h 20 min")])
def test_times_are_told_as_people_say_them(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_speed_is_measured_once_for_each_file(dataset: Dataset, tmp_path: Path) -> None:
    course = msgspec.structs.replace(COURSE, limits=CourseLimits(training_seconds=120))
    path = tmp_path / "slow.py"
    path.write_text("x = 1\n")
    files = [solution(tmp_path), SubmissionFile("slow", path)]
    results = [result_of("ada"), result_of("slow", problem="the disk is full")]
    report = make_report(settings(course), results, 1.0)
    book = tmp_path / "gradebook.db"
    (measurement,) = measure_graded(files, report, settings(course), book, quiet=True)
    assert (measurement.submission, measurement.status, len(measurement.rounds)) == ("ada", "measured", 1)
    assert measurement.rounds[0].images == 2 * 96
    with Gradebook.open(book) as kept:
        assert [timing.measurement for timing in kept.measurements()] == [measurement]
    assert measure_graded(files, report, settings(course), book, quiet=True) == []
