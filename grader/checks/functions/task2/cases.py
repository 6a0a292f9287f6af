"""The calls with which `subset_data` is tried: some are drawn by Hypothesis, and some are fixed."""

from __future__ import annotations

import functools
import math
from typing import Any, Final

import msgspec
import numpy as np
from hypothesis import strategies as st

from grader.assignment.subject import USUAL, Subject
from grader.checks.common.verdict import Shown
from grader.checks.functions.cases import FEWEST_LABELS, SEEDS

STEP: Final = 5
"""How much brighter each image of a `SubsetCase` is than the one before, in levels from 0 to 255."""

_LEVELS: Final = 48
"""The number of different values in the first image, so that the brightest image still fits into a byte."""

_MOST_PIXELS: Final = 64
"""The largest height and width of an image."""


class SubsetCase(msgspec.Struct, frozen=True):
    """A call of `subset_data` with images that can be told apart.

    Image i is the same pattern plus 5 i, so that its mean alone shows which image it is, even if it was flipped or its
    channels were mixed.  If there are more images than a byte can tell apart, each consists of three values, which are
    one pixel in colour or three grey ones: the digits of i to base 256.
    """

    labels: tuple[int, ...]
    image_shape: tuple[int, int, int]
    classes: tuple[int, ...]
    seed: int | None

    @property
    def pattern(self) -> np.ndarray[Any, Any]:
        """The first image, uint8, with the values 0, 1, 2 and so on, again from 0 after 47."""
        return (np.arange(math.prod(self.image_shape)) % _LEVELS).astype(np.uint8).reshape(self.image_shape)

    @property
    def x(self) -> Shown:
        """The images, uint8 of shape (n, height, width, channels)."""
        count = len(self.labels)
        if self.is_large:
            digits = np.arange(count)[:, None] // (65536, 256, 1) % 256
            form = f"reshape{(-1, *self.image_shape)}"
            text = f'(np.arange({count})[:, None] // (65536, 256, 1) % 256).astype("uint8").{form}'
            return Shown(digits.astype(np.uint8).reshape(-1, *self.image_shape), text)
        values = (STEP * np.arange(count)).astype(np.uint8).reshape(count, 1, 1, 1)
        text = f'np.arange(0, {STEP * count}, {STEP}, dtype="uint8").reshape({count}, 1, 1, 1)'
        size, shape = math.prod(self.image_shape), self.image_shape
        pattern = f'np.arange({size}, dtype="uint8")'
        if size > _LEVELS:
            pattern = f'(np.arange({size}) % {_LEVELS}).astype("uint8")'
        return Shown(values + self.pattern, f"{text} + {pattern}.reshape{shape}")

    @property
    def is_large(self) -> bool:
        """Whether there are more images than a byte can tell apart."""
        return len(self.labels) > 256 // STEP

    @property
    def y(self) -> np.ndarray[Any, Any]:
        """The labels as a column, shape (n, 1)."""
        return np.array(self.labels, np.uint8).reshape(-1, 1)

    def shown_labels(self, *, flat: bool = False) -> np.ndarray[Any, Any] | Shown:
        """Return the labels in shape (n, 1), or in shape (n,) if `flat`."""
        labels = self.y.reshape(-1) if flat else self.y
        if not self.is_large:
            return labels
        text = f'np.array({list(self.labels[:10])} * {len(labels) // 10}, dtype="uint8")'
        return Shown(labels, text if flat else f"{text}.reshape(-1, 1)")


@functools.cache  # cases are kept for each strategy, so it must be the same object each time
@st.composite
def subset_cases(draw: st.DrawFn, subject: Subject = USUAL, *, max_images: int = 12) -> SubsetCase:
    """Draw calls of `subset_data` with at least two images of the requested classes, and of all labels of the data.

    With a single image, `np.squeeze` would remove one axis too many, and no data set has only one image.
    """
    # Even if the data set has few labels, there are ten here, so that some have to be left out.
    label = st.integers(0, max(len(subject.label_names), FEWEST_LABELS) - 1)
    classes = tuple(draw(st.lists(label, min_size=2, max_size=4, unique=True)))
    labels = draw(st.lists(label, max_size=max_images - 2))
    for _ in range(2):
        labels.insert(draw(st.integers(0, len(labels))), draw(st.sampled_from(classes)))
    channels = subject.image_shape[2]
    shape = draw(st.sampled_from(((2, 1, 1), (2, 3, channels), (4, 4, channels))))
    return SubsetCase(tuple(labels), shape, classes, draw(SEEDS))


_PATTERN = (2, 0, 1, 3, 1, 0, 2, 1, 0, 2)  # 3 stands for a label that is none of the classes
_UNUSUAL = ((5, 2, 7), (4, 1, 6))


def many_case(subject: Subject) -> SubsetCase:
    """Return a case with 36 images of up to three of the course's classes, and four images of another label.

    They are too many for a shuffle to leave them sorted by chance, and as large as those of the course, unless these
    are very large.
    """
    height, width, channels = subject.image_shape
    shape = (min(height, _MOST_PIXELS), min(width, _MOST_PIXELS), channels)
    return SubsetCase(_labels(subject) * 4, shape, subject.classes, None)


def usual_case(subject: Subject) -> SubsetCase:
    """Return a case with the course's classes, many images and a seed."""
    return msgspec.structs.replace(many_case(subject), seed=1)


def unusual_case(subject: Subject) -> SubsetCase:
    """Return a case with classes other than the course's, and images of all ten labels."""
    classes = next(each for each in _UNUSUAL if set(each) != set(subject.classes))
    return SubsetCase(tuple(range(10)) * 2, (2, 1, 1), classes, 1)


def large_case(subject: Subject) -> SubsetCase:
    """Return a case with as many images as CIFAR-10 has for training, most of them of the classes that are asked for.

    It finds submissions with CIFAR-10's numbers hard-coded, since they keep too few, and those that count in bytes.
    """
    first, second, *others = subject.classes[:3]
    shape = (3, 1, 1) if subject.is_grey else (1, 1, 3)
    return SubsetCase(_labels(subject) * 5000, shape, (second, first, *others), 1)


def _labels(subject: Subject) -> tuple[int, ...]:
    known = subject.classes[:3]
    return tuple(subject.other_label if place == 3 else known[place % len(known)] for place in _PATTERN)
