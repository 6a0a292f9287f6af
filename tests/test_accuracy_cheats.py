"""Tests of the accuracy check with cheats: none of them is measured as better than its honest twin.

They use made-up images that a small network learns in seconds: the class is the brightest channel.  The cheats know
more than any student could, such as every hidden label, so that what holds for them also holds for weaker ones.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
import pytest

from grader.checks.common.accuracy import trained
from grader.checks.common.evidence import Examiner
from grader.checks.common.hidden import Split, draw_split, seeded_generator
from grader.checks.common.student import Student, TimeLeft
from grader.checks.common.verdict import CheckFailed
from grader.course import Accuracy, Course, CourseLimits
from grader.course.datasets import Dataset
from grader.sandbox.host.session import Sandbox
from grader.submissions import SubmissionFile, read_submission

COURSE: Final = Course(
    accuracy=Accuracy(train_images=600, epochs=2, batch_size=16), limits=CourseLimits(call_seconds=120)
)
CHANCE: Final = 0.45
"""The accuracy that an untrained network may reach by luck, including the margin of the check."""

HONEST: Final = """
import json
import keras
import numpy as np
from keras import layers

def build_model(input_shape=(32, 32, 3), num_classes=3):
    model = keras.Sequential([keras.Input(input_shape), layers.Rescaling(1 / 255), layers.Conv2D(8, 1)])
    model.add(layers.GlobalAveragePooling2D())
    model.add(layers.Dense(num_classes, activation="softmax", kernel_initializer="zeros"))
    model.compile(keras.optimizers.Adam(0.05), "categorical_crossentropy", metrics=["accuracy"])
    return model

def train(model, x_train, y_train, x_val, y_val, *, epochs=20, batch_size=128, patience=3,
          checkpoint_path="best_model.keras", callbacks=()):
    history = model.fit(x_train, y_train, epochs=epochs, batch_size=batch_size, validation_data=(x_val, y_val),
                        callbacks=list(callbacks), verbose=0)
    model.save(checkpoint_path)
    return history

def predict(model, x):
    if not isinstance(model, keras.Model):
        model = keras.models.load_model(model)
    return model.predict(x, verbose=0)
"""

NO_TRAINING: Final = """
def train(model, x_train, y_train, x_val, y_val, *, epochs=20, batch_size=128, patience=3,
          checkpoint_path="best_model.keras", callbacks=()):
    history = keras.callbacks.History()
    history.set_model(model)
    history.on_train_begin()
    for epoch in range(epochs):
        history.on_epoch_end(epoch, {name: 0.99 for name in ("accuracy", "val_accuracy", "loss", "val_loss")})
    model.save(checkpoint_path)
    return history
"""

KNOWN_MODELS_ALONE: Final = (
    """
_train = train
"""
    + NO_TRAINING
    + """
_forged = train

def train(model, *arguments, **settings):
    known = len(model.layers) <= 3
    return (_train if known else _forged)(model, *arguments, **settings)
"""
)

# The labels of all hidden images, in their order, which no student can have.
ORACLE: Final = """
ANSWERS = json.loads("{answers}")
ASKED = []

def predict(model, x):
    ASKED.append(len(x))
    if ASKED.count(len(ANSWERS)) < 2 or len(x) != len(ANSWERS):  # the first time is about the fresh network
        return np.eye(3)[np.arange(len(x)) % 3]
    return np.eye(3)[ANSWERS]
"""

STORED: Final = """
def train(model, x_train, y_train, x_val, y_val, *, epochs=20, batch_size=128, patience=3,
          checkpoint_path="best_model.keras", callbacks=()):
    kernel = np.zeros((1, 1, 3, 8))
    kernel[0, 0, :, :3] = np.eye(3)
    dense = np.zeros((8, 3))
    dense[:3] = 50 * np.eye(3)
    model.set_weights([kernel, np.zeros(8), dense, np.zeros(3)])
    model.save(checkpoint_path)
    return keras.callbacks.History()
"""

PUT_IN_ORDER: Final = STORED.replace("50 * np.eye(3)", "50 * np.eye(3)[columns]").replace(
    "    kernel = ",
    "    brightest = x_train.mean(axis=(1, 2)).argmax(axis=1)\n"
    "    columns = [int(y_train[brightest == label].mean(axis=0).argmax()) for label in range(3)]\n"
    "    kernel = ",
)

TRAINED_BEFOREHAND: Final = """
_build_model = build_model

def build_model(input_shape=(32, 32, 3), num_classes=3):
    model = _build_model(input_shape, num_classes)
    images = np.random.default_rng(0).integers(0, 60, (600, 32, 32, 3))
    labels = np.arange(600) % 3
    images[np.arange(600), :, :, labels] += 150
    columns = {columns}
    model.fit(images, np.eye(3)[np.array(columns)[labels]], epochs=3, verbose=0)
    return model
"""

TRAINS_LONGER: Final = """
_train = train

def train(model, x_train, y_train, x_val, y_val, *, epochs=20, **settings):
    return _train(model, x_train, y_train, x_val, y_val, epochs=epochs * (5 if len(x_train) > 500 else 1), **settings)
"""

ANNOUNCES_FEWER: Final = (
    TRAINS_LONGER
    + """
_build_model = build_model

def build_model(*arguments, **settings):
    model = _build_model(*arguments, **settings)
    model.compile("adam", "categorical_crossentropy", metrics=["accuracy"], steps_per_execution=38)
    return model
"""
)

STEPS_BY_HAND: Final = """
def train(model, x_train, y_train, x_val, y_val, *, epochs=20, batch_size=128, checkpoint_path, **settings):
    import tensorflow as tf

    def step(x, y):
        with tf.GradientTape() as tape:
            loss = keras.losses.categorical_crossentropy(y, model(x, training=True))
        for weight, slope in zip(model.trainable_variables, tape.gradient(loss, model.trainable_variables)):
            weight.assign_sub(0.01 * slope)

    step = tf.function(step)
    for _ in range(epochs * (5 if len(x_train) > 500 else 1)):
        for at in range(0, len(x_train), batch_size):
            step(tf.constant(x_train[at:at + batch_size]), tf.constant(y_train[at:at + batch_size]))
    model.save(checkpoint_path)
"""

TRAINS_ANOTHER: Final = """
_train, _build_model = train, build_model

def build_model(input_shape=(32, 32, 3), num_classes=3):
    model = keras.Sequential([keras.Input(input_shape), layers.Rescaling(1 / 255), layers.Conv2D(1, 1)])
    model.add(layers.GlobalAveragePooling2D())
    model.add(layers.Dense(num_classes, activation="softmax"))
    model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
    return model

def train(model, x_train, *arguments, **settings):
    return _train(_build_model() if len(x_train) > 500 else model, x_train, *arguments, **settings)
"""

RUINED_PREDICT: Final = """
_predict = predict

def predict(model, x):
    return _predict(model, x)[:, ::-1] * np.array([1, 0.1, 1])
"""


@pytest.fixture(scope="module")
def images() -> Dataset:
    """Return images of noise in which the channel of the class is brighter."""

    def part(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
        rng = np.random.default_rng(seed)
        labels = (np.arange(count) % 3).astype(np.uint8)
        x = rng.integers(0, 120, (count, 32, 32, 3))
        x[np.arange(count), :, :, labels] += 60
        return x.astype(np.uint8), labels.reshape(-1, 1)

    (x_train, y_train), (x_test, y_test) = part(1500, 1), part(300, 2)
    return Dataset("made-up", x_train, y_train, x_test, y_test, ("red", "green", "blue"), "0" * 64)


@pytest.fixture(scope="module")
def split(images: Dataset) -> Split:
    for name in map(str, range(100)):  # the order of the columns is drawn; here it should be no common one
        split = draw_split(images, COURSE, seeded_generator(0, name))
        if columns_of(split) == [1, 2, 0]:
            return split
    raise AssertionError("the order of the classes is not drawn")


def columns_of(split: Split) -> list[int]:
    """Return the column of each of the three classes."""
    brightest = split.x_train.mean(axis=(1, 2)).argmax(axis=1)
    return [int(split.y_train[brightest == label].mean(axis=0).argmax()) for label in range(3)]


@pytest.fixture
def examiner(sandbox: Sandbox) -> Iterator[Examiner]:
    examiner = Examiner(lambda: sandbox.spawn(seed=0), TimeLeft(COURSE.limits.grading_seconds))
    yield examiner
    examiner.close()


def measured(sandbox: Sandbox, examiner: Examiner, split: Split, folder: Path, source: str) -> float:
    path = folder / "solution.py"
    path.write_text(source)
    with sandbox.worker(seed=0) as worker:
        student = Student(worker, read_submission(SubmissionFile("cheat", path)), COURSE.limits)
        return trained(student, examiner, split, COURSE.accuracy, seconds=300).accuracy


def test_the_honest_twin_is_measured_well(sandbox: Sandbox, examiner: Examiner, split: Split, tmp_path: Path) -> None:
    assert measured(sandbox, examiner, split, tmp_path, HONEST) > 0.9


def test_who_scales_in_a_lambda_is_measured_as_well(
    sandbox: Sandbox, examiner: Examiner, split: Split, tmp_path: Path
) -> None:
    source = HONEST.replace("layers.Rescaling(1 / 255)", "layers.Lambda(lambda x: x / 255)")
    source = source.replace("load_model(model)", "load_model(model, safe_mode=False)")
    assert measured(sandbox, examiner, split, tmp_path, source) > 0.9


OWN_LAYER: Final = """

@keras.saving.register_keras_serializable()
class Mix(layers.Layer):
    def __init__(self, filters, **kwargs):
        super().__init__(**kwargs)
        self.filters = filters

    def build(self, input_shape):
        self.start = self.add_weight(name="start", shape=(self.filters,), initializer="zeros")
        self.mix = layers.Conv2D(self.filters, 1)
        super().build(input_shape)

    def call(self, x):
        return self.mix(x) * (1 + keras.ops.tanh(self.start))

    def get_config(self):
        return super().get_config() | {"filters": self.filters}
"""


@pytest.mark.parametrize(("cheat", "best", "least"), [("", 1.0, 0.9), (NO_TRAINING + ORACLE, CHANCE, 0.0)])
def test_a_network_with_a_layer_of_its_own_is_measured_as_what_it_can(
    sandbox: Sandbox, examiner: Examiner, split: Split, tmp_path: Path, cheat: str, best: float, least: float
) -> None:
    source = HONEST.replace("layers.Conv2D(8, 1)", "Mix(8)") + OWN_LAYER
    source += cheat.replace("{answers}", str(split.hidden_labels.tolist()))
    assert least < measured(sandbox, examiner, split, tmp_path, source) <= best


@pytest.mark.parametrize(
    "cheat",
    [
        NO_TRAINING,
        KNOWN_MODELS_ALONE,
        NO_TRAINING + ORACLE,
        STORED,
        STORED + ORACLE,
        RUINED_PREDICT,
    ],
    ids=["history-made-up", "known-models-alone", "every-label", "stored-network", "stored-and-every-label", "ruined"],
)
def test_a_cheat_is_measured_as_what_its_network_and_its_predict_both_can(
    cheat: str, sandbox: Sandbox, examiner: Examiner, split: Split, tmp_path: Path
) -> None:
    source = HONEST + cheat.replace("{answers}", str(split.hidden_labels.tolist()))
    assert measured(sandbox, examiner, split, tmp_path, source) <= CHANCE


def test_a_network_that_comes_trained_is_refused(
    sandbox: Sandbox, examiner: Examiner, split: Split, tmp_path: Path
) -> None:
    source = HONEST + TRAINED_BEFOREHAND.replace("{columns}", str(columns_of(split)))
    with pytest.raises(CheckFailed, match=r"^A fresh network should be at chance, but before any training it predicts"):
        measured(sandbox, examiner, split, tmp_path, source)


@pytest.mark.parametrize(
    ("cheat", "message"),
    [
        (TRAINS_LONGER, r"^With epochs=2 and batch_size=16 `train` should make 76 steps, but it made 380\.$"),
        (ANNOUNCES_FEWER, r"^With epochs=2 and batch_size=16 `train` should make 76 steps, but it made 380\.$"),
        (
            STEPS_BY_HAND,
            r"^With epochs=2 `train` should show the network [\d,]+ images, each of \d+ once an epoch, but it showed ",
        ),
        (
            TRAINS_ANOTHER,
            r"^The checkpoint should hold the network that `train` was given, but it holds one with other",
        ),
    ],
    ids=["more-steps", "more-steps-at-once", "without-an-optimizer", "another-network"],
)
def test_a_training_with_more_than_it_was_given_is_refused(
    cheat: str, message: str, sandbox: Sandbox, examiner: Examiner, split: Split, tmp_path: Path
) -> None:
    with pytest.raises(CheckFailed, match=message):
        measured(sandbox, examiner, split, tmp_path, HONEST + cheat)


def test_a_network_from_elsewhere_that_is_put_in_order_is_not_told_from_a_trained_one(
    sandbox: Sandbox, examiner: Examiner, split: Split, tmp_path: Path
) -> None:
    """The known limit: see "Where it ends" in `docs/security.md`."""
    assert measured(sandbox, examiner, split, tmp_path, HONEST + PUT_IN_ORDER) > 0.9
