"""The calls of `show_examples` that are tried: some drawn by Hypothesis, and some that are always the same."""

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
    return (*own, *others[: max(0, FEWEST_LABELS - len(own))])


def case_of(subject: Subject, labels: tuple[int, ...], predicted: tuple[int, ...], count: int) -> ShowCase:
    """A case with three of the course's classes."""
    return ShowCase(labels, predicted, telling_names(subject)[:3], count, 0, image_shape=subject.image_shape)


def case_of_ten(subject: Subject) -> ShowCase:
    """Full rows of five, as most grids have."""
    return case_of(subject, (0, 1, 2, 1) * 3, (1, 2, 0, 2) * 3, 10)
