"""Layers and networks of a submission's own: sound ones have full marks, and a bug or a trick in one is caught.

They cross to the examiner as graphs; see `grader.sandbox.wire.graphs`.  Each solution here is the plain one among the
wheats with some of its functions replaced, or the flat script of the guided form with another task 4.
"""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
import pytest

from grader.checks.common.evidence import CannotRebuild, Examiner
from grader.checks.common.student import TimeLeft
from grader.grading.slots import Slot
from grader.results.scoring import Result
from grader.sandbox.host.session import Sandbox, Worker
from grader.sandbox.wire import graphs
from grader.submissions import SubmissionFile

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

SEQUENTIAL_SUBCLASS: Final = '''
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
'''

MODEL_SUBCLASS: Final = '''
@keras.saving.register_keras_serializable()
class Network(keras.Model):
    """Functional, with a sum in it, and the block's Sequential inside."""

    def __init__(self, input_shape, num_classes, **kwargs):
        images = keras.Input(tuple(input_shape))
        x = y = layers.Rescaling(1 / 255)(images)
        for filters in (16, 32):
            x = add_conv_block(keras.Sequential(), filters)(x)
            y = layers.Conv2D(filters, 1, strides=2)(y)
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
    model.add(Standardised(filters, 3, activation=swish))
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
"""Solutions, each with what it is right to cost: a network that is no Sequential."""


def graded(quick: Slot, path: Path, text: str) -> Result:
    path.write_text(text, encoding="utf-8")
    return quick.grade(SubmissionFile(path.stem, path)).result


def missed(result: Result) -> dict[str, str]:
    return {check.id: check.message for check in result.checks if check.status != "passed"}


@pytest.mark.parametrize("name", SOUND)
def test_sound_work_with_layers_of_its_own_has_full_marks(quick: Slot, tmp_path: Path, name: str) -> None:
    text, costs = SOUND[name]
    assert set(missed(graded(quick, tmp_path / "own.py", PLAIN + text))) == costs
