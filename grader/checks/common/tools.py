"""The tools of the untrusted side as methods, one for each tool of `grader/sandbox/inside/toolbox.py`.

A method states a tool's arguments, what it answers and, as a type, the form of that answer.  A worker that holds a
submission may answer anything, so each answer is held against its type before anyone looks at it.

The methods have no bodies: `tool` makes each of them ask the worker.
"""

# mypy: disable-error-code="empty-body"

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Concatenate, ParamSpec, Protocol, Self, TypeVar, get_type_hints

import msgspec

from grader.assignment.subject import USUAL
from grader.checks.common.answers import (
    Array,
    ClockFacts,
    DeviceFacts,
    EpochLogs,
    FigureFacts,
    HistoryFacts,
    ModelExport,
    NetworkFacts,
    RateFacts,
    SeenImages,
    WatchFacts,
    read_answer,
    require_picture,
    require_whole_export,
)
from grader.sandbox.host.session import Worker
from grader.sandbox.wire.channel import MAX_FRAME_BYTES
from grader.sandbox.wire.frames import Handle

_Parameters = ParamSpec("_Parameters")
_Answer = TypeVar("_Answer")
_Tools = TypeVar("_Tools", bound="_Toolset")

_Shape = tuple[int, int, int]
_LabelledImages = Sequence[Array]


class Use(Protocol):
    """How a tool is used in some worker, and its answer read."""

    def __call__(
        self,
        tool: str,
        args: tuple[Any, ...],
        read: Callable[[Any], Any],
        *,
        seconds: float | None = None,
        max_bytes: int = MAX_FRAME_BYTES,
    ) -> Any:
        """Use a tool.

        Args:
            tool: Its name.
            args: Its arguments by position: data, arrays and handles.
            read: Returns the answer, or raises `msgspec.ValidationError` if it does not have the tool's form.
            seconds: How long the tool may take; as long as any call unless given.
            max_bytes: The largest answer that is taken.
        """


def use_in(
    worker: Worker,
    tool: str,
    args: tuple[Any, ...],
    read: Callable[[Any], Any],
    *,
    seconds: float | None = None,
    max_bytes: int = MAX_FRAME_BYTES,
) -> Any:
    """Use a tool in a worker; see `Use`.

    Raises:
        SubmissionError: If the tool, or code of the submission that it ran, raised.
        WorkerGone: If the worker ended or took too long, or if its answer was none that the tool gives.
    """
    answer = worker.tool(tool, *args, seconds=60.0 if seconds is None else seconds, max_bytes=max_bytes)
    try:
        return read(answer)
    except msgspec.ValidationError:
        raise worker.end("protocol", "answered for the grader's own tools") from None


class _Toolset:
    def __init__(self, use: Use) -> None:
        self._use = use

    @classmethod
    def of(cls, worker: Worker) -> Self:
        """The tools in a worker, outside of any account of time."""
        return cls(functools.partial(use_in, worker))


def tool(
    method: Callable[Concatenate[_Tools, _Parameters], _Answer],
) -> Callable[Concatenate[_Tools, _Parameters], _Answer]:
    """Let a method without a body use the tool of its name, and return an answer of the type that it declares."""
    return tool_checked_by(lambda answer: None)(method)


def tool_checked_by(
    require: Callable[[_Answer], None],
) -> Callable[
    [Callable[Concatenate[_Tools, _Parameters], _Answer]], Callable[Concatenate[_Tools, _Parameters], _Answer]
]:
    """As `tool`, with a function that raises `msgspec.ValidationError` for what a type cannot say of an answer."""

    def declare(
        method: Callable[Concatenate[_Tools, _Parameters], _Answer],
    ) -> Callable[Concatenate[_Tools, _Parameters], _Answer]:
        name, signature = method.__name__, inspect.signature(method)
        form = get_type_hints(method, include_extras=True)["return"]

        def read(answer: Any) -> _Answer:
            checked: _Answer = read_answer(answer, form)
            require(checked)
            return checked

        @functools.wraps(method)
        def use(self: _Tools, /, *args: _Parameters.args, **kwargs: _Parameters.kwargs) -> _Answer:
            given = signature.bind(self, *args, **kwargs)
            given.apply_defaults()
            answer: _Answer = self._use(name, given.args[1:], read)
            return answer

        return use

    return declare


class Tools(_Toolset):
    """The tools that are used beside a submission, or in a worker without one.

    Args:
        use: How they are used.
    """

    def within(self, *, seconds: float | None = None, max_bytes: int = MAX_FRAME_BYTES) -> Self:
        """The same tools with limits of their own; see `Use`."""
        return type(self)(functools.partial(self._use, seconds=seconds, max_bytes=max_bytes))

    # -- data -----------------------------------------------------------------------------------------------------

    @tool
    def hold(self, value: Array) -> Handle:
        """Keep an array in the worker; its handle then stands for this very object."""

    @tool
    def look(self, value: Handle) -> Any:
        """The present content of what a handle stands for."""

    @tool
    def file_bytes(self, path: str) -> bytes | None:
        """The content of a regular file, `None` if there is none."""

    @tool
    def files(self) -> list[str]:
        """The names of the files in the working folder."""

    # -- networks -------------------------------------------------------------------------------------------------

    @tool
    def sequential(self, input_shape: Sequence[int]) -> Handle:
        """A Sequential network that only rescales."""

    @tool
    def with_block(self, model: Handle, returned: Any) -> Handle | None:
        """A network of a model and a block that was returned and not added to it; `None` if there is no such block."""

    @tool_checked_by(require_whole_export)
    def export_model(self, model: Handle) -> ModelExport:
        """A network as data."""

    @tool_checked_by(require_whole_export)
    def export_checkpoint(self, model: Handle, path: str) -> ModelExport:
        """A network as data, with the weights that are in a file."""

    @tool
    def save_model(self, model: Handle, path: str) -> None:
        """Save a whole network."""

    @tool
    def perturb(self, model: Handle) -> None:
        """Change every weight of a network, so that a later network that shares them can be told."""

    @tool
    def compile_plainly(self, model: Handle) -> None:
        """Compile a network for one-hot labels, with its own optimizer if it has one."""

    @tool
    def step(self, model: Handle, x: Array, y: Array) -> dict[str, float]:
        """Train a network for one step; the losses and metrics by name."""

    @tool
    def judge(self, model: Handle, x: Array, y: Array) -> dict[str, float]:
        """The loss and metrics of a network on one batch, by name."""

    # -- known models ---------------------------------------------------------------------------------------------

    @tool
    def script_model(
        self,
        num_classes: int,
        classes: list[int],
        sureness: list[float],
        validation: _LabelledImages | None = None,
        image_shape: _Shape = USUAL.image_shape,
    ) -> tuple[Handle, Handle, Handle, Handle]:
        """A script model, the script that it follows when it is trained, and two callbacks that count epochs."""

    @tool
    def epochs_of(self, callback: Handle) -> int:
        """How many epochs a script or a counter has seen."""

    @tool
    def logs_of(self, script: Handle) -> EpochLogs:
        """What `fit` said of each epoch that a script has seen."""

    @tool
    def witness_model(
        self, num_classes: int, validation: _LabelledImages | None = None, image_shape: _Shape = USUAL.image_shape
    ) -> tuple[Handle, Handle]:
        """A witness model, and a watch on its training."""

    @tool
    def counts_of(self, watch: Handle) -> WatchFacts:
        """What a watch has counted."""

    @tool
    def seen_by(self, watch: Handle) -> SeenImages:
        """The first images that a watched network was given, for training and for anything else."""

    @tool
    def brightest_channel_model(
        self, gain: float, shift: int = 0, threshold: float = 0.0, image_shape: _Shape = USUAL.image_shape
    ) -> Handle:
        """A network whose class is the brightest channel."""

    @tool
    def frozen_channel_model(self, gain: float, image_shape: _Shape = USUAL.image_shape) -> tuple[Handle, Handle]:
        """A network whose class is the brightest channel and that training cannot change, and a watch on it."""

    # -- what functions return ------------------------------------------------------------------------------------

    @tool
    def history(self, curves: dict[str, list[float]]) -> Handle:
        """A History as `fit` returns it, with the given curves."""

    @tool
    def describe_history(self, returned: Any, model: Any) -> HistoryFacts:
        """What `train` returned, and its curves."""

    @tool
    def describe_figure(self, figure: Handle) -> FigureFacts | None:
        """What a figure shows; `None` for anything but a figure."""

    @tool
    def drawn_figure(self, returned: Any) -> Handle | None:
        """The figure that a call drew, whatever it returned; `None` if there is none."""

    @tool_checked_by(require_picture)
    def render_figure(self, figure: Handle, side: int) -> Array | None:
        """The pixels of a figure, none of its sides longer than `side`; `None` for anything but a figure."""

    # -- time and devices -----------------------------------------------------------------------------------------

    @tool
    def start_clock(self, model: Handle, turn_seconds: float | None = None) -> Handle:
        """A clock that times what a model's own `fit` does, in turns of a length if one is given."""

    @tool
    def read_clock(self, clock: Handle) -> ClockFacts:
        """What a clock has noted."""

    @tool
    def start_trial(self, model: Handle, turn_seconds: float, settings: Mapping[str, Any]) -> None:
        """Let a model's own `fit` train in turns, and tell of its passes over the images."""

    @tool
    def keep_to_single_precision(self) -> None:
        """Keep networks that are built from now on to single precision."""

    @tool
    def device_facts(self) -> DeviceFacts:
        """What the backend computes on."""

    @tool
    def device_memory_mb(self) -> float | None:
        """The most memory that was in use on the GPU, in MiB; `None` on the processor, or if nobody knows."""

    @tool
    def measure_rates(self, seconds: float = 0.6) -> RateFacts:
        """What the device reaches by itself."""


class ExaminerTools(_Toolset):
    """The tools that are used in the examiner, which never sees a submission.

    Args:
        use: How they are used.
    """

    @tool
    def rebuild(self, config: str, weights: Sequence[Array] | None = None) -> Handle:
        """Build a network from what `Tools.export_model` gave; without weights it is as it starts."""

    @tool
    def open_checkpoint(self, data: bytes, exported: str = "") -> Handle:
        """Load a network from the bytes of a checkpoint; `exported` is the configuration of the network saved."""

    @tool
    def load_weights(self, config: str, data: bytes) -> Handle:
        """Build a network, and give it weights from the bytes of a file that holds weights or a whole network."""

    @tool
    def describe_network(self, model: Handle) -> NetworkFacts:
        """What a network consists of."""

    @tool
    def run_network(self, model: Handle, x: Array, batch_size: int = 256) -> Array:
        """What a network answers to images, float32 of shape (n, classes)."""

    @tool
    def weights_of(self, model: Handle) -> list[Array]:
        """The weights of a network in Keras' order."""
