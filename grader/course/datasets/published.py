"""Load CIFAR-100, MNIST and Fashion-MNIST from the grader's cache, from Keras' cache, or from the network.

A file is used only if its digest is the expected one: the digest that Keras checks or, for Fashion-MNIST, for which
Keras checks none, the one that the data set's authors publish.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import msgspec
import numpy as np

from grader.course.datasets.records import Arrays, Dataset, DatasetInfo, make_dataset
from grader.ground.errors import GraderError
from grader.ground.files import write_whole

Notify = Callable[[str], None]

_KERAS_FILES: Final = "https://storage.googleapis.com/tensorflow/tf-keras-datasets"
_SECONDS: Final = 60.0  # how long the network may stay silent
_CONVERT_SECONDS: Final = 300.0


class _File(msgspec.Struct, frozen=True):
    """A published file.

    Attributes:
        name: Its name.
        url: The URL of the folder that it is in.
        algorithm: `sha256`, or `md5` if no other digest is published.
        digest: The digest of its bytes, in hexadecimal.
    """

    name: str
    url: str
    algorithm: str
    digest: str

    def holds(self, data: bytes) -> bool:
        """Whether some bytes are the content of this file, by its digest."""
        # Builds of OpenSSL in FIPS mode refuse MD5 without `usedforsecurity=False`.
        return hashlib.new(self.algorithm, data, usedforsecurity=False).hexdigest() == self.digest


_FILES: Final[Mapping[str, tuple[_File, ...]]] = {
    "cifar100": (
        _File(
            "cifar-100-python.tar.gz",
            "https://www.cs.toronto.edu/~kriz",
            "sha256",
            "85cd44d02ba6437773c5bbd22e183051d648de2e7d6b014e1ef29b855ba677a7",
        ),
    ),
    "mnist": (
        _File(
            "mnist.npz",
            _KERAS_FILES,
            "sha256",
            "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1",
        ),
    ),
    "fashion_mnist": (
        _File("train-images-idx3-ubyte.gz", _KERAS_FILES, "md5", "8d4fb7e6c68d591d4c3dfef9ec88bf0d"),
        _File("train-labels-idx1-ubyte.gz", _KERAS_FILES, "md5", "25c81989df183df01b3e8a0aad5dffbe"),
        _File("t10k-images-idx3-ubyte.gz", _KERAS_FILES, "md5", "bef4ecab320f06d8554ea6380940ec79"),
        _File("t10k-labels-idx1-ubyte.gz", _KERAS_FILES, "md5", "bb300cfdad3c16e7a12a480ee83cd310"),
    ),
}

_CIFAR100_NAMES: Final = """
apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus butterfly camel can castle
caterpillar cattle chair chimpanzee clock cloud cockroach couch crab crocodile cup dinosaur dolphin elephant
flatfish forest fox girl hamster house kangaroo keyboard lamp lawn_mower leopard lion lizard lobster man maple_tree
motorcycle mountain mouse mushroom oak_tree orange orchid otter palm_tree pear pickup_truck pine_tree plain plate
poppy porcupine possum rabbit raccoon ray road rocket rose sea seal shark shrew skunk skyscraper snail snake spider
squirrel streetcar sunflower sweet_pepper table tank telephone television tiger tractor train trout tulip turtle
wardrobe whale willow_tree wolf woman worm
"""

PUBLISHED: Final[Mapping[str, DatasetInfo]] = {
    "cifar100": DatasetInfo(
        "CIFAR-100", (32, 32, 3), tuple(name.replace("_", " ") for name in _CIFAR100_NAMES.split()), mirrors=True
    ),
    "mnist": DatasetInfo("MNIST", (28, 28, 1), tuple(map(str, range(10)))),
    "fashion_mnist": DatasetInfo(
        "Fashion-MNIST",
        (28, 28, 1),
        (
            "T-shirt/top",
            "Trouser",
            "Pullover",
            "Dress",
            "Coat",
            "Sandal",
            "Shirt",
            "Sneaker",
            "Bag",
            "Ankle boot",
        ),
    ),
}
"""The data sets by their names in `keras.datasets`; CIFAR-100 has its 100 fine labels."""


def load_published(name: str, cache_dir: Path, notify: Notify) -> Dataset:
    """Load one of the data sets in `PUBLISHED`; files that are not in the cache are downloaded into it.

    Args:
        name: The key in `PUBLISHED`.
        cache_dir: The folder of the grader's cache.
        notify: Called with a line about each attempt.

    Raises:
        GraderError: If a file is not in a cache and cannot be downloaded, or cannot be read.
    """
    info = PUBLISHED[name]
    files = [_bytes_of(file, info.title, cache_dir / name, notify) for file in _FILES[name]]
    try:
        arrays = {"cifar100": _from_pickles, "mnist": _from_npz, "fashion_mnist": _from_idx}[name](files)
    except (OSError, ValueError, KeyError, EOFError, subprocess.SubprocessError) as error:
        raise GraderError(f"{info.title} cannot be read from its files ({error}); try again.") from error
    # The shapes are Keras' for CIFAR-10, so grey images get a channel and labels a second axis.
    shaped = {part: array.reshape(-1, *info.image_shape) for part, array in arrays.items() if part.startswith("x")}
    labels = {part: array.reshape(-1, 1).astype(np.uint8) for part, array in arrays.items() if part.startswith("y")}
    return make_dataset(name, shaped | labels, info.class_names)


def _bytes_of(file: _File, title: str, folder: Path, notify: Notify) -> bytes:
    """Return the content of a file from the grader's cache, from Keras' cache, or from the network.

    Raises:
        GraderError: If none of them has the file with the expected digest.
    """
    cached = folder / file.name
    keras = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras") / "datasets"
    for place in (cached, keras / file.name, keras / "fashion-mnist" / file.name):
        try:
            data = place.read_bytes()
        except OSError:
            continue
        if file.holds(data):
            if place != cached:
                _keep(cached, data, title, notify)
            return data
        notify(f"{place}: is not the file that Keras publishes; looking elsewhere.")
    import urllib.request  # takes a while to import, and few courses need it

    url = f"{file.url}/{file.name}"
    notify(f"Fetching {url} ...")
    try:
        with urllib.request.urlopen(url, timeout=_SECONDS) as answer:
            data = answer.read()
        problem = "" if file.holds(data) else "what came has another digest"
    except (OSError, ValueError) as error:
        problem = str(getattr(error, "reason", "") or error) or type(error).__name__
    if problem:
        raise GraderError(
            f"{title} is neither in the grader's cache ({folder}) nor to be had from {url} ({problem}): connect to the "
            "network once, or copy the cache from a machine that has it."
        )
    _keep(cached, data, title, notify)
    return data


def _keep(cached: Path, data: bytes, title: str, notify: Notify) -> None:
    try:
        write_whole(cached, data)
    except GraderError as error:
        notify(f"{title} is not kept, and will be fetched again: {error}")


def _from_npz(files: list[bytes]) -> Arrays:
    with np.load(io.BytesIO(files[0]), allow_pickle=False) as archive:
        return {name: archive[name] for name in ("x_train", "y_train", "x_test", "y_test")}


def _from_idx(files: list[bytes]) -> Arrays:
    # The IDX format has a header of 16 bytes for images and of 8 bytes for labels; then follows one byte a value.
    names = ("x_train", "y_train", "x_test", "y_test")
    heads = (16, 8, 16, 8)
    return {
        name: np.frombuffer(gzip.decompress(data), np.uint8, offset=head)
        for name, data, head in zip(names, files, heads, strict=True)
    }


_UNPICKLE: Final = """\
import pickle, sys, tarfile
import numpy as np
arrays = {}
with tarfile.open(sys.argv[1]) as tar:
    for part in ("train", "test"):
        batch = pickle.load(tar.extractfile(f"cifar-100-python/{part}"), encoding="latin1")
        arrays["x_" + part] = np.asarray(batch["data"], "uint8").reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
        arrays["y_" + part] = np.asarray(batch["fine_labels"], "uint8")
np.savez(sys.argv[2], **arrays)
"""


def _from_pickles(files: list[bytes]) -> Arrays:
    """Read CIFAR-100's archive in another process, because it consists of pickles."""
    with tempfile.TemporaryDirectory() as folder:
        archive, result = Path(folder) / "cifar100.tar.gz", Path(folder) / "cifar100.npz"
        archive.write_bytes(files[0])
        command = [sys.executable, "-I", "-c", _UNPICKLE, str(archive), str(result)]
        subprocess.run(command, timeout=_CONVERT_SECONDS, check=True, capture_output=True)
        return _from_npz([result.read_bytes()])
