"""A layer of a submission's own in the examiner: a graph with weights.

Untrusted side, but run in a worker that never saw the submission.  It computes at inference alone: nobody trains here.
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
"""What an axis of any size is where images are made up."""

_OTHER: Final = 1e-4
"""Of a number: one that differs by more is another.  Beside a softmax at random most numbers are small."""

_NOTHING: Final = 1e-12
"""Of the largest number: what is smaller is none."""

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
"""The layers of Keras that do what an operation does, those that tell what a network is made of.

A product is one where images are multiplied with something of another shape, as by a gate for each channel.
"""


@keras.saving.register_keras_serializable(package=graphs.MODULE, name=graphs.CLASS_NAME)
class OwnLayer(keras.layers.Layer):  # type: ignore[misc]
    """A layer that computes what a graph says, with weights of its own.

    Args:
        graph: Plain data of the form of `graphs.Graph`.
        kwargs: What every layer takes.

    Raises:
        ValueError: It is no graph, or none that may be run.
    """

    def __init__(self, graph: Any, **kwargs: Any) -> None:
        super().__init__(dtype="float32", **kwargs)
        try:
            self.graph = graphs.graph_of(graph)
        except msgspec.ValidationError as error:
            raise ValueError(f"what its own layer computes is no graph ({error})") from None
        self._function = backend.GraphFunction(self.graph)

    def build(self, input_shape: Any) -> None:
        """Make the weights, in the order that they had."""
        for weight in self.graph.weights:
            initializer = keras.saving.deserialize_keras_object(
                {
                    "module": "keras.initializers",
                    "class_name": weight.initializer.class_name,
                    "config": dict(weight.initializer.config),
                    "registered_name": None,
                }
            )
            # Not to be trained, for then Keras leaves them in their order.
            self.add_weight(
                name=weight.name, shape=weight.shape, initializer=initializer, dtype=weight.dtype, trainable=False
            )

    def call(self, inputs: Any) -> Any:
        """The graph's answer."""
        used = [
            variable.value for variable, weight in zip(self.weights, self.graph.weights, strict=True) if weight.node
        ]
        return self._function(keras.ops.cast(inputs, self.graph.dtype), used)

    def looks_at_images(self) -> bool:
        """Whether the answers about different images differ, with weights drawn at random."""
        weights = self._drawn(np.random.default_rng(0))
        return any(
            _others(*(self._answer(images[row : row + 1], weights) for row in (0, 1))) for images in self._images()
        )

    def parts(self) -> list[dict[str, Any]]:
        """What it consists of, in the form of the layers of `examiner.describe_network`.

        A convolution or a dense layer counts where images go in and its kernel comes of weights alone; a convolution
        only where the whole layer answers something else if that one does.
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
                    place = 1  # of an Einsum the kernel may stand first
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
        """Whether the answer is another where a node gives something else, with weights drawn at random."""
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
        """Weights at random."""
        return [_drawn(weight, random) for weight in self.graph.weights if weight.node]

    def _images(self) -> list[Any]:
        """Pairs of images, noise in two colours, as bright as programs have them and as layers hand them on."""
        random = np.random.default_rng(2)
        shape = [_ANY_SIZE if size < 0 else size for size in self.graph.shape]
        colours = random.uniform(0, 1, (2, *(1 for _ in shape[:-1]), *shape[-1:]))
        noise = (colours * random.uniform(0, 1, (2, *shape))).astype(np.float32)
        return [keras.ops.cast(noise * brightness, self.graph.dtype) for brightness in (1, 20, 255)]

    def _answer(self, images: Any, weights: list[Any]) -> Any:
        return np.asarray(keras.ops.convert_to_numpy(self._function(images, weights)), np.float32)


def _drawn(weight: graphs.Weight, random: np.random.Generator) -> Any:
    """A weight at random: of a kernel around 0, so that values keep their size, and of all else around 1."""
    if len(weight.shape) >= 2:
        values = random.normal(0, np.sqrt(2 / max(1, math.prod(weight.shape[:-1]))), weight.shape)
    else:
        values = random.uniform(0.5, 1.5, weight.shape)
    return keras.ops.convert_to_tensor(values.astype(np.float32), dtype=weight.dtype)


def _others(one: Any, other: Any) -> bool:
    """Whether two answers differ, beyond rounding; what is not finite says nothing."""
    if one.shape != other.shape or not one.size or not np.all(np.isfinite(one)) or not np.all(np.isfinite(other)):
        return False
    larger = np.maximum(np.abs(one), np.abs(other))
    return bool(np.any(np.abs(one - other) > np.maximum(_OTHER * larger, _NOTHING * larger.max())))
