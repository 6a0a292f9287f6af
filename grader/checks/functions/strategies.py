"""What the checks try functions on: Hypothesis strategies, and the records they draw."""

from __future__ import annotations

import functools
import math
import re
from typing import Any, Final

import msgspec
import numpy as np
from hypothesis import strategies as st

from grader.assignment.subject import CIFAR10_NAMES, USUAL, Subject
from grader.checks.common.hidden import one_hot
from grader.checks.common.verdict import Shown

_FEWEST_LABELS: Final = 10
SEEDS: Final = st.integers(0, 9)
STEP: Final = 5
"""By how much one image of a `SubsetCase` is brighter than the one before: more than images are made brighter by."""


class SubsetCase(msgspec.Struct, frozen=True):
    """A call of `subset_data`: image i is one pattern plus 5 i, so that each can be told from the others.

    By its mean alone, that is: also where it was flipped, or its channels mixed.  Where there are more images than a
    byte can tell apart, they are of three values, a pixel in colour or three grey ones, which are the digits of the
    number, to base 256.
    """

    labels: tuple[int, ...]
    image_shape: tuple[int, int, int]
    classes: tuple[int, ...]
    seed: int | None

    @property
    def pattern(self) -> np.ndarray[Any, Any]:
        """The first image, uint8: 0, 1, 2 and so on."""
        return np.arange(math.prod(self.image_shape), dtype=np.uint8).reshape(self.image_shape)

    @property
    def x(self) -> Shown:
        """The images."""
        count = len(self.labels)
        if self.is_large:
            digits = np.arange(count)[:, None] // (65536, 256, 1) % 256
            form = f"reshape{(-1, *self.image_shape)}"
            text = f'(np.arange({count})[:, None] // (65536, 256, 1) % 256).astype("uint8").{form}'
            return Shown(digits.astype(np.uint8).reshape(-1, *self.image_shape), text)
        values = (STEP * np.arange(count)).astype(np.uint8).reshape(count, 1, 1, 1)
        text = f'np.arange(0, {STEP * count}, {STEP}, dtype="uint8").reshape({count}, 1, 1, 1)'
        if self.image_shape == (1, 1, 1):
            return Shown(values, text)
        size, shape = math.prod(self.image_shape), self.image_shape
        return Shown(values + self.pattern, f'{text} + np.arange({size}, dtype="uint8").reshape{shape}')

    @property
    def is_large(self) -> bool:
        """Whether there are more images than a byte can tell apart."""
        return len(self.labels) > 256 // STEP

    @property
    def y(self) -> np.ndarray[Any, Any]:
        """The labels in a column, shape (n, 1)."""
        return np.array(self.labels, np.uint8).reshape(-1, 1)

    def shown_labels(self, *, flat: bool = False) -> np.ndarray[Any, Any] | Shown:
        """The labels, in shape (n, 1) or (n,)."""
        labels = self.y.reshape(-1) if flat else self.y
        if not self.is_large:
            return labels
        text = f'np.array({list(self.labels[:10])} * {len(labels) // 10}, dtype="uint8")'
        return Shown(labels, text if flat else f"{text}.reshape(-1, 1)")


@functools.cache  # the same strategy each time, whose cases are drawn once
@st.composite
def subset_cases(draw: st.DrawFn, subject: Subject = USUAL, *, max_images: int = 12) -> SubsetCase:
    """Calls of `subset_data` with at least two images of the requested classes, of all labels that the data have.

    Where there is but one, `squeeze` takes an axis too many: nobody has a data set of one image.
    """
    # More labels than a small data set has: that others are left out is asked of all.
    label = st.integers(0, max(len(subject.label_names), _FEWEST_LABELS) - 1)
    classes = tuple(draw(st.lists(label, min_size=2, max_size=4, unique=True)))
    labels = draw(st.lists(label, max_size=max_images - 2))
    for _ in range(2):
        labels.insert(draw(st.integers(0, len(labels))), draw(st.sampled_from(classes)))
    channels = subject.image_shape[2]
    shape = draw(st.sampled_from(((2, 1, 1), (2, 3, channels), (4, 4, channels))))
    return SubsetCase(tuple(labels), shape, classes, draw(SEEDS))


class ShowCase(msgspec.Struct, frozen=True):
    """A call of `show_examples`, with noise for images so that each can be recognised on the figure."""

    labels: tuple[int, ...]
    predicted: tuple[int, ...]
    names: tuple[str, ...]
    count: int
    seed: int
    image_shape: tuple[int, int, int] = USUAL.image_shape

    @property
    def x(self) -> Shown:
        """The images."""
        shape = (len(self.labels), *self.image_shape)
        images = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
        return Shown(images, f'np.random.default_rng(0).integers(0, 256, {shape}, dtype="uint8")')

    @property
    def y(self) -> Shown:
        """One-hot labels."""
        return _one_hot(self.labels, len(self.names))

    @property
    def numbers(self) -> np.ndarray[Any, Any]:
        """The labels as numbers, shape (n,)."""
        return np.array(self.labels)

    @property
    def predictions(self) -> Shown:
        """Probabilities whose largest is the predicted class."""
        size = len(self.names)
        rest = 0.4 / size
        values = (rest + 0.6 * np.eye(size)[list(self.predicted)]).astype(np.float32)
        return Shown(values, f"{rest:g} + 0.6 * np.eye({size})[{list(self.predicted)}]")


def _one_hot(labels: tuple[int, ...], size: int) -> Shown:
    return Shown(one_hot(labels, size), f'np.eye({size}, dtype="float32")[{list(labels)}]')


@functools.cache  # the same strategy each time, whose cases are drawn once
@st.composite
def show_cases(draw: st.DrawFn, subject: Subject = USUAL) -> ShowCase:
    """Calls of `show_examples`; no image is predicted right, and a third class is always there."""
    count_of_classes = draw(st.integers(3, 5))
    known = telling_names(subject)
    start = draw(st.integers(0, len(known) - count_of_classes))
    names = known[start : start + count_of_classes]
    labels = draw(st.lists(st.integers(0, count_of_classes - 1), min_size=1, max_size=8))
    shifts = draw(st.lists(st.integers(1, count_of_classes - 1), min_size=len(labels), max_size=len(labels)))
    predicted = tuple((label + shift) % count_of_classes for label, shift in zip(labels, shifts, strict=True))
    return ShowCase(
        tuple(labels), predicted, names, draw(st.integers(1, 10)), draw(SEEDS), image_shape=subject.image_shape
    )


@functools.cache
def telling_names(subject: Subject) -> tuple[str, ...]:
    """At least ten names of classes, each of which can be told in a title: the course's own, and others after them.

    A name that occurs in another one, or that a number may be, is left out.
    """
    own = [
        name
        for name in subject.label_names
        if re.search(r"[^\W\d_]{3}", name)
        and not any(other != name and name.lower() in other.lower() for other in subject.label_names)
    ]
    others = [name for name in CIFAR10_NAMES if not any(name in each.lower() or each.lower() in name for each in own)]
    return (*own, *others[: max(0, _FEWEST_LABELS - len(own))])


class CurvesCase(msgspec.Struct, frozen=True):
    """The curves of a training."""

    accuracy: tuple[float, ...]
    val_accuracy: tuple[float, ...]

    @property
    def curves(self) -> dict[str, list[float]]:
        """What a History holds; the losses differ from the accuracies."""
        return {
            "accuracy": list(self.accuracy),
            "loss": [round(2 - value, 2) for value in self.accuracy],
            "val_accuracy": list(self.val_accuracy),
            "val_loss": [round(2.5 - value, 2) for value in self.val_accuracy],
        }


@functools.cache  # the same strategy each time, whose cases are drawn once
@st.composite
def curves_cases(draw: st.DrawFn) -> CurvesCase:
    """Trainings of two to twelve epochs whose training and validation accuracy differ."""
    epochs = draw(st.integers(2, 12))
    percents = st.lists(st.integers(50, 99), min_size=epochs, max_size=epochs)
    training = draw(percents)
    validation = draw(percents.filter(lambda values: values != training))
    return CurvesCase(tuple(p / 100 for p in training), tuple(p / 100 for p in validation))


class ScriptCase(msgspec.Struct, frozen=True):
    """A training whose validation accuracy follows a script.

    Attributes:
        ranks: For each epoch, from 1 to `SCRIPT_CLASSES`; a higher rank is a higher validation accuracy.  The
            last one stays for as long as training goes on.
        patience: What `train` is given.
        epochs: Likewise.
        callbacks: Whether it is given callbacks, too.
        batches: How many batches either set makes.
        default_patience: Whether `train` is not told the patience, which then is what its default is to be.
    """

    ranks: tuple[int, ...]
    patience: int
    epochs: int
    callbacks: bool = False
    batches: int = 1
    default_patience: bool = False


SCRIPT_CLASSES: Final = 8


@functools.cache  # the same strategy each time, whose cases are drawn once
@st.composite
def script_cases(draw: st.DrawFn) -> ScriptCase:
    """Scripts of up to seven epochs."""
    ranks = draw(st.lists(st.integers(1, SCRIPT_CLASSES), min_size=2, max_size=6))
    return ScriptCase(tuple(ranks), draw(st.integers(1, 4)), draw(st.integers(1, 7)))


class BuildCase(msgspec.Struct, frozen=True):
    """The arguments of `build_model`."""

    input_shape: tuple[int, int, int]
    num_classes: int


@functools.cache  # the same strategy each time, whose cases are drawn once
@st.composite
def build_cases(draw: st.DrawFn, subject: Subject = USUAL) -> BuildCase:
    """Arguments that all differ from the course's; images are larger than those."""
    height, width, channels = subject.image_shape
    higher, wider = draw(st.permutations((8, 16, 32)))[:2]
    others = (1, 4) if channels == 3 else (3, 4)
    classes = st.integers(2, 10).filter(lambda k: k != len(subject.classes))
    return BuildCase((height + higher, width + wider, draw(st.sampled_from(others))), draw(classes))
