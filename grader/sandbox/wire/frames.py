"""The records that cross between the trusted side and a sandbox, and the values that they carry.

Only data crosses.  An array crosses as a dtype from an allow-list, a shape and bytes, whose sizes must agree.  An
object that is not data (a model, a History, a figure) stays where it is and crosses as a `Handle`.  Nothing here
unpickles, evaluates or imports what a peer names.  `channel` sends and receives the records.

Both sides import this module, and it imports nothing from `grader` but `channel`.
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
"""The memory that all workers of a sandbox may hold together, as a multiple of one worker's limit.

Most workers are waiting for their next call, and a waiting worker should not hold as much as its limit allows.
"""

_MAX_INT: Final = 2**63 - 1


class ArrayData(msgspec.Struct, frozen=True, tag="array", array_like=True):
    """An array as it crosses: its elements in C order, little-endian."""

    dtype: str
    shape: tuple[int, ...]
    data: memoryview


class Blob(msgspec.Struct, frozen=True, tag="blob", array_like=True):
    """Bytes as they cross."""

    data: memoryview


class Handle(msgspec.Struct, frozen=True, tag="handle", array_like=True):
    """A reference to an object that stays in the worker; `type_name` is for messages."""

    number: int
    type_name: str


class Opaque(msgspec.Struct, frozen=True, tag="opaque", array_like=True):
    """A description, for people, of an object that is not data and has no handle."""

    type_name: str
    text: str


class Items(msgspec.Struct, frozen=True, tag="items", array_like=True):
    """A list or a tuple; `kind` says which."""

    kind: str
    items: Annotated[tuple[Value, ...], msgspec.Meta(max_length=MAX_ITEMS)]


class Mapping(msgspec.Struct, frozen=True, tag="mapping", array_like=True):
    """A dictionary, as key-value pairs, since its keys need not be text.

    Tuples are not allowed as keys: their hashes can be made to collide, and a dictionary of such keys takes hours to
    build.
    """

    pairs: Annotated[tuple[tuple[Key, Value], ...], msgspec.Meta(max_length=MAX_ITEMS)]


Key = None | bool | int | float | str
Value = None | bool | int | float | str | Blob | ArrayData | Handle | Opaque | Items | Mapping


class Spawn(msgspec.Struct, frozen=True, tag="spawn"):
    """To the forkserver: fork a worker.

    Two descriptors come along: the worker's end of its wire, and the pipe that it prints to.
    """

    worker: int
    limits: Limits
    seed: int


class Pin(msgspec.Struct, frozen=True, tag="pin"):
    """To the forkserver: move a worker, with all its processes and threads, to other CPU cores.

    Attributes:
        worker: The worker's number.
        cores: The cores; those of the forkserver if there are none here.
    """

    worker: int
    cores: tuple[int, ...]


class Kill(msgspec.Struct, frozen=True, tag="kill"):
    """To the forkserver: end a worker and all its processes."""

    worker: int


class Account(msgspec.Struct, frozen=True, tag="account"):
    """To the forkserver: report the processor time that a worker has used."""

    worker: int


class Accounted(msgspec.Struct, frozen=True, tag="accounted"):
    """From the forkserver: the processor time that a worker has used so far.

    Attributes:
        ran: The seconds for which its threads have run, summed over all threads, with those that have ended.
        waited: The seconds for which those that still exist were ready to run but had to wait for a core, summed over
            all threads.
    """

    ran: float
    waited: float


class Join(msgspec.Struct, frozen=True, tag="join"):
    """To the forkserver: take orders from another process of the same grading, too.

    A descriptor comes along: the forkserver's end of a socket to that process.
    """


class Ready(msgspec.Struct, frozen=True, tag="ready"):
    """From the forkserver: it has imported Keras and takes orders.

    It is sent once to each process that gives orders.
    """

    versions: dict[str, str]


class Exited(msgspec.Struct, frozen=True, tag="exited"):
    """From the forkserver: a worker and every process it started have ended.

    Attributes:
        worker: The worker's number.
        reason: `exit`, `signal`, `memory`, `processes`, `cpu`, `killed` (on request), or `confinement` if it could not
            be started.
        code: The exit status or the signal number.
        cpu_seconds: The processor time of all its processes, in seconds.
        peak_mb: The largest amount of memory seen, in MiB.
    """

    worker: int
    reason: str
    code: int
    cpu_seconds: float
    peak_mb: float


class Limits(msgspec.Struct, frozen=True):
    """The resources that one worker may use.

    Attributes:
        memory_mb: The memory of all its processes together, in MiB; pages that they share count once.
        processes: The number of processes at one time.
        cpu_seconds: The processor time of all its processes together, in seconds.
        file_mb: The size of one file, and of the whole scratch file system where it has one, in MiB.
    """

    memory_mb: int = 4096
    processes: int = 64
    cpu_seconds: int = 1800
    file_mb: int = 512


class Load(msgspec.Struct, frozen=True, tag="load"):
    """To a worker: execute a submission's source as the module `solution`, and report which functions it defines.

    Attributes:
        number: The number that the answer has to repeat.
        source: The source.
        names: The functions to look for.
        whole: Whether the first error ends it, as when Python imports a module.  Otherwise the source is executed
            statement by statement, and an error costs that statement alone.
        real_sizes: Whether the stand-ins for Keras' data sets have as many images as the real ones.
    """

    number: int
    source: str
    names: tuple[str, ...]
    whole: bool = False
    real_sizes: bool = False


class Call(msgspec.Struct, frozen=True, tag="call"):
    """To a worker: call a function of the submission, or a tool of the toolbox (`toolbox=True`)."""

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
    """From a worker, once: it is confined and takes orders.  No line of a submission has run yet."""


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
    """One parameter of a function of the submission; `kind` is the name of one of `inspect.Parameter`'s kinds."""

    name: str
    kind: str
    has_default: bool


class FunctionFound(msgspec.Struct, frozen=True):
    """A callable that the submission defines under a name that was asked for.

    `parameters` is `None` if its signature cannot be determined.
    """

    name: str
    parameters: tuple[ParameterFound, ...] | None


class Loaded(msgspec.Struct, frozen=True, tag="loaded"):
    """From a worker: the result of loading a submission.

    Attributes:
        number: The number of the order.
        functions: The functions that were found.
        errors: The exceptions that its statements raised.
        trained: The places in the source that tried to train a model, which is refused during loading.
    """

    number: int
    functions: tuple[FunctionFound, ...]
    errors: Annotated[tuple[Raised, ...], msgspec.Meta(max_length=100)]
    trained: Annotated[tuple[TracebackLine, ...], msgspec.Meta(max_length=1000)] = ()


ToForkserver = Spawn | Pin | Kill | Account | Join
FromForkserver = Ready | Exited | Accounted
ToWorker = Load | Call
FromWorker = Started | Raised | Returned | Loaded


def array_to_wire(array: np.ndarray[Any, Any]) -> ArrayData:
    """Convert an array to its form on the wire, in C order and little-endian.

    Raises:
        TypeError: If the dtype is not in the allow-list.
    """
    if array.dtype.name not in ARRAY_DTYPES:
        raise TypeError(f"arrays of dtype {array.dtype} do not cross")
    plain = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
    return ArrayData(array.dtype.name, tuple(array.shape), plain.reshape(-1).view(np.uint8).data)


def array_from_wire(data: ArrayData) -> np.ndarray[Any, Any]:
    """Rebuild an array from dtype, shape and bytes.  The result is read-only and shares the frame's memory.

    Raises:
        ProtocolError: If the dtype is not allowed, or dtype, shape and bytes do not agree.
    """
    if data.dtype not in ARRAY_DTYPES:
        raise ProtocolError(f"an array of dtype {data.dtype[:40]!r} does not cross")
    if len(data.shape) > MAX_RANK or any(length < 0 for length in data.shape):
        raise ProtocolError("an array has an impossible shape")
    dtype = np.dtype(data.dtype).newbyteorder("<")
    # With an axis of length 0 the other axes could be of any length, but NumPy fails when their product overflows.
    if math.prod(max(length, 1) for length in data.shape) * dtype.itemsize > MAX_FRAME_BYTES:
        raise ProtocolError("an array has an impossible shape")
    if math.prod(data.shape) * dtype.itemsize != len(data.data):
        raise ProtocolError("an array's shape and bytes do not agree")
    # NumPy does not check this itself.
    if dtype.name == "bool" and np.any(np.frombuffer(data.data, np.uint8) > 1):
        raise ProtocolError("an array of dtype bool holds other bytes than 0 and 1")
    return np.frombuffer(data.data, dtype).reshape(data.shape)


def to_wire(value: Any, keep: Callable[[Any], Value], *, depth: int = 0) -> Value:
    """Convert a Python value to its form on the wire.

    Args:
        value: The value: plain data, arrays, lists, tuples and dictionaries of these, or any other object.
        keep: Called with each object that is not data; returns the `Handle` or `Opaque` that stands for it.
        depth: The number of containers around this value.
    """
    if depth > MAX_DEPTH:
        return Opaque(type(value).__name__, "nested too deeply")
    if value is None or isinstance(value, (Handle, Opaque)) or type(value) in (bool, float):
        return value  # type: ignore[no-any-return]
    if type(value) is bytes:
        return Blob(memoryview(value))
    if type(value) is str:
        return value.encode("utf-8", "replace").decode("utf-8")  # msgpack cannot encode lone surrogates
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
    """Convert a value from its form on the wire back to a Python value.

    Args:
        value: The value that a record carried.
        resolve: Returns the object that a handle stands for; by default handles stay as they are.

    Raises:
        ProtocolError: If the dtype, shape and bytes of an array do not agree.
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
