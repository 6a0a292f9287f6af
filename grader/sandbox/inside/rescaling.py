"""Replace custom layers that only scale images, such as a `Lambda`, by Keras' `Rescaling`.

Untrusted side.  The examiner then judges the network with the `Rescaling`.  So a submission gains nothing by claiming
that another layer only scales.
"""

from __future__ import annotations

import contextlib
from typing import Any, Final

import keras
import numpy as np

from grader.sandbox.inside import examiner

_TOLERANCE: Final = 1e-4


def with_rescaling(model: Any, tree: dict[str, Any]) -> dict[str, Any]:
    """Replace each custom layer that only scales by a `Rescaling`, in a serialised Sequential.

    Args:
        model: The network.
        tree: Its serialisation, which is changed in place.

    Returns:
        The serialisation.
    """
    layers = {layer.name: layer for layer in getattr(model, "layers", ())}
    nodes = tree["config"].get("layers") if tree.get("class_name") == "Sequential" else None
    for node in nodes or ():
        layer = layers.get(node["config"].get("name"))
        if layer is not None:
            to_rescaling(layer, node)
    return tree


def to_rescaling(layer: Any, node: dict[str, Any]) -> None:
    """Replace a serialised layer by a `Rescaling` if it is a custom layer that only scales.

    Args:
        layer: The layer.
        node: Its serialisation, which is changed in place.
    """
    if layer.weights or not examiner.foreign_parts(node):
        return
    with contextlib.suppress(Exception):  # a layer that fails here crosses as a graph, or is refused
        found = _scale_and_offset(layer)
        if found is not None:
            rescaling = keras.saving.serialize_keras_object(keras.layers.Rescaling(*found, name=layer.name))
            for key in ("module", "class_name", "config", "registered_name"):
                node[key] = rescaling[key]
            node.pop("build_config", None)


def only_scales(layer: Any) -> bool:
    """Whether a layer without weights does nothing but scale."""
    with contextlib.suppress(Exception):
        return not layer.weights and _scale_and_offset(layer) is not None
    return False


def _scale_and_offset(layer: Any) -> tuple[list[float], list[float]] | None:
    """Return what a layer multiplies each channel by and then adds to it, or `None` if it does something else.

    Both are found by a linear fit for each channel, from the layer's output for random images.
    """
    shape = [size or 8 for size in layer.input.shape[1:]]
    x = np.random.default_rng(0).uniform(0, 255, (2, *shape)).astype(np.float32)
    y = np.asarray(keras.ops.convert_to_numpy(layer(x, training=False)))
    if y.shape != x.shape or not np.all(np.isfinite(y)):
        return None
    axes = tuple(range(x.ndim - 1))
    x, y = x.astype(np.float64), y.astype(np.float64)
    middle = x.mean(axes)
    scale = ((x - middle) * y).sum(axes) / ((x - middle) ** 2).sum(axes)
    offset = y.mean(axes) - scale * middle
    if np.abs(x * scale + offset - y).max() > _TOLERANCE * np.ptp(y):
        return None
    return scale.tolist(), offset.tolist()
