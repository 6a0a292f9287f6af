"""The tools of the untrusted side as methods, one for each tool of `grader/sandbox/inside/toolbox.py`.

A method declares the arguments of a tool and the type of its answer.  A worker that holds a submission may answer
anything, so each answer is checked against its type before it is used.

The methods have no bodies.  The decorator `tool` makes each of them use the tool of its name.
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
    """A function that uses a tool in some worker and reads its answer."""

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
            tool: The name of the tool.
            args: Its arguments by position: data, arrays and handles.
            read: Returns the answer, or raises `msgspec.ValidationError` if it does not have the tool's type.
            seconds: How long the tool may take, in seconds; by default, as long as a call.
            max_bytes: The largest answer that is accepted.
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
    """Use a tool in a worker and read its answer; see `Use` for the arguments.

    Raises:
        SubmissionError: If the tool, or code of the submission that it ran, raised.
        WorkerGone: If the worker ended or took too long, or if its answer did not have the tool's type.
    """
    answer = worker.tool(tool, *args, seconds=60.0 if seconds is None else seconds, max_bytes=max_bytes)
    try:
        return read(answer)
    except msgspec.ValidationError:
        raise worker.end("protocol", "answered for the grader's own tools") from None


class _Toolset:
    def __init__(self, use: Use) -> None:
        self._use = use


def tool(
    method: Callable[Concatenate[_Tools, _Parameters], _Answer],
) -> Callable[Concatenate[_Tools, _Parameters], _Answer]:
    """Make a method without a body use the tool of its name, and return an answer of the type that it declares."""
    return tool_checked_by(lambda answer: None)(method)


def tool_checked_by(
    require: Callable[[_Answer], None],
) -> Callable[
    [Callable[Concatenate[_Tools, _Parameters], _Answer]], Callable[Concatenate[_Tools, _Parameters], _Answer]
]:
    """Return a decorator like `tool`, for answers whose type does not say enough.

    Args:
        require: Raises `msgspec.ValidationError` for an answer that has the type but is still wrong.
    """

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
    """The tools for a worker that holds a submission, or for one without.

    Args:
        use: The function that uses a tool.
    """

    def within(self, *, seconds: float | None = None, max_bytes: int = MAX_FRAME_BYTES) -> Self:
        """Return the same tools with other limits of time and size; see `Use`."""
        return type(self)(functools.partial(self._use, seconds=seconds, max_bytes=max_bytes))

    # -- data -----------------------------------------------------------------------------------------------------

    @tool
    def hold(self, value: Array) -> Handle:
        """Keep an array in the worker, and return a handle that stands for this very object."""

    @tool
    def look(self, value: Handle) -> Any:
        """Return the present content of what a handle stands for."""

    @tool
    def file_bytes(self, path: str) -> bytes | None:
        """Return the content of a regular file, or `None` if there is none."""

    @tool
    def files(self) -> list[str]:
        """Return the names of the files in the working folder."""

    # -- networks -------------------------------------------------------------------------------------------------

    @tool
    def sequential(self, input_shape: Sequence[int]) -> Handle:
        """Return a Sequential network that only rescales."""

    @tool
    def with_block(self, model: Handle, returned: Any) -> Handle | None:
        """Return a network of a model and a block that was returned but not added to it; `None` if it is not one."""

    @tool_checked_by(require_whole_export)
    def export_model(self, model: Handle) -> ModelExport:
        """Return a network as data."""

    @tool_checked_by(require_whole_export)
    def export_checkpoint(self, model: Handle, path: str) -> ModelExport:
        """Return a network as data, with the weights that are in a file."""

    @tool
    def save_model(self, model: Handle, path: str) -> None:
        """Save a whole network to a file."""

    @tool
    def perturb(self, model: Handle) -> None:
        """Change every weight of a network, so that a later network that shares weights with it can be recognised."""

    @tool
    def compile_plainly(self, model: Handle) -> None:
        """Compile a network for one-hot labels, with its own optimizer if it has one."""

    @tool
    def step(self, model: Handle, x: Array, y: Array) -> dict[str, float]:
        """Train a network for one step on a batch `x` with labels `y`, and return the losses and metrics by name."""

    @tool
    def judge(self, model: Handle, x: Array, y: Array) -> dict[str, float]:
        """Return the loss and metrics of a network on one batch, by name."""

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
        """Return a script model, the script that it follows when it is trained, and two callbacks that count epochs."""

    @tool
    def epochs_of(self, callback: Handle) -> int:
        """Return how many epochs a script or a counting callback has seen."""

    @tool
    def logs_of(self, script: Handle) -> EpochLogs:
        """Return the logs of `fit` for each epoch that a script has seen."""

    @tool
    def witness_model(
        self, num_classes: int, validation: _LabelledImages | None = None, image_shape: _Shape = USUAL.image_shape
    ) -> tuple[Handle, Handle]:
        """Return a witness model, and a watch on its training."""

    @tool
    def counts_of(self, watch: Handle) -> WatchFacts:
        """Return what a watch has counted."""

    @tool
    def seen_by(self, watch: Handle) -> SeenImages:
        """Return the first images that a watched network was given, for training and for anything else."""

    @tool
    def brightest_channel_model(
        self, gain: float, shift: int = 0, threshold: float = 0.0, image_shape: _Shape = USUAL.image_shape
    ) -> Handle:
        """Return a network whose class is the brightest channel."""

    @tool
    def frozen_channel_model(self, gain: float, image_shape: _Shape = USUAL.image_shape) -> tuple[Handle, Handle]:
        """Return a network whose class is the brightest channel and that training cannot change, and a watch on it."""

    # -- what functions return ------------------------------------------------------------------------------------

    @tool
    def history(self, curves: dict[str, list[float]]) -> Handle:
        """Return a History as `fit` returns it, with the given curves."""

    @tool
    def describe_history(self, returned: Any, model: Any) -> HistoryFacts:
        """Describe what `train` returned, with its curves."""

    @tool
    def describe_figure(self, figure: Handle) -> FigureFacts | None:
        """Describe what a figure shows; `None` for anything but a figure."""

    @tool
    def drawn_figure(self, returned: Any) -> Handle | None:
        """Return the figure that a call drew, whatever the call returned; `None` if there is none."""

    @tool_checked_by(require_picture)
    def render_figure(self, figure: Handle, side: int) -> Array | None:
        """Return a figure's pixels, uint8 (height, width, 4), with sides up to `side`; `None` if it is not a figure."""

    # -- time and devices -----------------------------------------------------------------------------------------

    @tool
    def start_clock(self, model: Handle, turn_seconds: float | None = None) -> Handle:
        """Start a clock that times a model's own `fit`; with `turn_seconds`, `fit` trains in turns of that length."""

    @tool
    def read_clock(self, clock: Handle) -> ClockFacts:
        """Return the times that a clock noted."""

    @tool
    def start_trial(self, model: Handle, turn_seconds: float, settings: Mapping[str, Any]) -> None:
        """Make a model's own `fit` train in turns, and report its passes over the images."""

    @tool
    def keep_to_single_precision(self) -> None:
        """Make all layers that ask for double precision use single precision from now on."""

    @tool
    def device_facts(self) -> DeviceFacts:
        """Describe the devices that the backend computes on."""

    @tool
    def device_memory_mb(self) -> float | None:
        """Return the most memory that was in use on the GPU, in MiB; `None` on the processor, or if it is unknown."""

    @tool
    def measure_rates(self, seconds: float = 0.6) -> RateFacts:
        """Return the best rates of the device, each tried for `seconds`."""


class ExaminerTools(_Toolset):
    """The tools for the examiner, which never sees a submission.

    Args:
        use: The function that uses a tool.
    """

    @tool
    def rebuild(self, config: str, weights: Sequence[Array] | None = None) -> Handle:
        """Build a network from an export; without weights, it has those that it starts with."""

    @tool
    def open_checkpoint(self, data: bytes, exported: str = "") -> Handle:
        """Load a network from the bytes of a checkpoint; `exported` is the configuration of the network in it."""

    @tool
    def load_weights(self, config: str, data: bytes) -> Handle:
        """Build a network with weights from the bytes of a file that holds weights or a whole network."""

    @tool
    def describe_network(self, model: Handle) -> NetworkFacts:
        """Describe what a network consists of."""

    @tool
    def run_network(self, model: Handle, x: Array, batch_size: int = 256) -> Array:
        """Return a network's answers to images at inference, float32 of shape (n, classes)."""

    @tool
    def weights_of(self, model: Handle) -> list[Array]:
        """Return the weights of a network in Keras' order."""


def tools_in(worker: Worker) -> Tools:
    """Return the tools of a worker, whose use does not count against any submission's time."""
    return Tools(functools.partial(use_in, worker))
