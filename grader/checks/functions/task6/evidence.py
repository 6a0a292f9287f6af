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
        """Return what the figure of some curves shows, from the first way to call the function that draws lines.

        Args:
            case: The curves.
            older_names: Whether a dictionary that also has Keras' former names of the curves is tried as well.
        """
        forms = ("dictionary", "history", "older names") if older_names else ("dictionary", "history")

        def draw(form: str) -> ReturnedFigure:
            facts = self.plotted(case, form)
            if not any(axes["lines"] for axes in facts["axes"]):
                raise CheckFailed("`plot_history` should draw lines, but it drew none.", hint="Draw with ax.plot.")
            return facts

        try:
            return first_that_works([partial(draw, form) for form in forms])
        except CheckFailed:  # no way to call it draws lines
            return first_that_works([partial(self.plotted, case, form) for form in forms])

    def plotted(self, case: CurvesCase, form: str) -> ReturnedFigure:
        """Return what the figure shows, from one way to call the function.

        Args:
            case: The curves.
            form: The form of the argument: `dictionary`, `history`, or `older names` for a dictionary with those too.
        """

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
    """What `predict` answers with a network that the grader knows; see `models.brightest_channel_model`.

    In all methods, `shift` and `threshold` are those of that network.
    """

    def known_model(self, shift: int = 0, threshold: float = 0.0) -> Shown:
        """Return the network, whose class is the number of the brightest channel plus `shift`, modulo 3."""

        def make() -> Handle:
            return self.student.tools.brightest_channel_model(KNOWN_GAIN, shift, threshold, self.subject.image_shape)

        handle = self.once(("model", shift, threshold), make)
        brightest = "brightest of frame, ring and middle" if self.subject.is_grey else "brightest of three channels"
        return Shown(handle, f"...  # a network with four classes, the {brightest} and one more")

    def path(self, shift: int = 0, threshold: float = 0.0) -> str:
        """Return the path of a checkpoint of the network."""

        def save() -> str:
            name = "known.keras" if not shift and not threshold else f"known-{shift}-{threshold:g}.keras"
            self.student.tools.save_model(self.known_model(shift, threshold).value, name)
            return name

        return self.once(("path", shift, threshold), save)

    def by_model(self, x: Shown, shift: int = 0, threshold: float = 0.0) -> Array:
        """Return what `predict` answers with the known network, or with the path of a checkpoint if it takes none.

        It is called once for the same images.  Other checks are about which of the two it takes.
        """

        def with_path() -> Array:
            return self.returned(self.path(shift, threshold), x)

        key = (x.value.tobytes(), shift, threshold)
        ways = [lambda: self.returned(self.known_model(shift, threshold), x), with_path]
        return self.once(key, lambda: first_that_works(ways))

    def returned(self, model: Shown | str, x: Array | Shown) -> Array:
        """Call `predict` once more, and return its answers as float64.

        Raises:
            CheckFailed: If it did not return an array of numbers.
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
        """Work out from answers the means of the three channels or parts as the network saw them, shape (n, 3)."""
        answers = np.maximum(answers, 1e-45)
        seen: Array = np.log(answers[:, :3] / answers[:, 3:]) / KNOWN_GAIN
        return seen


def require_shape(answers: Array, count: int) -> None:
    """Raise `CheckFailed` if the answers about `count` images do not have the shape (count, 4)."""
    if answers.shape != (count, 4):
        raise CheckFailed(
            f"For {count_of(count, 'image')} and a network with 4 classes, `predict` should return an array "
            f"of shape {(count, 4)}, but it returned {describe(answers)}.",
            hint="Return all the probabilities that the model gives, one row an image.",
        )


def rows_of_answers(answers: Array, count: int) -> Array:
    """Return answers in the shape (count, 4), even if they have another form, which another check is about.

    They may be transposed, or be a single row.  Numbers of classes become one-hot rows.

    Raises:
        CheckFailed: If they have none of these forms.
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
