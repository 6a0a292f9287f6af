"""The record of a data set, and what makes one of four arrays."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.uint8]
Arrays = dict[str, Array]

_PARTS: Final = ("x_train", "y_train", "x_test", "y_test")


class DatasetInfo(msgspec.Struct, frozen=True):
    """What is known of a data set before its images are loaded.

    Attributes:
        title: Its name for readers.
        image_shape: Height, width and channels of an image; 1 channel for grey images, 3 for colour.
        class_names: The name of each label.
        mirrors: Whether an image and its mirror image are of one class, as they are of an animal and not of a letter.
    """

    title: str
    image_shape: tuple[int, int, int]
    class_names: tuple[str, ...]
    mirrors: bool = False


class Dataset(msgspec.Struct, frozen=True, eq=False):
    """Images and labels, as Keras ships CIFAR-10.

    Attributes:
        name: As `course.toml` names it.
        x_train: Training images, uint8 0-255, shape (n, height, width, channels), read-only.
        y_train: Their labels, uint8, shape (n, 1), read-only.
        x_test: Test images, like `x_train`.
        y_test: Their labels, like `y_train`.
        class_names: The name of each label.
        sha256: Identifies the data: SHA-256 over the four arrays' SHA-256 digests, in the order above.
    """

    name: str
    x_train: Array
    y_train: Array
    x_test: Array
    y_test: Array
    class_names: tuple[str, ...]
    sha256: str


def make_dataset(name: str, arrays: Mapping[str, Array], class_names: tuple[str, ...]) -> Dataset:
    """Build the record from its four arrays, by the names of `Dataset`; they become read-only."""
    for array in arrays.values():
        array.flags.writeable = False
    return Dataset(name=name, class_names=class_names, sha256=combined(digests(arrays)), **arrays)


def digests(arrays: Mapping[str, Array]) -> dict[str, str]:
    """The SHA-256 of each array's bytes in C order, by the array's name."""
    return {name: hashlib.sha256(np.ascontiguousarray(arrays[name]).data).hexdigest() for name in _PARTS}


def combined(digests: Mapping[str, str]) -> str:
    """One SHA-256 for all four: over their digests, in the order of `Dataset`."""
    return hashlib.sha256(b"".join(bytes.fromhex(digests[name]) for name in _PARTS)).hexdigest()
