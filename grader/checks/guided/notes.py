"""The types of the notes that an observed run returns; `grader.sandbox.inside.guided.observing` takes the notes.

A worker that holds a submission may answer anything, so each note is checked against its type before it is used.
"""

from __future__ import annotations

from typing import Annotated, Any, Final

import msgspec
import numpy as np

from grader.sandbox.wire.answers import converted

Array = np.ndarray[Any, Any]

_Text = Annotated[str, msgspec.Meta(max_length=4000)]
_Many = msgspec.Meta(max_length=2000)
_Few = msgspec.Meta(max_length=100)


class Block(msgspec.Struct, frozen=True):
    """A function of the submission that made convolutions.

    Attributes:
        name: Its name.
        given: The whole numbers among the arguments of each of its calls that made convolutions of the network.
        filters: The number of filters of each convolution that each of these calls made.
    """

    name: _Text
    given: Annotated[list[Annotated[list[int], _Few]], _Few]
    filters: Annotated[list[Annotated[list[int], _Few]], _Few]

    @property
    def calls(self) -> int:
        """The number of its calls that made convolutions of the network."""
        return len(self.filters)


class Callback(msgspec.Struct, frozen=True):
    """A callback that `fit` was given.  Settings that it does not have, such as `path`, are empty.

    `own` says whether its class or a method is the program's, even if the class is derived from one of Keras';
    `unknown` are arguments that it was given but that it does not take.
    """

    kind: _Text
    own: bool
    monitor: _Text
    mode: _Text
    patience: int
    min_delta: float
    start: Annotated[int, msgspec.Meta(ge=0, le=100_000)]
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
    in_view: bool = True


class Axes(msgspec.Struct, frozen=True):
    """An axes of a figure: the signatures of its images, all its texts, its lines and the entries of its legend.

    If it has several images, `beside` has the texts that lie nearest to each, unless some image has none.
    """

    images: Annotated[list[Any], _Few]
    visible: Annotated[list[bool], _Few]
    texts: Annotated[list[_Text], _Few]
    lines: Annotated[list[Line], _Few]
    legend: Annotated[list[_Text], _Few]
    xlabel: _Text
    ylabel: _Text
    beside: Annotated[list[Annotated[list[_Text], _Few]], _Few] = []


class Note(msgspec.Struct, frozen=True):
    """A note of one use of Keras or Matplotlib by the program.  Which fields it has depends on its `kind`.

    Attributes:
        kind: `load_data`, `compile`, `summary`, `fit`, `train_on_batch`, `evaluate`, `predict`, `save`, `load`,
            `figure`.
        line: The line of the program, from 1; 0 if none was running.
        stand_in: Whether the program lacks this call, and the grader made it in its place.
        of_stand_in: Whether the network is one of the grader's own.
        name: The name of the data set that was loaded.
        model: The number of the network, which is the same for the same object.
        x: The signatures of images, float32 of shape (n, 4, 4, 3).
        y: The labels.
        digest: The digest of the network's weights at that moment.
        digests: The digest of the weights after each epoch.
        moved: Whether training changed the weights.
        replaced: The methods of training that the network has for itself alone, in place of those of its class.
        blocks: The functions that made the network's convolutions.
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
    replaced: Annotated[list[_Text], _Few] = []
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
    """A statement of the program that raised.

    Attributes:
        line: The line of the program that raised.
        statement: The first line of the top-level statement.
        kind: The exception's class.
        text: The exception's message.
        at: The number of notes before it.
        never_imported: Whether the program used the usual name of a module without importing it.  The run then went on
            with that module.
    """

    line: int
    statement: int
    kind: _Text
    text: _Text
    at: int
    never_imported: bool = False


class Left(msgspec.Struct, frozen=True):
    """A global array at the end of the run, as `x` if it may be images, and as `y` if it may be labels."""

    name: _Text
    x: Any = None
    y: Any = None


class Saved(msgspec.Struct, frozen=True):
    """A file that a network was saved to, and the digest of that network."""

    path: _Text
    digest: _Text


class Run(msgspec.Struct, frozen=True):
    """Everything that an observed run returns."""

    kind: _Text
    notes: Annotated[list[Note], _Many]
    errors: Annotated[list[Failure], _Few]
    globals: Annotated[list[Left], _Few]
    files: Annotated[list[Saved], _Few]


class Epoch(msgspec.Struct, frozen=True):
    """The commitment to an epoch's weights, which a run sends before it is told the epoch's values.

    Attributes:
        kind: `epoch`.
        fit: The number of the call of `fit`, from 0.
        epochs: How many epochs this call was asked for.
        patience: The patience of its EarlyStopping in epochs; 0 if it has none.
        own: Whether an EarlyStopping is of a subclass that the program defines, or has a method that it does.
        epoch: The number of the epoch, from 0.
        digest: The digest of the weights.
    """

    kind: _Text
    fit: int
    epochs: int
    patience: int
    own: bool
    epoch: int
    digest: _Text


_MAX_ROWS: Final = 60_000


def run_of(answer: Any) -> Run:
    """Return the notes of a run from a worker's answer.

    Raises:
        msgspec.ValidationError: If the answer does not have their type.
    """
    run: Run = converted(answer, Run)
    for note in run.notes:
        for pixels in (note.x, note.val_x):
            _require(pixels is None or _is_array(pixels, 4))
        for labels in (note.y, note.val_y):
            _require(labels is None or _is_array(labels, 1) or _is_array(labels, 2))
        _require(note.answers is None or _is_array(note.answers, 2))
        for axes in note.axes:
            _require(len(axes.images) == len(axes.visible) and all(_is_array(image, 3) for image in axes.images))
            _require(not axes.beside or len(axes.beside) == len(axes.images))
            _require(all(_is_array(line.x, 1) and _is_array(line.y, 1) for line in axes.lines))
    for left in run.globals:
        _require(left.x is None or _is_array(left.x, 4))
        _require(left.y is None or _is_array(left.y, 1) or _is_array(left.y, 2))
    return run


def epoch_of(answer: Any) -> Epoch:
    """Return an epoch's commitment from a worker's answer.

    Raises:
        msgspec.ValidationError: If the answer does not have its type.
    """
    epoch: Epoch = converted(answer, Epoch)
    return epoch


def _is_array(value: Any, rank: int) -> bool:
    if not isinstance(value, np.ndarray) or value.ndim != rank:
        return False
    return value.dtype.kind in "biuf" and (value.ndim == 0 or len(value) <= _MAX_ROWS)


def _require(holds: bool) -> None:
    if not holds:
        raise msgspec.ValidationError("a note has an array of another form")


def layers_of(config: str) -> list[tuple[str, dict[str, Any]]]:
    """Return the class and the settings of each layer in a network's configuration; empty if it cannot be read."""
    try:
        layers = msgspec.json.decode(config)["config"]["layers"]
        return [(str(layer["class_name"]), dict(layer["config"])) for layer in layers]
    except (msgspec.MsgspecError, LookupError, TypeError, ValueError, AttributeError):
        return []
