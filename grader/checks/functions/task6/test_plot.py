"""Task 6: `plot_history`."""

from __future__ import annotations

import re
from typing import Final, Literal

import numpy as np

from grader.checks.common.answers import FigureFacts, LineFacts
from grader.checks.common.properties import for_all
from grader.checks.common.student import require_figure
from grader.checks.common.verdict import CheckFailed, NotRun, check
from grader.checks.functions.task6.cases import ONE_EPOCH, CurvesCase, curves_cases
from grader.checks.functions.task6.evidence import HistoryFigures
from grader.sandbox.host.session import SubmissionError

_PLOT_EXAMPLES = 4
_PLOT_SHRINKS = 30
_MOSTLY = 0.6
_MOST_POINTS = 1000
_VALIDATION_WORDS = re.compile(
    r"val|wal|test|dev|hold|held|unseen|вал|тест|контр|пров|επαλ|επικ|doğ|geçer|تحقق|验证|驗證|测试|測試|検証|テスト|검증|평가",
    re.IGNORECASE,
)
_TRAINING_WORDS = re.compile(
    r"train|\bfit|lern|entra[iî]n|entren|addestr|apprent|учеб|обуч|训练|訓練|学習|학습|훈련", re.IGNORECASE
)
_AXES: Final[tuple[tuple[Literal["xlabel", "ylabel"], str], ...]] = (("xlabel", "x"), ("ylabel", "y"))
_ACCURACY_WORDS = re.compile(r"accura|genauigkeit|précision|precisi", re.IGNORECASE)
_EPOCH_WORDS = re.compile(r"epo[ck]|époque", re.IGNORECASE)


@check("plot_history/both-curves")
@for_all(curves_cases(), examples=_PLOT_EXAMPLES, shrinks=_PLOT_SHRINKS)
def test_both_curves(history_figures: HistoryFigures, case: CurvesCase) -> None:
    require_curves(history_figures, case)
    history_figures.once("one epoch", lambda: require_curves(history_figures, ONE_EPOCH))


def require_curves(history_figures: HistoryFigures, case: CurvesCase) -> None:
    """Raise `CheckFailed` if the figure lacks a curve, or has the two curves on different scales."""
    facts = history_figures.plot(case)
    require_figure("plot_history", facts["returned"])
    lines, largest = all_lines(facts), []
    for name, label in (("accuracy", "training"), ("val_accuracy", "validation")):
        line = line_of(lines, case.curves[name])
        if line is None or line["y"] is None:
            raise CheckFailed(
                f"The figure should have a line of the {label} accuracy, one point an epoch, but it has none with "
                f'the values of history["{name}"].',
                hint=f'Plot history["{name}"] with one call of plot.',
            )
        largest.append(np.max(line["y"]))
    if (largest[0] > 1) != (largest[1] > 1):
        raise CheckFailed(
            "Both lines should have one scale, but one accuracy is in percent and the other a share of 1.",
            hint="Multiply both curves by 100, or neither.",
        )


@check("plot_history/legend")
@for_all(curves_cases(), examples=_PLOT_EXAMPLES, shrinks=_PLOT_SHRINKS)
def test_legend(history_figures: HistoryFigures, case: CurvesCase) -> None:
    facts = history_figures.plot(case, older_names=True)
    found = {name: line for name, line in curves_in(facts, case).items() if line is not None}
    if not found:
        raise NotRun("no curve is drawn.")
    texts = {name: legend_texts(facts, line) for name, line in found.items()}
    if not all(texts.values()):  # entries that were made by hand, such as patches, may only have the colour
        colours = {name: str(line["look"]).split(" ")[0] for name, line in found.items()}
        if len(set(colours.values())) == len(colours):
            texts = {name: texts_of_colour(facts, colour) for name, colour in colours.items()}
    if not all(texts.values()):
        raise CheckFailed(
            "A legend should tell the two lines apart, but "
            f"{'the figure has none' if not facts['legends'] else 'it does not name both lines'}.",
            hint="Give each call of plot a label, and call legend().",
        )
    both = set.intersection(*texts.values()) if len(texts) > 1 else set()
    if both:
        raise CheckFailed(
            f'A legend should tell the two lines apart, but both are called "{sorted(both)[0]}".',
            hint="Give each line its own label, and its own colour or style.",
        )
    sure = any(_TRAINING_WORDS.search(text) for text in texts.get("accuracy", ()))  # so the other is that of validation
    for name, called in texts.items():
        is_validation = name.startswith("val")
        if is_validation and sure and not any(_TRAINING_WORDS.search(text) for text in called):
            continue
        if not any(bool(_VALIDATION_WORDS.search(text)) == is_validation for text in called):
            raise CheckFailed(
                f'The legend should call the lines training and validation, but the line of history["{name}"] is '
                f'called "{sorted(called)[0]}".',
                hint="Labels given to legend() follow the order in which the lines were drawn.",
            )


def curves_in(facts: FigureFacts, case: CurvesCase) -> dict[str, LineFacts | None]:
    """Return the lines of training and validation, even if they are not exactly the curves.

    Another check is about that.  If the figure shows losses and no accuracies, these are the lines of the losses.
    """
    lines = all_lines(facts)
    found = {name: line_of(lines, case.curves[name]) for name in ("accuracy", "val_accuracy")}
    if None in found.values():
        of_losses = {name: line_of(lines, case.curves[name]) for name in ("loss", "val_loss")}
        if not any(line is None for line in of_losses.values()):
            return of_losses
        others = [line for line in lines if not any(line is each for each in found.values())]
        for name in [name for name, line in found.items() if line is None]:
            likeness = [_overlap(line, case.curves[name]) for line in others]
            if likeness and max(likeness) > _MOSTLY:
                found[name] = others.pop(likeness.index(max(likeness)))
    return found


def _overlap(line: LineFacts, curve: list[float]) -> float:
    """Return the share of a line's points that are values of a curve, on a scale to 1 or in percent."""
    y = line["y"]
    if not isinstance(y, np.ndarray) or not 0 < len(y) <= _MOST_POINTS:
        return 0.0
    return max(float(np.mean(np.isclose(y[:, None], np.multiply(curve, scale)).any(axis=1))) for scale in (1, 100))


@check("plot_history/axis-labels")
def test_axis_labels(history_figures: HistoryFigures) -> None:
    case = CurvesCase((0.5, 0.6, 0.7), (0.4, 0.6, 0.5))
    facts = history_figures.plot(case, older_names=True)
    curves = [case.curves[name] for name in ("accuracy", "val_accuracy")]
    drawn = [axes for axes in facts["axes"] if any(line_of(axes["lines"], curve) for curve in curves)]
    for name, what in _AXES:
        of_axes = [axes[name].strip() for axes in drawn or facts["axes"]]
        if not facts[name].strip() and not (of_axes and all(of_axes)):
            raise CheckFailed(
                f"Both axes should be labelled, but the {what} axis is not.",
                hint="Say what is drawn, with set_xlabel and set_ylabel (or plt.xlabel and plt.ylabel).",
            )
    for axes in drawn:
        if _ACCURACY_WORDS.search(axes["xlabel"]) and _EPOCH_WORDS.search(axes["ylabel"]):
            raise CheckFailed(
                f'The labels of the axes are exchanged: the x axis, which counts epochs, is called "{axes["xlabel"]}".',
                hint="Call the x axis by the epochs and the y axis by the accuracy.",
            )


@check("plot_history/history-or-dict")
@for_all(curves_cases(), examples=2, shrinks=10)
def test_history_or_dict(history_figures: HistoryFigures, case: CurvesCase) -> None:
    if not all_lines(history_figures.plot(case, older_names=True)):
        return  # no way to call it draws anything, which another check is about
    for form, what in (("history", "a History"), ("dictionary", "the dictionary of a History")):
        try:
            facts = history_figures.plotted(case, form)
        except SubmissionError as error:
            if error.type_name == "KeyError" and error.text.strip("'\"") not in case.curves:
                continue  # it asks for a name that no History has, which another check is about
            raise
        if not all_lines(facts):
            raise CheckFailed(
                f"`plot_history` should take {what}, but it drew nothing.",
                hint="A History has its dictionary in the attribute history.",
            )


def all_lines(facts: FigureFacts) -> list[LineFacts]:
    """Return the lines of all axes of a figure."""
    return [line for axes in facts["axes"] for line in axes["lines"]]


def line_of(lines: list[LineFacts], curve: list[float]) -> LineFacts | None:
    """Return the line that draws a curve, on a scale to 1 or in percent; `None` if there is none."""
    for line in lines:
        y = line["y"]
        if isinstance(y, np.ndarray) and y.shape == (len(curve),):
            for scale in (1, 100):
                if np.allclose(y, np.multiply(curve, scale), atol=1e-6 * scale):
                    return line
    return None


def legend_texts(facts: FigureFacts, line: LineFacts) -> set[str]:
    """Return what the legends call a line: the texts of the entries that look like it."""
    entries = [entry for legend in facts["legends"] for entry in legend]
    return {entry["text"] for entry in entries if entry["look"] == line["look"] and entry["text"].strip()}


def texts_of_colour(facts: FigureFacts, colour: str) -> set[str]:
    """Return what the legends call a colour: the texts of the entries that have it."""
    entries = [entry for legend in facts["legends"] for entry in legend]
    return {entry["text"] for entry in entries if entry["look"].split(" ")[0] == colour and entry["text"].strip()}
