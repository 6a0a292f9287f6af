"""The subject of a course: the shape of its images, and its classes."""

from __future__ import annotations

from typing import Final

import msgspec

CIFAR10_NAMES: Final = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")

_NUMBERS: Final = ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


class Subject(msgspec.Struct, frozen=True):
    """The images and classes of a course; the parameters of the contract's functions default to them.

    Attributes:
        dataset: The name of the data set in `course.toml`.
        title: The name of the data set for readers.
        image_shape: (height, width, channels) of one image; 1 channel for grey images, 3 for colour.
        label_names: The name of each label of the data set.
        classes: The labels that the course uses, in the order of the one-hot columns.
    """

    dataset: str = "cifar10"
    title: str = "CIFAR-10"
    image_shape: tuple[int, int, int] = (32, 32, 3)
    label_names: tuple[str, ...] = CIFAR10_NAMES
    classes: tuple[int, ...] = (0, 1, 2)

    @property
    def class_names(self) -> tuple[str, ...]:
        """The names of the course's classes, in the order of `classes`."""
        return tuple(self.label_names[label] for label in self.classes)

    @property
    def is_grey(self) -> bool:
        """Whether the images are grey, with one channel."""
        return self.image_shape[2] == 1

    @property
    def other_label(self) -> int:
        """A label that is not among the classes; the data set need not have it."""
        return next(label for label in range(len(self.classes) + 1) if label not in self.classes)


USUAL: Final = Subject()
"""Three classes of CIFAR-10: the subject that the contract's texts and defaults are written for."""


def in_words(number: int) -> str:
    """Return a number as a word from two to twelve, else as digits."""
    return _NUMBERS[number - 2] if 2 <= number <= len(_NUMBERS) + 1 else str(number)
