"""What a grading leaves behind beside the verdict: pictures and numbers for people to look at.

Nothing here earns or costs a point.  Pictures are encoded on the trusted side, from pixels that crossed the wire
as an array; numbers come from a submission only where they are marked as its own account.
"""

from __future__ import annotations

import io
from typing import Any, Final, Literal, TypeVar

import msgspec
import numpy as np

_Record = TypeVar("_Record")

COURSE_FIGURE: Final = "course figure"
"""The name of a figure with images of the course, which `figure` has not."""

MediaType = Literal["image/png", "application/json", "text/plain"]

MAX_BYTES: Final = 300_000
"""What the artefacts of one submission may take together."""

MAX_PICTURE_BYTES: Final = 90_000
_COLOURS: Final = 128
_SHARES: Final = (1, 0.7, 0.5, 0.3)  # of width and height, tried one after the other


class Artefact(msgspec.Struct, frozen=True):
    """One of them.

    Attributes:
        check: Id of the check it comes from; empty for the submission as a whole.
        name: What it is: `figure`, `course figure`, `place`, `measured`, `curves`, `confusion`, `examples`, `epochs`.
        media_type: How `data` is to be read.
        data: The bytes; JSON is one of the records below.
    """

    check: str
    name: str
    media_type: MediaType
    data: bytes


class Excerpt(msgspec.Struct, frozen=True):
    """`place`: the lines of the submission around the one that a check is about, such as one that raised.

    Attributes:
        cell: Number of the code cell, from 1; `None` in a `.py`.
        line: That line, in that cell or in the file, from 1.
        first: The number of the first of the lines.
        lines: The lines as the student wrote them.
    """

    cell: int | None
    line: int
    first: int
    lines: tuple[str, ...]


class Measured(msgspec.Struct, frozen=True):
    """`measured`: what the accuracy check found.

    Attributes:
        accuracy: The share of unseen images that was predicted right, 0 to 1.
        full_credit: The share from which on the check gives all points.
        seconds: Wall time of the training.
        steps: Optimizer steps that the budget allows; in the profile `full` those that the training took.
    """

    accuracy: float
    full_credit: float
    seconds: float
    steps: int


Curves = dict[str, list[float]]
"""`curves`: by name, one value an epoch, as the submission's own History has them."""


class Confusion(msgspec.Struct, frozen=True):
    """`confusion`: how often which class was predicted as which, on unseen images.

    Attributes:
        classes: Names, in the course's order.
        counts: A row for each true class, a column for each predicted one.
    """

    classes: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]


class Example(msgspec.Struct, frozen=True):
    """One of `examples`: an unseen image and what was predicted.

    Attributes:
        png: The image.
        true: Name of its class.
        predicted: Name of the class that was predicted.
    """

    png: bytes
    true: str
    predicted: str


class Epoch(msgspec.Struct, frozen=True):
    """One epoch, in seconds of wall time; `epochs` has those of the whole training, in the profile `full`.

    Attributes:
        train_seconds: Its training steps.
        validation_seconds: Its validation; 0 where there is none.
        callback_seconds: What callbacks took at its beginning and end.
        steps: Steps of the optimizer; batches where none of Keras' own was at work.
        val_accuracy: As the submission's History has it, 0 to 1; `None` where it has none.
        images: Images that reached the network in its training steps; `None` in records from before they were counted.
    """

    train_seconds: float
    validation_seconds: float
    callback_seconds: float
    steps: int
    val_accuracy: float | None = None
    images: int | None = None


def decoded(artefacts: tuple[Artefact, ...], name: str, form: type[_Record], check: str = "") -> _Record | None:
    """The record of the first artefact of that name (and check); `None` where there is none that can be read."""
    for artefact in artefacts:
        if artefact.name == name and check in ("", artefact.check) and artefact.media_type == "application/json":
            try:
                return msgspec.json.decode(artefact.data, type=form)
            except (msgspec.DecodeError, ValueError):
                return None
    return None


class Artefacts:
    """What has been gathered of one submission; what would be too much is left out."""

    def __init__(self) -> None:
        self._gathered: list[Artefact] = []
        self._left = MAX_BYTES

    @property
    def gathered(self) -> tuple[Artefact, ...]:
        """All there are, oldest first."""
        return tuple(self._gathered)

    def add_record(self, check: str, name: str, record: Any) -> None:
        """Add one of the records above, as JSON."""
        self._add(Artefact(check, name, "application/json", msgspec.json.encode(record)))

    def add_picture(self, check: str, name: str, pixels: np.ndarray[Any, Any]) -> None:
        """Add a picture: uint8 of shape (height, width, 4), red, green, blue and opacity."""
        data = small_png(pixels)
        if data is not None:
            self._add(Artefact(check, name, "image/png", data))

    def _add(self, artefact: Artefact) -> None:
        if len(artefact.data) <= self._left:
            self._left -= len(artefact.data)
            self._gathered.append(artefact)


def png_of(pixels: np.ndarray[Any, Any]) -> bytes:
    """Opaque pixels, uint8 of shape (height, width, 3), or (height, width, 1) in grey, as PNG."""
    from PIL import Image

    return _png(Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels))


def small_png(pixels: np.ndarray[Any, Any]) -> bytes | None:
    """Pixels with opacity on white, as PNG of at most `MAX_PICTURE_BYTES`; `None` where that cannot be.

    As it is where that is small enough, else with fewer colours, else smaller as well.
    """
    from PIL import Image

    layer = Image.fromarray(pixels)
    picture = Image.new("RGB", layer.size, "white")
    picture.paste(layer, mask=layer.getchannel("A"))
    data = _png(picture)
    for share in _SHARES:
        if len(data) <= MAX_PICTURE_BYTES:
            return data
        size = (max(1, round(picture.width * share)), max(1, round(picture.height * share)))
        data = _png(picture.resize(size).quantize(_COLOURS))
    return data if len(data) <= MAX_PICTURE_BYTES else None


def _png(picture: Any) -> bytes:
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()
