"""The examiner: rebuilds a network from its exported configuration and weights, and describes and runs it.

Untrusted side, but it runs in a worker that never loads the submission.  What a network says about itself in the
submission's worker can be forged; what the rebuilt one does here is evidence.  Only Keras' built-in classes are
rebuilt, and graphs of allowed operations in place of custom layers, so no code of a submission gets in.
"""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any, Final

import keras
import numpy as np

from grader.sandbox.inside import raising
from grader.sandbox.inside.ownlayer import OwnLayer
from grader.sandbox.wire import graphs

# Layers of Keras that run code from outside of Keras.
_REFUSED_LAYERS: Final = frozenset(("Lambda", "TFSMLayer", "JaxLayer", "FlaxLayer", "TorchModuleWrapper"))
_MODULES: Final = (
    "keras",
    "keras.layers",
    "keras.models",
    "keras.initializers",
    "keras.regularizers",
    "keras.constraints",
    "keras.activations",
    "keras.dtype_policies",
    "keras.quantizers",
    "keras.random",
)
_MAX_CONFIG_BYTES: Final = 4 * 2**20
_CONVOLUTIONS: Final = (
    keras.layers.Conv1D,
    keras.layers.Conv2D,
    keras.layers.Conv2DTranspose,
    keras.layers.DepthwiseConv2D,
    keras.layers.SeparableConv2D,
)


class CannotRebuildError(ValueError):
    """A network has parts that cannot be examined, or its export is inconsistent."""


def rebuild(config: str, weights: list[np.ndarray[Any, Any]] | None = None) -> Any:
    """Rebuild a network from what `toolbox.export_model` returned.

    Args:
        config: Keras' serialisation, as JSON.
        weights: The weights in Keras' order; `None` leaves them as initialised.

    Raises:
        CannotRebuildError: If it has parts that are neither Keras' own nor graphs of allowed operations, if the export
            is inconsistent, or if a custom layer ignores its images.
    """
    if fault := graphs.fault_of(config):
        raise CannotRebuildError(fault)
    try:
        tree = json.loads(config)
    except (ValueError, RecursionError) as error:
        raise CannotRebuildError("the network's configuration is no JSON") from error
    use_keras_names(tree)
    if foreign := foreign_parts(tree):
        raise CannotRebuildError(f"it has a part that is none of Keras' own: {min(foreign)}")
    tree.pop("compile_config", None)
    try:
        model = _deserialized(tree)
        if weights is not None:
            model.set_weights(weights)
    except Exception as error:
        raise CannotRebuildError(
            f"the network does not rebuild from its configuration: {raising.words_of(error)}"[:300]
        ) from error
    for layer in _own_layers(model):
        if not layer.looks_at_images():
            raise CannotRebuildError(f"its layer {layer.graph.of} answers the same whatever the images show"[:300])
    return model


def _own_layers(model: Any) -> list[Any]:
    """Return the custom layers in a network, including those inside other layers."""
    return [layer for layer in model._flatten_layers() if isinstance(layer, OwnLayer)]


def _deserialized(tree: dict[str, Any]) -> Any:
    """Build a network from its serialisation.

    Keras adds the layers of a Sequential one by one, and rebuilds the whole network after each.  Adding them all at
    once takes a fraction of the time.
    """
    if tree.get("class_name") != "Sequential":
        return keras.saving.deserialize_keras_object(tree, safe_mode=True)
    config = tree["config"]
    layers = [keras.saving.deserialize_keras_object(layer, safe_mode=True) for layer in config["layers"]]
    return keras.Sequential(layers, name=config["name"])


def use_keras_names(tree: Any) -> None:
    """Replace TensorFlow's activations, such as `tf.nn.softmax`, by Keras' names for the same functions, in place."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        waiting += node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
        if isinstance(node, dict) and node.get("class_name") == "function" and isinstance(node.get("config"), str):
            name = node["config"].removesuffix("_v2")
            node["config"] = {"swish": "silu"}.get(name, name)
            if hasattr(keras.activations, node["config"]):
                node.update(module="keras.activations", registered_name=node["config"])


def foreign_parts(tree: Any) -> set[str]:
    """Return the names of the parts of a serialised network that are not Keras' own.

    The compile configuration of the network itself is skipped, since `rebuild` drops it.  Those of networks inside it
    are not skipped, since Keras would use them.
    """
    found: set[str] = set()
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, list):
            waiting += node
        if not isinstance(node, dict):
            continue
        waiting += [value for key, value in node.items() if key != "compile_config" or node is not tree]
        if "class_name" in node and not _is_built_in(node):
            found.add(_part_name(node))
    return found


def _part_name(node: dict[str, Any]) -> str:
    if node["class_name"] == "function":
        return str(node.get("config"))[:80]
    return str(node["class_name"])[:80]


def _is_built_in(node: dict[str, Any]) -> bool:
    name, module = node["class_name"], node.get("module")
    if not isinstance(name, str):
        return False
    if (name, module, node.get("registered_name")) == (graphs.CLASS_NAME, graphs.MODULE, graphs.REGISTERED_NAME):
        return True  # already validated by `graphs.fault_of`
    if name == "__tuple__" or name in ("__tensor__", "__numpy__", "__keras_tensor__", "__typespec__"):
        return True
    if name == "function":
        return isinstance(node.get("config"), str) and hasattr(keras.activations, node["config"])
    # A submission may register a layer of its own under the name of a built-in one.
    if name in _REFUSED_LAYERS or node.get("registered_name") not in (None, name):
        return False
    if module is None:  # the legacy HDF5 format does not store modules
        return name == "Functional" or any(
            hasattr(place, name) for place in (keras, keras.layers, keras.models, keras.initializers)
        )
    if module in ("builtins", "keras.src.models.sequential", "keras.src.models.functional"):
        return name in ("Sequential", "Functional")
    if module not in _MODULES and not module.startswith("keras.src."):
        return False
    public = "keras" if module.startswith("keras.src.") else module
    place = keras
    for part in public.split(".")[1:]:
        place = getattr(place, part)
    return hasattr(place, name) or name == "Functional"


def open_checkpoint(data: bytes, exported: str = "") -> Any:
    """Load a network from the bytes of a checkpoint, in the `.keras` or HDF5 format.

    Args:
        data: The bytes.
        exported: The configuration of the network from `toolbox.export_model`, as JSON.  If a `.keras` file has parts
            that are not Keras' own, the network is rebuilt from this, and only its weights are taken from the file.

    Raises:
        CannotRebuildError: If the file does not hold a whole network, or one with parts that are not Keras' own.
    """
    if data[:2] == b"PK":
        path, config = "checkpoint.keras", _config_of_archive(data)
    elif data[:8] == b"\x89HDF\r\n\x1a\n":
        path, config = "checkpoint.h5", _config_of_hdf5(data)
    else:
        raise CannotRebuildError("the file is no Keras model")
    foreign = sorted(foreign_parts(config))
    if graphs.has_graphs(json.dumps(config)):
        foreign.append(graphs.CLASS_NAME)  # the trusted side has not validated graphs inside a checkpoint
    with_weights = rebuild(exported) if foreign and exported and path.endswith(".keras") else None
    if foreign and with_weights is None:
        raise CannotRebuildError(f"it has a part that is none of Keras' own: {foreign[0]}")
    with open(path, "wb") as file:
        file.write(data)
    try:
        if with_weights is not None:
            with_weights.load_weights(path)
            return with_weights
        return keras.models.load_model(path, compile=False, safe_mode=True)
    except Exception as error:
        raise CannotRebuildError(f"Keras cannot load the file: {raising.words_of(error)}"[:300]) from error


def load_weights(config: str, data: bytes) -> Any:
    """Rebuild a network, and load its weights from the bytes of a file that holds weights or a whole network.

    Raises:
        CannotRebuildError: If the network has parts that are not Keras' own, or if the weights do not fit it.
    """
    model = rebuild(config)
    path = "weights.keras" if data[:2] == b"PK" else "weights.h5" if _is_legacy(data) else "weights.weights.h5"
    with open(path, "wb") as file:
        file.write(data)
    try:
        model.load_weights(path)
    except Exception as error:
        raise CannotRebuildError(f"Keras cannot load the weights: {raising.words_of(error)}"[:300]) from error
    return model


def _is_legacy(data: bytes) -> bool:
    """Whether an HDF5 file is in the format of Keras 2, in which Keras 3 still saves to a name that ends in `.h5`."""
    import h5py

    try:
        with h5py.File(io.BytesIO(data), "r") as file:
            return "model_weights" in file or "layer_names" in file.attrs
    except OSError:
        return False


def _config_of_archive(data: bytes) -> Any:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if archive.getinfo("config.json").file_size > _MAX_CONFIG_BYTES:
                raise CannotRebuildError("the configuration in the file is too large")
            return json.loads(archive.read("config.json"))
    except (zipfile.BadZipFile, KeyError, ValueError, RecursionError) as error:
        raise CannotRebuildError("the file is no whole Keras model") from error


def _config_of_hdf5(data: bytes) -> Any:
    import h5py

    try:
        with h5py.File(io.BytesIO(data), "r") as file:
            config = file.attrs.get("model_config")
    except OSError as error:
        raise CannotRebuildError("the file is no whole Keras model") from error
    if config is None:
        raise CannotRebuildError("the file holds weights alone")
    try:
        return json.loads(config)
    except (ValueError, RecursionError) as error:
        raise CannotRebuildError("the file is no whole Keras model") from error


def describe_network(model: Any) -> dict[str, Any]:
    """Describe what a rebuilt network consists of.

    Returns:
        `layers`, `input_shape`, `output_shape` and `parameters`.  `layers` has one entry for each layer, including
        those inside nested networks and custom layers, with `kind`, `convolution` (bool), `kernels` (the shapes of its
        kernels), `channels_first` (bool), `input_shape` and `output_shape` (without the batch axis; `None` if unknown;
        that of the first input if there are several).
    """
    return {
        "layers": [part for layer in _flat(model) for part in _describe_parts(layer)],
        "input_shape": _sizes(model.input_shape),
        "output_shape": _sizes(model.output_shape),
        "parameters": int(model.count_params()),
    }


def _describe_parts(layer: Any) -> list[dict[str, Any]]:
    """Describe a layer; the description of a custom layer follows those of its parts."""
    if not isinstance(layer, OwnLayer):
        return [_describe_layer(layer)]
    return [*layer.parts(), _describe_layer(layer) | {"kernels": []}]


def _describe_layer(layer: Any) -> dict[str, Any]:
    return {
        "kind": type(layer).__name__,
        "convolution": isinstance(layer, _CONVOLUTIONS),
        "kernels": [list(weight.shape) for weight in layer.weights if weight.name.endswith("kernel")],
        "channels_first": getattr(layer, "data_format", "") == "channels_first",
        "input_shape": _shape_at(layer, "input"),
        "output_shape": _shape_at(layer, "output"),
    }


def _shape_at(layer: Any, end: str) -> list[int] | None:
    tensor = getattr(layer, end, None)
    shape = getattr(tensor[0] if isinstance(tensor, list) and tensor else tensor, "shape", None)
    return _sizes(shape) if isinstance(shape, tuple) else None


def _sizes(shape: Any) -> list[int]:
    """Return a shape without the batch axis, with 0 for an axis of any size; empty for several inputs or outputs."""
    return [size if isinstance(size, int) else 0 for size in shape[1:]] if isinstance(shape, tuple) else []


def _flat(model: Any) -> list[Any]:
    found = []
    for layer in model.layers:
        found += _flat(layer) if isinstance(layer, keras.Model) else [layer]
    return found


def run_network(model: Any, x: np.ndarray[Any, Any], batch_size: int = 256) -> Any:
    """Return the network's output for images, at inference, as float32.

    Images are flattened for a network that takes its pixels as one row.
    """
    if len(getattr(model, "input_shape", None) or ()) == 2:
        x = x.reshape(len(x), -1)
    parts = [model(x[start : start + batch_size], training=False) for start in range(0, len(x), batch_size)]
    return np.concatenate([keras.ops.convert_to_numpy(part) for part in parts]).astype(np.float32)


def weights_of(model: Any) -> list[Any]:
    """Return the weights of a network in Keras' order."""
    return [np.asarray(weight) for weight in model.get_weights()]
