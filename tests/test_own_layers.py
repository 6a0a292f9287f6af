"""Tests of a submission's own layers and networks: sound ones get full marks, and a bug or a trick is caught.

They are sent to the examiner as graphs; see `grader.sandbox.wire.graphs`.  Each solution here is the plain one among
the wheats with some functions replaced, or the flat script of the guided form with another task 4.

The default run grades every fifth of them; with `GRADER_WHOLE_CORPUS` it grades all.
"""

from __future__ import annotations

import base64
import copy
import json
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
import pytest

from grader.checks.common.evidence import CannotRebuild, Examiner
from grader.checks.common.student import TimeLeft
from grader.checks.common.tools import tools_in
from grader.course import Course, Settings
from grader.grading.slots import Slot
from grader.results.scoring import Result
from grader.sandbox.host.launch import best_level
from grader.sandbox.host.session import Sandbox, SubmissionError, Worker
from grader.sandbox.wire import graphs
from grader.submissions import SubmissionFile
from tests.answers import examining

HERE: Final = Path(__file__).parent
PLAIN: Final = (HERE / "wheats" / "plain.py").read_text(encoding="utf-8").partition('if __name__ == "__main__":')[0]
FLAT: Final = (HERE / "guided" / "wheats" / "p10_flat_script.py").read_text(encoding="utf-8")

REGISTERED_RESIDUAL: Final = '''
@keras.saving.register_keras_serializable(package="course")
class Residual(layers.Layer):
    """Two convolutions, and the images past them."""

    def __init__(self, filters, **kwargs):
        super().__init__(**kwargs)
        self.filters = filters
        self.first = layers.Conv2D(filters, 3, padding="same", use_bias=False)
        self.norm = layers.BatchNormalization()
        self.second = layers.Conv2D(filters, 3, padding="same")
        self.shortcut = layers.Conv2D(filters, 1)
        self.drop = layers.Dropout(0.1)
        self.pool = layers.MaxPooling2D(2)

    def call(self, x, training=None):
        y = keras.activations.relu(self.norm(self.first(x), training=training))
        y = self.drop(self.second(y), training=training)
        return self.pool(keras.ops.relu(y + self.shortcut(x)))

    def get_config(self):
        return super().get_config() | {"filters": self.filters}


def add_conv_block(model, filters):
    model.add(Residual(filters))
    return model
'''

UNREGISTERED: Final = '''
import tensorflow as tf


class ConvNext(layers.Layer):
    """Made in `build`, with weights of its own, and never registered."""

    def __init__(self, filters, **kwargs):
        super().__init__(**kwargs)
        self.filters = filters

    def build(self, input_shape):
        self.scale = self.add_weight(name="scale", shape=(self.filters,), initializer=keras.initializers.Constant(0.1))
        self.mix = self.add_weight(name="mix", shape=(self.filters, 2 * self.filters), initializer="he_normal")
        self.unmix = self.add_weight(name="unmix", shape=(2 * self.filters, self.filters))
        self.down = layers.Conv2D(self.filters, 2, strides=2, padding="same")
        self.each = layers.DepthwiseConv2D(5, padding="same")
        self.norm = layers.LayerNormalization(epsilon=1e-6)
        super().build(input_shape)

    def call(self, x):
        x = self.down(x)
        y = tf.nn.gelu(tf.matmul(self.norm(self.each(x)), self.mix))
        return x + self.scale * tf.matmul(y, self.unmix)

    def get_config(self):
        return super().get_config() | {"filters": self.filters}


def add_conv_block(model, filters):
    model.add(ConvNext(filters))
    return model


def predict(model, x):
    if not isinstance(model, keras.Model):
        model = keras.models.load_model(model, custom_objects={"ConvNext": ConvNext})
    return model.predict(x, verbose=0)
'''

SEQUENTIAL_SUBCLASS: Final = """
@keras.saving.register_keras_serializable()
class Network(keras.Sequential):
    def total(self):
        return sum(layer.count_params() for layer in self.layers)


def build_model(input_shape=(32, 32, 3), num_classes=3):
    model = Network()
    model.add(keras.Input(shape=input_shape))
    model.add(layers.Rescaling(1 / 255))
    for filters in (16, 32, 64):
        add_conv_block(model, filters)
    model.add(layers.Flatten())
    model.add(layers.Dense(num_classes, activation="softmax"))
    model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
    return model
"""

MODEL_SUBCLASS: Final = '''
@keras.saving.register_keras_serializable()
class Network(keras.Model):
    """Functional, with a sum in it, and the block's Sequential inside."""

    def __init__(self, input_shape, num_classes, **kwargs):
        images = keras.Input(tuple(input_shape))
        x = y = layers.Rescaling(1 / 255)(images)
        for filters in (16, 32):
            x = add_conv_block(keras.Sequential(), filters)(x)
            y = layers.AveragePooling2D(2)(layers.Conv2D(filters, 1)(y))
            x = x + keras.ops.tanh(y)
        x = layers.GlobalAveragePooling2D()(x)
        super().__init__(images, layers.Dense(num_classes, activation="softmax")(x), **kwargs)
        self.settings = {"input_shape": tuple(input_shape), "num_classes": num_classes}

    def get_config(self):
        return dict(self.settings)

    @classmethod
    def from_config(cls, config):
        return cls(**config)


def build_model(input_shape=(32, 32, 3), num_classes=3):
    model = Network(input_shape, num_classes)
    model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
    return model
'''

LAMBDA: Final = '''
import tensorflow as tf


@keras.saving.register_keras_serializable()
def standardise(x):
    """Each image by its own mean and spread, and its slopes as further channels."""
    x = tf.image.per_image_standardization(x)
    down, right = tf.image.image_gradients(x)
    return tf.concat([x, down, right], axis=-1)


def build_model(input_shape=(32, 32, 3), num_classes=3):
    model = keras.Sequential([keras.Input(shape=input_shape), layers.Lambda(standardise)])
    for filters in (16, 32, 64):
        add_conv_block(model, filters)
    model.add(layers.Flatten())
    model.add(layers.Dense(num_classes, activation="softmax"))
    model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
    return model
'''

ATTENTION: Final = '''
@keras.saving.register_keras_serializable()
class Attention(layers.Layer):
    """Weighs channels, then places."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.mean = layers.GlobalAveragePooling2D(keepdims=True)
        self.where = layers.Conv2D(1, 7, padding="same", activation="sigmoid")

    def build(self, input_shape):
        self.squeeze = layers.Dense(input_shape[-1] // 4, activation="relu")
        self.excite = layers.Dense(input_shape[-1], activation="sigmoid")
        super().build(input_shape)

    def call(self, x):
        x = x * self.excite(self.squeeze(self.mean(x)))
        about = [keras.ops.mean(x, axis=-1, keepdims=True), keras.ops.max(x, axis=-1, keepdims=True)]
        return x * self.where(keras.ops.concatenate(about, axis=-1))


def add_conv_block(model, filters):
    model.add(layers.Conv2D(filters, 3, padding="same", activation="relu"))
    model.add(Attention())
    model.add(layers.MaxPooling2D(2))
    return model
'''

OWN_CONVOLUTION: Final = '''
@keras.saving.register_keras_serializable()
def swish(x):
    return x * keras.ops.sigmoid(1.5 * x)


@keras.saving.register_keras_serializable()
class Standardised(layers.Conv2D):
    """A convolution whose kernel is standardised before it is applied."""

    def call(self, x):
        kernel = self.kernel - keras.ops.mean(self.kernel, axis=(0, 1, 2), keepdims=True)
        kernel = kernel / (keras.ops.std(kernel, axis=(0, 1, 2), keepdims=True) + 1e-4) / 8
        return self.activation(keras.ops.conv(x, kernel, strides=1, padding="same") + self.bias)


def add_conv_block(model, filters):
    model.add(Standardised(filters, 3, padding="same", activation=swish))
    model.add(layers.AveragePooling2D(2))
    return model
'''

SOUND: Final = {
    "registered-residual-block": (REGISTERED_RESIDUAL, set()),
    "layer-without-registration": (UNREGISTERED, set()),
    "subclass-of-sequential": (SEQUENTIAL_SUBCLASS, set()),
    "functional-subclass-of-model": (MODEL_SUBCLASS, {"build_model/sequential-and-convolutional"}),
    "lambda-with-more-than-scaling": (LAMBDA, set()),
    "attention": (ATTENTION, set()),
    "convolution-of-its-own": (OWN_CONVOLUTION, set()),
}
"""Sound solutions, each with the checks that it rightly fails, since its network is not a Sequential."""


def with_head(call: str) -> str:
    """Return a network whose last layer is of its own, with the answer that the layer gives."""
    return f"""
import numpy as np
import tensorflow as tf


@keras.saving.register_keras_serializable()
class Head(layers.Layer):
    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.flat = layers.Flatten()
        self.dense = layers.Dense(units)
        self.start = self.add_weight(name="start", shape=(units,), initializer="zeros")

    def call(self, x):
        y = self.dense(self.flat(x))
        {call}

    def get_config(self):
        return super().get_config() | {{"units": self.units}}


def build_model(input_shape=(32, 32, 3), num_classes=3):
    model = keras.Sequential([keras.Input(shape=input_shape), layers.Rescaling(1 / 255)])
    for filters in (16, 32):
        add_conv_block(model, filters)
    model.add(Head(num_classes))
    model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
    return model
"""


ALL_OF_BUILD_MODEL: Final = {
    "build_model/sequential-and-convolutional",
    "build_model/honours-arguments",
    "build_model/softmax-probabilities",
    "build_model/categorical-cross-entropy",
    "build_model/tracks-accuracy",
    "build_model/learns",
    "build_model/fresh-and-untrained",
}

DECORATED: Final = '''
@keras.saving.register_keras_serializable()
class Decorated(layers.Layer):
    """Has a convolution that the answer does not depend on."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.shown = layers.Conv2D(3, 3, padding="same")
        self.pool = layers.MaxPooling2D()

    def call(self, x):
        return self.pool(x + 0 * self.shown(x))


def build_model(input_shape=(32, 32, 3), num_classes=3):
    model = keras.Sequential([keras.Input(shape=input_shape), Decorated(), layers.Flatten()])
    model.add(layers.Dense(num_classes, activation="softmax"))
    model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
    return model
'''

SHARED: Final = (
    REGISTERED_RESIDUAL
    + """
BLOCKS = [Residual(16), Residual(32)]


def build_model(input_shape=(32, 32, 3), num_classes=3):
    if tuple(input_shape) != (32, 32, 3):
        blocks = [Residual(16), Residual(32)]
    else:
        blocks = BLOCKS
    model = keras.Sequential([keras.Input(shape=input_shape), *blocks, layers.Flatten()])
    model.add(layers.Dense(num_classes, activation="softmax"))
    model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
    return model
"""
)

BORROWED: Final = (
    DECORATED.replace('self.shown = layers.Conv2D(3, 3, padding="same")', "self.dense = layers.Dense(3)")
    .replace("x + 0 * self.shown(x)", "self.dense(x) + 0 * self.beside(x)")
    .replace(
        "    def call(self, x):",
        """    def beside(self, x):
        return keras.ops.conv(x, keras.ops.reshape(self.dense.kernel, (1, 1, -1, 3)), padding="same")

    def call(self, x):""",
    )
)
"""Like `DECORATED`, but with the kernel of a dense layer that takes part in the network."""

BUGS: Final = {
    "a-convolution-for-show-with-a-borrowed-kernel": (
        BORROWED,
        {"build_model/sequential-and-convolutional"},
        "The network should be convolutional, but its layers are",
    ),
    "no-softmax": (
        with_head("return y + self.start"),
        {"build_model/softmax-probabilities"},
        "should be probabilities that sum to 1",
    ),
    "one-unit-too-many": (
        with_head("return keras.ops.softmax(keras.ops.pad(y, ((0, 0), (0, 1))))"),
        {"build_model/honours-arguments"},
        "should give answers of shape (3,), but it has (4,)",
    ),
    "ignores-its-images": (
        with_head("return keras.ops.softmax(0 * y + self.start)"),
        ALL_OF_BUILD_MODEL,
        "its layer Head answers the same whatever the images show",
    ),
    "asks-for-the-number-of-images-alone": (
        with_head("return tf.nn.softmax(tf.zeros((tf.shape(y)[0], self.units)) + self.start)"),
        ALL_OF_BUILD_MODEL,
        "its layer Head answers the same whatever the images show",
    ),
    "calls-python": (
        with_head(
            "return tf.ensure_shape(tf.py_function(lambda a: tf.nn.softmax(a), [y], tf.float32), (None, self.units))"
        ),
        ALL_OF_BUILD_MODEL,
        "its layer Head calls Python with EagerPyFunc",
    ),
    "reads-a-file": (
        with_head("return tf.nn.softmax(y + tf.cast(tf.strings.length(tf.io.read_file('/etc/hostname')), tf.float32))"),
        ALL_OF_BUILD_MODEL,
        "its layer Head computes with ReadFile",
    ),
    "draws-at-random": (
        with_head("return tf.nn.softmax(y + tf.random.normal((self.units,)))"),
        ALL_OF_BUILD_MODEL,
        "its layer Head computes with RandomStandardNormal",
    ),
    "brings-numbers": (
        with_head(
            "return keras.ops.softmax(y[:, :3] + self.flat(x)[:, :1024] @ np.sin(np.arange(3072.0, dtype='float32'))"
            ".reshape(1024, 3))"
        ),
        ALL_OF_BUILD_MODEL,
        "its own layers bring more than 1,024 fixed numbers",
    ),
    "thousands-of-operations": (
        with_head("""for i in range(3000):
            y = y + self.start * i
        return keras.ops.softmax(y)"""),
        ALL_OF_BUILD_MODEL,
        "its own layers make more than 4,000 operations",
    ),
    "a-convolution-for-show": (
        DECORATED,
        {"build_model/sequential-and-convolutional", "build_model/learns"},
        "The network should be convolutional, but its layers are",
    ),
    "blocks-shared-between-calls": (
        SHARED,
        {"build_model/fresh-and-untrained"},
        "The weights should be as Keras initialises them",
    ),
    "twice-the-filters": (
        REGISTERED_RESIDUAL.replace("model.add(Residual(filters))", "model.add(Residual(2 * filters))"),
        {"add_conv_block/ends-in-filters"},
        "the block should end in",
    ),
    "never-smaller": (
        REGISTERED_RESIDUAL.replace("MaxPooling2D(2)", "MaxPooling2D(2, strides=1, padding='same')"),
        {"add_conv_block/halves-height-and-width"},
        "The block should at least halve height and width",
    ),
}
"""Solutions with one bug or trick, with the checks that they fail, and words of the first message."""


def some_of(solutions: Iterable[str]) -> list[str]:
    """Return the names of the cases that are tried."""
    return list(solutions) if os.environ.get("GRADER_WHOLE_CORPUS") else list(solutions)[::5]


def graded(quick: Slot, path: Path, text: str) -> Result:
    path.write_text(text, encoding="utf-8")
    return quick.grade(SubmissionFile(path.stem, path)).result


def missed(result: Result) -> dict[str, str]:
    return {check.id: check.message for check in result.checks if check.status != "passed"}


@pytest.fixture(scope="module")
def of_networks() -> Iterator[Slot]:
    """A slot that grades only task 4."""
    with Slot(Settings(Course(), "quick", frozenset((4,)), best_level())) as slot:
        yield slot


@pytest.mark.parametrize("name", some_of(SOUND))
def test_sound_work_with_layers_of_its_own_has_full_marks(quick: Slot, tmp_path: Path, name: str) -> None:
    text, costs = SOUND[name]
    assert set(missed(graded(quick, tmp_path / "own.py", PLAIN + text))) == costs


@pytest.mark.parametrize("name", some_of(BUGS))
def test_a_bug_or_a_trick_in_a_layer_of_its_own_is_caught(of_networks: Slot, tmp_path: Path, name: str) -> None:
    text, costs, words = BUGS[name]
    found = missed(graded(of_networks, tmp_path / "own.py", PLAIN + text))
    assert set(found) == costs
    assert words in next(iter(found.values()))


REGISTERED_IN_NOTEBOOK: Final = """
@tf.keras.utils.register_keras_serializable()
class Residual(tf.keras.layers.Layer):
    def __init__(self, num_filters, **kwargs):
        super().__init__(**kwargs)
        self.num_filters = num_filters
        self.first = tf.keras.layers.Conv2D(num_filters, 3, padding='same', activation='relu')
        self.second = tf.keras.layers.Conv2D(num_filters, 3, padding='same')
        self.norm = tf.keras.layers.BatchNormalization()
        self.shortcut = tf.keras.layers.Conv2D(num_filters, 1)
        self.pool = tf.keras.layers.MaxPooling2D()

    def call(self, x, training=False):
        y = self.norm(self.second(self.first(x)), training=training)
        return self.pool(tf.nn.relu(y + self.shortcut(x)))

    def get_config(self):
        return {**super().get_config(), 'num_filters': self.num_filters}


model = tf.keras.Sequential()
model.add(tf.keras.layers.Input(shape=(32, 32, 3)))
for n in (16, 32):
    model.add(Residual(n))
model.add(tf.keras.layers.Flatten())
model.add(tf.keras.layers.Dense(3, activation='softmax'))
"""

LAYER_IN_NOTEBOOK: Final = """
class Block(tf.keras.layers.Layer):
    def __init__(self, num_filters, **kwargs):
        super().__init__(**kwargs)
        self.num_filters = num_filters

    def build(self, input_shape):
        self.conv = tf.keras.layers.Conv2D(self.num_filters, 3, padding='same')
        self.gain = self.add_weight(shape=(self.num_filters,), initializer='ones', name='gain')

    def call(self, x):
        x = self.conv(x) * self.gain
        return tf.nn.max_pool2d(x * tf.math.sigmoid(x), 2, 2, 'VALID')

    def get_config(self):
        return {**super().get_config(), 'num_filters': self.num_filters}


model = tf.keras.Sequential([
    tf.keras.Input((32, 32, 3)), Block(16), Block(32), tf.keras.layers.GlobalAveragePooling2D(),
    tf.keras.layers.Dense(3, activation='softmax')])
"""

SEQUENTIAL_IN_NOTEBOOK: Final = """
class Net(tf.keras.Sequential):
    def block(self, n):
        self.add(tf.keras.layers.Conv2D(n, 3, padding='same', activation=lambda x: tf.nn.relu(x) - 0.1))
        self.add(tf.keras.layers.MaxPooling2D())


model = Net()
model.add(tf.keras.Input((32, 32, 3)))
model.block(16)
model.block(32)
model.add(tf.keras.layers.Flatten())
model.add(tf.keras.layers.Dense(3, activation='softmax'))
"""

MODEL_IN_NOTEBOOK: Final = """
class Net(tf.keras.Model):
    def __init__(self):
        super().__init__()
        self.blocks = [self.block(16), self.block(32)]
        self.flat = tf.keras.layers.Flatten()
        self.out = tf.keras.layers.Dense(3, activation='softmax')

    def block(self, n):
        return [tf.keras.layers.Conv2D(n, 3, padding='same', activation='relu'), tf.keras.layers.MaxPooling2D()]

    def call(self, x):
        for block in self.blocks:
            for layer in block:
                x = layer(x)
        return self.out(self.flat(x))


model = Net()
model(tf.zeros((1, 32, 32, 3)))
"""

WEIGHTS_ALONE: Final = (
    ("'flat_best.h5', monitor", "'flat_best.weights.h5', save_weights_only=True, monitor"),
    ("model = tf.keras.models.load_model('flat_best.h5')", "model.load_weights('flat_best.weights.h5')"),
)
AS_KERAS: Final = (
    ("flat_best.h5", "flat_best.keras"),
    ("load_model('flat_best.keras')", "load_model('flat_best.keras', custom_objects={'Block': Block})"),
)

GUIDED: Final = {
    "guided-registered": (REGISTERED_IN_NOTEBOOK, set(), ()),
    "guided-layer": (LAYER_IN_NOTEBOOK, set(), AS_KERAS),
    "guided-sequential": (SEQUENTIAL_IN_NOTEBOOK, set(), WEIGHTS_ALONE),
    "guided-model": (MODEL_IN_NOTEBOOK, {"model/sequential"}, WEIGHTS_ALONE),
}
"""Networks for a flat script, with the checks that they rightly fail, and how the script keeps its best epoch."""

GUIDED_BUGS: Final = {
    "guided-no-softmax": (
        LAYER_IN_NOTEBOOK.replace("Dense(3, activation='softmax')", "Dense(3)"),
        {"model/softmax"},
        AS_KERAS,
        "its answers do not add up to 1",
    ),
    "guided-never-smaller": (
        LAYER_IN_NOTEBOOK.replace("2, 2, 'VALID'", "2, 1, 'SAME'"),
        {"model/shrinks"},
        AS_KERAS,
        "their height and width stay",
    ),
    "guided-calls-python": (
        LAYER_IN_NOTEBOOK.replace(
            "x = self.conv(x) * self.gain",
            "y = self.conv(x)\n        x = tf.ensure_shape(tf.py_function(lambda a: a, [y], tf.float32), y.shape)",
        ),
        {"model/sequential", "model/shrinks", "model/softmax"},
        AS_KERAS,
        "its layer Block calls Python with EagerPyFunc",
    ),
}


def guided(table: tuple[Any, ...]) -> str:
    """Return the flat script with another network."""
    before, after = FLAT.split("model = tf.keras.Sequential()")[0], FLAT[FLAT.index("model.compile(") :]
    for old, new in table[2]:
        assert old in after
        after = after.replace(old, new)
    return f"{before}{table[0].strip()}\n{after}"


@pytest.mark.parametrize("name", some_of(GUIDED))
def test_a_guided_program_may_have_layers_of_its_own(quick: Slot, tmp_path: Path, name: str) -> None:
    result = graded(quick, tmp_path / "own.py", guided(GUIDED[name]))
    assert "model/block-function" in {check.id for check in result.checks}
    assert set(missed(result)) == GUIDED[name][1]


@pytest.mark.parametrize("name", some_of(GUIDED_BUGS))
def test_a_bug_in_a_guided_program_with_layers_of_its_own_is_caught(quick: Slot, tmp_path: Path, name: str) -> None:
    found = missed(graded(quick, tmp_path / "own.py", guided(GUIDED_BUGS[name])))
    assert GUIDED_BUGS[name][1] <= set(found)
    assert GUIDED_BUGS[name][3] in next(iter(found.values()))


Change = Callable[[dict[str, Any]], None]


@pytest.fixture(scope="module")
def exported(sandbox: Sandbox) -> dict[str, Any]:
    """Return what the worker says about a network with a layer of its own."""
    with sandbox.worker(seed=0) as worker:
        worker.load(PLAIN + ATTENTION, ("build_model",))
        export = tools_in(worker).export_model(worker.call("build_model"))
        return {"config": export["config"], "weights": [np.array(weight) for weight in export["weights"]]}


def graph_in(tree: dict[str, Any]) -> dict[str, Any]:
    """Return the first graph in a configuration."""
    layers = tree["config"]["layers"]
    found: dict[str, Any] = next(layer for layer in layers if layer["class_name"] == graphs.CLASS_NAME)
    return found["config"]["graph"]  # type: ignore[no-any-return]


def with_operation(op: str) -> Change:
    def change(graph: dict[str, Any]) -> None:
        graph["nodes"][-1]["op"] = op

    return change


def with_setting(setting: dict[str, Any]) -> Change:
    def change(graph: dict[str, Any]) -> None:
        graph["nodes"][-1]["settings"]["T"] = setting

    return change


def with_constant(numbers: dict[str, Any]) -> Change:
    def change(graph: dict[str, Any]) -> None:
        graph["nodes"].append(
            {"name": "n9999", "op": "Const", "inputs": [], "settings": {"value": {"numbers": numbers}}}
        )

    return change


def turned_round(graph: dict[str, Any]) -> None:
    graph["nodes"].reverse()


def never_filled(graph: dict[str, Any]) -> None:
    graph["weights"][0]["node"] = None


def begins_as_an_array(graph: dict[str, Any]) -> None:
    graph["weights"][0]["initializer"] = {"class_name": "Constant", "config": {"value": [1.0, 2.0]}}


ONE: Final = base64.b64encode(np.float32(1).tobytes()).decode()
FORGED: Final[dict[str, tuple[Change, str]]] = {
    "variables": (with_operation("ReadVariableOp"), "computes with ReadVariableOp"),
    "functions": (with_operation("StatefulPartitionedCall"), "computes with StatefulPartitionedCall"),
    "writes": (with_operation("WriteFile"), "computes with WriteFile"),
    "prints": (with_operation("PrintV2"), "computes with PrintV2"),
    "loops": (with_operation("While"), "computes with While"),
    "names-a-function": (with_setting({"func": "f"}), "is no graph"),
    "texts": (with_setting({"dtype": "string"}), "it has the type string"),
    "handles": (with_setting({"dtype": "resource"}), "it has the type resource"),
    "two-in-one": (with_setting({"dtype": "float32", "whole": 1}), "it has a setting that is none"),
    "constant-of-another-size": (
        with_constant({"dtype": "float32", "shape": [2], "data": ONE}),
        "it has a constant of another size",
    ),
    "constant-that-is-no-bytes": (
        with_constant({"dtype": "float32", "shape": [1], "data": "*" * 8}),
        "it has a constant of another size",
    ),
    "in-a-circle": (turned_round, "an operation before what it takes"),
    "never-filled": (never_filled, "inputs that nobody fills"),
    "begins-as-an-array": (begins_as_an_array, "is no graph"),
}
"""Ways in which a worker could forge a graph, with words of the examiner's answer."""


@pytest.mark.parametrize("name", FORGED)
@pytest.mark.parametrize("written", ["plainly", "with-escapes"])
def test_a_forged_graph_reaches_neither_side(exported: dict[str, Any], worker: Worker, name: str, written: str) -> None:
    change, words = FORGED[name]
    tree = json.loads(exported["config"])
    change(graph_in(tree))
    config = json.dumps(tree)
    if written == "with-escapes":  # which a search for the layer's name would not find
        config = config.replace(graphs.REGISTERED_NAME, graphs.REGISTERED_NAME.replace(">", "\\u003e"))
    assert words in graphs.fault_of(config)
    with pytest.raises(SubmissionError, match="CannotRebuildError"):  # nor would the examiner run it
        examining(worker).rebuild(config)


def test_the_trusted_side_refuses_a_graph_before_the_examiner_is_asked(exported: dict[str, Any]) -> None:
    tree = json.loads(exported["config"])
    with_operation("EagerPyFunc")(graph_in(tree))

    def never() -> Worker:
        raise AssertionError("the examiner was started")

    with pytest.raises(CannotRebuild, match="its layer Attention calls Python with EagerPyFunc"):
        Examiner(never, TimeLeft(60)).rebuild(json.dumps(tree))


def test_the_rebuilt_network_answers_as_the_submission_s_own_does(exported: dict[str, Any], sandbox: Sandbox) -> None:
    assert graphs.fault_of(exported["config"]) == ""
    x = np.random.default_rng(0).uniform(0, 255, (4, 32, 32, 3)).astype(np.float32)
    with sandbox.worker(seed=0) as worker:
        worker.load(PLAIN + ATTENTION + "\n\ndef answers(model, x):\n    return model(x)\n", ("build_model", "answers"))
        expected = worker.call("answers", worker.call("build_model"), x)
    with sandbox.worker(seed=0) as examiner:
        rebuilt = examining(examiner).rebuild(exported["config"], exported["weights"])
        assert np.allclose(examining(examiner).run_network(rebuilt, x), expected, atol=1e-4)
        parts = examining(examiner).describe_network(rebuilt)["layers"]
    assert [part["kind"] for part in parts if part["convolution"]] == ["Conv2D"] * 6
    assert "Multiply" in [part["kind"] for part in parts]


def test_a_file_may_not_bring_a_graph(exported: dict[str, Any], sandbox: Sandbox) -> None:
    with sandbox.worker(seed=0) as worker:
        rebuilt = examining(worker).rebuild(exported["config"], exported["weights"])
        tools_in(worker).save_model(rebuilt, "kept.keras")
        data = tools_in(worker).file_bytes("kept.keras")
        assert data is not None
        with pytest.raises(SubmissionError, match="none of Keras' own: OwnLayer"):
            examining(worker).open_checkpoint(data)


def test_a_network_inside_a_wrapper_is_looked_at_too(exported: dict[str, Any], worker: Worker) -> None:
    tree = json.loads(exported["config"])
    graph = copy.deepcopy(graph_in(tree))
    graph["output"] = graph["input"]  # what goes in, so that all else does nothing
    part = {
        "module": graphs.MODULE,
        "class_name": graphs.CLASS_NAME,
        "registered_name": graphs.REGISTERED_NAME,
        "config": {"name": "hidden", "graph": graph | {"of": "Hidden", "nodes": [*graph["nodes"], EYE]}},
    }
    part["config"]["graph"]["output"] = "n9999"  # type: ignore[index]
    wrapper = {"module": "keras.layers", "class_name": "TimeDistributed", "registered_name": None}
    wrapper["config"] = {"name": "wrapped", "layer": part}  # type: ignore[assignment]
    tree["config"]["layers"] = [
        {
            "module": "keras.layers",
            "class_name": "InputLayer",
            "registered_name": None,
            "config": {"batch_shape": [None, 5, *graph["shape"]], "dtype": "float32", "name": "images"},
        },
        wrapper,
    ]
    with pytest.raises(SubmissionError, match="its layer Hidden answers the same"):
        examining(worker).rebuild(json.dumps(tree))


EYE: Final = {
    "name": "n9999",
    "op": "Const",
    "inputs": [],
    "settings": {
        "dtype": {"dtype": "float32"},
        "value": {"numbers": {"dtype": "float32", "shape": [1, 1], "data": ONE}},
    },
}
"""A node of a graph that gives one number, whatever the images show."""


def test_each_operation_that_is_allowed_has_no_state_by_the_word_of_tensorflow() -> None:
    operations = pytest.importorskip("tensorflow.python.framework.op_def_registry")
    for op in sorted(graphs.OPERATIONS):
        definition = operations.get(op)
        assert definition is not None, op
        assert not definition.is_stateful, op
        assert not any(each.type in ("func", "list(func)") for each in definition.attr), op


def test_a_setting_has_one_value() -> None:
    assert msgspec.convert({"shape": None}, graphs.Setting).kind == "shape"
    assert msgspec.convert({}, graphs.Setting).kind == ""
