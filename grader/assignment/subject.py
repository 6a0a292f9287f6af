"""What a course is about: the form of its images, and its classes."""

from __future__ import annotations

from typing import Final

import msgspec

CIFAR10_NAMES: Final = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")

_NUMBERS: Final = ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


class Subject(msgspec.Struct, frozen=True):
    """The images and classes that the functions are written for, and that their parameters default to.

    Attributes:
        dataset: The data set, as `course.toml` names it.
        title: Its name for readers.
        image_shape: Height, width and channels of one image: 1 channel for grey images, 3 for colour.
        label_names: The name of each label of the data set.
        classes: The labels that the course is about, in the order of the one-hot columns.
    """

    dataset: str = "cifar10"
    title: str = "CIFAR-10"
    image_shape: tuple[int, int, int] = (32, 32, 3)
    label_names: tuple[str, ...] = CIFAR10_NAMES
    classes: tuple[int, ...] = (0, 1, 2)

    @property
    def class_names(self) -> tuple[str, ...]:
        """The names of the classes, in their order."""
        return tuple(self.label_names[label] for label in self.classes)

    @property
    def is_grey(self) -> bool:
        """Whether images have one channel."""
        return self.image_shape[2] == 1

    @property
    def other_label(self) -> int:
        """A label that is none of the classes, whether or not the data set has it."""
        return next(label for label in range(len(self.classes) + 1) if label not in self.classes)


USUAL: Final = Subject()
"""Three classes of CIFAR-10, which the contract's texts and defaults are about."""


def in_words(number: int) -> str:
    """A number as texts have it: in words up to twelve."""
    return _NUMBERS[number - 2] if 2 <= number <= len(_NUMBERS) + 1 else str(number)
