"""The data format in which a submission's custom layers cross to the examiner: graphs of operations that only compute.

A graph is not sent as a protocol buffer, but as a list of plain records in the configuration of the network: each
operation's name, its inputs, and its settings.  No setting can name a function, a file or an object.  The trusted side
validates a graph before the examiner gets it, and the examiner validates it again before it builds a TensorFlow graph
from it.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
from collections.abc import Iterator
from typing import Annotated, Any, Final

import msgspec

CLASS_NAME: Final = "OwnLayer"
REGISTERED_NAME: Final = "grader>OwnLayer"
MODULE: Final = "grader"

MOST_NODES: Final = 4000
"""The most operations in all graphs of a network together; a residual block has about fifty."""
MOST_CONSTANTS: Final = 1024
"""The most numbers in all constants of a network together.

This is enough for shapes, means and small filters, but too few to smuggle in weights that were trained elsewhere.
"""
MOST_BYTES: Final = 2 * 2**20
"""The most bytes in a network's configuration that contains graphs."""

ITEM_SIZES: Final = {
    "float32": 4,
    "float16": 2,
    "bfloat16": 2,
    "float64": 8,
    "int32": 4,
    "int64": 8,
    "uint8": 1,
    "int8": 1,
    "bool": 1,
}
"""The allowed dtypes, with the bytes that one number takes: no strings, and no handles of resources."""

CONVOLUTIONS: Final = {
    "Conv2D": ("Conv2D", 0),
    "DepthwiseConv2dNative": ("DepthwiseConv2D", 0),
    "Conv2DBackpropInput": ("Conv2DTranspose", 2),
}
"""TensorFlow's convolutions: the name of the Keras layer, and the position of the images among the inputs.

Input 1 is the kernel in each of them.
"""

_ELEMENTWISE: Final = """
    Abs Add AddN AddV2 Cast Ceil ClipByValue Cos Cosh Div DivNoNan Elu Equal Erf Erfc Exp Expm1 Floor FloorDiv FloorMod
    Greater GreaterEqual Identity IdentityN Inv IsFinite IsInf IsNan LeakyRelu Less LessEqual Log Log1p LogicalAnd
    LogicalNot LogicalOr Maximum Minimum Mod Mul MulNoNan Neg NotEqual OnesLike Pow PreventGradient RealDiv Reciprocal
    Relu Relu6 Rint Round Rsqrt Select SelectV2 Selu Sigmoid Sign Sin Sinh Softplus Softsign Sqrt Square
    SquaredDifference StopGradient Sub Tan Tanh TruncateDiv TruncateMod Xdivy Xlogy ZerosLike
"""
_OF_SHAPES: Final = """
    BatchToSpaceND BroadcastArgs BroadcastTo Concat ConcatV2 Const Cumsum DepthToSpace EnsureShape ExpandDims Fill
    Gather GatherNd GatherV2 LinSpace MatrixBandPart MatrixDiag MatrixDiagPart MirrorPad OneHot Pack Pad PadV2
    Placeholder Range Rank Reshape ReverseV2 Roll Shape ShapeN Size Slice SpaceToBatchND SpaceToDepth Split SplitV
    Squeeze StridedSlice Tile Transpose Unpack
"""
_OF_NETWORKS: Final = """
    All Any ArgMax ArgMin AvgPool BatchMatMul BatchMatMulV2 BatchMatMulV3 BiasAdd BiasAddV1 Conv2D Conv2DBackpropInput
    DepthwiseConv2dNative Einsum EuclideanNorm FusedBatchNorm FusedBatchNormV2 FusedBatchNormV3 L2Loss LRN
    LogSoftmax MatMul Max MaxPool MaxPoolV2 Mean Min Prod Softmax Sum TopKV2
"""
_OF_IMAGES: Final = """
    AdjustContrastv2 AdjustHue AdjustSaturation ExtractImagePatches HSVToRGB RGBToHSV ResizeArea ResizeBicubic
    ResizeBilinear ResizeNearestNeighbor
"""
OPERATIONS: Final = frozenset(f"{_ELEMENTWISE} {_OF_SHAPES} {_OF_NETWORKS} {_OF_IMAGES}".split())
"""The operations that a graph may contain; any other is refused.

None of them has state, draws random numbers, looks anything up, calls a function or Python, loops, or reaches a file or
another device.
"""

INITIALIZERS: Final = frozenset(
    (
        "Constant",
        "GlorotNormal",
        "GlorotUniform",
        "HeNormal",
        "HeUniform",
        "LecunNormal",
        "LecunUniform",
        "Ones",
        "Orthogonal",
        "RandomNormal",
        "RandomUniform",
        "TruncatedNormal",
        "VarianceScaling",
        "Zeros",
    )
)
"""The Keras initialisers that a weight may declare: rules with plain numbers as settings, never an array of values."""

_Name = Annotated[str, msgspec.Meta(max_length=100, pattern=r"^[A-Za-z_][A-Za-z0-9_>./ -]*$")]
_Node = Annotated[str, msgspec.Meta(max_length=12, pattern=r"^n[0-9]+$")]
_Edge = Annotated[str, msgspec.Meta(max_length=16, pattern=r"^n[0-9]+(:[0-9]{1,3})?$")]
_Text = Annotated[str, msgspec.Meta(max_length=200)]
_Short = msgspec.Meta(max_length=64)
_Sizes = Annotated[list[Annotated[int, msgspec.Meta(ge=-1, le=2**31)]], msgspec.Meta(max_length=8)]
_Int = Annotated[int, msgspec.Meta(ge=-(2**62), le=2**62)]


class Numbers(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A constant: `data` holds its bytes, row by row, in base64."""

    dtype: _Name
    shape: _Sizes
    data: str


class Setting(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One setting of an operation; exactly one of the fields is present.  A shape of unknown rank is `None`."""

    dtype: _Name | msgspec.UnsetType = msgspec.UNSET
    shape: _Sizes | msgspec.UnsetType | None = msgspec.UNSET
    whole: _Int | msgspec.UnsetType = msgspec.UNSET
    real: float | msgspec.UnsetType = msgspec.UNSET
    truth: bool | msgspec.UnsetType = msgspec.UNSET
    text: _Text | msgspec.UnsetType = msgspec.UNSET
    numbers: Numbers | msgspec.UnsetType = msgspec.UNSET
    dtypes: Annotated[list[_Name], _Short] | msgspec.UnsetType = msgspec.UNSET
    shapes: Annotated[list[_Sizes | None], _Short] | msgspec.UnsetType = msgspec.UNSET
    wholes: Annotated[list[_Int], _Short] | msgspec.UnsetType = msgspec.UNSET
    reals: Annotated[list[float], _Short] | msgspec.UnsetType = msgspec.UNSET
    truths: Annotated[list[bool], _Short] | msgspec.UnsetType = msgspec.UNSET
    texts: Annotated[list[_Text], _Short] | msgspec.UnsetType = msgspec.UNSET

    @property
    def kind(self) -> str:
        """The name of the field that is present; empty if there is none, or more than one."""
        there = [name for name in self.__struct_fields__ if getattr(self, name) is not msgspec.UNSET]
        return there[0] if len(there) == 1 else ""


class Node(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An operation: the name of TensorFlow's operation, the outputs of earlier nodes that it takes, its settings."""

    name: _Node
    op: _Name
    inputs: Annotated[list[_Edge], msgspec.Meta(max_length=256)]
    settings: Annotated[dict[_Name, Setting], msgspec.Meta(max_length=32)]


class Initializer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The initialiser that a weight declares: the name of a Keras class, and plain settings."""

    class_name: _Name
    config: Annotated[dict[_Name, float | int | str | None], msgspec.Meta(max_length=12)]


class Weight(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A weight of the layer; `node` is the placeholder for its value, or `None` if the output does not depend on it."""

    name: _Name
    shape: _Sizes
    dtype: _Name
    initializer: Initializer
    node: _Node | None = None


class Graph(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The computation of a custom layer at inference.

    Attributes:
        of: The name of the layer's class, for messages.
        nodes: The operations, each after those whose outputs it takes.
        input: The placeholder for the images.
        shape: The shape of the images without the batch axis; -1 stands for any size.
        dtype: The dtype of the images.
        weights: All of the layer's weights, in Keras' order.
        output: The output of a node that is the layer's output.
    """

    of: _Text
    nodes: Annotated[list[Node], msgspec.Meta(max_length=MOST_NODES)]
    input: _Node
    shape: _Sizes
    dtype: _Name
    weights: Annotated[list[Weight], msgspec.Meta(max_length=1000)]
    output: _Edge


def has_graphs(config: str) -> bool:
    """Whether a network's configuration, as JSON, contains layers that cross as graphs."""
    return f'"{REGISTERED_NAME}"' in config


def fault_of(config: str) -> str:
    """Return why the graphs in a network's configuration are refused, or an empty string if the examiner may get it.

    Args:
        config: The network's configuration, as JSON.

    Returns:
        A clause for a message, without a full stop.
    """
    try:
        parts = list(_own_layers(json.loads(config)))
    except (ValueError, RecursionError):
        return "the network's configuration is no JSON"
    if parts and len(config) > MOST_BYTES:
        return "its own layers are too large to be examined"
    nodes = constants = 0
    for part in parts:
        raw = part.get("config")
        raw = raw.get("graph") if isinstance(raw, dict) else None
        fault = _foreign_operation(raw)
        if fault:
            return fault
        if isinstance(raw, dict) and isinstance(raw.get("nodes"), list):
            nodes += len(raw["nodes"])
        if nodes > MOST_NODES:
            return f"its own layers make more than {MOST_NODES:,} operations"
        try:
            graph = graph_of(raw)
        except msgspec.ValidationError as error:
            return f"what its own layer computes is no graph ({str(error)[:120]})"
        constants += sum(_constants_in(node) for node in graph.nodes)
        if constants > MOST_CONSTANTS:
            return f"its own layers bring more than {MOST_CONSTANTS:,} fixed numbers, which should be weights"
    return ""


def graph_of(raw: Any) -> Graph:
    """Convert plain data to a graph, and validate it.

    Each node may only take outputs of earlier nodes, so a valid graph has no cycles.

    Raises:
        msgspec.ValidationError: If it does not have the form of a graph, or contains something that is not allowed.
    """
    graph = msgspec.convert(raw, Graph)
    known: dict[str, Node] = {}
    for node in graph.nodes:
        _require(node.op in OPERATIONS, f"the operation {node.op}")
        _require(all(edge.partition(":")[0] in known for edge in node.inputs), "an operation before what it takes")
        _require(node.name not in known, "two operations of one name")
        for setting in node.settings.values():
            _require_setting(setting)
        known[node.name] = node
    placeholders = [name for name, node in known.items() if node.op == "Placeholder"]
    fed = [graph.input, *(weight.node for weight in graph.weights if weight.node)]
    _require(sorted(placeholders) == sorted(fed), "inputs that nobody fills")
    _require(graph.output.partition(":")[0] in known, "an answer that is not there")
    for dtype in (graph.dtype, *(weight.dtype for weight in graph.weights)):
        _require(dtype in ITEM_SIZES, f"the type {dtype}")
    for weight in graph.weights:
        _require(weight.initializer.class_name in INITIALIZERS, f"the initialiser {weight.initializer.class_name}")
        _require(math.prod(weight.shape) >= 0 and -1 not in weight.shape, "a weight of no size")
    return graph


def _require(holds: bool, what: str) -> None:
    if not holds:
        raise msgspec.ValidationError(f"it has {what}")


def _require_setting(setting: Setting) -> None:
    _require(bool(setting.kind), "a setting that is none")
    types = [setting.dtype] if isinstance(setting.dtype, str) else []
    types += setting.dtypes if isinstance(setting.dtypes, list) else []
    if isinstance(setting.numbers, Numbers):
        types.append(setting.numbers.dtype)
    for name in types:
        _require(name in ITEM_SIZES, f"the type {name}")
    if isinstance(setting.numbers, Numbers):
        size = math.prod(setting.numbers.shape) * ITEM_SIZES[setting.numbers.dtype]
        try:
            data = base64.b64decode(setting.numbers.data, validate=True)
        except (ValueError, binascii.Error):
            data = None
        fits = -1 not in setting.numbers.shape and data is not None and len(data) == size
        _require(fits, "a constant of another size")


def _own_layers(tree: Any) -> Iterator[dict[str, Any]]:
    """Yield the parts of a serialised network that claim to be graphs, however deeply nested."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, list):
            waiting += node
        elif isinstance(node, dict) and REGISTERED_NAME in (node.get("registered_name"), node.get("class_name")):
            yield node
        elif isinstance(node, dict):
            waiting += node.values()


def _foreign_operation(raw: Any) -> str:
    """Return a clause about the first operation that is not allowed, or an empty string if there is none.

    It is found even if other parts of the graph are invalid.
    """
    nodes = raw.get("nodes") if isinstance(raw, dict) else None
    for node in nodes if isinstance(nodes, list) else ():
        op = node.get("op") if isinstance(node, dict) else None
        if isinstance(op, str) and op not in OPERATIONS:
            what = str(raw.get("of"))[:80]
            python = op in ("PyFunc", "PyFuncStateless", "EagerPyFunc")
            return f"its layer {what} {'calls Python' if python else 'computes'} with {op[:60]}, which is not examined"
    return ""


def _constants_in(node: Node) -> int:
    return sum(
        math.prod(setting.numbers.shape) for setting in node.settings.values() if isinstance(setting.numbers, Numbers)
    )


def sources(graph: Graph) -> dict[str, frozenset[str]]:
    """Return for each operation the placeholders, of images or weights, that it depends on."""
    found: dict[str, frozenset[str]] = {}
    for node in graph.nodes:
        own = frozenset((node.name,)) if node.op == "Placeholder" else frozenset()
        found[node.name] = own.union(*(found[edge.partition(":")[0]] for edge in node.inputs))
    return found
