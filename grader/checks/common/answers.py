"""The types of the answers that a worker's tools give, and the check that an answer has its type."""

from __future__ import annotations

from typing import Annotated, Any, Final, NotRequired, TypedDict

import msgspec
import numpy as np

from grader.sandbox.wire import limits
from grader.sandbox.wire.answers import converted

Array = np.ndarray

MAX_PICTURE_SIDE: Final = 720
"""The largest width and height of a picture that is accepted, in pixels."""


class LineFacts(TypedDict):
    """A line in an axes; see `figures.describe_figure`.  `x` and `y` are `None` if they hold no numbers."""

    x: Array | None
    y: Array | None
    label: str
    look: str


# A submission may forge the answer, and searching thousands of axes or lines would take the grader minutes.
_FEW = msgspec.Meta(max_length=limits.MOST)


class AxesFacts(TypedDict):
    """An axes of a figure, with the images as they were given to `imshow`."""

    title: str
    xlabel: str
    ylabel: str
    images: Annotated[list[Array | None], msgspec.Meta(max_length=limits.MOST_IMAGES)]
    lines: Annotated[list[LineFacts], _FEW]


class LegendEntry(TypedDict):
    """An entry of a legend: its text, and the look of the line that it stands for."""

    text: str
    look: str


class FigureFacts(TypedDict):
    """What a figure shows; see `figures.describe_figure`."""

    axes: Annotated[list[AxesFacts], _FEW]
    legends: Annotated[list[Annotated[list[LegendEntry], _FEW]], _FEW]
    xlabel: str
    ylabel: str


class ReturnedFigure(FigureFacts):
    """What a figure shows; `returned` says what the function returned instead of it, "" if it returned the figure."""

    returned: str


class ModelExport(TypedDict):
    """A network as data; see `toolbox.export_model`.  Only Keras models have more than the first three entries."""

    kind: str
    model: bool
    sequential: bool
    compiled: NotRequired[bool]
    built: NotRequired[bool]
    steps: NotRequired[int]
    config: NotRequired[str]
    weights: NotRequired[list[Array]]


class HistoryFacts(TypedDict):
    """What `train` returned, and its curves; see `toolbox.describe_history`."""

    kind: str
    history: bool
    of_model: bool
    curves: dict[str, list[float]]


# Larger numbers can only be forged, and do not fit into the records that are made of them.
_Number = Annotated[int, msgspec.Meta(ge=0, le=2**53)]


class TallyFacts(TypedDict):
    """The counts of a training; see `tally.Tally`."""

    images: _Number
    batches: _Number
    steps: _Number


class WatchFacts(TallyFacts):
    """The counts of the training of a known network; see `tally.Watch`."""

    epochs: _Number
    validated: _Number
    largest: _Number


class SeenImages(TypedDict):
    """The first images that a network was given; see `toolbox.seen_by`."""

    training: Array | None
    validation: Array | None


class ClockFacts(TypedDict):
    """The times that the clock of a training noted; see `clock.Clock`."""

    first_step: float | None
    epochs: Annotated[list[tuple[float, float, float, float, _Number, _Number, float]], msgspec.Meta(max_length=10_000)]
    stamps: Array
    trained: TallyFacts


class LayerFacts(TypedDict):
    """A layer of a network in the examiner; see `examiner.describe_network`."""

    kind: str
    convolution: bool
    kernels: list[list[int]]
    channels_first: bool
    input_shape: list[int] | None
    output_shape: list[int] | None


class NetworkFacts(TypedDict):
    """What a network in the examiner consists of; see `examiner.describe_network`."""

    layers: list[LayerFacts]
    input_shape: list[int]
    output_shape: list[int]
    parameters: int


class DeviceFacts(TypedDict):
    """The devices that the backend computes on; see `backend.device_facts`."""

    backend: str
    devices: list[str]
    gpu: bool


class RateFacts(TypedDict):
    """The best rates of a device, in floating-point operations a second; see `rates.measure_rates`."""

    matmul: float
    convolution: float


EpochLogs = Annotated[list[dict[str, float]], _FEW]
"""The logs that `fit` gave to its callbacks, one dictionary an epoch."""


_OF_A_MODEL: Final = frozenset(("compiled", "built", "steps", "config", "weights"))


def read_answer(answer: Any, form: Any) -> Any:
    """Return an answer if it has a given type, in which arrays and handles may occur.

    Raises:
        msgspec.ValidationError: If it has another type.
    """
    return converted(answer, form, dec_hook=_instance_of)


def require_whole_export(export: ModelExport) -> None:
    """Raise `msgspec.ValidationError` if the export of a Keras model lacks an entry, or a configuration in JSON."""
    if not export["model"]:
        return
    missing = _OF_A_MODEL - set(export)
    if missing:
        raise msgspec.ValidationError(f"the export of a model lacks {', '.join(sorted(missing))}")
    _decoded(export["config"], dict[str, Any])


def require_picture(pixels: Array | None) -> None:
    """Raise `msgspec.ValidationError` for an array that is not a picture."""
    if pixels is not None and not is_picture(pixels):
        raise msgspec.ValidationError(f"expected a picture, got {pixels.dtype} of shape {pixels.shape}")


class _LayerConfig(msgspec.Struct):
    name: str


class _Layer(msgspec.Struct):
    config: _LayerConfig


class _Layers(msgspec.Struct):
    layers: list[_Layer]


class _SequentialConfig(msgspec.Struct):
    config: _Layers


def layer_names(config: str) -> list[str]:
    """Return the names of the layers of an exported Sequential model; empty for any other export."""
    try:
        layers = _decoded(config, _SequentialConfig).config.layers
    except msgspec.ValidationError:
        return []
    return [layer.config.name for layer in layers]


def _decoded(text: str, form: Any) -> Any:
    try:
        return msgspec.json.decode(text, type=form)
    except (msgspec.DecodeError, RecursionError) as error:
        raise msgspec.ValidationError(str(error)) from None


def _instance_of(form: type, value: Any) -> Any:
    if isinstance(value, form):
        return value
    raise msgspec.ValidationError(f"expected {form.__name__}, got {type(value).__name__}")


def is_picture(array: Array) -> bool:
    """Whether an array is a picture: uint8 of shape (height, width, 4), with sides from 1 to `MAX_PICTURE_SIDE`."""
    sides, channels = array.shape[:2], array.shape[2:]
    return array.dtype == np.uint8 and channels == (4,) and all(1 <= side <= MAX_PICTURE_SIDE for side in sides)
