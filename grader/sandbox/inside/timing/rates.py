"""Measure how fast a device computes by itself, with large matrix products and convolutions and nothing to wait for.

Untrusted side, but it runs in a worker without a submission.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final

import keras

Job = tuple[Callable[[], Any], float]
"""A computation, and the number of its floating-point operations."""

_LONG_ENOUGH: Final = 0.05  # a run that takes this share of the whole time can be timed well
_LARGEST_MATRIX: Final = 8192
_LARGEST_BATCH: Final = 1024
_SIDE, _CHANNELS, _KERNEL = 32, 64, 3


def measure_rates(seconds: float = 0.6) -> dict[str, float]:
    """Measure the best rates at which the backend multiplies matrices and convolves images, in single precision.

    Args:
        seconds: How long to try each of the two, in seconds, not counting compilation; in all it takes about twice as
            long.

    Returns:
        `matmul` and `convolution`, in floating-point operations a second.
    """
    return {
        "matmul": _best_rate(_matmul, 256, _LARGEST_MATRIX, seconds),
        "convolution": _best_rate(_convolution, 4, _LARGEST_BATCH, seconds),
    }


def _best_rate(job: Callable[[int], Job], size: int, largest: int, seconds: float) -> float:
    """Return the best rate of several runs; the size is doubled until a run takes long enough to be timed well."""
    best = spent = 0.0
    compute, flops = job(size)
    finish(compute())  # compiles
    while spent < seconds:
        began = time.perf_counter()
        finish(compute())
        took = time.perf_counter() - began
        spent += took
        best = max(best, flops / took)
        if took < seconds * _LONG_ENOUGH and size < largest:
            size *= 2
            compute, flops = job(size)
            finish(compute())
    return best


def finish(result: Any) -> None:
    """Wait until a result has been computed, by reading one of its values."""
    keras.ops.convert_to_numpy(result[(0,) * len(result.shape)])


def _matmul(size: int) -> Job:
    matrix = keras.random.normal((size, size))
    return (lambda: keras.ops.matmul(matrix, matrix)), 2.0 * size**3


def _convolution(batch: int) -> Job:
    images = keras.random.normal((batch, _SIDE, _SIDE, _CHANNELS))
    kernel = keras.random.normal((_KERNEL, _KERNEL, _CHANNELS, _CHANNELS))
    flops = 2.0 * batch * _SIDE**2 * _KERNEL**2 * _CHANNELS**2
    return (lambda: keras.ops.conv(images, kernel, padding="same", data_format="channels_last")), flops
