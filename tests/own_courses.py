"""Courses with data of their own, small enough to be written for a test: grey, tall, and of many classes."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
from PIL import Image

from grader.course import Course, load_course

FRUITS: Final = ("apple", "pear", "plum", "lemon")
MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_PLAIN: Final = Path(__file__).parent / "wheats" / "plain.py"


def pictures(count: int, shape: tuple[int, ...], classes: int, *, seed: int = 0) -> tuple[Any, Any]:
    """Noise with a bright square whose place tells the class; images uint8, and labels in turn."""
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 90, (count, *shape), np.uint8)
    y = np.arange(count) % classes
    rows = 4 if classes > 4 else 2
    height, width = shape[0] // rows, shape[1] // rows
    for image, label in zip(x, y, strict=True):
        top, left = label // rows * height, label % rows * width
        image[top : top + height, left : left + width] += 120
    return x, y


def write_npz(path: Path, shape: tuple[int, ...], classes: int, *, each: int = 20, **more: Any) -> None:
    """Write an .npz with so many training images of each class, and a fifth as many test images."""
    x_train, y_train = pictures(each * classes, shape, classes)
    x_test, y_test = pictures(each // 5 * classes, shape, classes, seed=1)
    arrays = {"x_train": x_train, "y_train": y_train, "x_test": x_test, "y_test": y_test} | more
    np.savez(path, **{name: array for name, array in arrays.items() if array is not None})


def write_folder(path: Path, size: tuple[int, int], names: tuple[str, ...], *, each: int = 15) -> None:
    """Write a folder of PNG, in colour, with a sub-folder for each class."""
    x, y = pictures(each * len(names), (*size, 3), len(names))
    for number, (image, label) in enumerate(zip(x, y, strict=True)):
        folder = path / names[label]
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(folder / f"{number}.png")


def grey_course(folder: Path, *, more: str = "", each: int = 20) -> Course:
    """Four classes of grey images of 28 x 28."""
    write_npz(folder / "fruit.npz", (28, 28), 4, each=each, class_names=np.array(FRUITS))
    return course_in(folder, f'dataset = "fruit.npz"\n{more}')


def tall_course(folder: Path, *, more: str = "") -> Course:
    """Two classes of tall images, as a folder."""
    write_folder(folder / "doors", (48, 24), ("open", "shut"))
    return course_in(folder, f'dataset = "doors"\n{more}')


def course_of_twelve(folder: Path, *, more: str = "") -> Course:
    """Twelve classes of images in colour."""
    write_npz(folder / "months.npz", (32, 40, 3), 12, class_names=np.array(MONTHS))
    return course_in(folder, f'dataset = "months.npz"\n{more}')


def course_in(folder: Path, text: str) -> Course:
    """The course whose file has a text."""
    (folder / "course.toml").write_text(text, encoding="utf-8")
    return load_course(folder / "course.toml")


def solution(course: Course, *changes: tuple[str, str]) -> str:
    """A sound solution for a course, with changes to its text."""
    shape, classes = course.subject.image_shape, course.classes
    text = _PLAIN.read_text(encoding="utf-8")
    for old, new in (
        ("classes=(0, 1, 2)", f"classes={classes}"),
        ("(32, 32, 3)", str(shape)),
        ("num_classes=3", f"num_classes={len(classes)}"),
        *changes,
    ):
        assert old in text, old
        text = text.replace(old, new)
    return text
