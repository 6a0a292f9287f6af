"""The images of the accuracy check: what is trained on, and what nobody has seen.

The hidden images are the course's test images, each flipped, shifted and made lighter or darker at random, so
that a table of the public labels does not know them; the order of the classes is drawn anew for every
submission, so that neither shipped weights nor a fixed answer fits.
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
"""Pixels that a hidden image is shifted by at most, up, down, left and right."""

MAX_BRIGHTNESS: Final = 0.1
"""Share by which a hidden image is made lighter or darker at most."""

HIDDEN_IMAGES: Final = 3000
_VALIDATION_SHARE: Final = 0.3  # of the images of the rarest class, where there are few
_BATCH: Final = 500  # images at a time, since as floats they take four times the memory


class Split(msgspec.Struct, frozen=True, eq=False):
    """The data of one accuracy check: images uint8 (n, height, width, channels), labels one-hot float32 (n, classes).

    Attributes:
        x_train: Training images, equally many of each class.
        y_train: Their labels.
        x_val: Validation images.
        y_val: Their labels.
        x_hidden: Test images, transformed.
        hidden_labels: Their columns, int (n,); they never leave the trusted side.
        classes: The label that each column means.
    """

    x_train: Array
    y_train: Array
    x_val: Array
    y_val: Array
    x_hidden: Array
    hidden_labels: Array
    classes: tuple[int, ...]


def seeded_generator(seed: int, name: str) -> np.random.Generator:
    """A generator that is the same at each grading of one submission, and another for each submission.

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
        course: Its classes, in whatever order (the order of the columns is drawn here), and how many images to
            train on; there are fewer where the data set has fewer.
        rng: Where every choice comes from.
        validation_images: How many images to validate on, in all classes together.
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
    """Draw the data of the whole training, likewise: as many images as the course says in `[full]`."""
    whole = msgspec.structs.replace(course, accuracy=full_budget(course))
    return draw_split(dataset, whole, rng, validation_images=course.full.validation_images)


def _balanced(indices: Array, labels: Array) -> Array:
    """As many of each class as of the rarest one, in their order, so that no class is a good guess."""
    found = labels[indices]
    each = min(int(np.sum(found == label)) for label in np.unique(found))
    kept: Array = indices[
        np.sort(np.concatenate([np.flatnonzero(found == label)[:each] for label in np.unique(found)]))
    ]
    return kept


def _some(rng: np.random.Generator, labels: Array, label: int, count: int) -> Array:
    return rng.permutation(np.flatnonzero(labels == label))[:count]


def one_hot(columns: Sequence[int], count: int) -> Array:
    """One row for each of the given columns, of `count` entries, float32."""
    rows = np.zeros((len(columns), count), np.float32)
    rows[np.arange(len(columns)), np.asarray(columns, np.intp)] = 1
    return rows


def transform(images: Array, rng: np.random.Generator, *, mirror: bool = True) -> Array:
    """Flip, shift and lighten or darken each image at random; uint8 (n, h, w, c) in and out.

    Args:
        images: The images.
        rng: Where every choice comes from.
        mirror: Whether half of them are flipped: not where a mirror image is of another class.
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
    down = np.where(unmoved, 0, down)  # so that no hidden image is a public one
    rows = down[:, None] + np.arange(height)
    columns = right[:, None] + np.arange(width)
    shifted = padded[np.arange(count)[:, None, None], rows[:, :, None], columns[:, None, :]]
    light = (1 + rng.uniform(-MAX_BRIGHTNESS, MAX_BRIGHTNESS, (count, 1, 1, 1))).astype(np.float32)
    result: Array = np.clip(np.rint(shifted * light), 0, 255).astype(np.uint8)
    return result
