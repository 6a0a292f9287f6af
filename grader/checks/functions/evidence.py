"""Evidence that several checks judge: gathered once, in one worker, and remembered with how it ended."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final, NamedTuple, TypeVar

import msgspec
import numpy as np

from grader.checks.common.answers import ReturnedFigure
from grader.checks.common.evidence import KNOWN_GAIN, Evidence
from grader.checks.common.hidden import one_hot
from grader.checks.common.student import Student
from grader.checks.common.verdict import CheckFailed, Shown, count_of, describe
from grader.checks.functions.strategies import CurvesCase, ShowCase, SubsetCase
from grader.course import Course
from grader.course.datasets import Dataset
from grader.results.artefacts import COURSE_FIGURE, Artefacts
from grader.sandbox.host.session import SubmissionError, WorkerGone
from grader.sandbox.wire.frames import Handle

Array = np.ndarray[Any, Any]
_Result = TypeVar("_Result")

_SHOWN: Final = 10
_MOST_ROWS: Final = 1000  # many times what any case has; looking at millions of rows would take the grader minutes


class Subset(NamedTuple):
    """What one call of `subset_data` returned.

    Attributes:
        images: x_subset.
        labels: y_subset.
        swapped: Whether the labels came first.
        no_array: Which of the two was a list, for messages.
    """

    images: Array
    labels: Array
    swapped: bool = False
    no_array: str = ""


SUBSET_FORMS: Final = ((False, tuple), (True, tuple), (False, list), (True, list))
"""How `subset_data` may be called: whether labels have shape (n,), and what the classes come in."""


class Subsets(Evidence):
    """What `subset_data` returns."""

    def of(self, case: SubsetCase) -> Subset:
        """Images and labels for a case, in the first form of the call that works.

        A check of its own is about the shape of the labels, and another one about the classes.
        """
        return self._first(case, SUBSET_FORMS)

    def with_tuple(self, case: SubsetCase) -> Subset:
        """The same, with classes in a tuple as they are by default."""
        return self._first(case, SUBSET_FORMS[:2])

    def with_labels(self, case: SubsetCase, *, flat: bool) -> Subset:
        """The same, with labels of shape (n,), or (n, 1)."""
        return self._first(case, [form for form in SUBSET_FORMS if form[0] == flat])

    def _first(self, case: SubsetCase, forms: Sequence[tuple[bool, type]]) -> Subset:
        def call(flat: bool, kind: type) -> Subset:
            return self.once((case, flat, kind), lambda: subset_of(self.student, case, flat=flat, kind=kind))

        return first_that_works([partial(call, *form) for form in forms])


def fresh_subset_of(student: Student, case: SubsetCase) -> Subset:
    """Call `subset_data` anew, in the first form that works."""
    return first_that_works([partial(subset_of, student, case, flat=flat, kind=kind) for flat, kind in SUBSET_FORMS])


def first_that_works(calls: Sequence[Callable[[], _Result]]) -> _Result:
    """What the first of some calls gives that does not fail; where all do, the failure of the first."""
    failure: Exception | None = None
    for call in calls:
        try:
            return call()
        except (CheckFailed, SubmissionError) as error:
            failure = failure or error
    assert failure is not None, "there is at least one call"
    raise failure


def subset_of(student: Student, case: SubsetCase, *, flat: bool = False, kind: type = tuple) -> Subset:
    """Call `subset_data`; gives images and labels.

    Args:
        student: The submission.
        case: Images, labels, classes and seed.
        flat: Whether labels have shape (n,), and not (n, 1).
        kind: What the classes come in.

    Raises:
        CheckFailed: It returned anything but two arrays of at most so many rows.
    """
    returned = student.call(
        "subset_data", case.x, case.shown_labels(flat=flat), classes=kind(case.classes), seed=case.seed
    )
    if not isinstance(returned, (tuple, list)) or len(returned) != 2:
        raise CheckFailed(
            f"`subset_data` should return x_subset and y_subset, but it returned {describe(returned)}.",
            hint="End the function with `return x_subset, y_subset`.",
        )
    arrays = [np.asarray(value) if _is_regular(value) else value for value in returned]
    no_array = [name for name, value in zip(("x_subset", "y_subset"), returned, strict=True) if isinstance(value, list)]
    for name, value in zip(("x_subset", "y_subset"), arrays, strict=True):
        if not isinstance(value, np.ndarray) or value.ndim == 0:
            raise CheckFailed(
                f"`subset_data` should return two NumPy arrays, but {name} is {describe(value)}.",
                hint="Convert it with np.array.",
            )
        if len(value) > max(_MOST_ROWS, len(case.labels)):
            raise CheckFailed(
                f"For {count_of(len(case.labels), 'image')} `subset_data` should return at most as many rows, but "
                f"{name} has {len(value):,}.",
                hint="Keep each image whose label is among the classes once.",
            )
    first, second = arrays
    if first.ndim <= 2 and second.ndim == 4:
        return Subset(second, first, True, "".join(no_array[:1]))
    return Subset(first, second, False, "".join(no_array[:1]))


def _is_regular(value: Any) -> bool:
    """Whether a value is a list that makes an array of numbers."""
    if not isinstance(value, list):
        return False
    try:
        return np.asarray(value).dtype.kind in "fiub"
    except (ValueError, TypeError):
        return False


class ExampleImages(msgspec.Struct, frozen=True, eq=False):
    """Images to look at, uint8 of shape (n, h, w, channels): the columns of their classes, predictions, and names."""

    images: Array
    labels: tuple[int, ...]
    predicted: tuple[int, ...]
    names: tuple[str, ...]


def example_images(dataset: Dataset, course: Course) -> ExampleImages:
    """Some of the course's training images, a few of them as if they were predicted wrong."""
    labels = dataset.y_train.reshape(-1)
    classes = list(course.classes)
    places = np.flatnonzero(np.isin(labels, classes))[:_SHOWN]
    columns = tuple(classes.index(int(label)) for label in labels[places])
    predicted = tuple((column + (place % 4 == 3)) % len(classes) for place, column in enumerate(columns))
    names = tuple(dataset.class_names[label] for label in classes)
    return ExampleImages(dataset.x_train[places], columns, predicted, names)


class _Figures(Evidence):
    """The figures that a function draws."""

    def __init__(self, student: Student) -> None:
        super().__init__(student)
        self._best: dict[str, tuple[int, Handle]] = {}

    def _note(self, check: str, worth: int, figure: Handle) -> None:
        """Remember a figure where it is better to look at than those before."""
        if check not in self._best or worth > self._best[check][0]:
            self._best[check] = (worth, figure)

    def keep_pictures(self, artefacts: Artefacts) -> None:
        """Keep a picture of the best figure, where it can be drawn."""
        for check, (_, figure) in self._best.items():
            self._keep(artefacts, check, "figure", figure)

    def _keep(self, artefacts: Artefacts, check: str, name: str, figure: Handle) -> bool:
        with contextlib.suppress(SubmissionError, WorkerGone):
            pixels = self.student.picture(figure)
            if pixels is not None:
                artefacts.add_picture(check, name, pixels)
                return True
        return False


class ExampleFigures(_Figures):
    """The figures of `show_examples`.

    Args:
        student: The submission.
        shown: Images of the course, for the picture that is kept; none where the profile loads no data.
    """

    def __init__(self, student: Student, shown: ExampleImages | None = None) -> None:
        super().__init__(student)
        self._shown = shown

    def keep_pictures(self, artefacts: Artefacts) -> None:
        """Keep a picture with images of the course, or where there are none, or it cannot be drawn, with noise."""
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
        """The figure for a case, in the first form of the call that works; see `toolbox.describe_figure`.

        Labels that are not one-hot are for functions that cannot do with others: a check of its own asks for those
        alone.  What was returned instead of a figure stands in `returned`, empty where it was one.
        """
        forms = ("one-hot", "numbers", "column")
        return first_that_works(
            [partial(self.shown, case, seed=seed, labels=form, with_predictions=with_predictions) for form in forms]
        )

    def shown(
        self, case: ShowCase, *, seed: int | None, labels: str = "one-hot", with_predictions: bool = False
    ) -> ReturnedFigure:
        """The figure for a case, in one form of the call."""
        extra = {"predictions": case.predictions} if with_predictions else {}
        y = {"one-hot": case.y, "numbers": case.numbers, "column": case.numbers.reshape(-1, 1)}[labels]

        def gather() -> ReturnedFigure:
            names = list(case.names)
            figure, facts, returned = self.student.drawn(
                "show_examples", case.x, y, names, **extra, count=case.count, seed=seed
            )
            if with_predictions:  # a handful of images is enough to look at, and soon drawn
                shown = sum(bool(axes["images"]) for axes in facts["axes"])
                self._note("show_examples/titles-name-the-prediction", -abs(shown - 5), figure)
            return {**facts, "returned": returned}

        return self.once((case, seed, labels, with_predictions), gather)


class HistoryFigures(_Figures):
    """The figures of `plot_history`."""

    def plot(self, case: CurvesCase, *, older_names: bool = False) -> ReturnedFigure:
        """The figure of a training's curves, in the first form of the call with which something is drawn.

        What was returned instead of a figure stands in `returned`, empty where it was one.

        Args:
            case: The curves.
            older_names: Whether the dictionary may have the names that Keras had before, too.
        """
        forms = ("dictionary", "history", "older names") if older_names else ("dictionary", "history")

        def draw(form: str) -> ReturnedFigure:
            facts = self.plotted(case, form)
            if not any(axes["lines"] for axes in facts["axes"]):
                raise CheckFailed("`plot_history` should draw lines, but it drew none.", hint="Draw with ax.plot.")
            return facts

        try:
            return first_that_works([partial(draw, form) for form in forms])
        except CheckFailed:  # nothing is drawn in any form
            return first_that_works([partial(self.plotted, case, form) for form in forms])

    def plotted(self, case: CurvesCase, form: str) -> ReturnedFigure:
        """The figure, in one form of the call: `dictionary`, `history`, or a dictionary with `older names`, too."""

        def gather() -> ReturnedFigure:
            given: Any = case.curves
            if form == "history":
                curves = {name: case.curves[name] for name in ("accuracy", "val_accuracy")}
                handle = self.student.tools.history(case.curves)
                given = Shown(handle, f"... # a History whose .history has {curves}")
            if form == "older names":
                given = case.curves | {"acc": case.curves["accuracy"], "val_acc": case.curves["val_accuracy"]}
            figure, facts, returned = self.student.drawn("plot_history", given)
            self._note("plot_history/both-curves", len(case.accuracy), figure)
            return {**facts, "returned": returned}

        return self.once((case, form), gather)


class Predictions(Evidence):
    """What `predict` answers with a network that the grader knows; see `models.brightest_channel_model`."""

    def known_model(self, shift: int = 0, threshold: float = 0.0) -> Shown:
        """The network; with `shift`, one whose class is the brightest channel's number plus that, modulo 3."""

        def make() -> Handle:
            return self.student.tools.brightest_channel_model(KNOWN_GAIN, shift, threshold, self.subject.image_shape)

        handle = self.once(("model", shift, threshold), make)
        brightest = "brightest of frame, ring and middle" if self.subject.is_grey else "brightest of three channels"
        return Shown(handle, f"...  # a network with four classes, the {brightest} and one more")

    def path(self, shift: int = 0, threshold: float = 0.0) -> str:
        """The path of a checkpoint of it."""

        def save() -> str:
            name = "known.keras" if not shift and not threshold else f"known-{shift}-{threshold:g}.keras"
            self.student.tools.save_model(self.known_model(shift, threshold).value, name)
            return name

        return self.once(("path", shift, threshold), save)

    def by_model(self, x: Shown, shift: int = 0, threshold: float = 0.0) -> Array:
        """What `predict` returns for the known network, or where it takes no network, for the path of a checkpoint.

        Asked once for the same images.  Which of the two it takes, checks of their own look at.
        """

        def with_path() -> Array:
            return self.returned(self.path(shift, threshold), x)

        key = (x.value.tobytes(), shift, threshold)
        ways = [lambda: self.returned(self.known_model(shift, threshold), x), with_path]
        return self.once(key, lambda: first_that_works(ways))

    def returned(self, model: Shown | str, x: Array | Shown) -> Array:
        """What `predict` returns now.

        Raises:
            CheckFailed: It is no array of numbers.
        """
        returned = self.student.call("predict", model, x)
        answers = np.asarray(returned) if _is_regular(returned) else returned
        if not isinstance(answers, np.ndarray) or answers.ndim == 0:
            raise CheckFailed(
                f"`predict` should return an array of probabilities, but it returned {describe(returned)}.",
                hint="Return all the probabilities that the model gives, one row an image.",
            )
        return answers.astype(np.float64)

    def seen(self, answers: Array) -> Array:
        """The means of the three channels or parts as the network saw them, (n, 3), from what `predict` answered."""
        answers = np.maximum(answers, 1e-45)
        seen: Array = np.log(answers[:, :3] / answers[:, 3:]) / KNOWN_GAIN
        return seen


def require_shape(answers: Array, count: int) -> None:
    """Raise `CheckFailed` where answers about so many images have not one row an image and four columns."""
    if answers.shape != (count, 4):
        raise CheckFailed(
            f"For {count_of(count, 'image')} and a network with 4 classes, `predict` should return an array "
            f"of shape {(count, 4)}, but it returned {describe(answers)}.",
            hint="Return all the probabilities that the model gives, one row an image.",
        )


def rows_of_answers(answers: Array, count: int) -> Array:
    """One row an image and four columns, also of answers in another form, which a check of its own is about.

    Numbers of classes become rows with a single 1.

    Raises:
        CheckFailed: There is no such form.
    """
    if answers.shape == (4, count) and count != 4:
        return answers.T
    if answers.shape == (4,) and count == 1:
        return answers.reshape(1, 4)
    numbers = answers.reshape(-1)
    if numbers.size == count and np.all(np.isin(numbers, (0, 1, 2, 3))):
        rows: Array = np.eye(4)[numbers.astype(np.intp)]
        return rows
    require_shape(answers, count)
    return answers
