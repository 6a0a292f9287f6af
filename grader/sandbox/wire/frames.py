"""What crosses between the trusted side and a sandbox: typed records, and the values that they carry.

Only data crosses.  An array is a dtype from an allow-list, a shape and bytes, whose sizes must agree.  What
cannot be data (a model, a history, a figure) stays on its side and crosses as a `Handle`.  Nothing here
unpickles, evaluates or imports what a peer names.  `channel` sends and receives the records.

Both sides import this module, and it imports nothing of `grader` but `channel`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Annotated, Any, Final

import msgspec
import numpy as np

from grader.sandbox.wire.channel import MAX_FRAME_BYTES, ProtocolError

ARRAY_DTYPES: Final = frozenset(
    ("bool", "uint8", "uint16", "uint32", "uint64", "int8", "int16", "int32", "int64", "float16", "float32", "float64")
)
MAX_RANK: Final = 8
MAX_DEPTH: Final = 16
MAX_ITEMS: Final = 100_000
MAX_TEXT: Final = 4000
MEMORY_TOGETHER: Final = 2
"""What all workers of a sandbox may take at one time, in limits of one: most of them wait for their next call."""

_MAX_INT: Final = 2**63 - 1


class ArrayData(msgspec.Struct, frozen=True, tag="array", array_like=True):
    """An array as it crosses: C order, native little-endian."""

    dtype: str
    shape: tuple[int, ...]
    data: memoryview


class Blob(msgspec.Struct, frozen=True, tag="blob", array_like=True):
    """Bytes as they cross."""

    data: memoryview


class Handle(msgspec.Struct, frozen=True, tag="handle", array_like=True):
    """An object that stayed in the worker: `number` names it there, `type_name` says what it is."""

    number: int
    type_name: str


class Opaque(msgspec.Struct, frozen=True, tag="opaque", array_like=True):
    """An object that is no data and has no handle, as a description for people."""

    type_name: str
    text: str


class Items(msgspec.Struct, frozen=True, tag="items", array_like=True):
    """A list or a tuple."""

    kind: str
    items: Annotated[tuple[Value, ...], msgspec.Meta(max_length=MAX_ITEMS)]


class Mapping(msgspec.Struct, frozen=True, tag="mapping", array_like=True):
    """A dictionary, as pairs: its keys need not be text.

    Tuples are no keys here, since their hashes can be made to collide, so that a dictionary takes hours to build.
    """

    pairs: Annotated[tuple[tuple[Key, Value], ...], msgspec.Meta(max_length=MAX_ITEMS)]


Key = None | bool | int | float | str
Value = None | bool | int | float | str | Blob | ArrayData | Handle | Opaque | Items | Mapping


class Spawn(msgspec.Struct, frozen=True, tag="spawn"):
    """To the forkserver, with two descriptors: fork a worker that talks on the first and prints to the second."""

    worker: int
    limits: Limits
    seed: int


class Kill(msgspec.Struct, frozen=True, tag="kill"):
    """To the forkserver: end a worker and all its processes."""

    worker: int


class Account(msgspec.Struct, frozen=True, tag="account"):
    """To the forkserver: tell what a worker has had of the processor."""

    worker: int


class Accounted(msgspec.Struct, frozen=True, tag="accounted"):
    """From the forkserver: what a worker has had of the processor up to now.

    Attributes:
        ran: For how many seconds its threads have run, all together.
        waited: For how many seconds they were ready to run and waited for a core, which other programs had.
    """

    ran: float
    waited: float


class Join(msgspec.Struct, frozen=True, tag="join"):
    """To the forkserver, with a descriptor: take orders there too, from another process of the same grading."""


class Ready(msgspec.Struct, frozen=True, tag="ready"):
    """From the forkserver, once to each that it takes orders from: it has imported Keras and takes orders."""

    versions: dict[str, str]


class Exited(msgspec.Struct, frozen=True, tag="exited"):
    """From the forkserver: a worker is gone, with every process it had.

    Attributes:
        worker: Its number.
        reason: `exit`, `signal`, `memory`, `processes`, `cpu` or `killed` (on request).
        code: Exit status or signal number.
        cpu_seconds: Processor time of all its processes.
        peak_mb: Largest resident memory seen, in MiB.
    """

    worker: int
    reason: str
    code: int
    cpu_seconds: float
    peak_mb: float


class Limits(msgspec.Struct, frozen=True):
    """What one worker may use.

    Attributes:
        memory_mb: Memory of all its processes, MiB, what they share counted once.
        processes: Processes at one time.
        cpu_seconds: Processor time of all its processes.
        file_mb: Size of one file, and of the whole scratch file system, MiB.
    """

    memory_mb: int = 4096
    processes: int = 64
    cpu_seconds: int = 1800
    file_mb: int = 512


class Load(msgspec.Struct, frozen=True, tag="load"):
    """To a worker: execute this source as the module `solution`, and say which of `names` it defines.

    With `whole`, as Python would import it, so that the first error ends it; otherwise statement by
    statement, so that an error costs that statement alone.  With `real_sizes`, the stand-ins for Keras' data sets have
    as many images as the data sets.
    """

    number: int
    source: str
    names: tuple[str, ...]
    whole: bool = False
    real_sizes: bool = False


class Call(msgspec.Struct, frozen=True, tag="call"):
    """To a worker: call a function of the submission, or of the toolbox (`toolbox=True`)."""

    number: int
    name: str
    args: tuple[Value, ...]
    kwargs: dict[str, Value]
    toolbox: bool = False


class TracebackLine(msgspec.Struct, frozen=True):
    """One entry of a traceback that lies in the submission's own source."""

    line: int
    function: str


class Started(msgspec.Struct, frozen=True, tag="started"):
    """From a worker, once: it is confined and takes orders; no line of a submission has run."""


class Raised(msgspec.Struct, frozen=True, tag="raised"):
    """From a worker: the call ended in an exception."""

    number: int
    type_name: str
    message: Annotated[str, msgspec.Meta(max_length=MAX_TEXT)]
    frames: Annotated[tuple[TracebackLine, ...], msgspec.Meta(max_length=100)] = ()


class Returned(msgspec.Struct, frozen=True, tag="returned"):
    """From a worker: what the call returned."""

    number: int
    value: Value


class ParameterFound(msgspec.Struct, frozen=True):
    """One parameter of a function of the submission; `kind` is inspect's name for it."""

    name: str
    kind: str
    has_default: bool


class FunctionFound(msgspec.Struct, frozen=True):
    """A callable that the submission defines under a name of the contract; `None` where it has no signature."""

    name: str
    parameters: tuple[ParameterFound, ...] | None


class Loaded(msgspec.Struct, frozen=True, tag="loaded"):
    """From a worker: what loading gave."""

    number: int
    functions: tuple[FunctionFound, ...]
    errors: Annotated[tuple[Raised, ...], msgspec.Meta(max_length=100)]
    trained: Annotated[tuple[TracebackLine, ...], msgspec.Meta(max_length=1000)] = ()


ToForkserver = Spawn | Kill | Account | Join
FromForkserver = Ready | Exited | Accounted
ToWorker = Load | Call
FromWorker = Started | Raised | Returned | Loaded


def array_to_wire(array: np.ndarray[Any, Any]) -> ArrayData:
    """Turn an array into what crosses, in C order and little-endian.

    Raises:
        TypeError: The dtype is not in the allow-list.
    """
    if array.dtype.name not in ARRAY_DTYPES:
        raise TypeError(f"arrays of dtype {array.dtype} do not cross")
    plain = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
    return ArrayData(array.dtype.name, tuple(array.shape), plain.reshape(-1).view(np.uint8).data)


def array_from_wire(data: ArrayData) -> np.ndarray[Any, Any]:
    """Rebuild an array from dtype, shape and bytes.  The result shares the frame's memory.

    Raises:
        ProtocolError: The dtype is not allowed, or dtype, shape and bytes do not agree.
    """
    if data.dtype not in ARRAY_DTYPES:
        raise ProtocolError(f"an array of dtype {data.dtype[:40]!r} does not cross")
    if len(data.shape) > MAX_RANK or any(length < 0 for length in data.shape):
        raise ProtocolError("an array has an impossible shape")
    dtype = np.dtype(data.dtype).newbyteorder("<")
    # An axis of length 0 makes the others free, but NumPy multiplies them all the same.
    if math.prod(max(length, 1) for length in data.shape) * dtype.itemsize > MAX_FRAME_BYTES:
        raise ProtocolError("an array has an impossible shape")
    if math.prod(data.shape) * dtype.itemsize != len(data.data):
        raise ProtocolError("an array's shape and bytes do not agree")
    if dtype.name == "bool" and np.any(np.frombuffer(data.data, np.uint8) > 1):
        raise ProtocolError("an array of dtype bool holds other bytes than 0 and 1")
    return np.frombuffer(data.data, dtype).reshape(data.shape)


def to_wire(value: Any, keep: Callable[[Any], Value], *, depth: int = 0) -> Value:
    """Turn a Python value into what crosses.

    Args:
        value: Plain data, arrays, and lists, tuples and dictionaries of them.
        keep: Called with anything else; returns the `Handle` or `Opaque` that stands for it.
        depth: How deep inside containers this value lies.
    """
    if depth > MAX_DEPTH:
        return Opaque(type(value).__name__, "nested too deeply")
    if value is None or isinstance(value, (Handle, Opaque)) or type(value) in (bool, float):
        return value  # type: ignore[no-any-return]
    if type(value) is bytes:
        return Blob(memoryview(value))
    if type(value) is str:
        return value.encode("utf-8", "replace").decode("utf-8")
    if type(value) is int:
        return value if -_MAX_INT <= value <= _MAX_INT else Opaque("int", "an integer beyond 64 bits")
    if isinstance(value, (np.ndarray, np.generic)):
        array = np.asarray(value)
        if array.dtype.name in ARRAY_DTYPES and array.ndim <= MAX_RANK:
            return array_to_wire(array)
        return Opaque(type(value).__name__, f"array of dtype {array.dtype} and shape {array.shape}"[:200])
    if type(value) in (list, tuple):
        if len(value) > MAX_ITEMS:
            return Opaque(type(value).__name__, f"{len(value)} items")
        return Items(type(value).__name__, tuple(to_wire(item, keep, depth=depth + 1) for item in value))
    if type(value) is dict and len(value) <= MAX_ITEMS:
        keys = [
            to_wire(key, keep, depth=depth + 1) for key in value if type(key) in (type(None), bool, int, float, str)
        ]
        if len(keys) == len(value) and not any(isinstance(key, Opaque) for key in keys):
            items = (to_wire(item, keep, depth=depth + 1) for item in value.values())
            return Mapping(tuple(zip(keys, items, strict=True)))  # type: ignore[arg-type]
    return keep(value)


def from_wire(value: Value, resolve: Callable[[Handle], Any] = lambda handle: handle) -> Any:
    """Turn what crossed back into a Python value.

    Args:
        value: What a record carried.
        resolve: Gives the object that a handle stands for; the default leaves handles as they are.

    Raises:
        ProtocolError: An array does not agree with itself.
    """
    if isinstance(value, ArrayData):
        return array_from_wire(value)
    if isinstance(value, Blob):
        return bytes(value.data)
    if isinstance(value, Handle):
        return resolve(value)
    if isinstance(value, Items):
        items = [from_wire(item, resolve) for item in value.items]
        return tuple(items) if value.kind == "tuple" else items
    if isinstance(value, Mapping):
        return {key: from_wire(item, resolve) for key, item in value.pairs}
    return value
