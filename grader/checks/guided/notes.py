"""The forms of the notes that an observed run brings; see `grader.sandbox.inside.guided.observed`, which takes them.

A worker that holds a submission may say anything, so each note must have its form before anybody looks at it.
"""

from __future__ import annotations

from typing import Annotated, Any, Final

import msgspec
import numpy as np

Array = np.ndarray[Any, Any]

_Text = Annotated[str, msgspec.Meta(max_length=4000)]
_Many = msgspec.Meta(max_length=2000)
_Few = msgspec.Meta(max_length=100)


class Block(msgspec.Struct, frozen=True):
    """A function of the submission that made convolutions, and in how many of its calls."""

    name: _Text
    calls: int


class Callback(msgspec.Struct, frozen=True):
    """A callback that `fit` was given; `path` and the rest are empty where it has no such setting.

    `unknown` are the arguments that it was given and does not have.
    """

    kind: _Text
    monitor: _Text
    mode: _Text
    patience: int
    min_delta: float
    best_only: bool
    weights_only: bool
    restores: bool
    path: _Text
    unknown: Annotated[list[_Text], _Few] = []


class Line(msgspec.Struct, frozen=True):
    """A line of a figure."""

    x: Any
    y: Any
    label: _Text
    look: _Text


class Axes(msgspec.Struct, frozen=True):
    """One axes of a figure: the signatures of its images, all its texts, its lines and the entries of its legend."""

    images: Annotated[list[Any], _Few]
    visible: Annotated[list[bool], _Few]
    texts: Annotated[list[_Text], _Few]
    lines: Annotated[list[Line], _Few]
    legend: Annotated[list[_Text], _Few]
    xlabel: _Text
    ylabel: _Text


class Note(msgspec.Struct, frozen=True):
    """One meeting of the program with Keras or Matplotlib; which fields it has, its `kind` says.

    Attributes:
        kind: `load_data`, `compile`, `summary`, `fit`, `train_on_batch`, `evaluate`, `predict`, `save`, `load`,
            `figure`.
        line: The line of the program, from 1; 0 where none was running.
        stand_in: Whether the program lacks it, and the grader put in its own.
        of_stand_in: Whether its network is one of the grader's own.
        name: Of the data set that was loaded.
        model: Number of the network, the same for the same object.
        x: Signatures of images, float32 (n, 4, 4, 3).
        y: Labels.
        digest: Of the network's weights at that moment.
        digests: The same after each epoch.
        moved: Whether training changed the weights.
        blocks: What made the network's convolutions.
    """

    kind: _Text
    line: int
    stand_in: bool = False
    of_stand_in: bool = False
    name: _Text = ""
    model: int = -1
    x: Any = None
    y: Any = None
    val_x: Any = None
    val_y: Any = None
    validation_split: float = 0.0
    how: _Text = ""
    augmented: bool = False
    epochs: int = 0
    batch_size: int = 0
    callbacks: Annotated[list[Callback], _Few] = []
    callers: Annotated[list[_Text], _Few] = []
    loss: _Text = ""
    from_logits: bool = False
    metrics: Annotated[list[_Text], _Few] = []
    digest: _Text = ""
    digests: Annotated[list[_Text], _Many] = []
    names: Annotated[list[_Text], _Few] = []
    ended: bool = False
    moved: bool = False
    repaired: bool = False
    error: _Text = ""
    sequential: bool = False
    built: bool = False
    config: Annotated[str, msgspec.Meta(max_length=500_000)] = ""
    layers: Annotated[list[_Text], _Many] = []
    blocks: Annotated[list[Block], _Few] = []
    convolutions: int = 0
    answers: Any = None
    path: _Text = ""
    axes: Annotated[list[Axes], _Few] = []
    texts: Annotated[list[_Text], _Few] = []


class Failure(msgspec.Struct, frozen=True):
    """A statement that raised.

    Attributes:
        line: The line of the program that raised.
        statement: The first line of the top-level statement.
        kind: The exception's type.
        text: What it says.
        at: How many notes there were by then.
        never_imported: Whether a module's usual name is used that no line imports; the run went on with the module.
    """

    line: int
    statement: int
    kind: _Text
    text: _Text
    at: int
    never_imported: bool = False


class Left(msgspec.Struct, frozen=True):
    """A global array at the end of the run: `x` where it may be images, `y` where it may be labels."""

    name: _Text
    x: Any = None
    y: Any = None


class Saved(msgspec.Struct, frozen=True):
    """A file that a network was saved to, and the digest of that network."""

    path: _Text
    digest: _Text


class Run(msgspec.Struct, frozen=True):
    """All that an observed run brings."""

    kind: _Text
    notes: Annotated[list[Note], _Many]
    errors: Annotated[list[Failure], _Few]
    globals: Annotated[list[Left], _Few]
    files: Annotated[list[Saved], _Few]


class Epoch(msgspec.Struct, frozen=True):
    """In the middle of a run: the weights of an epoch are fixed.

    Attributes:
        kind: `epoch`.
        fit: Which call of `fit`, from 0.
        epochs: How many epochs it was asked for.
        patience: How many epochs its EarlyStopping waits; 0 where it has none.
        epoch: Which one this is, from 0.
        digest: Of the weights.
    """

    kind: _Text
    fit: int
    epochs: int
    patience: int
    epoch: int
    digest: _Text


_MAX_ROWS: Final = 60_000


def run_of(answer: Any) -> Run:
    """A run's notes, where they have their form.

    Raises:
        msgspec.ValidationError: They have another.
    """
    run = msgspec.convert(answer, Run, str_keys=False)
    for note in run.notes:
        for pixels in (note.x, note.val_x):
            _require(pixels is None or _is_array(pixels, 4))
        for labels in (note.y, note.val_y):
            _require(labels is None or _is_array(labels, 1) or _is_array(labels, 2))
        _require(note.answers is None or _is_array(note.answers, 2))
        for axes in note.axes:
            _require(len(axes.images) == len(axes.visible) and all(_is_array(image, 3) for image in axes.images))
            _require(all(_is_array(line.x, 1) and _is_array(line.y, 1) for line in axes.lines))
    for left in run.globals:
        _require(left.x is None or _is_array(left.x, 4))
        _require(left.y is None or _is_array(left.y, 1) or _is_array(left.y, 2))
    return run


def epoch_of(answer: Any) -> Epoch:
    """An epoch's commitment, likewise."""
    return msgspec.convert(answer, Epoch, str_keys=False)


def _is_array(value: Any, rank: int) -> bool:
    if not isinstance(value, np.ndarray) or value.ndim != rank:
        return False
    return value.dtype.kind in "biuf" and (value.ndim == 0 or len(value) <= _MAX_ROWS)


def _require(holds: bool) -> None:
    if not holds:
        raise msgspec.ValidationError("a note has an array of another form")
