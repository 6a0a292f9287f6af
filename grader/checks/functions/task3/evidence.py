"""The figures that `show_examples` draws."""

from __future__ import annotations

import contextlib
from functools import partial
from typing import Any, Final

import msgspec
import numpy as np

from grader.checks.common.answers import ReturnedFigure
from grader.checks.common.hidden import one_hot
from grader.checks.common.student import Student
from grader.checks.common.verdict import CheckFailed
from grader.checks.functions.evidence import Figures, first_that_works
from grader.checks.functions.task3.cases import ShowCase
from grader.course import Course
from grader.course.datasets import Dataset
from grader.results.artefacts import COURSE_FIGURE, Artefacts
from grader.sandbox.host.session import SubmissionError, WorkerGone
from grader.sandbox.wire.frames import Handle

Array = np.ndarray[Any, Any]


_SHOWN: Final = 10


class ExampleImages(msgspec.Struct, frozen=True, eq=False):
    """Images of the course for a picture that people look at.

    Attributes:
        images: The images, uint8 of shape (n, height, width, channels).
        labels: The column of each image's class.
        predicted: The column of the class that each image is predicted as.
        names: The names of the classes, in the order of the columns.
    """

    images: Array
    labels: tuple[int, ...]
    predicted: tuple[int, ...]
    names: tuple[str, ...]


def example_images(dataset: Dataset, course: Course) -> ExampleImages:
    """Return some of the course's training images, a few of which have a wrong prediction."""
    labels = dataset.y_train.reshape(-1)
    classes = list(course.classes)
    places = np.flatnonzero(np.isin(labels, classes))[:_SHOWN]
    columns = tuple(classes.index(int(label)) for label in labels[places])
    predicted = tuple((column + (place % 4 == 3)) % len(classes) for place, column in enumerate(columns))
    names = tuple(dataset.class_names[label] for label in classes)
    return ExampleImages(dataset.x_train[places], columns, predicted, names)


class ExampleFigures(Figures):
    """The figures of `show_examples`.

    Args:
        student: The submission.
        shown: Images of the course for the picture that is kept; `None` if the profile loads no data.
    """

    def __init__(self, student: Student, shown: ExampleImages | None = None) -> None:
        super().__init__(student)
        self._shown = shown

    def keep_pictures(self, artefacts: Artefacts) -> None:
        """Keep a picture with images of the course; one with noise if there are none or it cannot be drawn."""
        if self._shown is not None and self._best:
            with contextlib.suppress(CheckFailed, SubmissionError, WorkerGone):
                figure = self._of_the_course(self._shown)
                if self._keep(artefacts, min(self._best), COURSE_FIGURE, figure):
                    return
        super().keep_pictures(artefacts)

    def _of_the_course(self, shown: ExampleImages) -> Handle:
        count = len(shown.labels)
        y, predictions = (one_hot(labels, len(shown.names)) for labels in (shown.labels, shown.predicted))
        names = list(shown.names)
        figure, _, _ = self.student.drawn(
            "show_examples", shown.images, y, names, predictions=predictions, count=count, seed=0
        )
        return figure

    def show(self, case: ShowCase, *, seed: int | None, with_predictions: bool = False) -> ReturnedFigure:
        """Return what the figure for a case shows, from the first way to call the function that works.

        Some functions work with numbers but not with one-hot labels.  That costs one check, which only tries one-hot
        labels; all others look at what works.
        """
        forms = ("one-hot", "numbers", "column")
        return first_that_works(
            [partial(self.shown, case, seed=seed, labels=form, with_predictions=with_predictions) for form in forms]
        )

    def shown(
        self, case: ShowCase, *, seed: int | None, labels: str = "one-hot", with_predictions: bool = False
    ) -> ReturnedFigure:
        """Return what the figure for a case shows, from one way to call the function.

        Args:
            case: The case.
            seed: The seed to call it with.
            labels: The form of the labels: `one-hot`, `numbers` of shape (n,), or a `column` of numbers.
            with_predictions: Whether predictions are given.
        """
        extra = {"predictions": case.predictions} if with_predictions else {}
        y = {"one-hot": case.y, "numbers": case.numbers, "column": case.numbers.reshape(-1, 1)}[labels]

        def gather() -> ReturnedFigure:
            names = list(case.names)
            figure, facts, returned = self.student.drawn(
                "show_examples", case.x, y, names, **extra, count=case.count, seed=seed
            )
            if with_predictions:  # about five images are enough to look at, and quickly drawn
                shown = sum(bool(axes["images"]) for axes in facts["axes"])
                self._note("show_examples/titles-name-the-prediction", -abs(shown - 5), figure)
            return {**facts, "returned": returned}

        return self.once((case, seed, labels, with_predictions), gather)
