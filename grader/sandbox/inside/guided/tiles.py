"""Find the images in what a figure shows, where several may be joined into one, and each may be enlarged.

Untrusted side.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from grader.sandbox.inside.guided.fed import BLOCKS, SIDE

_FLAT: Final = 0.1
"""The share of the range of all pixels within which the pixels of a block may differ."""

_MOST: Final = 0.9
"""The share of the columns in which a block must be flat, since enlarging may leave some ringing."""


def pixels_of(image: Any) -> Any:
    """Return the pixels of an image as an array of shape (height, width, 3), which is empty if it has none."""
    given = image.get_array()
    array = np.zeros((0, 0, 3)) if given is None else np.ma.getdata(given)
    if array.ndim == 2:
        array = np.repeat(array[:, :, None], 3, axis=2)
    return array[:, :, :3] if array.ndim == 3 else np.zeros((0, 0, 3))


def parts_of(array: Any, most: int) -> list[tuple[slice, slice]]:
    """Return the rows and columns of each image in an array, which may hold several images joined into one.

    Args:
        array: The pixels, of shape (height, width, 3).
        most: The most images; if there are more, the result is empty.
    """
    if min(array.shape[:2]) < SIDE:
        return []
    rows, columns = _spans(array), _spans(np.swapaxes(array, 0, 1))
    if not (rows and columns) and max(array.shape[:2]) < 2 * SIDE:  # one image, perhaps moved, with a margin beside it
        return [(slice(0, array.shape[0]), slice(0, array.shape[1]))]
    if len(rows) * len(columns) > most:
        return []
    return [(row, column) for row in rows for column in columns]


def centre_of(image: Any, shape: tuple[int, ...], rows: slice, columns: slice) -> tuple[float, float]:
    """Return where the middle of a part of an image lies in its axes, in the units of the data."""
    left, right, bottom, top = image.get_extent()
    first, last = (bottom, top) if image.origin == "lower" else (top, bottom)
    across, down = ((part.start + part.stop) / 2 / side for part, side in ((columns, shape[1]), (rows, shape[0])))
    return left + across * (right - left), first + down * (last - first)


def _spans(array: Any) -> list[slice]:
    """Return where images lie along the first axis of an array that holds them side by side, all of one size.

    There may be gaps of one colour between them and around them, and they may be enlarged.
    """
    inside = np.ptp(array, axis=1).max(axis=-1, initial=0) > 0
    edges = np.flatnonzero(np.diff(np.concatenate([[False], inside, [False]]).astype(int)))
    spans = [slice(first, last) for first, last in edges.reshape(-1, 2).tolist()]
    if len({span.stop - span.start for span in spans}) != 1:
        return []
    length = spans[0].stop - spans[0].start
    count = _joined(array[spans[0]])
    if not count:
        return []
    side = length // count
    return [slice(first, first + side) for span in spans for first in range(span.start, span.stop, side)]


def _joined(array: Any) -> int:
    """Return how many images are joined without a gap along the first axis of an array; 0 if that cannot be told.

    The grader's images consist of blocks, which stay flat in the middle if an image is enlarged.
    """
    length = len(array)
    tolerance = _FLAT * max(float(np.ptp(array)), 1e-9)
    for count in range(1, length // SIDE + 1):
        if length % count:
            continue
        block = length / count / BLOCKS
        starts = [place * block for place in range(count * BLOCKS)]
        middles = [array[round(at + block / 4) : round(at + 3 * block / 4)] for at in starts]
        if all(np.quantile(np.ptp(middle, axis=0), _MOST) <= tolerance for middle in middles):
            return count
    return 0 if length % SIDE else length // SIDE
