"""The calls with which `show_examples` is tried: some are drawn by Hypothesis, and some are fixed."""

from __future__ import annotations

import functools
import re
from typing import Any

import msgspec
import numpy as np
from hypothesis import strategies as st

from grader.assignment.subject import CIFAR10_NAMES, USUAL, Subject
from grader.checks.common.hidden import one_hot
from grader.checks.common.verdict import Shown
from grader.checks.functions.cases import FEWEST_LABELS, SEEDS


class ShowCase(msgspec.Struct, frozen=True):
    """A call of `show_examples`, whose images are noise so that each can be recognised on the figure."""

    labels: tuple[int, ...]
    predicted: tuple[int, ...]
    names: tuple[str, ...]
    count: int
    seed: int
    image_shape: tuple[int, int, int] = USUAL.image_shape

    @property
    def x(self) -> Shown:
        """The images, uint8 of shape (n, height, width, channels)."""
        shape = (len(self.labels), *self.image_shape)
        images = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
        return Shown(images, f'np.random.default_rng(0).integers(0, 256, {shape}, dtype="uint8")')

    @property
    def y(self) -> Shown:
        """The one-hot labels, float32 of shape (n, classes)."""
        return _one_hot(self.labels, len(self.names))

    @property
    def numbers(self) -> np.ndarray[Any, Any]:
        """The labels as numbers, shape (n,)."""
        return np.array(self.labels)

    @property
    def predictions(self) -> Shown:
        """Probabilities of shape (n, classes) that are largest for the predicted class, and never above one half."""
        size = len(self.names)
        rest = 0.8 / size
        values = (rest + 0.2 * np.eye(size)[list(self.predicted)]).astype(np.float32)
        return Shown(values, f"{rest:g} + 0.2 * np.eye({size})[{list(self.predicted)}]")


def _one_hot(labels: tuple[int, ...], size: int) -> Shown:
    return Shown(one_hot(labels, size), f'np.eye({size}, dtype="float32")[{list(labels)}]')


@functools.cache  # cases are kept for each strategy, so it must be the same object each time
@st.composite
def show_cases(draw: st.DrawFn, subject: Subject = USUAL) -> ShowCase:
    """Draw calls of `show_examples` with at least three classes, in which no image is predicted right."""
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
    """Return at least ten class names that can be recognised in a title: the course's own, then those of CIFAR-10.

    Names that occur in another name, and names without three letters in a row, are left out.
    """
    own = [
        name
        for name in subject.label_names
        if re.search(r"[^\W\d_]{3}", name)
        and not any(other != name and name.lower() in other.lower() for other in subject.label_names)
    ]
    others = [name for name in CIFAR10_NAMES if not any(name in each.lower() or each.lower() in name for each in own)]
    return (*own, *others[: max(0, FEWEST_LABELS - len(own))])


def case_of(subject: Subject, labels: tuple[int, ...], predicted: tuple[int, ...], count: int) -> ShowCase:
    """Return a case with three of the course's classes."""
    return ShowCase(labels, predicted, telling_names(subject)[:3], count, 0, image_shape=subject.image_shape)


def case_of_ten(subject: Subject) -> ShowCase:
    """Return a case with a count of ten, which makes full rows in most grids."""
    return case_of(subject, (0, 1, 2, 1) * 3, (1, 2, 0, 2) * 3, 10)
