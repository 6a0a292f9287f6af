"""Tests of measuring trainings in the real sandbox, with networks so small that an epoch takes no time."""

from __future__ import annotations

import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.checks.common.epochs import believed
from grader.course import Course, CourseLimits, Speed
from grader.course.datasets import Dataset, load_dataset
from grader.sandbox.host.launch import best_level
from grader.sandbox.host.session import Sandbox
from grader.speed.errors import MeasuringError
from grader.speed.measuring import Pairs, Training, draw_data
from grader.speed.records import Round
from grader.speed.turns import OWN_TIME
from grader.submissions import Submission, SubmissionFile, read_submission

COURSE = Course(
    dataset="shapes", speed=Speed(train_images=192, epochs=3, batch_size=50), limits=CourseLimits(training_seconds=60)
)

HEAD = """
import time
import keras
import numpy as np

def build_model(input_shape=(32, 32, 3), num_classes=3):
    layers = keras.layers
    model = keras.Sequential([keras.Input(input_shape), layers.Rescaling(1 / 255), layers.GlobalAveragePooling2D(),
                              layers.Dense(num_classes, activation="softmax")])
    model.compile(optimizer="sgd", loss="categorical_crossentropy", metrics=["accuracy"], run_eagerly=True)
    return model

def predict(model, x):
    return model.predict(x, verbose=0) if not isinstance(model, str) else keras.models.load_model(model).predict(x)

def train(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, patience, checkpoint_path, callbacks=()):
"""
FIT = """
    return model.fit(x_train, y_train, validation_data=(x_val, y_val), epochs=epochs, batch_size=batch_size,
                     callbacks=[*callbacks, keras.callbacks.ModelCheckpoint(checkpoint_path)], verbose=0)
"""


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox.start(best_level(), threads=2) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return load_dataset("shapes")


def submission(folder: Path, train: str = FIT, name: str = "ada") -> Submission:
    path = folder / f"{name}.py"
    path.write_text(HEAD + train)
    return read_submission(SubmissionFile(name, path))


def measured(sandbox: Sandbox, dataset: Dataset, solution: Submission, course: Course = COURSE) -> Round:
    """Measure one round."""
    with Training(sandbox, solution, course, draw_data(dataset, course, 1), 1) as training:
        training.prepare()
        training.train()
        return training.finish()


def test_each_epoch_is_told_apart_with_its_steps(sandbox: Sandbox, dataset: Dataset, tmp_path: Path) -> None:
    slow = "    slow = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: time.sleep(0.5))\n"
    solution = submission(tmp_path, slow + FIT.replace("[*callbacks,", "[*callbacks, slow,"))
    round_ = measured(sandbox, dataset, solution)
    assert [epoch.steps for epoch in round_.epochs] == [4, 4, 4]
    assert all(epoch.callback_seconds >= 0.5 for epoch in round_.epochs)
    assert all(epoch.train_seconds > 0 and epoch.validation_seconds > 0 for epoch in round_.epochs)
    assert all(epoch.val_accuracy is not None for epoch in round_.epochs)
    parts = sum(e.train_seconds + e.validation_seconds + e.callback_seconds for e in round_.epochs)
    assert 1.5 < parts <= round_.call_seconds
    assert round_.moved
    assert 0 <= round_.accuracy <= 1
    assert round_.host_mb > 50
    assert round_.cold_seconds > 0


def test_without_fit_there_are_no_epochs_but_the_call_is_timed(
    sandbox: Sandbox, dataset: Dataset, tmp_path: Path
) -> None:
    by_hand = "    for epoch in range(epochs):\n        model.train_on_batch(x_train, y_train)\n    time.sleep(0.3)\n"
    round_ = measured(sandbox, dataset, submission(tmp_path, by_hand))
    assert round_.epochs == ()
    assert round_.steady_seconds is None
    assert round_.call_seconds >= 0.3
    assert round_.moved


def test_a_train_that_does_nothing_is_shown_as_that(sandbox: Sandbox, dataset: Dataset, tmp_path: Path) -> None:
    round_ = measured(sandbox, dataset, submission(tmp_path, "    return None\n"))
    assert not round_.moved


def test_a_clock_that_was_set_back_is_not_believed(sandbox: Sandbox, dataset: Dataset, tmp_path: Path) -> None:
    forged = "    time.perf_counter = iter(range(100)).__next__\n"
    round_ = measured(sandbox, dataset, submission(tmp_path, forged + FIT))
    assert round_.epochs == ()
    assert round_.call_seconds > 0


@pytest.mark.parametrize(
    ("train", "status", "problem"),
    [
        ("    raise ValueError('no')\n", "failed", "ValueError: no (line 17: raise ValueError('no'))."),
        ("    raise MemoryError('all gone')\n", "out_of_memory", "MemoryError: all gone"),
        ("    kept = [np.ones(2**22) for _ in range(1000)]\n", "out_of_memory", "The code used more than 1500 MB"),
        ("    import os; os._exit(0)\n", "failed", "The code ended the Python process"),
    ],
)
def test_what_goes_wrong_is_one_sentence(
    sandbox: Sandbox, dataset: Dataset, tmp_path: Path, train: str, status: str, problem: str
) -> None:
    course = Course(dataset="shapes", speed=COURSE.speed, limits=CourseLimits(memory_mb=1500))
    with pytest.raises(MeasuringError) as caught:
        measured(sandbox, dataset, submission(tmp_path, train), course)
    assert caught.value.status == status
    assert caught.value.problem.startswith(problem)


def test_submission_and_reference_take_turns_on_the_same_images(
    sandbox: Sandbox, dataset: Dataset, tmp_path: Path
) -> None:
    slow = "    slow = keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: time.sleep(0.2))\n"
    solution = submission(tmp_path, slow + FIT.replace("[*callbacks,", "[*callbacks, slow,"))
    reference = submission(
        tmp_path, slow.replace("0.2", "0.1") + FIT.replace("[*callbacks,", "[*callbacks, slow,"), "r"
    )
    ended = []
    pairs = Pairs(sandbox, solution, reference, COURSE, dataset, lambda: ended.append(time.monotonic()))
    for _ in range(2):
        pairs.before()
        pairs.timed()
        pairs.after()
    assert len(ended) == 4
    seeds = [round_.seed for round_ in pairs.rounds]
    assert seeds == [round_.seed for round_ in pairs.reference_rounds]
    assert len(set(seeds)) == 2
    # Both get the same images with the same seed, and differ only in their times.
    assert [r.accuracy for r in pairs.rounds] == [r.accuracy for r in pairs.reference_rounds]
    for mine, other in zip(pairs.rounds, pairs.reference_rounds, strict=True):
        assert len(mine.stretches) > 5
        assert len(other.stretches) > 3
        for round_ in (mine, other):
            assert all(0 <= stretch.seconds <= round_.call_seconds for stretch in round_.stretches)
            assert all(0 <= stretch.epochs <= 1 for stretch in round_.stretches)
            # All but the first and the last of the first epoch's four steps count.
            assert sum(stretch.epochs for stretch in round_.stretches) == pytest.approx(2.5, abs=0.01)
        # An epoch has four steps; the time in which a training waits for its turn is not its own.
        assert mine.steady_seconds is not None
        assert other.steady_seconds is not None
        assert mine.steady_seconds >= 0.8
        assert other.steady_seconds >= 0.4


def test_with_a_core_to_spare_both_get_ready_at_the_same_time(dataset: Dataset, tmp_path: Path) -> None:
    waiting = FIT.replace("return model.fit", "time.sleep(3)\n    return model.fit")
    solution, reference = submission(tmp_path, waiting), submission(tmp_path, waiting, "r")
    with Sandbox.start(best_level(), threads=1) as sandbox, sandbox.second((0,)) as second:
        pairs = Pairs(sandbox, solution, reference, COURSE, dataset, second=second)
        pairs.before()
        began, stood = time.monotonic(), OWN_TIME.stood
        pairs.timed()
        took = time.monotonic() - began
        pairs.after()
    (mine,), (other,) = pairs.rounds, pairs.reference_rounds
    assert min(mine.call_seconds, other.call_seconds) > 3
    assert took < mine.call_seconds + other.call_seconds - 2
    assert OWN_TIME.stood - stood == pytest.approx(took - mine.call_seconds, abs=0.1)


def test_turns_that_are_handed_over_without_training_are_no_training(
    sandbox: Sandbox, dataset: Dataset, tmp_path: Path
) -> None:
    forged = """
    import gc
    (service,) = [each for each in gc.get_objects() if type(each).__name__ == "WorkerService"]
    while True:
        service._ask({"kind": "turn"})
"""
    pairs = Pairs(sandbox, submission(tmp_path, forged), submission(tmp_path, name="reference"), COURSE, dataset)
    pairs.before()
    with pytest.raises(MeasuringError, match="hands over its turns sooner than a training does"):
        pairs.timed()


BUSY = """
    import threading
    def compute():
        while True:
            sum(range(10_000))
    threading.Thread(target=compute, daemon=True).start()
"""
PAUSING = "    slow = keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: time.sleep(0.2))\n"
# At the end of each step, a thread starts that computes for a second.
ENDING = """
    import threading
    def compute():
        until = time.monotonic() + 1
        while time.monotonic() < until:
            sum(range(10_000))
    def start(batch, logs):
        threading.Thread(target=compute, daemon=True).start()
        time.sleep(0.2)
    slow = keras.callbacks.LambdaCallback(on_train_batch_end=start)
"""


@pytest.mark.parametrize(
    ("first", "busy"),
    [(PAUSING, False), (BUSY + PAUSING, True), (ENDING, True)],
    ids=["waits", "computes", "computes-and-ends"],
)
def test_what_is_computed_in_the_turn_of_the_other_is_charged(
    sandbox: Sandbox, dataset: Dataset, tmp_path: Path, first: str, busy: bool
) -> None:
    train = first + FIT.replace("[*callbacks,", "[*callbacks, slow,")
    split = draw_data(dataset, COURSE, 1)
    with Training(sandbox, submission(tmp_path, train), COURSE, split, 1) as training:
        training.prepare()
        training.turn()
        before = training.own_seconds
        time.sleep(3)  # the other training's turn
        began = time.monotonic()
        training.turn()
        took = time.monotonic() - began
        assert not training.ended
        charged = training.own_seconds - before - took
    # A tenth of these 3 s: on a busy machine a thread does not get all of them, and one that waits gets none.
    assert (charged > 0.3) == busy


def test_a_thread_that_ends_between_turns_makes_no_call_shorter(
    sandbox: Sandbox, dataset: Dataset, tmp_path: Path
) -> None:
    solution = submission(tmp_path, PAUSING + FIT.replace("[*callbacks,", "[*callbacks, slow,"))
    path = tmp_path / "early.py"
    path.write_text(solution.source + textwrap.dedent(BUSY.replace("while True", "while time.process_time() < 8")))
    early = read_submission(SubmissionFile("early", path))
    with Training(sandbox, early, COURSE, draw_data(dataset, COURSE, 1), 1) as training:
        training.prepare()
        training.turn()
        time.sleep(5)
        training.turn()
        assert all(turn.between >= 0 for turn in training.turns)
        training.train()
        assert training.finish().call_seconds > 2


@pytest.mark.parametrize("where", ["build_model", "train", "predict"])
def test_who_fails_beside_the_reference_ends_both(
    sandbox: Sandbox, dataset: Dataset, tmp_path: Path, where: str
) -> None:
    path = tmp_path / "fails.py"
    path.write_text(submission(tmp_path).source + f"\ndef {where}(*args, **kwargs):\n    raise ValueError('no')\n")
    fails = read_submission(SubmissionFile("fails", path))
    waiting = submission(tmp_path, "    time.sleep(40)\n", "r")
    ended = len(sandbox.exits)
    with sandbox.second((0,)) as second:
        assert second is not None
        reference = submission(tmp_path, name="r") if where == "predict" else waiting
        pairs = Pairs(sandbox, fails, reference, COURSE, dataset, second=second)

        def measure() -> None:
            pairs.before()
            pairs.timed()
            pairs.after()

        began = time.monotonic()
        with pytest.raises(MeasuringError, match="ValueError: no"):
            measure()
        assert time.monotonic() - began < 30
        assert len(sandbox.exits) - ended == len(second.exits) == 1


ONE_EPOCH = {"first_step": 10.5, "epochs": [(10.0, 11.0, 12.0, 12.5, 4, 192, 0.5)]}


def test_an_account_that_fits_the_call_is_believed() -> None:
    epochs, first_step = believed(ONE_EPOCH, 9.0, 13.0)
    assert first_step == 10.5
    (epoch,) = epochs
    assert (epoch.train_seconds, epoch.validation_seconds, epoch.callback_seconds) == (1.0, 1.0, 0.5)
    assert (epoch.steps, epoch.images, epoch.val_accuracy) == (4, 192, 0.5)


@pytest.mark.parametrize(
    "change",
    [
        {"epochs": []},
        {"first_step": None},
        {"first_step": 99.0},
        {"first_step": float("nan")},
        {"epochs": [(10.0, 11.0, 10.5, 12.5, 4, 192, 0.5)]},
        {"epochs": [(10.0, float("nan"), 12.0, 12.5, 4, 192, 0.5)]},
        {"epochs": [(10.0, 11.0, 12.0, 14.0, 4, 192, 0.5)]},
        {"epochs": [(8.0, 11.0, 12.0, 12.5, 4, 192, 0.5)]},
        {"epochs": [(10.0, 11.0, 12.0, 12.5, 4, 192, 0.5), (11.0, 12.6, 12.7, 12.8, 4, 192, 0.5)]},
        {"epochs": [(10.0, 11.0, float("inf"), float("inf"), 4, 192, 0.5)]},
    ],
)
def test_an_account_that_does_not_fit_is_none(change: dict[str, object]) -> None:
    assert believed({**ONE_EPOCH, **change}, 9.0, 13.0) == ((), None)
