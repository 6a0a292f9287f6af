"""Artefacts of a grading: pictures and numbers that are kept with the verdict, for people to look at.

No artefact earns or costs a point.  Pictures are encoded on the trusted side, from pixels that crossed the wire as an
array.  Numbers come from a submission only where their docstring calls them its own account.
"""

from __future__ import annotations

import io
from typing import Any, Final, Literal, TypeVar

import msgspec
import numpy as np

_Record = TypeVar("_Record")

COURSE_FIGURE: Final = "course figure"
"""The artefact name of a figure that shows the course's images; one without them is called `figure`."""

MediaType = Literal["image/png", "application/json", "text/plain"]

MAX_BYTES: Final = 300_000
"""The most bytes that all artefacts of one submission may have together."""

MAX_PICTURE_BYTES: Final = 90_000
_COLOURS: Final = 128
_SHARES: Final = (1, 0.7, 0.5, 0.3)  # the scales of width and height that are tried, in order


class Artefact(msgspec.Struct, frozen=True):
    """A picture or a record that is kept with a result.

    Attributes:
        check: The id of the check that it comes from; empty if it is about the whole submission.
        name: The kind of artefact: `figure`, `course figure`, `place`, `measured`, `curves`, `confusion`,
            `examples` or `epochs`.
        media_type: The format of `data`.
        data: The content; JSON is one of the records below.
    """

    check: str
    name: str
    media_type: MediaType
    data: bytes


class Excerpt(msgspec.Struct, frozen=True):
    """The artefact `place`: the lines of the submission around the one that a check is about, such as one that raised.

    Attributes:
        cell: The number of the code cell, from 1; `None` in a `.py`.
        line: The number of the line that the check is about, in that cell or in the file, from 1.
        first: The number of the first line in `lines`.
        lines: The lines as the student wrote them.
    """

    cell: int | None
    line: int
    first: int
    lines: tuple[str, ...]


class Measured(msgspec.Struct, frozen=True):
    """The artefact `measured`: what the accuracy check measured.

    Attributes:
        accuracy: The share of unseen images whose class was predicted correctly, 0 to 1.
        full_credit: The lowest accuracy that earns all points, 0 to 1.
        seconds: Wall time of the training, in seconds.
        steps: Optimizer steps that the budget allows; in the profile `full`, those that the training took.
    """

    accuracy: float
    full_credit: float
    seconds: float
    steps: int


Curves = dict[str, list[float]]
"""The artefact `curves`: a list with one value for each epoch, by name, from the submission's own History."""


class Confusion(msgspec.Struct, frozen=True):
    """The artefact `confusion`: the confusion matrix on unseen images.

    Attributes:
        classes: The names of the classes, in the course's order.
        counts: The number of images, with a row for each true class and a column for each predicted one.
    """

    classes: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]


class Example(msgspec.Struct, frozen=True):
    """An item of the artefact `examples`: an unseen image, and the class that was predicted for it.

    Attributes:
        png: The image, as PNG.
        true: The name of its class.
        predicted: The name of the predicted class.
    """

    png: bytes
    true: str
    predicted: str


# This docstring is part of docs/schemas/results.schema.json; tests/test_export_document.py compares the two.
class Epoch(msgspec.Struct, frozen=True):
    """One epoch of the whole training in the profile `full`.  Its times are wall times, in seconds.

    Attributes:
        train_seconds: The time of its training steps.
        validation_seconds: The time of its validation; 0 if there is none.
        callback_seconds: The time that callbacks took when it began and ended.
        steps: The number of optimizer steps; of batches, if the optimizer is not one of Keras.
        val_accuracy: The validation accuracy in the submission's History, 0 to 1; `None` if it has none.
        images: The number of images that reached the network in its training steps; `None` in records that are older
            than the counting.
    """

    train_seconds: float
    validation_seconds: float
    callback_seconds: float
    steps: int
    val_accuracy: float | None = None
    images: int | None = None


def decoded(artefacts: tuple[Artefact, ...], name: str, form: type[_Record], check: str = "") -> _Record | None:
    """Return the record in the first JSON artefact with a name; `None` if there is none, or it cannot be decoded.

    Args:
        artefacts: The artefacts to search.
        name: The artefact's name.
        form: The type of the record.
        check: Only look at artefacts of this check; empty for any.
    """
    for artefact in artefacts:
        if artefact.name == name and check in ("", artefact.check) and artefact.media_type == "application/json":
            try:
                return msgspec.json.decode(artefact.data, type=form)
            except (msgspec.DecodeError, ValueError):
                return None
    return None


class Artefacts:
    """A collector of the artefacts of one submission; an artefact that would exceed `MAX_BYTES` is dropped."""

    def __init__(self) -> None:
        self._gathered: list[Artefact] = []
        self._left = MAX_BYTES

    @property
    def gathered(self) -> tuple[Artefact, ...]:
        """The artefacts, in the order in which they were added."""
        return tuple(self._gathered)

    def add_record(self, check: str, name: str, record: Any) -> None:
        """Add one of the records in this module, as JSON."""
        self._add(Artefact(check, name, "application/json", msgspec.json.encode(record)))

    def add_picture(self, check: str, name: str, pixels: np.ndarray[Any, Any]) -> None:
        """Add a picture as PNG.

        Args:
            check: Id of the check that it comes from; empty if it is about the whole submission.
            name: The artefact's name.
            pixels: RGBA, uint8, shape (height, width, 4).
        """
        data = small_png(pixels)
        if data is not None:
            self._add(Artefact(check, name, "image/png", data))

    def _add(self, artefact: Artefact) -> None:
        # A smaller artefact that comes later may still fit.
        if len(artefact.data) <= self._left:
            self._left -= len(artefact.data)
            self._gathered.append(artefact)


def png_of(pixels: np.ndarray[Any, Any]) -> bytes:
    """Encode opaque pixels as PNG: uint8, shape (height, width, 3), or (height, width, 1) for grey."""
    from PIL import Image

    return _png(Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels))


def small_png(pixels: np.ndarray[Any, Any]) -> bytes | None:
    """Encode pixels on a white background as a PNG of at most `MAX_PICTURE_BYTES`.

    If the PNG is too large, the number of colours is reduced, and then the size as well.

    Args:
        pixels: RGBA, uint8, shape (height, width, 4).

    Returns:
        The PNG; `None` if even the smallest picture is too large.
    """
    from PIL import Image

    layer = Image.fromarray(pixels)
    picture = Image.new("RGB", layer.size, "white")
    picture.paste(layer, mask=layer.getchannel("A"))
    # First all colours at full size, then fewer colours at smaller and smaller scales, beginning with the full size.
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
