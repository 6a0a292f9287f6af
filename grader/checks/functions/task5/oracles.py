"""What the grader knows beforehand: its own data, and what a right solution makes of them.  Pure functions."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from grader.assignment.subject import USUAL
from grader.checks.common.stopping import epochs_until_stop
from grader.checks.functions.task5.cases import SCRIPT_CLASSES, ScriptCase
from grader.sandbox.wire.rings import rings

Array = np.ndarray[Any, Any]
Shape = tuple[int, int, int]
"""Height, width and channels of an image."""

SCRIPT_BATCH: Final = sum(range(1, SCRIPT_CLASSES + 1))
"""The images of a script's training set, and of its validation set."""

WITNESS_IMAGES: Final = 160
WITNESS_VALIDATION_IMAGES: Final = 32
WITNESS_BATCH: Final = 16
WITNESS_EPOCHS: Final = 2
LARGE_TRAINING: Final = 16_000
"""More images than three classes of CIFAR-10 have for training: whoever types in their number has fewer."""

LARGE_VALIDATION: Final = 4_000
WITNESS_LEVEL: Final = 240
WITNESS_VALIDATION_LEVEL: Final = 90


def script_images(shape: Shape = USUAL.image_shape) -> tuple[Array, Array, Array, Array]:
    """Data for script models: of the validation labels, rank r (class r - 1) has a share that grows with r.

    Of the training labels it has a share that shrinks, so that whoever watches the training accuracy, or the
    wrong set, sees the opposite.  Each set is one batch: steps cost, and nothing is said of them here.
    """
    ranks = np.arange(1, SCRIPT_CLASSES + 1)
    sets: list[Array] = []
    for counts in (ranks[::-1], ranks):
        labels = np.repeat(ranks - 1, counts)
        levels = (np.arange(len(labels)) % 256).astype(np.uint8).reshape(-1, 1, 1, 1)
        sets += [levels * np.ones((1, *shape), np.uint8), np.eye(SCRIPT_CLASSES, dtype=np.float32)[labels]]
    return sets[0], sets[1], sets[2], sets[3]


def script_accuracy(case: ScriptCase) -> list[float]:
    """The validation accuracy of each epoch of a script."""
    total = sum(range(1, SCRIPT_CLASSES + 1))
    return [rank / total for rank in case.ranks]


def sureness_of(case: ScriptCase) -> list[float]:
    """A logit for each epoch, at which neither the lowest nor the highest loss is that of the best epoch.

    The loss at logit z for a class of share s is log(e^z + K - 1) - s z: it grows with z from 1 on, since every share
    is far below one half.  The ranks from 1 on have the logits 6, 2, 7, 3, 8, 4, 9 and 5, so that whoever watches a
    loss, whichever way, stops and saves elsewhere; equal epochs have equal losses.
    """
    return [1.0 + 5 * rank % 9 for rank in case.ranks]


def expected_epochs(case: ScriptCase, *, most: int = 0) -> int:
    """How many epochs a right `train` trains: Keras' rule for EarlyStopping.

    Args:
        case: The script.
        most: The most epochs, where that is not as the case says.
    """
    epochs = most or case.epochs
    ranks = [case.ranks[min(epoch, len(case.ranks) - 1)] for epoch in range(epochs)]
    return epochs_until_stop(ranks, case.patience) or epochs


def laid_out(values: Array, shape: Shape) -> Array:
    """Images of three values each, uint8: the channels of one colour, or in grey frame, ring and middle.

    Args:
        values: Shape (n, 3).
        shape: Height, width and channels of an image.
    """
    if shape[2] == 3:
        return np.ones((1, *shape), np.uint8) * values.astype(np.uint8).reshape(-1, 1, 1, 3)
    return values.astype(np.uint8)[:, rings(*shape[:2]), None]


def witness_images(shape: Shape = USUAL.image_shape) -> tuple[Array, Array, Array, Array]:
    """Images with one bright value of three: red, or the frame, is class 0, the next one 1, the last one 2.

    The validation images are darker, fewer, and labelled the other way round, so that it shows in the
    weights of a witness model if they were trained on.
    """
    sets: list[Array] = []
    for count, level, shift in (
        (WITNESS_IMAGES, WITNESS_LEVEL, 0),
        (WITNESS_VALIDATION_IMAGES, WITNESS_VALIDATION_LEVEL, 1),
    ):
        channels = np.arange(count) % 3
        sets += [laid_out(level * np.eye(3)[channels], shape), np.eye(3, dtype=np.float32)[(channels + shift) % 3]]
    return sets[0], sets[1], sets[2], sets[3]


def smallest_shape(shape: Shape) -> Shape:
    """The smallest images that have the three values: one pixel in colour, or 5 x 5 grey ones."""
    return (1, 1, 3) if shape[2] == 3 else (5, 5, 1)


def large_images(shape: Shape = USUAL.image_shape) -> tuple[Array, Array, Array, Array]:
    """As many images as make it show where a number was typed in, as small as can be, so that they cost nothing."""
    sets: list[Array] = []
    for count in (LARGE_TRAINING, LARGE_VALIDATION):
        labels = np.arange(count) % 3
        values = np.eye(3)[labels] * 200 + np.arange(count)[:, None] % 50
        sets += [laid_out(values, smallest_shape(shape)), np.eye(3, dtype=np.float32)[labels]]
    return sets[0], sets[1], sets[2], sets[3]


def patterned_images(shape: Shape = USUAL.image_shape) -> tuple[Array, Array]:
    """Some images of the witness', each with a faint pattern of its own that tells it from its mirror image."""
    images, labels = witness_images(shape)[:2]
    count, (height, width, channels) = 48, shape
    rng = np.random.default_rng(3)
    coarse = rng.integers(-14, 15, (count, 8, 8, channels))
    pattern = np.kron(coarse, np.ones((1, -(-height // 8), -(-width // 8), 1), np.int64))[:, :height, :width]
    return np.clip(images[:count].astype(np.int64) + pattern, 0, 255).astype(np.uint8), labels[:count]
