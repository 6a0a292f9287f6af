"""Tests of a worker that ends by a signal: TensorFlow's oneDNN may be the cause, so a sandbox without it is tried."""

from __future__ import annotations

from pathlib import Path

from grader.course import Course, Settings
from grader.grading.slots import Slot
from grader.sandbox.host.launch import best_level
from grader.submissions import SubmissionFile, fetch

# A shortcut past the first block, straight from the image.
SHORTCUT = """
import keras
from keras import layers


def add_conv_block(model, filters):
    model.add(layers.Conv2D(filters, 3, padding="same", activation="relu"))
    model.add(layers.MaxPooling2D(2))
    return model


def build_model(input_shape=(32, 32, 3), num_classes=3):
    images = keras.Input(input_shape)
    scaled = layers.Rescaling(1 / 255)(images)
    shortcut = layers.Conv2D(32, 1, strides=2)(scaled)
    deep = layers.Conv2D(32, 3, strides=2, padding="same", activation="relu")(scaled)
    deep = layers.Conv2D(32, 3, padding="same")(deep)
    merged = layers.ReLU()(layers.add([deep, shortcut]))
    answers = layers.Dense(num_classes, activation="softmax")(layers.GlobalAveragePooling2D()(merged))
    model = keras.Model(images, answers)
    model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
    return model
"""


def test_a_sound_network_whose_training_crashes_tensorflow_loses_nothing(tmp_path: Path) -> None:
    path = tmp_path / "ada.py"
    path.write_text(SHORTCUT)
    with Slot(Settings(Course(), "quick", frozenset({4}), best_level())) as slot:
        result = slot.grade(SubmissionFile("ada", path)).result
        assert slot.sandbox is None, "the next submission has the fast kernels again"
    wrong = [check.id for check in result.checks if check.status != "passed"]
    assert wrong == ["build_model/sequential-and-convolutional"]  # it is not a Sequential


def test_a_submission_that_ends_itself_by_a_signal_is_tried_twice_and_no_more(tmp_path: Path) -> None:
    path = tmp_path / "ada.py"
    path.write_text("import ctypes\n\ndef subset_data(x, y, classes=(0, 1, 2), seed=None):\n    ctypes.string_at(0)\n")
    tried: list[str] = []
    with Slot(Settings(Course(), "quick", frozenset({2}), best_level())) as slot:
        result = slot.grade_bytes(fetch(SubmissionFile("ada", path)), lambda check, outcome: tried.append(check)).result
    assert {check.status for check in result.checks} <= {"crashed", "not_run"}
    assert len(tried) == 2 * len(result.checks)
