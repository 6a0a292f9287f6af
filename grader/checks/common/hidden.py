"""The images of the accuracy check: those to train on, and hidden ones that no submission has seen.

The hidden images are the course's test images, each flipped or not, shifted, and made lighter or darker at random, so
that a look-up table of the public labels does not recognise them.  The order of the classes is drawn anew for every
submission, so that neither weights shipped in the file nor a fixed answer fit.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any, Final

import msgspec
import numpy as np

from grader.course import Course
from grader.course.datasets import Dataset
from grader.course.thresholds import VALIDATION_IMAGES, full_budget

Array = np.ndarray[Any, Any]

MAX_SHIFT: Final = 2
"""The most pixels that a hidden image is shifted by, in each direction."""

MAX_BRIGHTNESS: Final = 0.1
"""The largest share by which a hidden image is made lighter or darker."""

HIDDEN_IMAGES: Final = 3000
_VALIDATION_SHARE: Final = 0.3  # at most this share of the images of the rarest class
_BATCH: Final = 500  # images at a time, since they take four times the memory as floats


class Split(msgspec.Struct, frozen=True, eq=False):
    """The data of one accuracy check: images uint8 (n, height, width, channels), labels one-hot float32 (n, classes).

    Attributes:
        x_train: The training images, equally many of each class.
        y_train: Their labels.
        x_val: The validation images.
        y_val: Their labels.
        x_hidden: The test images, transformed.
        hidden_labels: Their classes as column numbers, int (n,); they never leave the trusted side.
        classes: The label that each column stands for.
    """

    x_train: Array
    y_train: Array
    x_val: Array
    y_val: Array
    x_hidden: Array
    hidden_labels: Array
    classes: tuple[int, ...]


def seeded_generator(seed: int, name: str) -> np.random.Generator:
    """Return a random generator that is the same each time a submission is graded, and differs between submissions.

    Args:
        seed: The course's seed.
        name: The submission's SHA-256.
    """
    return np.random.default_rng(int.from_bytes(hashlib.sha256(f"{seed} {name}".encode()).digest()[:8], "big"))


def draw_split(
    dataset: Dataset, course: Course, rng: np.random.Generator, *, validation_images: int = VALIDATION_IMAGES
) -> Split:
    """Draw the data of one accuracy check.

    Args:
        dataset: The course's data.
        course: The course, with its classes (the order of the columns is drawn here) and the number of images to
            train on, which is smaller if the data set has fewer.
        rng: The source of every random choice.
        validation_images: How many images to validate on, all classes together.
    """
    classes = [int(label) for label in rng.permutation(np.array(course.classes))]
    labels = dataset.y_train.reshape(-1)
    smallest = min(int(np.sum(labels == label)) for label in classes)
    validation = max(1, min(validation_images // len(classes), int(smallest * _VALIDATION_SHARE)))
    each = min(course.accuracy.train_images // len(classes), smallest - validation)
    chosen = [_some(rng, labels, label, each + validation) for label in classes]
    train = rng.permutation(np.concatenate([indices[:each] for indices in chosen]))
    val = rng.permutation(np.concatenate([indices[each:] for indices in chosen]))
    test_labels = dataset.y_test.reshape(-1)
    hidden = _balanced(rng.permutation(np.flatnonzero(np.isin(test_labels, classes))), test_labels)[:HIDDEN_IMAGES]
    columns = {label: column for column, label in enumerate(classes)}
    return Split(
        x_train=dataset.x_train[train],
        y_train=one_hot([columns[int(label)] for label in labels[train]], len(columns)),
        x_val=dataset.x_train[val],
        y_val=one_hot([columns[int(label)] for label in labels[val]], len(columns)),
        x_hidden=transform(dataset.x_test[hidden], rng, mirror=course.accuracy.mirror),
        hidden_labels=np.array([columns[int(label)] for label in test_labels[hidden]]),
        classes=tuple(classes),
    )


def draw_whole(dataset: Dataset, course: Course, rng: np.random.Generator) -> Split:
    """Draw the data of the whole training, with as many images as the course says in `[full]`."""
    whole = msgspec.structs.replace(course, accuracy=full_budget(course))
    return draw_split(dataset, whole, rng, validation_images=course.full.validation_images)


def _balanced(indices: Array, labels: Array) -> Array:
    """Keep as many indices of each class as the rarest class has, in order, so that no class is a good guess."""
    found = labels[indices]
    each = min(int(np.sum(found == label)) for label in np.unique(found))
    kept: Array = indices[
        np.sort(np.concatenate([np.flatnonzero(found == label)[:each] for label in np.unique(found)]))
    ]
    return kept


def _some(rng: np.random.Generator, labels: Array, label: int, count: int) -> Array:
    return rng.permutation(np.flatnonzero(labels == label))[:count]


def one_hot(columns: Sequence[int], count: int) -> Array:
    """Return a one-hot row of `count` entries for each of the given columns, float32 of shape (n, count)."""
    rows = np.zeros((len(columns), count), np.float32)
    rows[np.arange(len(columns)), np.asarray(columns, np.intp)] = 1
    return rows


def transform(images: Array, rng: np.random.Generator, *, mirror: bool = True) -> Array:
    """Flip, shift and lighten or darken each image at random; uint8 (n, h, w, c) in and out.

    Args:
        images: The images.
        rng: The source of every random choice.
        mirror: Whether half of them are flipped; must be false if a mirror image may be of another class.
    """
    parts = [_transform(images[start : start + _BATCH], rng, mirror=mirror) for start in range(0, len(images), _BATCH)]
    return np.concatenate(parts)


def _transform(images: Array, rng: np.random.Generator, *, mirror: bool) -> Array:
    count, height, width, _ = images.shape
    chosen = (rng.random(count) < 0.5) & mirror
    flipped = np.where(chosen[:, None, None, None], images[:, :, ::-1], images)
    padding = ((0, 0), (MAX_SHIFT, MAX_SHIFT), (MAX_SHIFT, MAX_SHIFT), (0, 0))
    padded = np.pad(flipped, padding, mode="edge")
    down, right = rng.integers(0, 2 * MAX_SHIFT + 1, (2, count))
    unmoved = (down == MAX_SHIFT) & (right == MAX_SHIFT)
    down = np.where(unmoved, 0, down)  # an unmoved image would be a public one
    rows = down[:, None] + np.arange(height)
    columns = right[:, None] + np.arange(width)
    shifted = padded[np.arange(count)[:, None, None], rows[:, :, None], columns[:, None, :]]
    light = (1 + rng.uniform(-MAX_BRIGHTNESS, MAX_BRIGHTNESS, (count, 1, 1, 1))).astype(np.float32)
    result: Array = np.clip(np.rint(shifted * light), 0, 255).astype(np.uint8)
    return result
