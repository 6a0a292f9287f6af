"""The course's images: data sets that Keras publishes, the generated data set `shapes`, and a course's own images.

This is the trusted side: nothing in this folder unpickles anything or imports TensorFlow in the grader's own process.
"""

from __future__ import annotations

import functools
import io
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np

from grader.assignment.subject import CIFAR10_NAMES
from grader.course.datasets import cifar10
from grader.course.datasets.cifar10 import cache_directory
from grader.course.datasets.files import describe_own, fingerprint, load_own
from grader.course.datasets.published import PUBLISHED, load_published
from grader.course.datasets.records import Dataset, DatasetInfo
from grader.course.datasets.shapes import SHAPES_CLASSES, generate_shapes
from grader.ground.errors import UsageError
from grader.ground.files import write_whole

__all__ = [
    "DATASETS",
    "LIKE_CIFAR10",
    "Dataset",
    "DatasetInfo",
    "cache_directory",
    "describe_dataset",
    "fingerprint",
    "generate_shapes",
    "is_own",
    "load_dataset",
    "write_npz",
]

_INFO: Final = {
    "cifar10": DatasetInfo("CIFAR-10", (32, 32, 3), CIFAR10_NAMES, mirrors=True),
    "shapes": DatasetInfo("shapes", (32, 32, 3), SHAPES_CLASSES, mirrors=True),
    **PUBLISHED,
}

DATASETS: Final = tuple(_INFO)
"""The names of data sets; any other name is the path of a course's own data set."""

LIKE_CIFAR10: Final = ("cifar10", "shapes")
"""The data sets with the shapes of CIFAR-10 and ten classes; guided notebooks can be graded on these only."""


def is_own(name: str) -> bool:
    """Whether a name is the path of a course's own data set, and not one of `DATASETS`."""
    return name not in DATASETS


def describe_dataset(name: str) -> DatasetInfo:
    """Return title, image shape and class names of a data set, without loading its images.

    Args:
        name: One of `DATASETS`, or the path of a course's own data set.

    Raises:
        UsageError: If there is no such data set, or it cannot be used for a course.
    """
    if not is_own(name):
        return _INFO[name]
    path = Path(name)
    try:
        changed = path.stat().st_mtime_ns
    except OSError:
        raise _unknown(name) from None
    return _described(path, changed)


@functools.lru_cache(maxsize=16)
def _described(path: Path, changed: int) -> DatasetInfo:
    """Describe the data set at a path, cached until its modification time changes."""
    return describe_own(path)


def load_dataset(name: str, *, cache_dir: Path | None = None, notify: Callable[[str], None] | None = None) -> Dataset:
    """Load a data set; download or generate it first if necessary.

    Args:
        name: One of `DATASETS`, or the path of a course's own data set.
        cache_dir: The folder that downloads are kept in; `None` for `cache_directory()`.
        notify: Called with a line about each attempt to get the data; `None` prints the lines to standard error.

    Raises:
        UsageError: If there is no such data set, or it cannot be used for a course.
        GraderError: If the data set is not in a cache and cannot be downloaded.
    """
    if name == "shapes":
        return generate_shapes()
    if name == "cifar10":
        return cifar10.load(cache_dir or cache_directory(), notify or _to_stderr)
    if name in PUBLISHED:
        return load_published(name, cache_dir or cache_directory(), notify or _to_stderr)
    if not Path(name).exists():
        raise _unknown(name)
    return load_own(Path(name))


def write_npz(dataset: Dataset, path: Path) -> None:
    """Write a data set, with the names of its classes, as an `.npz` file that `load_dataset` can read.

    Raises:
        GraderError: If the file cannot be written.
    """
    content = io.BytesIO()
    np.savez_compressed(
        content,
        x_train=dataset.x_train,
        y_train=dataset.y_train,
        x_test=dataset.x_test,
        y_test=dataset.y_test,
        class_names=np.array(dataset.class_names),
    )
    # Through memory, so that an interrupted command leaves no half-written file.
    write_whole(path, content.getvalue())


def _unknown(name: str) -> UsageError:
    return UsageError(
        f"There is no data set {name!r}; choose {', '.join(DATASETS[:-1])} or {DATASETS[-1]}, or the path of an .npz "
        "file or of a folder of images."
    )


def _to_stderr(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
