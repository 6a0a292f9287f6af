"""Tests with correct solutions that are written in other ways than the reference."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from grader.checks.common.accuracy import odd_end
from grader.checks.common.evidence import Examiner
from grader.checks.common.student import Student, TimeLeft
from grader.checks.common.tools import tools_in
from grader.checks.functions.task5.cases import SCRIPT_CLASSES, ScriptCase
from grader.checks.functions.task5.changed import how_changed
from grader.checks.functions.task5.oracles import (
    expected_epochs,
    patterned_images,
    script_accuracy,
    script_images,
    sureness_of,
)
from grader.checks.functions.task6.test_plot import legend_texts, texts_of_colour
from grader.course import CourseLimits
from grader.sandbox.host.session import Sandbox, SubmissionError, Worker
from grader.sandbox.wire import graphs
from grader.submissions import Submission


def student_of(worker: Worker, source: str) -> Student:
    return Student(worker, Submission("a", Path("a.py"), "", "py", source=textwrap.dedent(source)), CourseLimits())


PLOTS = """
import matplotlib.patches as mpatches
import matplotlib.pyplot as plt

def plot_history(kind):
    if kind == "twin":
        fig, left = plt.subplots()
        left.set_xlabel("epoch")
        axes = left.twinx()
    elif kind == "stacked":
        fig, (axes, below) = plt.subplots(2, 1, sharex=True)
        below.set_xlabel("epoch")
    elif kind == "apart":
        fig, (axes, below) = plt.subplots(2, 1)
        below.set_xlabel("epoch")
    else:
        fig, axes = plt.subplots()
        axes.legend(handles=[mpatches.Patch(color="red", label="training")])
    axes.plot([1, 2], [3, 4], color="red", marker="x")
    return fig
"""


@pytest.mark.parametrize(("kind", "label"), [("twin", "epoch"), ("stacked", "epoch"), ("apart", "")])
def test_an_axis_has_the_label_of_the_axis_it_is_shared_with(worker: Worker, kind: str, label: str) -> None:
    _, facts = student_of(worker, PLOTS).figure("plot_history", kind)
    drawn = [axes for axes in facts["axes"] if axes["lines"]]
    assert [axes["xlabel"] for axes in drawn] == [label]


def test_a_patch_in_a_legend_names_the_line_of_its_colour(worker: Worker) -> None:
    _, facts = student_of(worker, PLOTS).figure("plot_history", "patch")
    line = facts["axes"][0]["lines"][0]
    assert legend_texts(facts, line) == set()
    assert texts_of_colour(facts, line["look"].split(" ")[0]) == {"training"}


LOOPS = """
import keras
import tensorflow as tf

def by_fit(model, x, y, x_val, y_val, epochs, patience):
    best, last, seen = -1.0, 0, []
    for epoch in range(epochs):
        history = model.fit(x, y, epochs=1, batch_size=len(x), validation_data=(x_val, y_val), verbose=0)
        seen.append(history.history["val_accuracy"][0])
        if seen[-1] > best:
            best, last = seen[-1], epoch
        if epoch - last >= patience:
            break
    return seen

def by_tape(model, x, y, x_val, y_val, epochs, patience):
    @tf.function
    def step(x, y):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(keras.losses.categorical_crossentropy(y, model(x, training=True)))
        model.optimizer.apply_gradients(zip(tape.gradient(loss, model.trainable_variables), model.trainable_variables))

    best, last, seen = -1.0, 0, []
    for epoch in range(epochs):
        for start in range(0, len(x), 18):
            step(tf.constant(x[start:start + 18], tf.float32), tf.constant(y[start:start + 18]))
        answers = model(tf.constant(x_val, tf.float32), training=False).numpy()
        seen.append(float((answers.argmax(axis=1) == y_val.argmax(axis=1)).mean()))
        if seen[-1] > best:
            best, last = seen[-1], epoch
        if epoch - last >= patience:
            break
    return seen
"""


@pytest.mark.parametrize("how", ["by_fit", "by_tape"])
def test_a_script_goes_on_in_a_training_loop_of_ones_own(worker: Worker, how: str) -> None:
    case = ScriptCase((3, 7, 4, 8, 8, 5, 6), 3, 9)
    worker.load(LOOPS, (how,))
    classes = [rank - 1 for rank in case.ranks]
    model, script, *_ = tools_in(worker).script_model(SCRIPT_CLASSES, classes, sureness_of(case))
    seen = worker.call(how, model, *script_images(), case.epochs, case.patience)
    assert seen == pytest.approx(script_accuracy(case)[: expected_epochs(case)])
    assert tools_in(worker).epochs_of(script) == expected_epochs(case)


SCALES = """
import keras

class Own(keras.layers.Layer):
    def call(self, x):
        return x / 255

LAYERS = {
    "lambda": lambda: keras.layers.Lambda(lambda x: (x - [1.0, 2.0, 3.0]) / 128.0),
    "class": lambda: Own(),
    "square": lambda: keras.layers.Lambda(lambda x: x * x),
}

def build_model(kind):
    return keras.Sequential([
        keras.Input((8, 8, 3)), LAYERS[kind](), keras.layers.Flatten(), keras.layers.Dense(3, activation="softmax"),
    ])

def answers(model, x):
    return model(x)
"""


@pytest.mark.parametrize("kind", ["lambda", "class"])
def test_a_layer_of_ones_own_that_only_scales_is_examined_as_a_rescaling(
    sandbox: Sandbox, worker: Worker, kind: str
) -> None:
    examiner = Examiner(lambda: sandbox.spawn(seed=0), TimeLeft(600))
    x = np.random.default_rng(0).uniform(0, 255, (4, 8, 8, 3)).astype(np.float32)
    worker.load(SCALES, ("build_model", "answers"))
    model = worker.call("build_model", kind)
    export = tools_in(worker).export_model(model)
    tools_in(worker).save_model(model, "kept.keras")
    data = tools_in(worker).file_bytes("kept.keras")
    assert data is not None
    rebuilt = examiner.rebuild(export["config"], export["weights"])
    assert examiner.describe_network(rebuilt)["layers"][0]["kind"] == "Rescaling"
    opened = examiner.open_checkpoint(data, export["config"])
    expected: Any = worker.call("answers", model, x)
    for network in (rebuilt, opened):
        assert np.allclose(examiner.run_network(network, x), expected, atol=1e-4)
    examiner.close()


BRANCHES = """
import keras

def build_model():
    image = keras.Input((8, 8, 3))
    flat = keras.layers.Flatten()(image)
    return keras.Model(image, keras.layers.Dense(3, activation="softmax")(flat))

def answers(model, x):
    return model(x)
"""


@pytest.mark.parametrize("name", ["kept.keras", "kept.h5"])
def test_a_functional_network_is_opened_from_a_file_of_either_format(
    sandbox: Sandbox, worker: Worker, name: str
) -> None:
    examiner = Examiner(lambda: sandbox.spawn(seed=0), TimeLeft(600))
    x = np.random.default_rng(0).uniform(0, 1, (4, 8, 8, 3)).astype(np.float32)
    worker.load(BRANCHES, ("build_model", "answers"))
    model = worker.call("build_model")
    config = tools_in(worker).export_model(model)["config"]
    tools_in(worker).save_model(model, name)
    data = tools_in(worker).file_bytes(name)
    assert data is not None
    expected: Any = worker.call("answers", model, x)
    for network in (examiner.open_checkpoint(data), examiner.load_weights(config, data)):
        assert np.allclose(examiner.run_network(network, x), expected, atol=1e-4)
    examiner.close()


def test_a_layer_of_ones_own_that_does_more_is_no_rescaling(worker: Worker) -> None:
    worker.load(SCALES, ("build_model",))
    export = tools_in(worker).export_model(worker.call("build_model", "square"))
    assert "Rescaling" not in export["config"]
    assert graphs.has_graphs(export["config"])


def test_a_file_may_be_particular_about_the_number_of_images(worker: Worker) -> None:
    source = """
    import keras
    (x, y), (x_test, y_test) = keras.datasets.cifar10.load_data()
    assert x.shape == (50000, 32, 32, 3) and y_test.shape == (10000, 1)
    def f(): return 1
    """
    few = worker.load(textwrap.dedent(source), ("f",), whole=True)
    assert [error.type_name for error in few.errors] == ["AssertionError"]
    assert worker.load(textwrap.dedent(source), ("f",), whole=True, real_sizes=True).errors == ()


def test_a_block_may_ask_the_model_for_its_output(worker: Worker) -> None:
    source = "def f(model): return model.output_shape"
    worker.load(source, ("f",))
    try:
        assert tuple(worker.call("f", tools_in(worker).sequential((8, 8, 3))))[1:] == (8, 8, 3)
    except SubmissionError as error:
        pytest.fail(error.text)


@pytest.mark.parametrize("where", ["keras.callbacks", "tensorflow.keras.callbacks"])
def test_a_tensorboard_callback_needs_no_tensorboard(worker: Worker, where: str) -> None:
    source = f"""
    import keras, numpy as np
    from {where} import TensorBoard
    def f():
        model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
        model.compile("sgd", "mse", run_eagerly=True)
        callback = TensorBoard("logs", histogram_freq=1, write_graph=True)
        return len(model.fit(np.ones((4, 2)), np.ones((4, 1)), callbacks=[callback], verbose=0).epoch)
    """
    loaded = worker.load(textwrap.dedent(source), ("f",))
    assert loaded.errors == ()
    assert worker.call("f") == 1


ENDS = """
import keras
from keras import layers

def build_model(end):
    last = {
        "as usual": [layers.Dense(3, activation="softmax")],
        "apart": [layers.Dense(3), layers.Softmax()],
        "relu in its layer": [layers.Dense(3, activation="relu"), layers.Softmax()],
        "relu as a layer": [layers.Dense(3), layers.ReLU(), layers.Activation("softmax")],
        "dropout behind": [layers.Dense(3, activation="softmax"), layers.Dropout(0.3)],
        "dropout before": [layers.Dense(3), layers.Dropout(0.3), layers.Softmax()],
        "no softmax": [layers.Dense(3)],
    }[end]
    hidden = [layers.Flatten(), layers.Dense(8, activation="relu"), layers.Dropout(0.2)]
    return keras.Sequential([keras.Input((32, 32, 3)), *hidden, *last])
"""


@pytest.mark.parametrize(
    ("end", "words"),
    [
        ("as usual", ""),
        ("apart", ""),
        ("no softmax", ""),
        ("relu in its layer", "the activation relu before its softmax"),
        ("relu as a layer", "the activation ReLU before its softmax"),
        ("dropout behind", "Dropout after its softmax"),
        ("dropout before", "Dropout right before its softmax"),
    ],
)
def test_what_stands_around_a_softmax_is_named(worker: Worker, end: str, words: str) -> None:
    student = student_of(worker, ENDS)
    said = odd_end(student.export(student.call("build_model", end))["config"])
    assert words in said
    assert bool(said) == bool(words)


def test_an_end_that_cannot_be_read_is_not_odd() -> None:
    assert [odd_end(text) for text in ("", "[]", '{"config": {"layers": [1]}}', "{" * 5000)] == ["", "", "", ""]


def test_images_that_are_treated_alike_are_not_changed() -> None:
    images = patterned_images()[0]
    mirrored, rng = images[:, :, ::-1], np.random.default_rng(1)
    augmented = np.where(rng.random((len(images), 1, 1, 1)) < 0.5, images, mirrored)
    shuffled = rng.permutation(images)
    for training, validation in (
        (shuffled, images),
        (shuffled / 255.0, images / 127.5 - 1),
        (augmented, images),
        (mirrored, mirrored),
        (images[:, ::2, ::2], images[:, ::2, ::2]),
        (rng.permutation(images.mean(axis=3, keepdims=True)), images.mean(axis=3, keepdims=True)),
        (None, images),
        (images, None),
        (images, np.full(images.shape, np.nan)),
    ):
        changed = how_changed(images, training, validation)
        assert changed == ("changed" if validation is not None and np.isnan(validation).all() else "")


@pytest.mark.parametrize(
    ("words", "validation"),
    [
        ("mirrored", lambda x: x[:, :, ::-1] / 255.0),
        ("upside down", lambda x: x[:, ::-1]),
        ("turned by half", lambda x: x[:, ::-1, ::-1]),
        ("transposed", lambda x: x.swapaxes(1, 2)),
        ("turned by a quarter", lambda x: np.rot90(x, 1, (1, 2))),
        ("with their channels the other way round", lambda x: x[..., ::-1]),
        ("changed", lambda x: np.pad(x[:, 4:28, 4:28], ((0, 0), (4, 4), (4, 4), (0, 0)))),
        ("changed", lambda x: np.roll(x, 5, axis=1)),
        ("changed", lambda x: np.repeat(x[..., :1], 3, axis=3)),
    ],
)
def test_what_is_done_to_validation_images_alone_is_named(words: str, validation: Callable[[Any], Any]) -> None:
    images = patterned_images()[0]
    training = np.random.default_rng(1).permutation(images)
    assert how_changed(images, training / 255.0, validation(images)) == words


def test_a_training_that_is_augmented_hides_no_mirrored_validation() -> None:
    images = patterned_images()[0]
    augmented = np.where(np.random.default_rng(1).random((len(images), 1, 1, 1)) < 0.5, images, images[:, ::-1])
    assert how_changed(images, augmented, images[:, :, ::-1]) == "mirrored"
