"""Tests of counting what a training is trained on, in the real sandbox, whatever its callbacks are told."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.course import Course, CourseLimits, Speed
from grader.course.datasets import Dataset, load_dataset
from grader.sandbox.host.session import Sandbox
from grader.speed.measuring import Training, draw_data
from grader.speed.points import trains_in_full
from grader.speed.records import Budget, Round
from grader.submissions import SubmissionFile, read_submission
from tests.measurements import measurement

COURSE = Course(
    dataset="shapes", speed=Speed(train_images=192, epochs=2, batch_size=10), limits=CourseLimits(training_seconds=60)
)
BUDGET = Budget("shapes", 192, 600, 10, 2)
STEPS = 20
"""The steps of an epoch, the last of which has two images."""

SOLUTION = """
import keras
import numpy as np

class Network(keras.Sequential):
    pass

def build_model(input_shape=(32, 32, 3), num_classes=3):
    layers = keras.layers
    model = Network([keras.Input(input_shape), layers.Rescaling(1 / 255), layers.GlobalAveragePooling2D(),
                     layers.Dropout(0.1), layers.Dense(num_classes, activation="softmax")])
    model.compile(loss="categorical_crossentropy", metrics=["accuracy"], {compiled})
    return model

def predict(model, x):
    return (keras.models.load_model(model) if isinstance(model, str) else model).predict(x, verbose=0)

def train(model, x_train, y_train, x_val, y_val, *, epochs, batch_size, patience, checkpoint_path, callbacks=()):
    def fit(*data, **kwargs):
        return model.fit(*data, validation_data=(x_val, y_val), callbacks=list(callbacks), verbose=0,
                         **{{"epochs": epochs, **kwargs}})

    def batches(repeat=True):
        while True:
            for start in range(0, len(x_train), batch_size):
                yield x_train[start:start + batch_size], y_train[start:start + batch_size]
            if not repeat:
                return

    {train}
"""
FIT = "return fit(x_train, y_train, batch_size=batch_size)"
STEP_OF_ITS_OWN = """
    def train_step(data):
        x, y = data[0], data[1]
        return type(model).train_step(model, ({x}, {y}))
    object.__setattr__(model, "train_step", train_step)
    return fit(x_train, y_train, batch_size=batch_size)
"""


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return load_dataset("shapes")


def trained(sandbox: Sandbox, dataset: Dataset, folder: Path, train: str, compiled: str) -> Round:
    """Measure one round of a solution with the given `train`."""
    path = folder / "ada.py"
    path.write_text(SOLUTION.format(train=train, compiled=compiled))
    split = draw_data(dataset, COURSE, 1)
    with Training(sandbox, read_submission(SubmissionFile("ada", path)), COURSE, split, 1) as training:
        training.prepare()
        training.train()
        return training.finish()


def in_full(round_: Round) -> bool:
    """Whether a round counts as a whole training, so that its speed earns points."""
    told = measurement("ada", [1.0])
    return trains_in_full(type(told)(told.submission, "", "cpu", told.machine, BUDGET, "measured", "", (round_,)))


@pytest.mark.parametrize("compiled", [*(f"steps_per_execution={n}" for n in (1, 8, 32, STEPS)), "run_eagerly=True"])
def test_every_image_counts_however_many_steps_run_at_once(
    sandbox: Sandbox, dataset: Dataset, tmp_path: Path, compiled: str
) -> None:
    round_ = trained(sandbox, dataset, tmp_path, FIT, compiled)
    assert [(epoch.steps, epoch.images) for epoch in round_.epochs] == [(STEPS, 192)] * 2
    assert round_.images == 2 * 192
    assert in_full(round_)


@pytest.mark.parametrize(
    ("train", "compiled", "steps", "images"),
    [
        (FIT, "jit_compile=True, steps_per_execution=8", STEPS, 192),
        (FIT, "optimizer=keras.optimizers.SGD(gradient_accumulation_steps=4)", STEPS, 192),
        ("return fit(batches(), steps_per_epoch=20)", "steps_per_execution=4", STEPS, 192),
        (
            "import tensorflow as tf\n"
            "    data = tf.data.Dataset.from_tensor_slices((x_train, y_train)).repeat().batch(10)\n"
            "    return fit(data, steps_per_epoch=20)",
            "steps_per_execution=20",
            STEPS,
            200,
        ),
        (
            "import tensorflow as tf\n"
            "    return fit(tf.data.Dataset.from_tensor_slices((x_train, y_train)).batch(10, drop_remainder=True))",
            "",
            STEPS - 1,
            190,
        ),
        (
            "class Batches(keras.utils.PyDataset):\n"
            "        def __len__(self):\n"
            "            return 20\n"
            "        def __getitem__(self, i):\n"
            "            return x_train[10 * i:10 * i + 10], y_train[10 * i:10 * i + 10]\n"
            "    return fit(Batches())",
            "steps_per_execution=8",
            STEPS,
            192,
        ),
        (STEP_OF_ITS_OWN.format(x="x", y="y"), "", STEPS, 192),
    ],
    ids=["jit", "accumulated", "generator", "repeats", "drops-remainder", "py-dataset", "own-train-step"],
)
def test_every_image_counts_wherever_it_comes_from(
    sandbox: Sandbox, dataset: Dataset, tmp_path: Path, train: str, compiled: str, steps: int, images: int
) -> None:
    round_ = trained(sandbox, dataset, tmp_path, train, compiled)
    assert [(epoch.steps, epoch.images) for epoch in round_.epochs] == [(steps, images)] * 2
    assert in_full(round_)


@pytest.mark.parametrize(
    "train",
    [
        "for _ in range(epochs):\n"
        "        for batch in batches(repeat=False):\n"
        "            model.train_on_batch(*batch)\n"
        "        model.evaluate(x_val, y_val, verbose=0)",
        "import tensorflow as tf\n"
        "    optimizer = keras.optimizers.SGD(0.1)\n"
        "    loss_of = keras.losses.CategoricalCrossentropy()\n"
        "    @tf.function\n"
        "    def step(x, y):\n"
        "        with tf.GradientTape() as tape:\n"
        "            loss = loss_of(y, model(x, training=True))\n"
        "        optimizer.apply(tape.gradient(loss, model.trainable_variables), model.trainable_variables)\n"
        "    for _ in range(epochs):\n"
        "        for batch in batches(repeat=False):\n"
        "            step(*map(tf.constant, batch))\n"
        "        model(x_val, training=False)",
        "outer = keras.Sequential([keras.layers.RandomFlip(), model])\n"
        "    outer.compile(loss='categorical_crossentropy', steps_per_execution=8)\n"
        "    outer.fit(x_train, y_train, epochs=epochs, batch_size=batch_size, verbose=0)",
    ],
    ids=["train-on-batch", "gradient-tape", "inside-another-network"],
)
def test_every_image_counts_where_no_epochs_can_be_told(
    sandbox: Sandbox, dataset: Dataset, tmp_path: Path, train: str
) -> None:
    round_ = trained(sandbox, dataset, tmp_path, train, "")
    assert round_.epochs == ()
    assert round_.images == 2 * 192
    assert in_full(round_)


@pytest.mark.parametrize(
    ("train", "compiled", "images"),
    [
        (STEP_OF_ITS_OWN.format(x="x[:1]", y="y[:1]"), "", 2 * STEPS),
        (STEP_OF_ITS_OWN.format(x="x[:1]", y="y[:1]"), "steps_per_execution=8", 2 * STEPS),
        ("return fit(x_train, y_train, batch_size=batch_size, steps_per_epoch=2)", "", 2 * 20),
        ("return fit(x_train[:20], y_train[:20], batch_size=1)", "steps_per_execution=4", 2 * 20),
        ("return fit(x_train, y_train, batch_size=batch_size, epochs=1)", "", 192),
        ("return fit(((x[:1], y[:1]) for x, y in batches()), steps_per_epoch=20)", "", 2 * STEPS),
        ("model.train_on_batch(x_train[:10], y_train[:10])", "", 10),
        ("model.fit(x_train[:32], y_train[:32], epochs=1, verbose=0)\n    return fit(x_train[:1], y_train[:1])",
         "", 32 + 2),
    ],
    ids=["in-its-step", "in-its-steps", "few-steps", "few-images", "one-epoch", "generator", "one-batch", "fits-twice"],
)  # fmt: skip
def test_a_training_that_drops_images_is_found_out(
    sandbox: Sandbox, dataset: Dataset, tmp_path: Path, train: str, compiled: str, images: int
) -> None:
    round_ = trained(sandbox, dataset, tmp_path, train, compiled)
    assert round_.moved
    assert round_.images == images
    assert not in_full(round_)


def test_what_validates_is_not_counted_as_training(sandbox: Sandbox, dataset: Dataset, tmp_path: Path) -> None:
    train = "model.evaluate(x_val, y_val, verbose=0)\n    model.predict(x_val, verbose=0)\n    " + FIT
    assert trained(sandbox, dataset, tmp_path, train, "").images == 2 * 192
