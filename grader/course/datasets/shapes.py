"""Generate `shapes`, a data set of ten shapes in the form of CIFAR-10, for machines where CIFAR-10 is not available."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np
import numpy.typing as npt

from grader.course.datasets.records import Array, Arrays, Dataset, make_dataset

_Integers = npt.NDArray[np.int16]


def generate_shapes(*, train: int = 20_000, test: int = 4_000, seed: int = 0) -> Dataset:
    """Generate the data set `shapes`: pictures of ten shapes, in the form of CIFAR-10.

    Position, size, colours and background say nothing about the class, so a network has to find edges and corners
    wherever they are.  The same arguments give the same bytes on every machine and with every version of NumPy,
    because only integer arithmetic and the raw stream of PCG64, which NumPy guarantees, are used.

    Args:
        train: Number of training images; each class has the same number if it is a multiple of ten.
        test: Number of test images; each class has the same number if it is a multiple of ten.
        seed: Seed of the random numbers; another seed gives other images.
    """
    bits = np.random.PCG64(seed)
    arrays: Arrays = {}
    for part, count in (("train", train), ("test", test)):
        order = np.argsort(bits.random_raw(count), kind="stable")
        labels = (np.arange(count) % len(SHAPES_CLASSES))[order]
        # A thousand images at a time need little memory.
        images = [_draw(labels[start : start + 1000], bits) for start in range(0, count, 1000)]
        arrays[f"x_{part}"] = np.concatenate([np.empty((0, 32, 32, 3), np.uint8), *images])
        arrays[f"y_{part}"] = labels.astype(np.uint8).reshape(-1, 1)
    return make_dataset("shapes", arrays, SHAPES_CLASSES)


def _draw(labels: npt.NDArray[np.intp], bits: np.random.PCG64) -> Array:
    """Draw one image for each label; returns uint8 of shape (n, 32, 32, 3)."""
    count = len(labels)
    # 31 bits of each raw number.  Taking the remainder by a small bound has a bias below 1e-6.
    drawn = iter((bits.random_raw(count * 20).reshape(20, count, 1, 1) >> np.uint64(33)).astype(np.int32))

    def between(low: int, high: int) -> _Integers:
        return np.asarray(next(drawn) % (high - low + 1) + low, dtype=np.int16)

    def noise(size: int) -> Array:
        """Return random bytes of shape (count, 3, size, size)."""
        length = count * size * size * 3
        # Little-endian on every machine; on the usual ones `<u8` costs nothing.
        raw = bits.random_raw((length + 7) // 8).astype("<u8").view(np.uint8)
        return raw[:length].reshape(count, 3, size, size)

    dx = np.arange(32, dtype=np.int16).reshape(1, 1, 32) - between(10, 21)
    dy = np.arange(32, dtype=np.int16).reshape(1, 32, 1) - between(10, 21)
    inside = np.empty((count, 32, 32), bool)
    radius, width, phase, turn = between(6, 10), between(2, 3), between(0, 5), between(0, 1)
    for label, shape in enumerate(_SHAPES.values()):
        of = np.flatnonzero(labels == label)
        inside[of] = shape(dx[of], dy[of], radius[of], width[of], phase[of], turn[of])

    # Channels come first up to the last line, since NumPy is twice as fast with rows of 32 values as with rows of 3.
    # Each channel of the shape differs from the background's by enough to be seen through the noise.
    background = np.stack([between(60, 195) for _ in range(3)], axis=1)
    contrast = np.stack([between(40, 90) for _ in range(3)], axis=1)
    shape_colour = np.where(background < 128, contrast, -contrast)
    slope = (between(-24, 24) * dx + between(-24, 24) * dy) >> 4
    image = inside[:, None] * shape_colour
    image += background + slope[:, None]
    image += np.repeat(np.repeat(noise(8) >> 3, 4, axis=2), 4, axis=3)
    image += noise(32) >> 2
    image -= 47  # the mean of both noises together, so that they do not brighten the image
    return np.ascontiguousarray(np.clip(image, 0, 255).astype(np.uint8).transpose(0, 2, 3, 1))


def _window(dx: _Integers, dy: _Integers, radius: _Integers) -> npt.NDArray[np.bool_]:
    return np.less_equal(np.maximum(abs(dx), abs(dy)), radius)


def _disc(dx: _Integers, dy: _Integers, radius: _Integers) -> npt.NDArray[np.bool_]:
    inside: npt.NDArray[np.bool_] = dx * dx + dy * dy <= radius * radius
    return inside


# Each function takes the distances from the centre `dx` and `dy`, a radius, the width and phase of stripes, and a coin
# flip for one of two orientations, as arrays that broadcast to (n, 32, 32).  It returns which pixels are inside.
_SHAPES: Final[Mapping[str, Callable[..., npt.NDArray[np.bool_]]]] = {
    "circle": lambda dx, dy, r, w, p, t: _disc(dx, dy, r),
    "cross": lambda dx, dy, r, w, p, t: _window(dx, dy, r) & (np.minimum(abs(dx), abs(dy)) <= r // 4),
    "rows": lambda dx, dy, r, w, p, t: _window(dx, dy, r) & ((dy + p) // w % 2 == 0),
    "square": lambda dx, dy, r, w, p, t: _window(dx, dy, r * 7 // 8),
    "triangle": lambda dx, dy, r, w, p, t: (abs(dy) <= r) & (2 * abs(dx) <= r + dy * (2 * t - 1)),
    "ring": lambda dx, dy, r, w, p, t: _disc(dx, dy, r) & ~_disc(dx, dy, r * 5 // 8),
    "columns": lambda dx, dy, r, w, p, t: _window(dx, dy, r) & ((dx + p) // w % 2 == 0),
    "diagonals": lambda dx, dy, r, w, p, t: _window(dx, dy, r) & ((dx + dy * (2 * t - 1) + p) // (w + 1) % 2 == 0),
    "checkerboard": lambda dx, dy, r, w, p, t: _window(dx, dy, r) & (((dx + p) // w + dy // w) % 2 == 0),
    "two dots": lambda dx, dy, r, w, p, t: _disc(
        abs(dx) * t + dx * (1 - t) - r * t * 5 // 8, abs(dy) * (1 - t) + dy * t - r * (1 - t) * 5 // 8, r // 2
    ),
}
SHAPES_CLASSES: Final = tuple(_SHAPES)
