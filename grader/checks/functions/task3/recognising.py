"""Recognise which image of a case an axes shows, and which classes its title names."""

from __future__ import annotations

import functools
import math
import re
from typing import Any, Final

import numpy as np

from grader.checks.common.answers import AxesFacts
from grader.checks.common.verdict import CheckFailed
from grader.checks.functions.task3.cases import ShowCase

Array = np.ndarray[Any, Any]


_SAME_IMAGE: Final = 0.98
_OF_ONE_IMAGE: Final = 0.08  # for noise of 3,072 values; two such images have a correlation below 0.07
_VALUES: Final = 3072
_MOST_ALIKE: Final = 0.5


def told_apart(case: ShowCase, shown: list[AxesFacts]) -> bool:
    """Whether each axes shows an image of x, possibly changed, and no two show the same."""
    numbers = [somehow_number_of(case, axes) for axes in shown]
    return None not in numbers and len(set(numbers)) == len(numbers)


def recognised(case: ShowCase, axes: AxesFacts) -> int:
    """Return the number of the image of x that an axes shows, possibly changed.

    Raises:
        CheckFailed: If it shows none of them.
    """
    number = somehow_number_of(case, axes)
    if number is None:
        raise CheckFailed(
            "Each axes should show an image of x, but one shows something else.",
            hint="Give imshow one image, x[i], with all its rows, columns and channels.",
        )
    return number


def number_of(case: ShowCase, axes: AxesFacts) -> int | None:
    """Return the number of the image of x that an axes shows, at any scale; `None` if it shows none of them."""
    images = _variants(case)[0]
    for picture in reversed(axes["images"]):
        if isinstance(picture, np.ndarray) and picture.size == images.shape[1]:
            found = _most_like(picture, images, _SAME_IMAGE)
            if found is not None:
                return found
    return None


def somehow_number_of(case: ShowCase, axes: AxesFacts) -> int | None:
    """Return the number of the image of x that an axes shows, even if it is grey, turned, recoloured or far too bright.

    The images are noise, so that even a part of one is unlike all others.
    """
    number = number_of(case, axes)
    sides = sorted(case.image_shape[:2])
    # The fewer values images have, the larger are correlations by chance.
    least = min(_MOST_ALIKE, max(_OF_ONE_IMAGE, _OF_ONE_IMAGE * math.sqrt(_VALUES / math.prod(case.image_shape))))
    for picture in reversed(axes["images"] if number is None else []):
        if isinstance(picture, np.ndarray) and sorted(picture.shape[:2]) == sides:
            for images in _variants(case):
                if picture.size == images.shape[1]:
                    found = _most_like(picture, images, least)
                    if found is not None:
                        return found
    return number


@functools.lru_cache(maxsize=64)
def _variants(case: ShowCase) -> list[Array]:
    """Return the images of a case as they are, then grey, with single channels, or turned: rows of mean 0, length 1."""
    images = case.x.value.astype(np.float64)
    forms = []
    for of in (images, images[..., ::-1], images.mean(axis=3), *np.moveaxis(images, 3, 0)):
        for turned in (of, of[:, ::-1], of[:, :, ::-1], of[:, ::-1, ::-1], np.swapaxes(of, 1, 2)):
            rows = turned.reshape(len(images), -1)
            rows = rows - rows.mean(axis=1, keepdims=True)
            forms.append(rows / np.linalg.norm(rows, axis=1, keepdims=True))
    return forms


def _most_like(picture: Array, images: Array, least: float) -> int | None:
    flat = picture.reshape(-1).astype(np.float64)
    if not np.all(np.isfinite(flat)) or np.std(flat) == 0:
        return None
    flat = flat - flat.mean()
    likeness = images @ (flat / np.linalg.norm(flat))
    return int(np.argmax(likeness)) if likeness.max() >= least else None


def names_in(case: ShowCase, title: str) -> set[str]:
    """Return the class names that occur in a title as whole words."""
    return {name for name in case.names if re.search(rf"(?<![a-z]){re.escape(name)}(?![a-z])", title, re.IGNORECASE)}
