"""All code that depends on the Keras backend: the only module that may name TensorFlow, JAX or PyTorch.

Untrusted side.  Keras and the backend are imported inside the functions that use them.
"""

from __future__ import annotations

import base64
import importlib
import importlib.metadata
import importlib.util
import random
import sys
import threading
from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np

from grader.sandbox.inside import pretrained
from grader.sandbox.wire.backends import name, sees_gpu, why_missing
from grader.sandbox.wire.graphs import Graph, Numbers, Setting

_DISTRIBUTIONS: Final = {"tensorflow": ("tensorflow", "tensorflow-cpu"), "jax": ("jax",), "torch": ("torch",)}
_DATASETS: Final = {
    "cifar10": ((32, 32, 3), 10, 50_000),
    "cifar100": ((32, 32, 3), 100, 50_000),
    "mnist": ((28, 28), 10, 60_000),
    "fashion_mnist": ((28, 28), 10, 60_000),
}
"""For each data set the shape of an image, the number of classes and the number of training images.

Each has 10,000 test images.
"""


USUAL_NAMES: Final = {"tf": "tensorflow"}
"""The short names under which programs usually import a backend."""

KERAS_BELOW: Final = ("tensorflow.keras", "tensorflow.python.keras")
"""The modules of a backend in which programs look for Keras; the second one no longer exists."""


def preload() -> dict[str, str]:
    """Import what submissions import, without running a Keras operation.

    Returns:
        The versions of Python, Keras, the backend and NumPy.
    """
    import keras
    import matplotlib

    matplotlib.use("agg", force=True)
    import matplotlib.pyplot  # builds the font list once, so that no worker has to

    matplotlib.font_manager.findfont("DejaVu Sans")
    importlib.import_module("numpy.random")
    # On any backend, Keras' image layers import TensorFlow when they are first used.  It is imported here, so that no
    # submission's first epoch pays for that.
    if not why_missing("tensorflow"):
        import tensorflow as tf

        importlib.import_module("keras._tf_keras.keras.layers")
        assert tf.keras.layers  # `tf.keras` is loaded lazily, by the first access
    offer_stand_ins()
    pretrained.offer_untrained()
    _quieten_tensorboard(keras)
    _leave_pipelines_untuned()
    versions = {"python": sys.version.split()[0], "keras": keras.__version__, "numpy": np.__version__}
    for distribution in _DISTRIBUTIONS[name()]:
        try:
            versions[name()] = importlib.metadata.version(distribution)
            break
        except importlib.metadata.PackageNotFoundError:
            continue
    return versions


_OLD_NAMES: Final = ("set_random_seed", "enable_eager_execution", "ConfigProto", "Session", "GPUOptions", "logging")
"""Names that TensorFlow 1 had in its top-level module."""


def offer_old_names() -> None:
    """Restore some names that TensorFlow 1 had in its top-level module and that do no harm."""
    if why_missing("tensorflow"):
        return
    import tensorflow as tf

    for old in _OLD_NAMES:
        if not hasattr(tf, old):
            setattr(tf, old, getattr(tf.compat.v1, old))
    if not hasattr(tf.random, "set_random_seed"):
        tf.random.set_random_seed = tf.random.set_seed


def offer_stand_ins(*, real_sizes: bool = False) -> None:
    """Make `keras.datasets.*.load_data()` return a stand-in, since the sandbox has neither network nor data.

    Args:
        real_sizes: Whether to return as many images as the real data set has, all of them black, rather than a few
            images of noise.  This is for submissions that insist on the number.  The black images take no memory until
            they are written to or converted to floats.
    """
    for dataset, (shape, classes, images) in _DATASETS.items():
        counts = (images, 10_000) if real_sizes else (10 * classes, 5 * classes)
        stand_in = _stand_in(shape, classes, counts, black=real_sizes)
        for module in (f"keras.src.datasets.{dataset}", f"keras.datasets.{dataset}"):
            importlib.import_module(module).load_data = stand_in  # type: ignore[attr-defined]
        alias = sys.modules.get(f"keras._tf_keras.keras.datasets.{dataset}")
        if alias is not None:
            alias.load_data = stand_in  # type: ignore[attr-defined]


def _quieten_tensorboard(keras: Any) -> None:
    """Replace `keras.callbacks.TensorBoard` by a callback that does nothing.

    TensorFlow no longer brings TensorBoard along, and nobody reads the logs of a grading.
    """

    class TensorBoard(keras.callbacks.Callback):  # type: ignore[misc]
        """Accepts the arguments of Keras' callback, and does nothing."""

        def __init__(self, log_dir: str = "logs", *_args: Any, **_kwargs: Any) -> None:
            super().__init__()
            self.log_dir = str(log_dir)

    modules = ["keras.src.callbacks.tensorboard", "keras.src.callbacks", "keras.callbacks"]
    if not why_missing("tensorflow"):
        modules.append("keras._tf_keras.keras.callbacks")
    for module in modules:
        importlib.import_module(module).TensorBoard = TensorBoard  # type: ignore[attr-defined]


def _leave_pipelines_untuned() -> None:
    """Switch off TensorFlow's autotuning of the input pipelines that `fit`, `evaluate` and `predict` make.

    The tuning thread sleeps for 10 ms, 20 ms, 40 ms and so on, and an iterator that ends may wait until it wakes up.
    On one core, with TensorFlow 2.21, every iterator waits.  A guided notebook then took 9.5 s for 6.5 s of computing,
    and where a training waits for its next turn meanwhile, the sleeps grew to seconds.  On one core there is nothing to
    tune.  With a GPU, tuning is left on.
    """
    if name() != "tensorflow" or sees_gpu():
        return
    import tensorflow as tf
    from keras.src.backend.tensorflow import trainer

    options = tf.data.Options()
    options.autotune.enabled = False
    iterator: Any = trainer.TFEpochIterator
    original = iterator.__init__

    def begin(self: Any, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        if isinstance(self._distributed_dataset, tf.data.Dataset):
            self._distributed_dataset = self._distributed_dataset.with_options(options)

    iterator.__init__ = begin


def _stand_in(shape: tuple[int, ...], classes: int, counts: tuple[int, int], *, black: bool) -> Any:
    def load_data(*_args: Any, **_kwargs: Any) -> Any:
        """Return training and test sets with the shapes and dtypes of the real data set."""
        rng = np.random.default_rng(0)

        def part(count: int) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
            images = np.zeros((count, *shape), np.uint8) if black else rng.integers(0, 256, (count, *shape), np.uint8)
            labels = np.arange(count) % classes
            return images, labels.astype(np.uint8).reshape((-1, 1) if len(shape) == 3 else -1)

        return part(counts[0]), part(counts[1])

    return load_data


def seed_everything(seed: int) -> None:
    """Seed the global random generators of Python, NumPy and the backend, without starting the backend.

    `keras.utils.set_random_seed` is not used, since it would import parts of the backend and create tensors at once.
    """
    random.seed(seed)
    np.random.seed(seed % 2**32)
    if not why_missing("tensorflow"):  # input pipelines are TensorFlow's on every backend
        import tensorflow as tf

        tf.random.set_seed(seed)
    if name() == "torch":
        import torch

        torch.manual_seed(seed)


def compile_nothing() -> None:
    """From now on, run functions eagerly even if a submission has decorated them with `tf.function`.

    The known models do some of their work in Python, which a traced step would run only once, during tracing.
    """
    if name() == "tensorflow":
        import tensorflow as tf

        tf.config.run_functions_eagerly(True)


def runs_eagerly(model: Any) -> bool:
    """Whether a network's training steps run eagerly."""
    if name() == "tensorflow":
        import tensorflow as tf

        return bool(model.run_eagerly or tf.config.functions_run_eagerly())
    return bool(model.run_eagerly)


def compile_steps(model: Any) -> None:
    """Make a network's training steps compiled from the next time that `fit` builds them."""
    if name() == "tensorflow":
        import tensorflow as tf

        tf.config.run_functions_eagerly(False)
    model.run_eagerly = False


def skip_steps(model: Any, logs: dict[str, Any]) -> None:
    """Make the remaining steps of a running `fit` do nothing but return some logs, until `train_again` is called.

    Args:
        model: The network that is being trained.
        logs: The values that each step returns, by the names that Keras gives them.
    """
    if name() == "jax":
        model.train_function = lambda state, _batches: (dict(logs), state)
    else:
        model.train_function = lambda _batches: dict(logs)


def train_again(model: Any) -> None:
    """Let the next `fit` build its steps anew, as after `skip_steps`."""
    model.train_function = None


def compiled(compute: Callable[[], Any]) -> Callable[[], Any]:
    """Return a compiled version of a computation that may change a network's state.

    Only TensorFlow compiles such computations; on other backends the computation itself is returned.
    """
    if name() != "tensorflow":
        return compute
    import tensorflow as tf

    traced = tf.function(compute)

    def run() -> Any:
        eager = tf.config.functions_run_eagerly()
        tf.config.run_functions_eagerly(False)
        try:
            return traced()
        finally:
            tf.config.run_functions_eagerly(eager)

    return run


def is_tensor(value: Any) -> bool:
    """Whether a value is a tensor of the backend."""
    import keras

    return bool(keras.ops.is_tensor(value)) or isinstance(value, keras.Variable)


def to_numpy(tensor: Any) -> np.ndarray[Any, Any]:
    """Convert a tensor to a NumPy array; dtypes that NumPy lacks, such as bfloat16, become float32."""
    import keras

    array = np.asarray(keras.ops.convert_to_numpy(tensor))
    return array.astype(np.float32) if array.dtype.kind not in "biuf" else array


def is_of_a_library(function: Any) -> bool:
    """Whether a function belongs to Keras or TensorFlow."""
    return str(function.__module__).startswith(("keras.", "tensorflow."))


def synchronize(model: Any) -> None:
    """Wait until a network's weights have been computed, since JAX and GPUs compute asynchronously.

    It may be called between the steps of `fit`.
    """
    if name() == "jax":
        import jax

        model.jax_state_sync()  # during `fit`, Keras keeps the weights outside the network's variables
        jax.block_until_ready([variable.value for variable in model.variables])
    elif not sees_gpu():
        return  # on the processor, TensorFlow and PyTorch compute synchronously
    elif name() == "torch":
        import torch

        torch.cuda.synchronize()
    else:
        import tensorflow as tf

        tf.test.experimental.sync_devices()


def operations_of(
    compute: Callable[..., Any], shape: Sequence[int], dtype: str, weights: Sequence[Any]
) -> dict[str, Any]:
    """Trace a computation on images, and return its operations as plain data.

    Only operations that the output depends on are included, each after those whose outputs it takes.  Any
    `tf.function` is inlined.  Whether the operations are allowed is not checked here.

    Args:
        compute: The computation; called with a batch of images and then the values of the weights.
        shape: The shape of one image; -1 stands for any size.
        dtype: The dtype of the images.
        weights: The current values of the weights, for their shapes and dtypes.

    Returns:
        `nodes`, `input` and `output` as in `graphs.Graph`, and `fed`, which has the placeholder of each weight, or
        `None` if the output does not depend on it.

    Raises:
        ValueError: If the backend has no graphs, or if the result is not a single tensor.
    """
    if name() != "tensorflow":
        raise ValueError(f"the backend {name()} has no graphs")
    import tensorflow as tf

    # While tracing, functions run eagerly, so that each inner `tf.function` adds its operations to this graph rather
    # than a call, which the examiner would refuse.
    def written_out(*given: Any) -> Any:
        eager = tf.config.functions_run_eagerly()
        tf.config.run_functions_eagerly(True)
        try:
            return compute(*given)
        finally:
            tf.config.run_functions_eagerly(eager)

    eager = tf.config.functions_run_eagerly()
    tf.config.run_functions_eagerly(False)
    try:
        images = tf.TensorSpec((None, *(None if size < 0 else size for size in shape)), dtype)
        values = [tf.TensorSpec(weight.shape, weight.dtype) for weight in weights]
        traced = tf.function(written_out, autograph=False).get_concrete_function(images, *values)
    finally:
        tf.config.run_functions_eagerly(eager)
    if not isinstance(traced.structured_outputs, tf.Tensor):
        raise ValueError("what it computes is not one tensor")
    captured = {
        inside.op.name: outside.numpy()
        for outside, inside in traced.graph.captures
        if outside.dtype not in (tf.resource, tf.variant) and hasattr(outside, "numpy")
    }
    return _Operations(traced.graph.as_graph_def(), captured).until(
        traced.outputs[0].name, [tensor.op.name for tensor in traced.inputs[: 1 + len(weights)]]
    )


class _Operations:
    """Converts the operations of a TensorFlow graph to plain data.

    Args:
        graph: TensorFlow's `GraphDef`.
        captured: The values of the tensors that the graph captured from outside, by the name of their placeholder.
            They become constants.
    """

    def __init__(self, graph: Any, captured: dict[str, Any]) -> None:
        self._nodes = {node.name: node for node in graph.node}
        self._captured = captured
        self._names: dict[str, str] = {}

    def until(self, output: str, fed: list[str]) -> dict[str, Any]:
        """Return the operations that an output depends on; `fed` names the placeholders of images and weights."""
        needed = {fed[0]}
        waiting = [output.partition(":")[0]]
        while waiting:
            if (current := waiting.pop()) not in needed:
                needed.add(current)
                waiting += [edge.partition(":")[0] for edge in self._nodes[current].input if not edge.startswith("^")]
        self._names = {known: f"n{number}" for number, known in enumerate(k for k in self._nodes if k in needed)}
        return {
            "nodes": [self._node(self._nodes[known]) for known in self._names],
            "input": self._names[fed[0]],
            "output": self._edge(output),
            "fed": [self._names.get(known) for known in fed[1:]],
        }

    def _edge(self, edge: str) -> str:
        known, _, place = edge.partition(":")
        return f"{self._names[known]}:{place}" if place not in ("", "0") else self._names[known]

    def _node(self, node: Any) -> dict[str, Any]:
        if node.name in self._captured:
            value = np.asarray(self._captured[node.name])
            settings = {"dtype": _setting(node.attr["dtype"]), "value": {"numbers": _numbers(value)}}
            return {"name": self._names[node.name], "op": "Const", "inputs": [], "settings": settings}
        return {
            "name": self._names[node.name],
            "op": node.op,
            "inputs": [self._edge(edge) for edge in node.input if not edge.startswith("^")],
            "settings": {key: _setting(value) for key, value in node.attr.items() if not key.startswith("_")},
        }


_LISTS: Final = {"type": "dtypes", "shape": "shapes", "i": "wholes", "f": "reals", "b": "truths", "s": "texts"}
_SINGLE: Final = {"type": "dtype", "shape": "shape", "i": "whole", "f": "real", "b": "truth", "s": "text"}


def _setting(value: Any) -> dict[str, Any]:
    """Convert a setting of an operation to plain data.

    A kind that `graphs.Setting` has no field for keeps its name, so that the validation refuses it.
    """
    import tensorflow as tf

    def plain(kind: str, each: Any) -> Any:
        if kind == "type":
            return tf.as_dtype(each).name
        if kind == "shape":
            return None if each.unknown_rank else [int(dimension.size) for dimension in each.dim]
        return each.decode("latin-1") if kind == "s" else each

    kind = value.WhichOneof("value") or "list"
    if kind == "tensor":
        return {"numbers": _numbers(tf.make_ndarray(value.tensor))}
    if kind == "list":
        for each, place in _LISTS.items():
            if members := getattr(value.list, each):
                return {place: [plain(each, member) for member in members]}
        return {"wholes": []}
    return {_SINGLE[kind]: plain(kind, getattr(value, kind))} if kind in _SINGLE else {kind: ""}


def _numbers(array: Any) -> dict[str, Any]:
    data = base64.b64encode(np.ascontiguousarray(array).tobytes()).decode("ascii")
    return {"dtype": array.dtype.name, "shape": list(array.shape), "data": data}


class GraphFunction:
    """A callable made from a graph that has crossed.

    Args:
        graph: The graph, which `graphs.graph_of` has validated.

    Raises:
        ValueError: If the backend has no graphs, or if TensorFlow rejects this one.
    """

    def __init__(self, graph: Graph) -> None:
        if name() != "tensorflow":
            raise ValueError(f"the backend {name()} has no graphs")
        import tensorflow as tf

        definition = tf.compat.v1.GraphDef()
        definition.versions.producer = tf.version.GRAPH_DEF_VERSION
        for node in graph.nodes:
            made = definition.node.add(name=node.name, op=node.op, input=node.inputs)
            for key, setting in node.settings.items():
                _fill(made.attr[key], setting)
        self._wrapped = tf.compat.v1.wrap_function(lambda: tf.graph_util.import_graph_def(definition, name=""), [])
        fed = [graph.input, *(weight.node for weight in graph.weights if weight.node)]
        self._fed = [self._tensor(each) for each in fed]
        self._output = self._tensor(graph.output)
        self._call = self._wrapped.prune(self._fed, self._output)

    def __call__(self, images: Any, weights: Sequence[Any]) -> Any:
        """Compute the output for a batch of images, given the values of those weights that have a node."""
        import tensorflow as tf

        return self._call(*(tf.convert_to_tensor(each) for each in (images, *weights)))

    def replacing(self, edge: str) -> Callable[[Any, Any, Sequence[Any]], Any]:
        """Return a function that computes the output with another value in place of a node's.

        Args:
            edge: The output of the node.

        Returns:
            A function of that value, a batch of images, and the values of those weights that have a node.
        """
        import tensorflow as tf

        call = self._wrapped.prune([*self._fed, self._tensor(edge)], self._output)

        def answer(value: Any, images: Any, weights: Sequence[Any]) -> Any:
            given = tf.cast(value, self._tensor(edge).dtype)
            return call(*(tf.convert_to_tensor(each) for each in (images, *weights, given)))

        return answer

    def shape_of(self, edge: str) -> tuple[int | None, ...] | None:
        """Return the shape of a node's output as far as it is known, or `None` if not even its rank is known."""
        shape = self._tensor(edge).shape
        return None if shape.rank is None else tuple(shape.as_list())

    def _tensor(self, edge: str) -> Any:
        return self._wrapped.graph.get_tensor_by_name(edge if ":" in edge else f"{edge}:0")


def _fill(value: Any, setting: Setting) -> None:
    """Set one of TensorFlow's attribute values from a setting as plain data."""
    import tensorflow as tf

    def plain(kind: str, each: Any) -> Any:
        if kind == "type":
            return tf.as_dtype(each).as_datatype_enum
        if kind == "shape":
            return tf.TensorShape(None if each is None else [None if size < 0 else size for size in each]).as_proto()
        return each.encode("latin-1") if kind == "s" else each

    held = getattr(setting, setting.kind)
    if isinstance(held, Numbers):
        kind = tf.as_dtype(held.dtype).as_numpy_dtype
        array = np.frombuffer(base64.b64decode(held.data), kind).reshape(held.shape)
        value.tensor.CopyFrom(tf.make_tensor_proto(array, dtype=held.dtype, shape=held.shape))
    elif setting.kind in _LISTS.values():
        kind = next(kind for kind, place in _LISTS.items() if place == setting.kind)
        getattr(value.list, kind).extend([plain(kind, each) for each in held])
        value.list.SetInParent()
    elif setting.kind == "shape":
        value.shape.CopyFrom(plain("shape", held))
    else:
        kind = next(kind for kind, place in _SINGLE.items() if place == setting.kind)
        setattr(value, kind, plain(kind, held))


class Count:
    """A counter that a computation can add to each time it runs, in compiled code as well as in Python.

    It has to be created and read outside of compiled code.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._total = self._times = 0
        self._compiled: Any = None
        if name() == "tensorflow":
            import tensorflow as tf

            self._compiled = tf.Variable((0, 0), trainable=False, dtype="int64")

    def add(self, amount: Any) -> None:
        """Add a number, or a scalar tensor where the size of a batch is not fixed."""
        if name() == "jax":
            import jax

            jax.debug.callback(lambda: self._grow(amount))
        elif name() == "torch":
            import torch

            grow = torch.compiler.disable(self._grow) if torch.compiler.is_compiling() else self._grow
            grow(amount)
        else:
            import tensorflow as tf

            # In compiled code Python runs only while it is traced, so a variable counts there.
            if tf.executing_eagerly():
                self._grow(amount)
            else:
                self._compiled.assign_add(tf.stack((tf.cast(amount, "int64"), tf.constant(1, "int64"))))

    def _grow(self, amount: Any) -> None:
        with self._lock:
            self._total += int(amount)
            self._times += 1

    def read(self) -> tuple[int, int]:
        """Return the total and the number of additions, after all pending computations have run."""
        if name() == "jax":
            import jax

            jax.effects_barrier()
        total, times = (0, 0) if self._compiled is None else self._compiled.numpy().tolist()
        return self._total + total, self._times + times


def rows_of(inputs: Any) -> Any:
    """Return the number of rows of the first array among some inputs.

    Returns:
        A number, or a scalar tensor in compiled code where the size of a batch is not fixed.  `None` if there is no
        array with rows, or only a symbolic one, which networks use to infer the shapes of their outputs.
    """
    import keras

    arrays = [value for value in keras.tree.flatten(inputs) if hasattr(value, "shape") and hasattr(value, "dtype")]
    if not arrays or isinstance(arrays[0], keras.KerasTensor) or getattr(arrays[0], "is_meta", False):
        return None
    try:
        rows = tuple(arrays[0].shape)[:1]
    except ValueError:  # a tensor of unknown rank
        return None
    if not rows:
        return None
    return keras.ops.shape(arrays[0])[0] if rows[0] is None else rows[0]


def device_facts() -> dict[str, Any]:
    """Describe the devices that the backend computes on.

    Returns:
        A dictionary with `backend`, its name; `devices`, the names of all visible devices of the kind that it computes
        on; and `gpu`, whether these are GPUs.
    """
    if name() == "torch":
        import torch

        devices = [f"cuda:{index}" for index in range(torch.cuda.device_count())] or ["cpu"]
    else:
        import keras

        devices = [str(device).lower() for device in keras.distribution.list_devices()]
    gpu = any(kind in device for device in devices for kind in ("gpu", "cuda"))
    return {"backend": name(), "devices": devices, "gpu": gpu}


def device_memory_mb() -> float | None:
    """Return the peak memory in use on the GPU, in MiB, or `None` on the processor or if it is not known."""
    if not sees_gpu():
        return None
    if name() == "torch":
        import torch

        return float(torch.cuda.max_memory_allocated()) / 2**20
    if name() == "jax":
        import jax

        statistics = jax.local_devices()[0].memory_stats() or {}
        peak = statistics.get("peak_bytes_in_use")
    else:
        import tensorflow as tf

        peak = tf.config.experimental.get_memory_info("GPU:0")["peak"]
    return None if peak is None else float(peak) / 2**20
