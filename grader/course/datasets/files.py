"""Load a course's own images from an `.npz` file, or from a folder with a sub-folder for each class."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from PIL import Image, UnidentifiedImageError

from grader.course.datasets.records import Array, Arrays, Dataset, DatasetInfo, make_dataset
from grader.ground.errors import UsageError

_SIDES: Final = (8, 512)  # smallest and largest height and width; the reference halves images three times
_MOST_LABELS: Final = 256  # labels are stored as uint8
_FEWEST: Final = 10  # training images of each class: some to train on, and some to validate on
_TEST_SHARE: Final = 5  # without `train` and `test`, every fifth image of a class becomes a test image
_PARTS: Final = ("x_train", "y_train", "x_test", "y_test")
_NAMES: Final = "class_names"
_SUFFIXES: Final = frozenset((".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"))
_GREY_MODES: Final = frozenset(("1", "L", "LA"))


def describe_own(path: Path) -> DatasetInfo:
    """Return title, image shape and class names of a course's own images.

    Of a folder, only the first image of each class is opened.

    Raises:
        UsageError: If the images cannot be used for a course; the message says why.
    """
    if path.is_dir():
        folders = _class_folders(path)[0]
        shapes = [_shape_of(_images_in(folder)[0]) for folder in folders]
        channels = 3 if any(shape[2] == 3 for shape in shapes) else 1
        return DatasetInfo(path.name, (*shapes[0][:2], channels), tuple(folder.name for folder in folders))
    with _opened(path) as archive:
        x, y = (_array(archive, path, name) for name in ("x_train", "y_train"))
        shape = _image_shape(x, path, "x_train")
        return DatasetInfo(path.stem, shape, _names(archive, path, _labels(y, path, "y_train", len(x))))


def fingerprint(path: Path) -> str:
    """Return a SHA-256 that changes when a course's own images change.

    It is taken of a file's bytes, or of the names and sizes of all files in a folder.

    Raises:
        UsageError: If the file or folder cannot be read.
    """
    try:
        if path.is_file():
            return hashlib.sha256(path.read_bytes()).hexdigest()
        files = sorted((str(each.relative_to(path)), each.stat().st_size) for each in path.rglob("*"))
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror}).") from None
    return hashlib.sha256(repr(files).encode()).hexdigest()


def load_own(path: Path) -> Dataset:
    """Load a course's own images.

    Raises:
        UsageError: If the images cannot be used for a course; the message says why.
    """
    info = describe_own(path)
    arrays = _arrays_of_folder(path, info) if path.is_dir() else _arrays_of_file(path, info)
    for part, fewest in (("train", _FEWEST), ("test", 1)):
        counts = np.bincount(arrays[f"y_{part}"].reshape(-1), minlength=len(info.class_names))
        for label, (name, count) in enumerate(zip(info.class_names, counts, strict=True)):
            if count < fewest:
                kind = "training" if part == "train" else "test"
                raise UsageError(
                    f"{path}: class {name!r} (label {label}) has {count} {kind} images; give each at least {fewest}."
                )
    return make_dataset(str(path), arrays, info.class_names)


def _opened(path: Path) -> Any:
    try:
        archive = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError, zipfile.BadZipFile):
        archive = None
    # `np.load` also reads `.npy` files, and returns their array.
    if not isinstance(archive, np.lib.npyio.NpzFile):
        raise UsageError(f"{path}: is no .npz file; write it with np.savez_compressed, with {', '.join(_PARTS)}.")
    return archive


def _array(archive: Any, path: Path, name: str) -> Any:
    if name not in archive.files:
        raise UsageError(f"{path}: has no array {name}; it needs {', '.join(_PARTS)}.")
    try:
        return archive[name]
    except (OSError, ValueError, zipfile.BadZipFile):
        raise UsageError(f"{path}: {name} cannot be read; store arrays of numbers, not of objects.") from None


def _image_shape(x: Any, path: Path, name: str) -> tuple[int, int, int]:
    if x.dtype != np.uint8:
        raise UsageError(f"{path}: {name} has dtype {x.dtype}; store images as uint8, 0 to 255.")
    shape = (*x.shape, 1) if x.ndim == 3 else x.shape
    if len(shape) != 4 or shape[3] not in (1, 3):
        raise UsageError(
            f"{path}: {name} has shape {x.shape}; images have shape (n, height, width), or (n, height, width, "
            "channels) with 1 or 3 channels."
        )
    _require_size(path, shape[1], shape[2])
    return int(shape[1]), int(shape[2]), int(shape[3])


def _require_size(path: Path, height: int, width: int) -> None:
    if not all(_SIDES[0] <= side <= _SIDES[1] for side in (height, width)):
        raise UsageError(
            f"{path}: images of {height} x {width} pixels; height and width are {_SIDES[0]} to {_SIDES[1]} each."
        )


def _labels(y: Any, path: Path, name: str, images: int) -> Array:
    """Validate labels and return them as uint8 of shape (n, 1)."""
    if y.dtype.kind not in "iu" or y.shape not in ((images,), (images, 1)):
        raise UsageError(
            f"{path}: {name} has shape {y.shape} and dtype {y.dtype}; labels are whole numbers of shape ({images},), "
            "one an image."
        )
    if y.size and not 0 <= y.min() <= y.max() < _MOST_LABELS:
        raise UsageError(
            f"{path}: {name} has labels from {y.min()} to {y.max()}; number classes from 0 to {_MOST_LABELS - 1}."
        )
    return np.asarray(y, np.uint8).reshape(-1, 1)


def _names(archive: Any, path: Path, labels: Array) -> tuple[str, ...]:
    count = int(labels.max(initial=0)) + 1
    if _NAMES not in archive.files:
        if count < 2:
            raise UsageError(f"{path}: y_train has one label alone; a course needs at least two classes.")
        return tuple(map(str, range(count)))
    names = _array(archive, path, _NAMES)
    if names.dtype.kind != "U" or names.ndim != 1 or len(names) < max(count, 2):
        raise UsageError(f"{path}: {_NAMES} is to be an array of texts, one for each of the {count} labels.")
    return tuple(map(str, names))


def _arrays_of_file(path: Path, info: DatasetInfo) -> Arrays:
    arrays: Arrays = {}
    with _opened(path) as archive:
        for part in ("train", "test"):
            x = _array(archive, path, f"x_{part}")
            if (shape := _image_shape(x, path, f"x_{part}")) != info.image_shape:
                raise UsageError(f"{path}: x_{part} has images of shape {shape}, and x_train of {info.image_shape}.")
            y = _labels(_array(archive, path, f"y_{part}"), path, f"y_{part}", len(x))
            if y.max(initial=0) >= len(info.class_names):
                raise UsageError(f"{path}: y_{part} has the label {y.max()}, of which there is no training image.")
            arrays |= {f"x_{part}": x.reshape(-1, *info.image_shape), f"y_{part}": y}
    return arrays


def _class_folders(path: Path) -> tuple[list[Path], list[Path]]:
    """Return the folder of each class, in the order of the labels.

    Returns:
        The folders with training images, and those with test images; the second list is empty if the folder has no
        `train` and `test`, so that one set of images has to be split.
    """
    parts = [path / "train", path / "test"]
    apart = all(part.is_dir() for part in parts)
    found = [_folders_in(part) for part in (parts if apart else [path])]
    names = [[folder.name for folder in folders] for folders in found]
    if len(names[0]) < 2:
        place = parts[0] if apart else path
        raise UsageError(
            f"{place}: has {len(names[0])} folders with images; make one for each class, and at least two."
        )
    if len(names[0]) > _MOST_LABELS:
        raise UsageError(f"{path}: has {len(names[0])} folders with images; {_MOST_LABELS} classes are the most.")
    if apart and names[0] != names[1]:
        odd = min(set(names[0]) ^ set(names[1]))
        where = parts[names[0].count(odd)]
        raise UsageError(f"{where}: has no folder {odd!r} with images; each class needs some in train and in test.")
    return found[0], found[1] if apart else []


def _folders_in(path: Path) -> list[Path]:
    folders = [each for each in path.iterdir() if each.is_dir() and not each.name.startswith(".")]
    return sorted(folder for folder in folders if _images_in(folder))


def _images_in(folder: Path) -> list[Path]:
    return sorted(each for each in folder.iterdir() if each.suffix.lower() in _SUFFIXES and each.name[0] != ".")


def _shape_of(path: Path) -> tuple[int, int, int]:
    try:
        with Image.open(path) as picture:
            _require_size(path, picture.height, picture.width)
            return picture.height, picture.width, 1 if picture.mode in _GREY_MODES else 3
    except (OSError, UnidentifiedImageError, Image.DecompressionBombError):
        raise UsageError(f"{path}: is no image that can be read; convert it to PNG or take it away.") from None


def _arrays_of_folder(path: Path, info: DatasetInfo) -> Arrays:
    training, testing = _class_folders(path)
    files = [_images_in(folder) for folder in training]
    if testing:
        others = [_images_in(folder) for folder in testing]
    else:
        # Ordered by the digest of their names: the choice is the same every time, and neighbouring files, which are
        # often similar, are spread over both sets.
        ordered = [sorted(each, key=lambda file: hashlib.sha256(file.name.encode()).digest()) for each in files]
        others = [each[::_TEST_SHARE] for each in ordered]
        files = [sorted(set(each) - set(chosen)) for each, chosen in zip(files, others, strict=True)]
    arrays: Arrays = {}
    for part, each_class in (("train", files), ("test", others)):
        arrays[f"x_{part}"] = _read_all([file for listed in each_class for file in listed], info.image_shape)
        counts = [len(listed) for listed in each_class]
        arrays[f"y_{part}"] = np.repeat(np.arange(len(counts), dtype=np.uint8), counts).reshape(-1, 1)
    return arrays


def _read_all(files: Sequence[Path], shape: tuple[int, int, int]) -> Array:
    images = np.empty((len(files), *shape), np.uint8)
    for place, file in enumerate(files):
        height, width, channels = _shape_of(file)
        if (height, width) != shape[:2]:
            raise UsageError(
                f"{file}: has {height} x {width} pixels, and the first image {shape[0]} x {shape[1]}; bring all images "
                "to one size."
            )
        if channels > shape[2]:
            raise UsageError(f"{file}: is in colour, and the first images are grey; convert one or the other.")
        try:
            with Image.open(file) as picture:
                images[place] = np.asarray(picture.convert("L" if shape[2] == 1 else "RGB")).reshape(shape)
        except (OSError, SyntaxError):  # Pillow raises SyntaxError for a broken PNG
            raise UsageError(f"{file}: is no image that can be read; convert it to PNG or take it away.") from None
    return images
