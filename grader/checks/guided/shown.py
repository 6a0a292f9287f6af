"""What the figures of a run show: images with the texts beside them, and curves."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

import msgspec
import numpy as np

from grader.checks.guided.notes import Line, Note
from grader.checks.guided.observed import Observed

Array = np.ndarray[Any, Any]

_NOTHING: Final = ("none", "")
_BETWEEN: Final = re.compile(r"[|,;/\n\t]|\s{2,}")
_WORD: Final = re.compile(r"[^\W_]+", re.UNICODE)


class ShownImage(msgspec.Struct, frozen=True, eq=False):
    """An image in a figure.

    Attributes:
        number: The number of the training or test image.
        test: Whether it is a test image.
        known: Its class, 0 to 9.
        texts: The texts beside it.
        shared: Whether these are the texts of several images, of which nothing says which belongs to which.
        line: The line of the program that showed the figure.
        at: The number of notes before the figure.
    """

    number: int
    test: bool
    known: int
    texts: tuple[str, ...]
    line: int
    at: int
    shared: bool = False


def images_shown(observed: Observed) -> list[ShownImage]:
    """Return all visible images of the data set in all figures, in their order."""
    found: list[ShownImage] = []
    for at, note in enumerate(observed.notes):
        if note.kind == "figure":
            found += _of_figure(observed, note, at)
    return found


def _of_figure(observed: Observed, note: Note, at: int) -> list[ShownImage]:
    shown: list[ShownImage] = []
    alone = sum(len(axes.images) for axes in note.axes) == 1
    for axes in note.axes:
        for image, visible, place in zip(axes.images, axes.visible, range(len(axes.images)), strict=True):
            if not visible or image.shape != (4, 4, 3):
                continue
            recognised = observed.recognise(image[None])
            train, test = int(recognised.train[0]), int(recognised.test[0])
            if train < 0 and test < 0:
                continue
            labels = observed.album.test_labels if test >= 0 else observed.album.train_labels
            number = test if test >= 0 else train
            texts = list(axes.texts) + (list(note.texts) if alone else [])
            shared = len(axes.images) > 1 and not axes.beside
            if axes.beside:
                texts = axes.beside[place]
            elif shared and (each := texts_in_order(axes.texts, len(axes.images))):
                texts, shared = [each[place]], False
            shown.append(ShownImage(number, test >= 0, int(labels[number]), tuple(texts), note.line, at, shared))
    return shown


def texts_in_order(texts: Sequence[str], count: int) -> Sequence[str]:
    """Return the texts of several images in one axes: one each, or parts of one; empty if there is neither."""
    if len(texts) == count:
        return texts
    for text in (part for whole in texts for part in (whole, whole.partition(":")[2])):  # there may be a heading
        for parts in (_BETWEEN.split(text), text.split()):
            named = [part for part in parts if _WORD.search(part)]
            if len(named) == count:
                return named
    return ()


def tokens(texts: tuple[str, ...]) -> set[str]:
    """Return everything in some texts that may be a name: the whole texts, their lines, and their words."""
    found: set[str] = set()
    for text in texts:
        plain = text.strip().casefold()
        parts = re.split(r"[\n:;,()\[\]|/→>-]+", plain)
        found |= {plain, *map(str.strip, plain.split("\n")), *map(str.strip, parts), *_WORD.findall(plain)}
    return found - {""}


def names_of(shown: list[ShownImage]) -> dict[int, set[str]]:
    """Return for each class the names that are shown beside all of its images and beside no image of another class."""
    common: dict[int, set[str]] = {}
    anywhere: dict[int, set[str]] = {}
    for image in shown:
        words = tokens(image.texts)
        common[image.known] = common[image.known] & words if image.known in common else words
        anywhere[image.known] = anywhere.get(image.known, set()) | words
    return {
        known: words - set().union(*(anywhere[other] for other in anywhere if other != known))
        for known, words in common.items()
    }


def lines_shown(observed: Observed, *, after: int = 0) -> list[tuple[Line, Note, int]]:
    """Return the visible lines in the figures from note `after` on, with their figure and the number of their axes."""
    return [
        (line, note, number)
        for note in observed.notes[after:]
        if note.kind == "figure"
        for number, axes in enumerate(note.axes)
        for line in axes.lines
        if _is_drawn(line)
    ]


def _is_drawn(line: Line) -> bool:
    """Whether a line is visible: it has a stroke or markers, and x values."""
    x = np.asarray(line.x, np.float64)
    style, *marker = line.look.split(" ")[1:] or ["-"]
    if style.lower() in _NOTHING and "".join(marker).lower() in _NOTHING:
        return False
    return bool(len(x) == len(line.y) and np.all(np.isfinite(x)) and (len(x) < 2 or np.ptp(x) > 0))


def follows(line: Line, values: tuple[float, ...]) -> bool:
    """Whether a line shows some values, one an epoch, as shares or in percent."""
    y = np.asarray(line.y, np.float64)
    wanted = np.asarray(values, np.float64)
    if len(y) != len(wanted) or not len(y) or not np.all(np.isfinite(y)):
        return False
    return bool(np.allclose(y, wanted, atol=2e-3) or np.allclose(y, 100 * wanted, atol=0.2))
