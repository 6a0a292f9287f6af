"""Tests of a course's own images in an .npz or a folder: what is read, and the messages for what is refused."""

from __future__ import annotations

import gzip
import hashlib
import http.server
import io
import pickle
import tarfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from PIL import Image

from grader.cli.machine import data as data_command
from grader.course import Course, load_course
from grader.course.datasets import describe_dataset, load_dataset, published
from grader.course.thresholds import calibration_file
from grader.exports.gradescope_package.package import own_data
from grader.gradebook.conditions import course_digest
from grader.ground.errors import GraderError, UsageError
from tests.own_courses import FRUITS, course_in, grey_course, pictures, tall_course, write_folder, write_npz


def test_an_npz_says_size_channels_and_names(tmp_path: Path) -> None:
    course = grey_course(tmp_path)
    assert course.dataset == str(tmp_path / "fruit.npz")  # relative to the course file
    assert (course.subject.title, course.subject.image_shape, course.classes) == ("fruit", (28, 28, 1), (0, 1, 2, 3))
    assert course.subject.class_names == FRUITS
    assert (course.form, course.accuracy.mirror) == ("functions", False)
    data = load_dataset(course.dataset)
    assert (data.x_train.shape, data.y_train.shape, data.x_test.shape) == ((80, 28, 28, 1), (80, 1), (16, 28, 28, 1))
    assert data.x_train.dtype == data.y_train.dtype == np.uint8
    assert not data.x_train.flags.writeable
    assert np.array_equal(data.y_test.reshape(-1), pictures(16, (28, 28), 4)[1])


def test_without_names_the_labels_are_the_names(tmp_path: Path) -> None:
    write_npz(tmp_path / "a.npz", (20, 30, 3), 5)
    info = describe_dataset(str(tmp_path / "a.npz"))
    assert (info.image_shape, info.class_names) == ((20, 30, 3), ("0", "1", "2", "3", "4"))


def test_a_course_may_be_about_some_of_the_classes_in_an_order_of_its_own(tmp_path: Path) -> None:
    course = grey_course(tmp_path, more="classes = [3, 1]\n")
    assert course.subject.class_names == ("lemon", "pear")
    assert [function.signature for function in course.functions if function.name == "build_model"] == [
        "build_model(input_shape=(28, 28, 1), num_classes=2)"
    ]


def test_a_folder_is_split_the_same_way_every_time(tmp_path: Path) -> None:
    course = tall_course(tmp_path)
    assert (course.subject.image_shape, course.subject.class_names) == ((48, 24, 3), ("open", "shut"))
    first, second = load_dataset(course.dataset), load_dataset(course.dataset)
    assert first.sha256 == second.sha256
    assert (len(first.x_train), len(first.x_test)) == (24, 6)
    assert np.bincount(first.y_test.reshape(-1)).tolist() == [3, 3]
    together = {image.tobytes() for image in (*first.x_train, *first.x_test)}
    assert together == {image.tobytes() for image in pictures(30, (48, 24, 3), 2)[0]}


def test_a_folder_may_have_training_and_test_images_apart(tmp_path: Path) -> None:
    for part, each in (("train", 12), ("test", 2)):
        write_folder(tmp_path / "doors" / part, (16, 16), ("open", "shut"), each=each)
    data = load_dataset(str(tmp_path / "doors"))
    assert (len(data.x_train), len(data.x_test)) == (24, 4)


def test_a_folder_of_grey_images_is_grey(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / "grey" / name).mkdir(parents=True)
        for number in range(14):
            Image.new("L", (12, 10), 10 * number).save(tmp_path / "grey" / name / f"{number}.png")
    (tmp_path / "grey" / "b" / "notes.txt").write_text("no image")
    data = load_dataset(str(tmp_path / "grey"))
    assert data.x_train.shape[1:] == (10, 12, 1)


IMAGES, LABELS = pictures(40, (16, 16), 2)
ARRAYS = {"x_train": IMAGES, "y_train": LABELS, "x_test": IMAGES[:8], "y_test": LABELS[:8]}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"y_test": None}, "has no array y_test; it needs x_train, y_train, x_test, y_test."),
        ({"x_train": IMAGES / 255}, "x_train has dtype float64; store images as uint8, 0 to 255."),
        (
            {"x_train": IMAGES[..., None].repeat(2, axis=3)},
            "x_train has shape (40, 16, 16, 2); images have shape (n, height, width), or (n, height, width, channels) "
            "with 1 or 3 channels.",
        ),
        ({"x_train": IMAGES[:, :6]}, "images of 6 x 16 pixels; height and width are 8 to 512 each."),
        ({"x_test": IMAGES[:8, :12]}, "x_test has images of shape (12, 16, 1), and x_train of (16, 16, 1)."),
        (
            {"y_train": np.eye(2)[LABELS]},
            "y_train has shape (40, 2) and dtype float64; labels are whole numbers of shape (40,), one an image.",
        ),
        ({"y_train": LABELS - 1}, "y_train has labels from -1 to 0; number classes from 0 to 255."),
        ({"y_train": LABELS * 0}, "y_train has one label alone; a course needs at least two classes."),
        ({"y_train": LABELS * 2}, "class '1' (label 1) has 0 training images; give each at least 10."),
        ({"y_test": LABELS[:8] * 0}, "class '1' (label 1) has 0 test images; give each at least 1."),
        ({"y_test": LABELS[:8] * 7}, "y_test has the label 7, of which there is no training image."),
        ({"class_names": np.array(["a"])}, "class_names is to be an array of texts, one for each of the 2 labels."),
        ({"x_train": np.array([{}])}, "x_train cannot be read; store arrays of numbers, not of objects."),
    ],
)
def test_an_npz_that_cannot_be_used_is_refused_in_a_sentence(
    change: dict[str, Any], message: str, tmp_path: Path
) -> None:
    path = tmp_path / "a.npz"
    np.savez(path, **{name: array for name, array in (ARRAYS | change).items() if array is not None})
    with pytest.raises(UsageError) as caught:
        load_dataset(str(path))
    assert str(caught.value) == f"{path}: {message}"


def test_what_is_no_npz_is_refused(tmp_path: Path) -> None:
    for name, content in (("a.npz", b"PK"), ("b.npz", b""), ("c.npz", pickle.dumps([1]))):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(UsageError, match=r"is no \.npz file; write it with np\.savez_compressed"):
            course_in(tmp_path, f'dataset = "{name}"')


def test_a_folder_that_cannot_be_used_is_refused_with_the_file(tmp_path: Path) -> None:
    root = tmp_path / "doors"
    root.mkdir()
    with pytest.raises(UsageError, match="has 0 folders with images; make one for each class, and at least two"):
        load_dataset(str(root))
    write_folder(root, (16, 16), ("open", "shut"), each=14)
    (root / "shut" / "13.png").unlink()
    Image.new("RGB", (20, 16)).save(root / "shut" / "x.png")
    with pytest.raises(UsageError, match=r"x\.png: has 16 x 20 pixels, and the first image 16 x 16; bring all images"):
        load_dataset(str(root))
    (root / "shut" / "x.png").write_bytes(b"no image")
    with pytest.raises(UsageError, match=r"x\.png: is no image that can be read; convert it to PNG or take it away\."):
        load_dataset(str(root))


def test_classes_that_differ_between_the_parts_are_refused(tmp_path: Path) -> None:
    write_folder(tmp_path / "doors" / "train", (16, 16), ("open", "shut"))
    write_folder(tmp_path / "doors" / "test", (16, 16), ("open", "ajar"))
    with pytest.raises(UsageError, match=r"train: has no folder 'ajar' with images; each class needs some in train"):
        load_dataset(str(tmp_path / "doors"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('dataset = "fruits.npz"', "dataset: there is no file or folder {folder}/fruits.npz."),
        (
            'dataset = "fruits"',
            "dataset: 'fruits' is unknown (known: cifar10, shapes, cifar100, mnist, fashion_mnist).",
        ),
        ('dataset = "fruit.npz"\nclasses = [0, 4]', "classes[1]: 4 is no label of fruit; they are 0 to 3."),
        (
            'dataset = "fruit.npz"\nform = "guided"',
            "form: guided notebooks are graded on CIFAR-10 alone, and the data set is fruit; choose form = "
            '"functions", or dataset = "cifar10".',
        ),
    ],
)
def test_a_course_that_does_not_fit_its_data_is_refused(text: str, message: str, tmp_path: Path) -> None:
    write_npz(tmp_path / "fruit.npz", (28, 28), 4)
    with pytest.raises(UsageError) as caught:
        course_in(tmp_path, text)
    assert str(caught.value) == f"{tmp_path}/course.toml: {message.format(folder=tmp_path)}"


def test_data_writes_an_npz_for_students(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    course = tall_course(tmp_path)
    out = tmp_path / "out.npz"
    assert data_command(course=tmp_path / "course.toml", output=out) == 0
    assert capsys.readouterr().out.endswith(f"Wrote {out}.\n")
    assert load_dataset(str(out)).sha256 == load_dataset(course.dataset).sha256
    assert describe_dataset(str(out)).class_names == ("open", "shut")
    with pytest.raises(UsageError, match=r"the images are written as an \.npz; let the name end so\."):
        data_command(course=tmp_path / "course.toml", output=tmp_path / "out.zip")
    assert not (tmp_path / "out.zip").exists()


def test_the_thresholds_of_own_data_lie_beside_them(tmp_path: Path) -> None:
    assert calibration_file(grey_course(tmp_path).dataset) == tmp_path / "fruit.calibration.json"
    assert calibration_file(tall_course(tmp_path).dataset) == tmp_path / "doors.calibration.json"
    assert calibration_file("cifar10").name == "calibration.json"


def test_results_are_not_kept_where_the_data_change(tmp_path: Path) -> None:
    course = grey_course(tmp_path)
    before = course_digest(course)
    assert course_digest(course) == before
    assert course_digest(grey_course(tmp_path, each=25)) != before


def test_an_autograder_takes_the_data_along(tmp_path: Path) -> None:
    grey_course(tmp_path)
    (tmp_path / "fruit.calibration.json").write_text("[]")
    assert sorted(own_data(tmp_path / "course.toml")) == ["fruit.calibration.json", "fruit.npz"]
    (tmp_path / "course").mkdir()
    (tmp_path / "course" / "course.toml").write_text('dataset = "../fruit.npz"')
    with pytest.raises(UsageError, match="put it beside the course file to package it"):
        own_data(tmp_path / "course" / "course.toml")
    (tmp_path / "plain.toml").write_text("")
    assert own_data(tmp_path / "plain.toml") == {}


def test_the_usual_course_is_as_it_was() -> None:
    assert (Course().subject.image_shape, Course().subject.class_names) == (
        (32, 32, 3),
        ("airplane", "automobile", "bird"),
    )
    assert Course().accuracy.mirror
    assert (describe_dataset("cifar100").image_shape, len(describe_dataset("cifar100").class_names)) == (
        (32, 32, 3),
        100,
    )


@pytest.fixture
def published_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of a server with small files in the form in which Keras publishes them, with an empty cache."""
    folder = tmp_path / "served"
    folder.mkdir()
    write_npz(folder / "mnist.npz", (28, 28), 10)
    x, y = pictures(200, (28, 28), 10)
    for name, images, labels in (("train", x, y), ("t10k", x[:40], y[:40])):
        (folder / f"{name}-images-idx3-ubyte.gz").write_bytes(gzip.compress(bytes(16) + images.tobytes()))
        labels_there = labels.astype(np.uint8).tobytes()
        (folder / f"{name}-labels-idx1-ubyte.gz").write_bytes(gzip.compress(bytes(8) + labels_there))
    with tarfile.open(folder / "cifar-100-python.tar.gz", "w:gz") as tar:
        for part in ("train", "test"):
            batch = {"data": np.zeros((200, 3072), np.uint8), "fine_labels": [i % 100 for i in range(200)]}
            content = pickle.dumps(batch, protocol=2)
            entry = tarfile.TarInfo(f"cifar-100-python/{part}")
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *args: Any) -> None:
            super().__init__(*args, directory=str(folder))

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    url = f"http://127.0.0.1:{server.server_port}"
    served = {}
    for name, files in published._FILES.items():
        contents = {file: (folder / file.name).read_bytes() for file in files}
        served[name] = tuple(
            msgspec.structs.replace(file, url=url, digest=hashlib.new(file.algorithm, content).hexdigest())
            for file, content in contents.items()
        )
    monkeypatch.setattr(published, "_FILES", served)
    monkeypatch.setenv("GRADER_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    yield folder
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize(
    ("name", "shape"), [("mnist", (28, 28, 1)), ("fashion_mnist", (28, 28, 1)), ("cifar100", (32, 32, 3))]
)
def test_published_data_are_fetched_once(name: str, shape: tuple[int, ...], published_files: Path) -> None:
    said: list[str] = []
    first = load_dataset(name, notify=said.append)
    assert (first.name, first.x_train.shape, first.y_train.shape) == (name, (200, *shape), (200, 1))
    assert len(said) == len(published._FILES[name])
    for file in published_files.iterdir():
        file.unlink()
    assert load_dataset(name, notify=said.append).sha256 == first.sha256
    assert len(said) == len(published._FILES[name])


def test_published_data_that_cannot_be_had_are_told_in_a_sentence(published_files: Path, tmp_path: Path) -> None:
    (published_files / "mnist.npz").write_bytes(b"another file")
    said: list[str] = []
    with pytest.raises(GraderError) as caught:
        load_dataset("mnist", notify=said.append)
    url = f"{published._FILES['mnist'][0].url}/mnist.npz"
    assert str(caught.value) == (
        f"MNIST is neither in the grader's cache ({tmp_path}/cache/mnist) nor to be had from {url} (what came has "
        "another digest): connect to the network once, or copy the cache from a machine that has it."
    )
    assert not (tmp_path / "cache").exists()


def test_a_course_on_published_data_needs_no_download(published_files: Path, tmp_path: Path) -> None:
    (tmp_path / "course.toml").write_text('dataset = "fashion_mnist"\nclasses = [7, 9]\n')
    course = load_course(tmp_path / "course.toml")
    assert course.subject.class_names == ("Sneaker", "Ankle boot")
    assert not (tmp_path / "cache").exists()
