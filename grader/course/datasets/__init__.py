"""The course's images: CIFAR-10, from a cache or a download, and `shapes`, a generated stand-in.

This is the trusted side: nothing here unpickles or imports TensorFlow.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

from grader.course.datasets import cifar10
from grader.course.datasets.cifar10 import cache_directory
from grader.course.datasets.records import Dataset
from grader.course.datasets.shapes import generate_shapes
from grader.ground.errors import UsageError

__all__ = ["DATASETS", "Dataset", "cache_directory", "generate_shapes", "load_dataset"]

DATASETS: Final = ("cifar10", "shapes")


def load_dataset(name: str, *, cache_dir: Path | None = None, notify: Callable[[str], None] | None = None) -> Dataset:
    """Load a data set, and get it first if it is not here yet.

    Args:
        name: One of `DATASETS`.
        cache_dir: Where CIFAR-10 is kept; `None`: `cache_directory()`.
        notify: Told in a line what is being tried; `None`: the line goes to standard error.

    Raises:
        UsageError: There is no data set of that name.
        GraderError: CIFAR-10 is not here and cannot be had.
    """
    if name == "shapes":
        return generate_shapes()
    if name != "cifar10":
        raise UsageError(f"There is no data set {name!r}; choose {' or '.join(DATASETS)}.")
    return cifar10.load(cache_dir or cache_directory(), notify or _to_stderr)


def _to_stderr(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
