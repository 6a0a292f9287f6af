"""Recognise the images of a case among those that `subset_data` returned."""

from __future__ import annotations

from typing import Any

import numpy as np

from grader.checks.common.verdict import CheckFailed, NotRun
from grader.checks.functions.task2.cases import STEP, SubsetCase

Array = np.ndarray[Any, Any]


def image_numbers(case: SubsetCase, images: Array) -> list[int]:
    """Return the numbers of the images of a case, in the order of the given images.

    Images that were merely scaled are recognised by their means.  Images that were changed in another way are
    recognised by the order of their brightness, if there are as many as were asked for.

    Raises:
        CheckFailed: If they are not images of the case.
    """
    if not len(images):
        return []
    if case.is_large:
        return _large_image_numbers(case, images)
    means = images.reshape(len(images), -1).mean(axis=1, dtype=np.float64)
    for factor, offset in ((1.0, 0.0), (255.0, 0.0), (127.5, 127.5)):  # unchanged, or scaled to 0..1 or -1..1
        original = (means * factor + offset - case.pattern.mean()) / STEP
        numbers = np.rint(original)
        if (
            images.size
            and np.allclose(numbers, original, atol=1e-3)
            and np.all((numbers >= 0) & (numbers < len(case.labels)))
            and (factor == 1.0 or images.dtype.kind == "f")
            and (factor != 1.0 or _are_unchanged(case, images) or not _by_brightness(case, means))
        ):
            return [int(number) for number in numbers]
    by_brightness = _by_brightness(case, means)
    if by_brightness:
        return by_brightness
    raise CheckFailed(
        "x_subset should hold images of x, but it has others.",
        hint="Select images here and leave scaling to the model, or to train and predict.",
    )


def _are_unchanged(case: SubsetCase, images: Array) -> bool:
    known = {image.tobytes() for image in case.x.value}
    return all(image.tobytes() in known for image in images)


def _by_brightness(case: SubsetCase, means: Array) -> list[int]:
    """Return the numbers of the requested images by the rank of their brightness.

    The result is empty if there are not as many images as were requested, so that others must be among them.
    """
    wanted = [number for number, label in enumerate(case.labels) if label in case.classes]
    if len(means) != len(wanted) or len(np.unique(means)) != len(means):
        return []
    return [wanted[place] for place in np.argsort(np.argsort(means))]


def _large_image_numbers(case: SubsetCase, images: Array) -> list[int]:
    pixels = images.reshape(len(images), -1)
    pixels = pixels.astype(np.float64) if pixels.shape[1] == 3 else pixels[:, :1]
    for factor, offset in ((1.0, 0.0), (255.0, 0.0), (127.5, 127.5)):
        digits = np.rint(pixels * factor + offset)
        if pixels.shape[1] == 3 and np.allclose(digits, pixels * factor + offset, atol=1e-3):
            numbers = digits @ (65536, 256, 1)
            if np.all((numbers >= 0) & (numbers < len(case.labels))):
                return [int(number) for number in numbers]
    wanted = [number for number, label in enumerate(case.labels) if label in case.classes]
    if len(images) == len(wanted):
        return wanted  # another check is about how they were changed
    raise NotRun("x_subset has images that are not in x.")
