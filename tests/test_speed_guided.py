"""Tests of measuring guided programs in the real sandbox, with a network so small that an epoch takes no time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.checks.guided import observed
from grader.course import Course, CourseLimits, Speed
from grader.course.datasets import Dataset, load_dataset
from grader.sandbox.host.launch import best_level
from grader.sandbox.host.session import Sandbox
from grader.speed.errors import MeasuringError
from grader.speed.explaining import Explainer
from grader.speed.guided import GuidedTraining, columns_kept
from grader.speed.measuring import Pairs, draw_data
from grader.speed.records import Round
from grader.submissions import Submission, SubmissionFile, read_submission
from tests.test_explaining import TOO_SLOW

COURSE = Course(
    dataset="shapes", speed=Speed(train_images=192, epochs=3, batch_size=50), limits=CourseLimits(training_seconds=60)
)

PROGRAM = """
import time
import keras
import numpy as np

(x_train, y_train), (x_test, y_test) = keras.datasets.cifar10.load_data()

def three(x, y):
    keep = np.random.permutation(np.flatnonzero(np.isin(y[:, 0], (9, 2, 5))))
    columns = np.array([0, 0, 2, 0, 0, 1, 0, 0, 0, 0])  # 9, 5 and 2, in this order
    return x[keep] / 255, np.eye(3)[columns[y[keep, 0]]]

x_train, y_train = three(x_train, y_train)
x_test, y_test = three(x_test, y_test)
model = keras.Sequential([keras.Input((32, 32, 3)), keras.layers.AveragePooling2D(8), keras.layers.Flatten(),
                          keras.layers.Dense(3, activation="softmax")])
model.compile(optimizer=keras.optimizers.Adam(0.01), loss="categorical_crossentropy", metrics=["accuracy"])
"""
CONVOLUTIONS = """
model = keras.Sequential([keras.Input((32, 32, 3)), keras.layers.Conv2D(16, 5, strides=2, activation="relu"),
                          keras.layers.MaxPooling2D(2), keras.layers.Conv2D(32, 3, activation="relu"),
                          keras.layers.Flatten(), keras.layers.Dense(3, activation="softmax")])
model.compile(optimizer=keras.optimizers.Adam(0.002), loss="categorical_crossentropy", metrics=["accuracy"])
"""
FIT = """
h = model.fit(x_train, y_train, validation_data=(x_test, y_test), epochs=17, batch_size=8,
              callbacks=[keras.callbacks.EarlyStopping(patience=1), keras.callbacks.ModelCheckpoint("best.keras")])
"""


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox.start(best_level(), threads=2) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return load_dataset("shapes")


def program(folder: Path, text: str) -> Submission:
    path = folder / "ada.py"
    path.write_text(PROGRAM + text, encoding="utf-8")
    return read_submission(SubmissionFile("ada", path))


def measured(sandbox: Sandbox, dataset: Dataset, solution: Submission, course: Course = COURSE) -> Round:
    """Measure one round."""
    kept = columns_kept(sandbox, solution, course)
    with GuidedTraining(sandbox, solution, course, draw_data(dataset, course, 1), 1, kept) as training:
        training.prepare()
        training.train()
        return training.finish()


def test_its_own_fit_trains_the_speed_images_for_the_courses_epochs(
    sandbox: Sandbox, dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(observed, "STATEMENT_SECONDS", 5.0)  # for the endless loop, in the run that finds the columns
    found = measured(sandbox, dataset, program(tmp_path, FIT + "while True:\n    pass\n"))
    images = len(draw_data(dataset, COURSE, 1).x_train)
    steps = -(-images // COURSE.speed.batch_size)
    assert [(epoch.steps, epoch.images) for epoch in found.epochs] == [(steps, images)] * COURSE.speed.epochs
    assert found.images == images * COURSE.speed.epochs
    assert found.moved
    assert 0 < found.epochs[1].train_seconds < found.call_seconds < found.cold_seconds + found.call_seconds
    assert found.epochs[0].callback_seconds > 0


def test_what_it_learned_is_judged_by_its_own_columns_and_scaling(
    sandbox: Sandbox, dataset: Dataset, tmp_path: Path
) -> None:
    kept = columns_kept(sandbox, program(tmp_path, FIT), COURSE)
    assert dict(zip(kept.labels, kept.columns, strict=True)) == {2: 2, 5: 1, 9: 0}
    solution = program(tmp_path, CONVOLUTIONS + FIT)
    speed = Speed(train_images=600, epochs=6, batch_size=20)
    found = measured(sandbox, dataset, solution, Course(dataset="shapes", speed=speed, limits=COURSE.limits))
    assert found.accuracy > 0.6


def test_slow_work_of_its_own_in_fit_shows(sandbox: Sandbox, dataset: Dataset, tmp_path: Path) -> None:
    slow = "keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: time.sleep(0.3))"
    found = measured(
        sandbox, dataset, program(tmp_path, FIT.replace("keras.callbacks.EarlyStopping(patience=1)", slow))
    )
    assert all(epoch.callback_seconds > 0.25 for epoch in found.epochs)


def test_why_it_is_slow_is_found_and_undone(sandbox: Sandbox, dataset: Dataset, tmp_path: Path) -> None:
    slow = "keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: time.sleep(0.2))"
    solution = program(tmp_path, FIT.replace("keras.callbacks.EarlyStopping(patience=1)", slow))
    pairs = Pairs(sandbox, solution, None, COURSE, dataset)
    explainer = Explainer(pairs, COURSE, dataset, images=COURSE.speed.train_images)
    sleeping = next(cause for cause in explainer.look() if cause.name == "LambdaCallback")
    (tried,) = explainer.try_all([sleeping])
    assert tried.gain is not None or tried.problem.startswith(TOO_SLOW)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "The program never gets to a call of fit."),
        (
            "if len(x_train) > 130:\n    model.fit = None\n" + FIT,  # the observed run has 120 images
            "The program did not get through its call of fit: TypeError",
        ),
    ],
)
def test_what_goes_wrong_is_one_sentence(
    sandbox: Sandbox, dataset: Dataset, tmp_path: Path, text: str, problem: str
) -> None:
    with pytest.raises(MeasuringError) as caught:
        measured(sandbox, dataset, program(tmp_path, text))
    assert caught.value.problem.startswith(problem)


def test_turns_know_a_guided_program(sandbox: Sandbox, dataset: Dataset, tmp_path: Path) -> None:
    turns = Pairs(sandbox, program(tmp_path, FIT), None, COURSE, dataset)
    turns.before()
    turns.timed()
    turns.after()
    assert len(turns.rounds) == 1
    assert '"AveragePooling2D"' in turns.config
