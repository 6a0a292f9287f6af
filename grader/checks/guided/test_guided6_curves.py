"""Task 6: the curves of the training."""

from __future__ import annotations

from grader.checks.common.verdict import CheckFailed, NotRun, check
from grader.checks.guided.notes import Axes, Line, Note
from grader.checks.guided.observed import Observed, Told
from grader.checks.guided.results import failing_line, judged_training
from grader.checks.guided.shown import follows, lines_shown

_Curves = tuple[tuple[float, ...], tuple[float, ...]]
"""The training accuracies and the validation accuracies, one value an epoch."""

_CURVE_WORDS = {
    "training": (
        *("train", "trein", "tren", "trén", "entraîn", "appren", "aprend", "addestr", "lern", "ucze", "eğit"),
        *("трен", "обуч", "навч", "训练", "訓練", "学習", "훈련", "학습"),
    ),
    "validation": (
        *("val", "wal", "test", "prüf", "prueba", "doğrul"),
        *("вал", "провер", "тест", "验证", "驗證", "测试", "検証", "テスト", "검증"),
    ),
}
"""Words for the curves, or how they begin, in several languages."""


@check("curves/both")
def test_both_curves(observed: Observed) -> None:
    _, told = judged_training(observed)
    epochs = len(told.digests)
    lines = [line for line, _, _ in _lines_in_view(observed, told)]
    trained, validated = _accuracies_in(lines, _accuracies(told))
    if any(all(_accuracies_in(lines, each)) for each in _histories(observed, told)):
        return
    hint = 'Plot h.history["accuracy"] and h.history["val_accuracy"], each against range(len(...)).'
    if trained or validated:
        raise CheckFailed(
            f"Training and validation accuracy should both be plotted, but the curve of "
            f"{'validation' if trained else 'training'} is missing.",
            hint=hint,
            line=_plotting_line(observed),
        )
    losses = any(
        follows(line, told.script.loss[:epochs]) or follows(line, told.script.val_loss[:epochs]) for line in lines
    )
    why = observed.because("plot", "history", "accs", "acc")
    instead = "the losses are" if losses else f"no figure has them{why}"
    raise CheckFailed(
        f"The accuracies of this training, {epochs} epochs long in the run that was watched, should be plotted, but "
        f"{instead}.",
        hint=hint,
        line=failing_line(observed, "plot", "history", "accs"),
    )


def _lines_in_view(observed: Observed, told: Told) -> list[tuple[Line, Note, int]]:
    """Return what `lines_shown` gives, without lines outside the limits of an axes in which a made-up line is in view.

    Limits such as `plt.ylim(0.8, 1)` may leave out a sound curve, since the accuracies come from a script.
    """
    curves = [
        values[: len(each.digests)]
        for each in (told, *(other for _, other in observed.fits()))
        for values in (each.script.accuracy, each.script.val_accuracy, each.script.loss, each.script.val_loss)
    ]

    def is_made_up(line: Line) -> bool:
        return line.in_view and not any(follows(line, values) for values in curves)

    return [
        (line, note, number)
        for line, note, number in lines_shown(observed)
        if line.in_view or not any(is_made_up(other) for other in note.axes[number].lines)
    ]


def _accuracies(*trainings: Told) -> _Curves:
    """Return the training accuracies and the validation accuracies of trainings, one training after the other."""
    return (
        tuple(value for told in trainings for value in told.script.accuracy[: len(told.digests)]),
        tuple(value for told in trainings for value in told.script.val_accuracy[: len(told.digests)]),
    )


def _histories(observed: Observed, told: Told) -> list[_Curves]:
    """Return the accuracies that a figure may show: of the judged training, of any other, or of all in a row."""
    others = [other for _, other in observed.fits() if len(other.digests) > 1]
    return [_accuracies(told), *map(_accuracies, others), _accuracies(*others)]


def _accuracies_in(lines: list[Line], curves: _Curves) -> tuple[bool, bool]:
    """Return whether some lines show the training accuracies of a training, and whether its validation accuracies."""
    accuracy, val_accuracy = curves
    return any(follows(line, accuracy) for line in lines), any(follows(line, val_accuracy) for line in lines)


def _plotting_line(observed: Observed) -> int:
    return next((note.line for _, note, _ in lines_shown(observed)), 0)


@check("curves/told-apart")
def test_told_apart(observed: Observed) -> None:
    _, told = judged_training(observed)
    shown = _lines_in_view(observed, told)
    pairs = [
        [[each for each in shown if follows(each[0], values)] for values in curves]
        for curves in _histories(observed, told)
    ]
    if not any(trained or validated for trained, validated in pairs):
        raise NotRun("no figure has the accuracies.")
    found = next((pair for pair in pairs if all(pair)), None)
    if found is None:
        return  # the check before reports a missing curve
    first, second = (each[-1] for each in found)
    if first[1] is not second[1] or first[2] != second[2]:
        return  # the curves are in different axes
    axes = first[1].axes[first[2]]
    if first[0].look == second[0].look:
        raise CheckFailed(
            "The two curves should look different, but they have the same colour and style.",
            hint="Leave the colours to Matplotlib, or give each its own.",
            line=first[1].line,
        )
    # One name is enough, since only one of them may be in a language that is known here.
    if (_called(first[0], axes), _called(second[0], axes)) in (
        ("validation", "training"),
        ("validation", ""),
        ("", "training"),
    ):
        raise CheckFailed(
            "The legend should say which curve is which, but it has the two names the other way round.",
            hint="Give each curve its own label, in the order in which they are plotted.",
            line=first[1].line,
        )
    beside = [
        text for text in axes.texts if text not in (axes.xlabel, axes.ylabel)
    ]  # a title may be one text; it names no curve
    named = len(axes.legend) >= 2 or len(beside) >= 2 or len(first[1].texts) >= 2
    if not named:
        raise CheckFailed(
            "The figure should say which curve is which, but it has no legend.",
            hint="Give each plot call a label, and call plt.legend().",
            line=first[1].line,
        )


def _called(line: Line, axes: Axes) -> str:
    """Return what the legend calls a curve, `training` or `validation`; "" if it calls it neither or both."""
    text = line.label
    if len(axes.legend) == len(axes.lines):  # the entries are in the order of the lines
        text = next(entry for entry, other in zip(axes.legend, axes.lines, strict=True) if other is line)
    plain = text.casefold()
    kinds = [kind for kind, words in _CURVE_WORDS.items() if any(word in plain for word in words)]
    return kinds[0] if len(kinds) == 1 else ""
