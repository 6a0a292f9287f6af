"""A submission's custom layer as the examiner rebuilds it: a graph with weights.

Untrusted side, but it runs in a worker that never loads the submission.  It computes at inference only, since nothing
is trained in the examiner.
"""

from __future__ import annotations

import math
from typing import Any, Final

import keras
import msgspec
import numpy as np

from grader.sandbox.inside import backend
from grader.sandbox.wire import graphs

_ANY_SIZE: Final = 32
"""The size that an axis of any size gets in made-up images."""

_OTHER: Final = 1e-4
"""The relative difference above which two numbers are different.

It is relative, since most of the numbers that a random softmax gives are small.
"""

_NOTHING: Final = 1e-12
"""Differences below this fraction of the largest number count as none."""

_KINDS: Final = {
    "MatMul": "Dense",
    "BatchMatMulV2": "Dense",
    "BatchMatMulV3": "Dense",
    "Einsum": "Dense",
    "MaxPool": "MaxPooling2D",
    "MaxPoolV2": "MaxPooling2D",
    "AvgPool": "AveragePooling2D",
    "ConcatV2": "Concatenate",
    "Mul": "Multiply",
}
"""The Keras layers that correspond to an operation, for operations that characterise a network.

A `Mul` counts as `Multiply` only if it multiplies images with something of another shape, such as a gate per channel.
"""


@keras.saving.register_keras_serializable(package=graphs.MODULE, name=graphs.CLASS_NAME)
class OwnLayer(keras.layers.Layer):  # type: ignore[misc]
    """A layer that computes a graph, with weights of its own.

    Args:
        graph: Plain data in the form of `graphs.Graph`.
        kwargs: The arguments that every Keras layer takes.

    Raises:
        ValueError: If it is not a graph, or not one that may be run.
    """

    def __init__(self, graph: Any, **kwargs: Any) -> None:
        super().__init__(dtype="float32", **kwargs)
        try:
            self.graph = graphs.graph_of(graph)
        except msgspec.ValidationError as error:
            raise ValueError(f"what its own layer computes is no graph ({error})") from None
        self._function = backend.GraphFunction(self.graph)

    def build(self, input_shape: Any) -> None:
        """Create the weights, in the order that they had in the submission's layer."""
        for weight in self.graph.weights:
            initializer = keras.saving.deserialize_keras_object(
                {
                    "module": "keras.initializers",
                    "class_name": weight.initializer.class_name,
                    "config": dict(weight.initializer.config),
                    "registered_name": None,
                }
            )
            # Keras lists trainable weights before others; with all of them not trainable, they stay in this order.
            self.add_weight(
                name=weight.name, shape=weight.shape, initializer=initializer, dtype=weight.dtype, trainable=False
            )

    def call(self, inputs: Any) -> Any:
        """Compute the graph's output for a batch of images."""
        used = [
            variable.value for variable, weight in zip(self.weights, self.graph.weights, strict=True) if weight.node
        ]
        return self._function(keras.ops.cast(inputs, self.graph.dtype), used)

    def looks_at_images(self) -> bool:
        """Whether the outputs for different images differ, with random weights."""
        weights = self._drawn(np.random.default_rng(0))
        return any(
            _others(*(self._answer(images[row : row + 1], weights) for row in (0, 1))) for images in self._images()
        )

    def parts(self) -> list[dict[str, Any]]:
        """Describe the operations that it consists of, in the form of the layers of `examiner.describe_network`.

        A convolution or a dense layer counts only if it takes something computed from the images, and its kernel is
        computed from weights only.  A convolution must also matter: the whole layer must give another output if the
        convolution does.
        """
        comes_of = graphs.sources(self.graph)
        found = []
        for node in self.graph.nodes:
            kind, place = graphs.CONVOLUTIONS.get(node.op, (_KINDS.get(node.op, ""), 0))
            if not kind or len(node.inputs) <= place:
                continue
            of = [comes_of[edge.partition(":")[0]] for edge in node.inputs]
            with_images = [self.graph.input in each for each in of]
            kernel: list[int] = []
            if kind == "Concatenate":
                counts = sum(with_images) >= 2
            elif kind == "Multiply":
                counts = all(with_images) and len({str(self._sizes(edge)) for edge in node.inputs}) > 1
            elif kind.endswith("Pooling2D"):
                counts = with_images[0]
            else:
                if kind == "Dense" and with_images[1:] == [True]:
                    place = 1  # the kernel may be the first input of an Einsum
                other = 0 if place == 1 else 1
                counts = len(of) > other and with_images[place] and bool(of[other]) and not with_images[other]
                kernel = (self._sizes(node.inputs[other], skip=0) or []) if counts else []
            convolution = node.op in graphs.CONVOLUTIONS
            if not counts or (convolution and not self._takes_part(node.name)):
                continue
            found.append(
                {
                    "kind": kind,
                    "convolution": convolution,
                    "kernels": [kernel] if kernel else [],
                    "channels_first": False,
                    "input_shape": self._sizes(node.inputs[place]),
                    "output_shape": self._sizes(node.name),
                }
            )
        return found

    def _sizes(self, edge: str, *, skip: int = 1) -> list[int] | None:
        shape = self._function.shape_of(edge)
        return None if shape is None else [size or 0 for size in shape[skip:]]

    def _takes_part(self, node: str) -> bool:
        """Whether the layer's output changes if a node's output is replaced, with random weights."""
        sizes = self._sizes(node)
        if sizes is None:
            return False
        random = np.random.default_rng(1)
        weights = self._drawn(random)
        answer = self._function.replacing(node)
        shape = [2, *(size or _ANY_SIZE for size in sizes)]
        for images in self._images():
            values = [random.normal(0, np.max(images), shape).astype(np.float32) for _ in range(2)]
            answers = [keras.ops.convert_to_numpy(answer(value, images, weights)) for value in values]
            if _others(*(np.asarray(each, np.float32) for each in answers)):
                return True
        return False

    def _drawn(self, random: np.random.Generator) -> list[Any]:
        """Draw random values for the weights that the output depends on."""
        return [_drawn(weight, random) for weight in self.graph.weights if weight.node]

    def _images(self) -> list[Any]:
        """Make pairs of images of noise in two colours, in three ranges of brightness: up to 1, 20 and 255.

        These cover images as programs scale them, and values as layers pass them on.
        """
        random = np.random.default_rng(2)
        shape = [_ANY_SIZE if size < 0 else size for size in self.graph.shape]
        colours = random.uniform(0, 1, (2, *(1 for _ in shape[:-1]), *shape[-1:]))
        noise = (colours * random.uniform(0, 1, (2, *shape))).astype(np.float32)
        return [keras.ops.cast(noise * brightness, self.graph.dtype) for brightness in (1, 20, 255)]

    def _answer(self, images: Any, weights: list[Any]) -> Any:
        return np.asarray(keras.ops.convert_to_numpy(self._function(images, weights)), np.float32)


def _drawn(weight: graphs.Weight, random: np.random.Generator) -> Any:
    """Draw random values for a weight: around 0 for a kernel, scaled to keep the size of activations; else around 1."""
    if len(weight.shape) >= 2:
        values = random.normal(0, np.sqrt(2 / max(1, math.prod(weight.shape[:-1]))), weight.shape)
    else:
        values = random.uniform(0.5, 1.5, weight.shape)
    return keras.ops.convert_to_tensor(values.astype(np.float32), dtype=weight.dtype)


def _others(one: Any, other: Any) -> bool:
    """Whether two outputs differ by more than rounding; False if either is not finite."""
    if one.shape != other.shape or not one.size or not np.all(np.isfinite(one)) or not np.all(np.isfinite(other)):
        return False
    larger = np.maximum(np.abs(one), np.abs(other))
    return bool(np.any(np.abs(one - other) > np.maximum(_OTHER * larger, _NOTHING * larger.max())))
