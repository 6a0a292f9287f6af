"""The forms of what tools answer: a worker that holds a submission may answer anything, so each is checked."""

from __future__ import annotations

from typing import Annotated, Any, Final, NotRequired, TypedDict

import msgspec
import numpy as np

from grader.sandbox.wire import facts
from grader.sandbox.wire.frames import Handle

Array = np.ndarray

MAX_PICTURE_SIDE: Final = 720
"""Pixels in width and height of the largest picture that is taken."""


class LineFacts(TypedDict):
    """One line of an axes; see `figures.describe_figure`."""

    x: Array | None
    y: Array | None
    label: str
    look: str


# A submission may answer in the tool's place: looking for an image among thousands would take minutes.
_Few = msgspec.Meta(max_length=facts.MOST)


class AxesFacts(TypedDict):
    """One axes of a figure."""

    title: str
    xlabel: str
    ylabel: str
    images: Annotated[list[Array | None], msgspec.Meta(max_length=facts.MOST_IMAGES)]
    lines: Annotated[list[LineFacts], _Few]


class LegendEntry(TypedDict):
    """One entry of a legend."""

    text: str
    look: str


class FigureFacts(TypedDict):
    """A figure."""

    axes: Annotated[list[AxesFacts], _Few]
    legends: Annotated[list[Annotated[list[LegendEntry], _Few]], _Few]
    xlabel: str
    ylabel: str


class ModelExport(TypedDict):
    """A network as data; see `toolbox.export_model`.  All but the first three are there for Keras models alone."""

    kind: str
    model: bool
    sequential: bool
    compiled: NotRequired[bool]
    built: NotRequired[bool]
    steps: NotRequired[int]
    config: NotRequired[str]
    weights: NotRequired[list[Array]]


class HistoryFacts(TypedDict):
    """What `train` returned; see `toolbox.describe_history`."""

    kind: str
    history: bool
    of_model: bool
    curves: dict[str, list[float]]


# Larger ones are lies, and do not fit into the records that others make of them.
_Number = Annotated[int, msgspec.Meta(ge=0, le=2**53)]


class TallyFacts(TypedDict):
    """What a tally of a training has counted; see `tally.Tally`."""

    images: _Number
    batches: _Number
    steps: _Number


class WatchFacts(TallyFacts):
    """What was noted of the training of a known network; see `tally.Watch`."""

    epochs: _Number
    validated: _Number
    largest: _Number


class SeenImages(TypedDict):
    """Images that a network was given; see `toolbox.seen_by`."""

    training: Array | None
    validation: Array | None


class ClockFacts(TypedDict):
    """What the clock of a training has noted; see `clock.Clock`."""

    first_step: float | None
    epochs: Annotated[list[tuple[float, float, float, float, _Number, _Number, float]], msgspec.Meta(max_length=10_000)]
    stamps: Array
    trained: TallyFacts


_FORMS: Final[dict[str, Any]] = {
    "sequential": Handle,
    "with_block": Handle | None,
    "history": Handle,
    "export_model": ModelExport,
    "export_checkpoint": ModelExport,
    "perturb": None,
    "compile_plainly": None,
    "step": dict[str, float],
    "judge": dict[str, float],
    "script_model": tuple[Handle, Handle, Handle, Handle],
    "epochs_of": int,
    "witness_model": tuple[Handle, Handle],
    "brightest_channel_model": Handle,
    "frozen_channel_model": tuple[Handle, Handle],
    "logs_of": Annotated[list[dict[str, float]], msgspec.Meta(max_length=facts.MOST)],
    "counts_of": WatchFacts,
    "seen_by": SeenImages,
    "start_clock": Handle,
    "start_trial": None,
    "keep_to_single_precision": None,
    "read_clock": ClockFacts,
    "device_memory_mb": float | None,
    "save_model": None,
    "describe_history": HistoryFacts,
    "describe_figure": FigureFacts | None,
    "drawn_figure": Handle | None,
    "render_figure": Array | None,
    "file_bytes": bytes | None,
    "files": list[str],
    "hold": Handle,
    "look": Any,
}


def checked_answer(tool: str, answer: Any) -> Any:
    """An answer, where it has the form that the tool's answers have.

    Raises:
        msgspec.ValidationError: It has another.
    """
    checked = msgspec.convert(answer, _FORMS[tool], dec_hook=_array_or_nothing, str_keys=False)
    if tool in ("export_model", "export_checkpoint") and checked["model"]:
        missing = _OF_A_MODEL - set(checked)
        if missing:
            raise msgspec.ValidationError(f"the export of a model lacks {', '.join(sorted(missing))}")
        _decoded(checked["config"], dict[str, Any])
    if tool == "render_figure" and checked is not None and not is_picture(checked):
        raise msgspec.ValidationError(f"expected a picture, got {checked.dtype} of shape {checked.shape}")
    return checked


_OF_A_MODEL: Final = frozenset(("compiled", "built", "steps", "config", "weights"))


class _LayerConfig(msgspec.Struct):
    name: str


class _Layer(msgspec.Struct):
    config: _LayerConfig


class _Layers(msgspec.Struct):
    layers: list[_Layer]


class _SequentialConfig(msgspec.Struct):
    config: _Layers


def layer_names(config: str) -> list[str]:
    """The names of the layers of an exported Sequential model; none where it is not of that form."""
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


def _array_or_nothing(form: type, value: Any) -> Any:
    if isinstance(value, form):
        return value
    raise msgspec.ValidationError(f"expected {form.__name__}, got {type(value).__name__}")


def is_picture(array: Array) -> bool:
    """Whether an array is a picture: uint8 of shape (height, width, 4), neither side empty or too long."""
    sides, channels = array.shape[:2], array.shape[2:]
    return array.dtype == np.uint8 and channels == (4,) and all(1 <= side <= MAX_PICTURE_SIDE for side in sides)
