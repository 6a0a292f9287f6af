"""The grader's own training data, and what a right solution makes of them, as pure functions."""

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
"""The number of images in a script's training set, and in its validation set."""

WITNESS_IMAGES: Final = 168
WITNESS_VALIDATION_IMAGES: Final = 32
WITNESS_BATCH: Final = 16
WITNESS_EPOCHS: Final = 2
LARGE_TRAINING: Final = 16_000
"""More images than three classes of CIFAR-10 have for training, so that a hard-coded number shows."""

LARGE_VALIDATION: Final = 4_000
WITNESS_LEVEL: Final = 240
WITNESS_VALIDATION_LEVEL: Final = 90


def script_images(shape: Shape = USUAL.image_shape) -> tuple[Array, Array, Array, Array]:
    """Return data for script models: training images and labels, then validation images and labels.

    Rank r, which is class r - 1, has a share of the validation labels that grows with r, and a share of the training
    labels that shrinks with r.  So a submission that monitors the training accuracy, or the wrong set, sees the
    opposite.  Each set is one batch, since steps cost time and these data are not for checks of steps.
    """
    ranks = np.arange(1, SCRIPT_CLASSES + 1)
    sets: list[Array] = []
    for counts in (ranks[::-1], ranks):
        labels = np.repeat(ranks - 1, counts)
        levels = (np.arange(len(labels)) % 256).astype(np.uint8).reshape(-1, 1, 1, 1)
        sets += [levels * np.ones((1, *shape), np.uint8), np.eye(SCRIPT_CLASSES, dtype=np.float32)[labels]]
    return sets[0], sets[1], sets[2], sets[3]


def script_accuracy(case: ScriptCase) -> list[float]:
    """Return the validation accuracy of each epoch of a script."""
    total = sum(range(1, SCRIPT_CLASSES + 1))
    return [rank / total for rank in case.ranks]


def sureness_of(case: ScriptCase) -> list[float]:
    """Return a logit for each epoch, such that neither the lowest nor the highest loss is that of the best epoch.

    The loss at logit z for a class of share s is log(e^z + K - 1) - s z.  It grows with z from 1 on, since every share
    is far below one half.  The ranks from 1 on have the logits 6, 2, 7, 3, 8, 4, 9 and 5, so that a submission which
    watches a loss, in either direction, stops and saves at other epochs.  Equal epochs have equal losses.
    """
    return [1.0 + 5 * rank % 9 for rank in case.ranks]


def expected_epochs(case: ScriptCase, *, most: int = 0) -> int:
    """Return how many epochs a right `train` trains, by Keras' rule for EarlyStopping.

    Args:
        case: The script.
        most: The most epochs; 0 for those of the case.
    """
    epochs = most or case.epochs
    ranks = [case.ranks[min(epoch, len(case.ranks) - 1)] for epoch in range(epochs)]
    return epochs_until_stop(ranks, case.patience) or epochs


def laid_out(values: Array, shape: Shape) -> Array:
    """Return images that each show three values, uint8.

    In colour these are the channels of a uniform image; in grey they are its frame, its ring and its middle.

    Args:
        values: The values, shape (n, 3).
        shape: Height, width and channels of an image.
    """
    if shape[2] == 3:
        return np.ones((1, *shape), np.uint8) * values.astype(np.uint8).reshape(-1, 1, 1, 3)
    return values.astype(np.uint8)[:, rings(*shape[:2]), None]


def witness_images(shape: Shape = USUAL.image_shape) -> tuple[Array, Array, Array, Array]:
    """Return data for witness models: training images and labels, then validation images and labels.

    Each image has one bright value of three, and that is its class: 0 for red or the frame, 1 for green or the ring, 2
    for blue or the middle.  The validation images are fewer and darker, and their labels are shifted by one, so that a
    training on them shows in the weights of a witness model.
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
    """Return the smallest shape that can hold three values: one pixel in colour, or 5 x 5 grey ones."""
    return (1, 1, 3) if shape[2] == 3 else (5, 5, 1)


def large_images(shape: Shape = USUAL.image_shape) -> tuple[Array, Array, Array, Array]:
    """Return data with very many images, so that numbers that a submission has hard-coded show.

    The images are as small as possible, so that they cost little.
    """
    sets: list[Array] = []
    for count in (LARGE_TRAINING, LARGE_VALIDATION):
        labels = np.arange(count) % 3
        values = np.eye(3)[labels] * 200 + np.arange(count)[:, None] % 50
        sets += [laid_out(values, smallest_shape(shape)), np.eye(3, dtype=np.float32)[labels]]
    return sets[0], sets[1], sets[2], sets[3]


def patterned_images(shape: Shape = USUAL.image_shape) -> tuple[Array, Array]:
    """Return some training images of the witness, each with a faint pattern that tells it from its mirror image."""
    images, labels = witness_images(shape)[:2]
    count, (height, width, channels) = 48, shape
    rng = np.random.default_rng(3)
    coarse = rng.integers(-14, 15, (count, 8, 8, channels))
    pattern = np.kron(coarse, np.ones((1, -(-height // 8), -(-width // 8), 1), np.int64))[:, :height, :width]
    return np.clip(images[:count].astype(np.int64) + pattern, 0, 255).astype(np.uint8), labels[:count]
