"""Evidence that several checks judge: gathered once, in one worker, and remembered with how it ended."""

from __future__ import annotations

import contextlib
from typing import Any, Final

import numpy as np

from grader.checks.common.evidence import KNOWN_GAIN, Evidence
from grader.checks.common.student import Student
from grader.checks.common.verdict import CheckFailed, Shown, count_of, describe
from grader.checks.functions.strategies import CurvesCase, ShowCase, SubsetCase
from grader.results.artefacts import Artefacts
from grader.sandbox.host.session import SubmissionError, WorkerGone
from grader.sandbox.wire.frames import Handle

Array = np.ndarray[Any, Any]

_MOST_ROWS: Final = 1000  # many times what any case has; looking at millions of rows would take the grader minutes


class Subsets(Evidence):
    """What `subset_data` returns."""

    def of(self, case: SubsetCase, *, flat: bool = False) -> tuple[Array, Array]:
        """Images and labels for a case, as `subset_of` gives them; called once for the same case."""
        return self.once((case, flat), lambda: subset_of(self.student, case, case.seed, flat=flat))


def subset_of(student: Student, case: SubsetCase, seed: int | None, *, flat: bool = False) -> tuple[Array, Array]:
    """Call `subset_data`; gives images and labels.

    Args:
        student: The submission.
        case: Images, labels and classes.
        seed: The seed that it is given.
        flat: Whether labels have shape (n,), and not (n, 1).

    Raises:
        CheckFailed: It returned anything but two arrays of at most so many rows.
    """
    labels = case.y.reshape(-1) if flat else case.y
    returned = student.call("subset_data", case.x, labels, classes=case.classes, seed=seed)
    if not isinstance(returned, (tuple, list)) or len(returned) != 2:
        raise CheckFailed(
            f"`subset_data` should return x_subset and y_subset, but it returned {describe(returned)}.",
            hint="End the function with `return x_subset, y_subset`.",
        )
    for name, value in zip(("x_subset", "y_subset"), returned, strict=True):
        if not isinstance(value, np.ndarray) or value.ndim == 0:
            raise CheckFailed(
                f"`subset_data` should return two NumPy arrays, but {name} is {describe(value)}.",
                hint="Convert it with np.array.",
            )
        if len(value) > _MOST_ROWS:
            raise CheckFailed(
                f"For {count_of(len(case.labels), 'image')} `subset_data` should return at most as many rows, but "
                f"{name} has {len(value):,}.",
                hint="Keep each image whose label is among the classes once.",
            )
    return returned[0], returned[1]


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
            with contextlib.suppress(SubmissionError, WorkerGone):
                pixels = self.student.picture(figure)
                if pixels is not None:
                    artefacts.add_picture(check, "figure", pixels)


class ExampleFigures(_Figures):
    """The figures of `show_examples`."""

    def show(self, case: ShowCase, *, seed: int | None, with_predictions: bool = False) -> dict[str, Any]:
        """The figure for a case; see `toolbox.describe_figure`."""
        extra = {"predictions": case.predictions} if with_predictions else {}

        def gather() -> dict[str, Any]:
            names = list(case.names)
            figure, facts = self.student.figure(
                "show_examples", case.x, case.y, names, **extra, count=case.count, seed=seed
            )
            if with_predictions:  # a handful of images is enough to look at, and soon drawn
                shown = sum(bool(axes["images"]) for axes in facts["axes"])
                self._note("show_examples/titles-name-the-prediction", -abs(shown - 5), figure)
            return facts

        return self.once((case, seed, with_predictions), gather)


class HistoryFigures(_Figures):
    """The figures of `plot_history`."""

    def plot(self, case: CurvesCase, *, as_history: bool) -> dict[str, Any]:
        """The figure of a training's curves, given as a History or as its dictionary."""

        def gather() -> dict[str, Any]:
            if not as_history:
                figure, facts = self.student.figure("plot_history", case.curves)
                self._note("plot_history/both-curves", len(case.accuracy), figure)
                return facts
            history = self.student.tool("history", case.curves)
            curves = {name: case.curves[name] for name in ("accuracy", "val_accuracy")}
            shown = Shown(history, f"... # a History whose .history has {curves}")
            return self.student.figure("plot_history", shown)[1]

        return self.once((case, as_history), gather)


class Predictions(Evidence):
    """What `predict` answers with a network that the grader knows; see `models.brightest_channel_model`."""

    def known_model(self, shift: int = 0) -> Shown:
        """The network; with `shift`, one whose class is the brightest channel's number plus that, modulo 3."""
        handle = self.once(("model", shift), lambda: self.student.tool("brightest_channel_model", KNOWN_GAIN, shift))
        return Shown(handle, "...  # a network with four classes, the brightest of three channels and one more")

    def path(self) -> str:
        """The path of a checkpoint of it."""

        def save() -> str:
            self.student.tool("save_model", self.known_model().value, "known.keras")
            return "known.keras"

        return self.once("path", save)

    def by_model(self, x: Shown, shift: int = 0) -> Array:
        """What `predict` returns for the known network; asked once for the same images."""
        key = (x.value.tobytes(), shift)
        return self.once(key, lambda: self.of(self.known_model(shift), x))

    def of(self, model: Shown | str, x: Array | Shown) -> Array:
        """What `predict` returns now, one row an image and four columns.

        Raises:
            CheckFailed: It returned anything but an array of that shape.
        """
        images = x.value if isinstance(x, Shown) else x
        returned = self.student.call("predict", model, x)
        expected = (len(images), 4)
        if not isinstance(returned, np.ndarray) or returned.shape != expected:
            raise CheckFailed(
                f"For {count_of(len(images), 'image')} and a network with 4 classes, `predict` should return an array "
                f"of shape {expected}, but it returned {describe(returned)}.",
                hint="Return all the probabilities that the model gives, one row an image.",
            )
        return returned.astype(np.float64)

    def seen(self, answers: Array) -> Array:
        """The means of the three channels as the network saw them, (n, 3), from what `predict` answered."""
        answers = np.maximum(answers, 1e-45)
        seen: Array = np.log(answers[:, :3] / answers[:, 3:]) / KNOWN_GAIN
        return seen
