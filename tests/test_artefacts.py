"""Tests of artefacts: they are small, they are validated, and they never change a score."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from PIL import Image

from grader.checks.common.accuracy import confusion_of, curves_of, examples_of
from grader.checks.common.answers import MAX_PICTURE_SIDE
from grader.checks.common.hidden import draw_split, seeded_generator
from grader.checks.common.student import Student
from grader.course import Accuracy, Course, CourseLimits, Settings
from grader.course.datasets import load_dataset
from grader.grading import batch
from grader.grading.slots import Slot
from grader.results.artefacts import MAX_BYTES, MAX_PICTURE_BYTES, Artefacts, Confusion, Example, Excerpt, small_png
from grader.results.scoring import Graded
from grader.sandbox.host.launch import best_level
from grader.sandbox.host.session import Sandbox
from grader.sandbox.wire.frames import Handle
from grader.submissions import Submission, SubmissionFile
from tests.answers import answering

SAMPLES = Path(__file__).parent.parent / "submissions"


def picture_in(data: bytes) -> Any:
    return Image.open(io.BytesIO(data))


def test_a_picture_is_opaque_and_what_is_transparent_is_white() -> None:
    pixels = np.zeros((2, 3, 4), np.uint8)
    pixels[0, 0] = (10, 20, 30, 255)
    data = small_png(pixels)
    assert data is not None
    shown = np.array(picture_in(data).convert("RGB"))
    assert shown.shape == (2, 3, 3)
    assert shown[0, 0].tolist() == [10, 20, 30]
    assert shown[1, 2].tolist() == [255, 255, 255]


def test_a_picture_that_is_too_large_loses_colours_and_then_size() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (MAX_PICTURE_SIDE, MAX_PICTURE_SIDE, 4), np.uint8)
    data = small_png(noise)
    assert data is not None
    assert len(data) <= MAX_PICTURE_BYTES
    assert picture_in(data).width < MAX_PICTURE_SIDE


def test_what_would_be_too_much_is_left_out() -> None:
    artefacts = Artefacts()
    for name in ("one", "two", "three"):
        artefacts.add_record("setup/loads", name, "x" * (MAX_BYTES // 2 - 100))
    assert [artefact.name for artefact in artefacts.gathered] == ["one", "two"]
    assert sum(len(artefact.data) for artefact in artefacts.gathered) <= MAX_BYTES


@pytest.mark.parametrize(
    "answer",
    [
        np.zeros((4, 4, 4), np.float32),
        np.zeros((4, 4, 3), np.uint8),
        np.zeros((4, 4), np.uint8),
        np.zeros((0, 4, 4), np.uint8),
        np.zeros((4, MAX_PICTURE_SIDE + 1, 4), np.uint8),
        b"\x89PNG\r\n\x1a\n",
        "picture",
    ],
)
def test_pixels_of_another_form_are_refused(answer: Any) -> None:
    with pytest.raises(msgspec.ValidationError):
        answering(answer).render_figure(Handle(0, "Figure"), MAX_PICTURE_SIDE)


DRAWING = """
import matplotlib.pyplot as plt
from matplotlib.figure import Figure

def show_examples(kind):
    if kind == "huge":
        return plt.figure(figsize=(300, 200))
    if kind == "hidden axes":
        figure, axes = plt.subplots()
        axes.axis("off")
        return figure
    if kind == "raising":
        class Broken(Figure):
            def draw(self, renderer):
                raise RuntimeError("no")
        return Broken()
    return {1, 2}
"""


@pytest.fixture
def student(sandbox: Sandbox) -> Any:
    with sandbox.worker(seed=0) as worker:
        yield Student(worker, Submission("a", Path("a.py"), "", "py", source=DRAWING), CourseLimits())


def test_figures_are_drawn_within_the_size_that_is_taken(student: Student) -> None:
    pixels = student.picture(student.call("show_examples", "huge"))
    assert pixels is not None
    assert max(pixels.shape[:2]) <= MAX_PICTURE_SIDE
    pixels = student.picture(student.call("show_examples", "hidden axes"))
    assert pixels is not None
    assert pixels.shape == (480, 640, 4)


def test_what_is_no_figure_has_no_picture(student: Student) -> None:
    assert student.picture(student.call("show_examples", "set")) is None


@pytest.fixture(scope="module")
def slot() -> Iterator[Slot]:
    with Slot(Settings(Course(), "quick", frozenset({2, 3}), best_level())) as slot:
        yield slot


def _graded(slot: Slot, tmp_path: Path, source: str) -> Graded:
    path = tmp_path / "solution.py"
    path.write_text(source, encoding="utf-8")
    return slot.grade(SubmissionFile("student", path))


def test_figures_and_places_are_kept_beside_the_result(slot: Slot, tmp_path: Path) -> None:
    source = (SAMPLES / "complete-divides.py").read_text(encoding="utf-8")
    broken = "\n\ndef subset_data(x, y, classes=(0, 1, 2), seed=None):\n    return x[y]\n"
    graded = _graded(slot, tmp_path, source + broken)
    figures = [artefact for artefact in graded.artefacts if artefact.name == "figure"]
    assert [figure.check for figure in figures] == ["show_examples/titles-name-the-prediction"]
    assert max(picture_in(figures[0].data).size) <= MAX_PICTURE_SIDE
    places = {a.check: msgspec.json.decode(a.data, type=Excerpt) for a in graded.artefacts if a.name == "place"}
    raised = {check.id for check in graded.result.checks if check.status == "error"}
    assert raised
    assert set(places) == raised
    last = len(source.splitlines()) + 4
    for place in places.values():
        assert (place.cell, place.line) == (None, last)
        assert place.lines[place.line - place.first] == "    return x[y]"


SPOILT = """

def _spoilt(figure):
    import time
    from matplotlib.figure import Figure

    class Spoilt(Figure):
        def draw(self, renderer):
            {deed}

    figure.__class__ = Spoilt
    return figure


_show_examples = show_examples


def show_examples(x, y, class_names, predictions=None, count=10, seed=None):
    return _spoilt(_show_examples(x, y, class_names, predictions, count=count, seed=seed))
"""


@pytest.mark.parametrize("deed", ['raise RuntimeError("no")', "__import__('os')._exit(3)"])
def test_a_figure_that_cannot_be_drawn_costs_nothing(slot: Slot, tmp_path: Path, deed: str) -> None:
    source = (SAMPLES / "complete-divides.py").read_text(encoding="utf-8")
    graded = _graded(slot, tmp_path, source + SPOILT.format(deed=deed))
    assert graded.artefacts == ()
    assert graded.result.status == "graded"
    assert graded.result.score == graded.result.max_score == 30.0


def test_grading_in_another_process_brings_the_artefacts_along(tmp_path: Path) -> None:
    source = (SAMPLES / "starter.py").read_text(encoding="utf-8")
    files = []
    for name in ("one", "two"):
        path = tmp_path / f"{name}.py"
        path.write_text(source, encoding="utf-8")
        files.append(SubmissionFile(name, path))
    came: list[Graded] = []
    settings = Settings(Course(), "quick", frozenset({3}), best_level())
    report = batch.grade_all(files, settings, jobs=2, on_graded=came.append)
    assert [result.submission.id for result in report.results] == ["one", "two"]
    assert all({artefact.name for artefact in graded.artefacts} == {"place"} for graded in came)
    assert b"artefact" not in msgspec.json.encode(report)


def test_confusion_and_examples_are_in_the_courses_order_and_come_from_the_hidden_images() -> None:
    dataset = load_dataset("shapes")
    course = Course(dataset="shapes", classes=(4, 7, 1), accuracy=Accuracy(train_images=300))
    split = draw_split(dataset, course, seeded_generator(0, "a"))
    answers = np.eye(3)[split.hidden_labels]
    names = tuple(dataset.class_names[label] for label in (4, 7, 1))
    found = confusion_of(answers, split, course, dataset)
    assert found.classes == names
    counts = [int(np.sum(split.hidden_labels == split.classes.index(label))) for label in course.classes]
    assert found.counts == tuple(tuple(counts[i] if i == j else 0 for j in range(3)) for i in range(3))

    shifted = np.roll(answers, 1, axis=1)
    shifted[0] = np.nan
    assert sum(map(sum, confusion_of(shifted, split, course, dataset).counts)) == len(answers) - 1
    shown = examples_of(shifted, split, dataset)
    assert len(shown) == 6  # all are wrong, and half a dozen of those is shown
    assert all(example.true != example.predicted for example in shown)
    assert np.array_equal(np.array(picture_in(shown[0].png)), split.x_hidden[1])
    assert [example.true for example in examples_of(answers, split, dataset)] == [
        dataset.class_names[split.classes[label]] for label in split.hidden_labels[:12]
    ]
    assert isinstance(found, Confusion)
    assert all(isinstance(example, Example) for example in shown)


TOLD = """
import keras

def train(kind):
    history = keras.callbacks.History()
    history.history = {
        "sound": {"accuracy": [0.5, 0.75, 0.9], "lr": [float("nan")]},
        "texts": {"accuracy": ["a", "b"]},
    }[kind]
    return history
"""


def test_curves_are_cut_to_the_epochs_and_absent_where_they_are_no_numbers(sandbox: Sandbox) -> None:
    with sandbox.worker(seed=0) as worker:
        student = Student(worker, Submission("a", Path("a.py"), "", "py", source=TOLD), CourseLimits())
        model = student.tools.sequential((4, 4, 3))
        assert curves_of(student, student.call("train", "sound"), model, 2) == {"accuracy": [0.5, 0.75]}
        assert curves_of(student, student.call("train", "texts"), model, 2) == {}
        assert curves_of(student, None, model, 2) == {}
