"""The figures that `plot_history` draws, and what `predict` answers."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from grader.checks.common.answers import ReturnedFigure
from grader.checks.common.evidence import KNOWN_GAIN, Evidence
from grader.checks.common.verdict import CheckFailed, Shown, count_of, describe
from grader.checks.functions.evidence import Figures, first_that_works, is_regular
from grader.checks.functions.task6.cases import CurvesCase
from grader.sandbox.wire.frames import Handle

Array = np.ndarray[Any, Any]


class HistoryFigures(Figures):
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
        answers = np.asarray(returned) if is_regular(returned) else returned
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
