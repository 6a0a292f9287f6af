"""Export a network as data from which the examiner can rebuild it.

Untrusted side.  Most networks consist of Keras' own layers, and Keras' configuration describes them completely.  A
custom layer crosses as a `Rescaling` if it only scales (`scaling`), and otherwise as the graph of its computation
(`grader.sandbox.wire.graphs`).  A whole network with a `call` of its own crosses as a graph, too.
"""

from __future__ import annotations

import contextlib
import types
from typing import Any, Final

import keras
import numpy as np

from grader.sandbox.inside import backend, examiner, rescaling
from grader.sandbox.wire import graphs

_MOST_KEPT: Final = 200

_KEPT: Final[dict[int, tuple[Any, list[Any], dict[str, Any]]]] = {}
"""A cache of traced layers: each layer with the shapes of its weights and its operations, by the layer's id.

Tracing takes 0.1 s.  The layer itself is kept so that its id cannot be used again.
"""


def tree_of(model: Any) -> dict[str, Any]:
    """Serialise a network, with custom parts replaced by what the examiner can rebuild, as far as possible."""
    try:
        tree = keras.saving.serialize_keras_object(model)
    except Exception:  # a network of a submission's own may have no configuration
        tree = None
    if tree is not None:
        tree = rescaling.with_rescaling(model, tree)
        if not _is_foreign(model, tree):
            return tree
    try:
        own = _network(model)
    except Exception:  # there is no such graph: the examiner gets the plain configuration, and refuses it by name
        if tree is None:
            raise
        return tree  # type: ignore[no-any-return]
    with contextlib.suppress(Exception):
        if model.compiled:
            own["compile_config"] = model.get_compile_config()
    return own


def _is_foreign(layer: Any, tree: Any) -> bool:
    """Whether a layer or network has parts that are not Keras' own.

    Activations are checked on the objects themselves, since the serialisation holds only a function's name, or code if
    it has none.
    """
    examiner.use_keras_names(tree)
    if examiner.foreign_parts(tree):
        return True
    for part in layer._flatten_layers():
        activation = getattr(part, "activation", None)
        if isinstance(activation, types.FunctionType):
            named = getattr(keras.activations, activation.__name__.removesuffix("_v2"), None)
            if named is None or not backend.is_of_a_library(activation):
                return True
    return False


def _network(model: Any) -> dict[str, Any]:
    """Serialise a network layer by layer, or as one graph if that is impossible."""
    with contextlib.suppress(Exception):
        tree, parts = _in_parts(model)
        if _weights_of(parts) == _weights_of([model]):
            return tree
    shape, dtype = _input_of(model)
    images = keras.layers.InputLayer(batch_shape=(None, *(None if size < 0 else size for size in shape)), dtype=dtype)
    return _sequential(model.name, [keras.saving.serialize_keras_object(images), _graph_node(model)])


def _sequential(name: str, layers: list[dict[str, Any]]) -> dict[str, Any]:
    config = {"name": name, "trainable": True, "dtype": "float32", "layers": layers}
    return {"module": "keras", "class_name": "Sequential", "config": config, "registered_name": None}


def _weights_of(parts: list[Any]) -> list[int]:
    """Return the ids of the weights of some layers, each once, in Keras' order."""
    return list(dict.fromkeys(id(weight) for part in parts for weight in part.weights))


def _in_parts(model: Any) -> tuple[dict[str, Any], list[Any]]:
    """Serialise a network that computes as a Sequential or functional one does, whatever its class is.

    Returns:
        The serialisation, and the layers.

    Raises:
        ValueError: If it has a `call` of its own, or a custom layer where no graph fits.
    """
    if _calls_as(model, keras.Sequential):
        images = model.inputs[0]._keras_history.operation
        nodes = [keras.saving.serialize_keras_object(images), *(_part(layer) for layer in model.layers)]
        return _sequential(model.name, nodes), model.layers
    functional = type(keras.Model(model.inputs, model.outputs))
    if not _calls_as(model, functional):
        raise ValueError("it has a call of its own")
    plain = keras.Model(model.inputs, model.outputs, name=model.name)
    tree: dict[str, Any] = keras.saving.serialize_keras_object(plain)
    for node in tree["config"]["layers"]:
        layer = plain.get_layer(node["name"])
        rescaling.to_rescaling(layer, node)
        if _is_foreign(layer, node):
            _require_one_input(node)
            node.pop("build_config", None)
            node.update(_part(layer))
    return tree, plain.layers


def _calls_as(model: Any, kind: type) -> bool:
    """Whether a network is an instance of a class and inherits how that class computes."""
    own = type(model)
    return isinstance(model, kind) and own.call is kind.call and own.__call__ is kind.__call__  # type: ignore[attr-defined]


def _require_one_input(node: dict[str, Any]) -> None:
    for call in node["inbound_nodes"]:
        if len(call["args"]) != 1 or not isinstance(call["args"][0], dict):
            raise ValueError("it takes several tensors")
        call["kwargs"] = {}


def _part(layer: Any) -> dict[str, Any]:
    """Serialise a layer, which may be a network itself."""
    with contextlib.suppress(Exception):
        node: dict[str, Any] = keras.saving.serialize_keras_object(layer)
        rescaling.to_rescaling(layer, node)
        if not _is_foreign(layer, node):
            return node
    return _network(layer) if isinstance(layer, keras.Model) else _graph_node(layer)


def _graph_node(layer: Any) -> dict[str, Any]:
    """Serialise a layer as a graph."""
    shape, dtype = _input_of(layer)
    if not all(part.built for part in layer._flatten_layers()):  # the first call makes Keras build inner layers
        layer(np.zeros((1, *(32 if size < 0 else size for size in shape)), dtype), training=False)
    weights = list(layer.weights)
    shapes = [tuple(weight.shape) for weight in weights]
    known = _KEPT.get(id(layer))
    if known is None or known[1] != shapes:
        if len(_KEPT) >= _MOST_KEPT:
            _KEPT.clear()

        def compute(images: Any, *values: Any) -> Any:
            with keras.StatelessScope(state_mapping=list(zip(weights, values, strict=True))):
                return layer(images, training=False)

        present = [weight.value for weight in weights]
        known = _KEPT[id(layer)] = (layer, shapes, backend.operations_of(compute, shape, dtype, present))
    found = dict(known[2])
    rules = _initializers_of(layer)
    found["weights"] = [
        {
            "name": str(weight.name).replace("/", "_")[:100] or "weight",
            "shape": list(weight.shape),
            "dtype": keras.backend.standardize_dtype(weight.dtype),
            "initializer": rules.get(id(weight)) or _like(weight),
            "node": node,
        }
        for weight, node in zip(weights, found.pop("fed"), strict=True)
    ]
    graph = {"of": type(layer).__name__[:100], "shape": shape, "dtype": dtype} | found
    return {
        "module": graphs.MODULE,
        "class_name": graphs.CLASS_NAME,
        "config": {"name": layer.name, "graph": graph},
        "registered_name": graphs.REGISTERED_NAME,
    }


def _input_of(layer: Any) -> tuple[list[int], str]:
    """Return the shape of a layer's input, without the batch axis and with -1 for any size, and its dtype."""
    tensor: Any = None
    with contextlib.suppress(Exception):
        tensor = layer.inputs[0] if isinstance(layer, keras.Model) else layer.input
    if isinstance(tensor, keras.KerasTensor):
        shape, dtype = tensor.shape, keras.backend.standardize_dtype(tensor.dtype)
    else:
        shape, dtype = next(iter(layer._build_shapes_dict.values())), "float32"
    if not all(size is None or isinstance(size, int) for size in shape):
        raise ValueError("it takes several tensors")
    return [-1 if size is None else size for size in shape[1:]], dtype


def _initializers_of(layer: Any) -> dict[int, dict[str, Any]]:
    """Return the initialisers of the weights of the Keras layers inside a layer, by the weight's id."""
    found = {}
    for part in layer._flatten_layers():
        for variable in part.variables:
            rule = getattr(part, f"{variable.name}_initializer", None)
            name = type(rule).__name__
            if name in graphs.INITIALIZERS and isinstance(rule, getattr(keras.initializers, name)):
                config = {key: value for key, value in rule.get_config().items() if key != "seed"}
                found[id(variable)] = {"class_name": name, "config": config}
    return found


def _like(weight: Any) -> dict[str, Any]:
    """Guess the initialiser of a weight that does not declare one: a constant, or random numbers around 0.

    The constant or the standard deviation is at most 1, so that weights that were raised by 1 do not look freshly
    initialised; see `toolbox.perturb`.
    """
    values = np.asarray(keras.ops.convert_to_numpy(weight), np.float64)
    if not values.size or np.ptp(values) == 0:
        value = float(np.clip(values.reshape(-1)[0], -1, 1)) if values.size else 0.0
        return {"class_name": "Constant", "config": {"value": value if np.isfinite(value) else 0.0}}
    spread = float(np.std(values))
    return {
        "class_name": "RandomNormal",
        "config": {"mean": 0.0, "stddev": min(spread, 1.0) if np.isfinite(spread) else 1.0},
    }
