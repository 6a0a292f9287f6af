"""The records `DatasetInfo` and `Dataset`, and the function that builds a `Dataset` from four arrays."""

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
    """What is known about a data set before its images are loaded.

    Attributes:
        title: Its name for readers.
        image_shape: (height, width, channels) of an image; 1 channel for grey images, 3 for colour.
        class_names: The name of each label.
        mirrors: Whether the mirror image of an image is of the same class, as for animals but not for letters.
    """

    title: str
    image_shape: tuple[int, int, int]
    class_names: tuple[str, ...]
    mirrors: bool = False


class Dataset(msgspec.Struct, frozen=True, eq=False):
    """Images and labels of a data set, in the form in which Keras ships CIFAR-10.

    Attributes:
        name: Its name in `course.toml`.
        x_train: Training images, uint8 0-255, shape (n, height, width, channels), read-only.
        y_train: Their labels, uint8, shape (n, 1), read-only.
        x_test: Test images, like `x_train`.
        y_test: Their labels, like `y_train`.
        class_names: The name of each label.
        sha256: SHA-256 over the SHA-256 digests of the four arrays, in the order above; identifies the data.
    """

    name: str
    x_train: Array
    y_train: Array
    x_test: Array
    y_test: Array
    class_names: tuple[str, ...]
    sha256: str


def make_dataset(name: str, arrays: Mapping[str, Array], class_names: tuple[str, ...]) -> Dataset:
    """Build a `Dataset` from its four arrays, which become read-only.

    Args:
        name: Its name in `course.toml`.
        arrays: The arrays by their names in `Dataset`.
        class_names: The name of each label.
    """
    # A data set is shared by all submissions of a batch, so a check that changed an image would change later verdicts.
    for array in arrays.values():
        array.flags.writeable = False
    return Dataset(name=name, class_names=class_names, sha256=combined(digests(arrays)), **arrays)


def digests(arrays: Mapping[str, Array]) -> dict[str, str]:
    """Return the SHA-256 of each array's bytes in C order, by the array's name."""
    return {name: hashlib.sha256(np.ascontiguousarray(arrays[name]).data).hexdigest() for name in _PARTS}


def combined(digests: Mapping[str, str]) -> str:
    """Return one SHA-256 over the digests of the four arrays, in the order of `Dataset`."""
    return hashlib.sha256(b"".join(bytes.fromhex(digests[name]) for name in _PARTS)).hexdigest()
