"""Task 6: `plot_history` and `predict`."""

from __future__ import annotations

import contextlib
import itertools
import re
from collections.abc import Callable
from functools import partial
from typing import Any, Final, Literal

import numpy as np
from hypothesis import strategies as st

from grader.checks.common.answers import FigureFacts, LineFacts
from grader.checks.common.properties import for_all
from grader.checks.common.student import Missing, require_figure
from grader.checks.common.verdict import CheckFailed, NotRun, Shown, check, count_of
from grader.checks.functions.evidence import (
    HistoryFigures,
    Predictions,
    first_that_works,
    require_shape,
    rows_of_answers,
)
from grader.checks.functions.oracles import Shape, laid_out, witness_images
from grader.checks.functions.strategies import CurvesCase, curves_cases
from grader.checks.functions.trainings import Trainings
from grader.sandbox.host.session import SubmissionError, WorkerGone

Array = np.ndarray[Any, Any]
Colours = list[tuple[tuple[int, ...], int]]
"""Images of three levels each, of its channels or parts, and what is added to all three."""

_PLOT_EXAMPLES = 4
_MOSTLY = 0.6
_MOST_POINTS = 1000
_PLOT_SHRINKS = 30
_TOLD = 4
_PREDICT_EXAMPLES = 2
_PREDICT_SHRINKS = 20
_VALIDATION_WORDS = re.compile(
    r"val|wal|test|dev|hold|held|unseen|вал|тест|контр|пров|επαλ|επικ|doğ|geçer|تحقق|验证|驗證|测试|測試|検証|テスト|검증|평가",
    re.IGNORECASE,
)

_AXES: Final[tuple[tuple[Literal["xlabel", "ylabel"], str], ...]] = (("xlabel", "x"), ("ylabel", "y"))
_ACCURACY_WORDS = re.compile(r"accura|genauigkeit|précision|precisi", re.IGNORECASE)
_EPOCH_WORDS = re.compile(r"epo[ck]|époque", re.IGNORECASE)


@check("plot_history/both-curves")
@for_all(curves_cases(), examples=_PLOT_EXAMPLES, shrinks=_PLOT_SHRINKS)
def test_both_curves(history_figures: HistoryFigures, case: CurvesCase) -> None:
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
    if not all(texts.values()):  # proxies in the legend, such as patches, may have the colours alone
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
    for name, called in texts.items():
        is_validation = name.startswith("val")
        if not any(bool(_VALIDATION_WORDS.search(text)) == is_validation for text in called):
            raise CheckFailed(
                f'The legend should call the lines training and validation, but the line of history["{name}"] is '
                f'called "{sorted(called)[0]}".',
                hint="Labels given to legend() follow the order in which the lines were drawn.",
            )


def curves_in(facts: FigureFacts, case: CurvesCase) -> dict[str, LineFacts | None]:
    """The lines of training and validation, also where they are not quite the curves: another check is about that."""
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
    """The share of a line's points that are values of a curve, as a share or in percent."""
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
        return  # nothing is drawn in any form, which another check is about
    for form, what in (("history", "a History"), ("dictionary", "the dictionary of a History")):
        try:
            facts = history_figures.plotted(case, form)
        except SubmissionError as error:
            if error.type_name == "KeyError" and error.text.strip("'\"") not in case.curves:
                continue  # a name that no History has, which another check is about
            raise
        if not all_lines(facts):
            raise CheckFailed(
                f"`plot_history` should take {what}, but it drew nothing.",
                hint="A History has its dictionary in the attribute history.",
            )


def all_lines(facts: FigureFacts) -> list[LineFacts]:
    """The lines of all axes of a figure."""
    return [line for axes in facts["axes"] for line in axes["lines"]]


def line_of(lines: list[LineFacts], curve: list[float]) -> LineFacts | None:
    """The line that draws a curve, as a share or in percent."""
    for line in lines:
        y = line["y"]
        if isinstance(y, np.ndarray) and y.shape == (len(curve),):
            for scale in (1, 100):
                if np.allclose(y, np.multiply(curve, scale), atol=1e-6 * scale):
                    return line
    return None


def legend_texts(facts: FigureFacts, line: LineFacts) -> set[str]:
    """What the legends call a line: the entries that look like it."""
    entries = [entry for legend in facts["legends"] for entry in legend]
    return {entry["text"] for entry in entries if entry["look"] == line["look"] and entry["text"].strip()}


def texts_of_colour(facts: FigureFacts, colour: str) -> set[str]:
    """What the legends call a colour."""
    entries = [entry for legend in facts["legends"] for entry in legend]
    return {entry["text"] for entry in entries if entry["look"].split(" ")[0] == colour and entry["text"].strip()}


# One brightest channel an image; darker and lighter images, so that no image stands for the others.
_COLOURS = st.lists(st.tuples(st.permutations((40, 110, 200)), st.sampled_from((-30, 0, 50))), min_size=1, max_size=40)


def coloured(colours: Colours, shape: Shape) -> Shown:
    """Images of the given levels, made lighter or darker: uniform in colour, and in grey frame, ring and middle."""
    levels = levels_of(colours)
    images = laid_out(levels, shape)
    if shape[2] == 3:
        return Shown(
            images, f'np.ones((1, {shape[0]}, {shape[1]}, 3), "uint8") * {_array(levels)}.reshape(-1, 1, 1, 3)'
        )
    told = f"frame, ring and middle have the levels {levels[:_TOLD].tolist()}{' and so on' * (len(levels) > _TOLD)}"
    return Shown(images, f"...  # grey images of {shape[0]} x {shape[1]}, uint8: {told}")


def images_of(predictions: Predictions, colours: Colours) -> Shown:
    """The same for the course's images."""
    return coloured(colours, predictions.subject.image_shape)


def levels_of(colours: Colours) -> Array:
    """The levels of images, shape (n, 3)."""
    return np.array([[level + light for level in colour] for colour, light in colours])


def _array(levels: Array) -> str:
    return f'np.array({levels.tolist()}, "uint8")'


# Nearly grey, so that the known network is unsure.
_OF_GREYS: Colours = [((128 + i % 3, 128 + (i + 1) % 3, 128 + (i + 2) % 3), 20 * i - 60) for i in range(7)]
_LEVELS: Array = levels_of(_OF_GREYS).astype(np.float64)


def greys_of(predictions: Predictions) -> Shown:
    """Images of which the known network is unsure."""
    return images_of(predictions, _OF_GREYS)


# More than a batch, whatever the batch, and a part of one; the model is surer of some than of others.
_ORDERS = ((0, 1, 2), (2, 0, 1), (1, 2, 0))
_COLOURS_OF_MANY: Colours = [
    (tuple(60 + (25 + i % 20) * step for step in _ORDERS[i * i % 3]), 5 * (i % 7)) for i in range(150)
]


@check("predict/probabilities")
@for_all(_COLOURS, examples=_PREDICT_EXAMPLES, shrinks=_PREDICT_SHRINKS)
def test_probabilities(predictions: Predictions, case: Colours) -> None:
    for colours in (case, _COLOURS_OF_MANY, _OF_GREYS):
        images = images_of(predictions, colours)
        answers = predictions.by_model(images)
        require_shape(answers, len(images.value))
        sums = answers.sum(axis=1)
        if not np.all(np.isfinite(answers)) or np.any(answers < 0) or not np.all(np.abs(sums - 1) < 1e-3):
            raise CheckFailed(
                "Each row should be probabilities that sum to 1, but one is "
                f"{_row(answers[int(np.argmax(np.nan_to_num(np.abs(sums - 1), nan=np.inf)))])}.",
                hint="Return what the model gives, without rounding, logarithms or another normalisation.",
            )
    if np.all((answers < 0.01) | (answers > 0.99)):
        raise CheckFailed(
            f"Each row should be probabilities as the model gives them, but for an image of which the model is unsure "
            f"it is {_row(answers[0])}.",
            hint="Return the probabilities, not the decision: argmax is for whoever calls predict.",
        )


def _in_words(counts: list[int]) -> str:
    return f"{', '.join(map(str, counts[:-1]))} and {counts[-1]}"


def _row(values: Array) -> str:
    return "[" + ", ".join(f"{value:.3g}" for value in values) + "]"


@check("predict/uses-the-model")
@for_all(_COLOURS, examples=_PREDICT_EXAMPLES, shrinks=_PREDICT_SHRINKS)
def test_uses_the_model(predictions: Predictions, case: Colours) -> None:
    predictions.once("takes a model", lambda: predictions.returned(predictions.known_model(), greys_of(predictions)))
    for some, shift in ((case, 0), (_COLOURS_OF_MANY, 0), (_COLOURS_OF_MANY[:7], 1)):
        colours = answered(predictions, some)
        expected, predicted = classes_of(predictions, colours, shift)
        wanted, counts = (np.bincount(each, minlength=3).tolist() for each in (expected, predicted))
        if counts != wanted:
            raise CheckFailed(
                f"Of {count_of(len(colours), 'image')} the model puts {_in_words(wanted)} into its first three "
                f"classes, but by the answers of `predict` it is {_in_words(counts)}.",
                hint="Ask the model that is given in this very call, and return its columns as they are.",
            )
    answers = predictions.by_model(greys_of(predictions))
    if answers.shape != (len(_LEVELS), 4) or np.all((answers < 0.01) | (answers > 0.99)):
        return  # another check is about that
    if not np.all(np.abs(answers.sum(axis=1) - 1) < 1e-3) or np.any(answers < 0):
        return  # likewise
    if not (
        is_affine(_LEVELS, predictions.seen(answers)) or is_affine(_LEVELS, predictions.seen(one_by_one(predictions)))
    ):
        raise CheckFailed(
            "The answers should be the model's own probabilities, but they are something else that was made of them: "
            f"for one image {_row(answers[0])}.",
            hint="Return what the model gives, without a second softmax, rounding or another normalisation.",
        )


def answered(predictions: Predictions, colours: Colours) -> Colours:
    """The images, or where not all of them are answered, some that are: another check is about how many there are."""
    for some in (colours, _COLOURS_OF_MANY[:128], _COLOURS_OF_MANY[:7]):
        with contextlib.suppress(CheckFailed):
            rows_of_answers(predictions.by_model(images_of(predictions, some)), len(some))
            return some
    return colours


def one_by_one(predictions: Predictions) -> Array:
    """The answers about grey images, each asked about alone, so that no order can be wrong."""
    alone = [images_of(predictions, [colour]) for colour in _OF_GREYS]
    return np.concatenate([rows_of_answers(predictions.by_model(each), 1) for each in alone])


def is_affine(levels: Array, seen: Array) -> bool:
    """Whether the channels that a network saw are the images' levels, scaled and shifted; both (n, 3).

    Either by the same numbers for all images, channel by channel, or by each image's own.
    """
    for x, y in ((levels, seen), (levels.T, seen.T)):
        x, y = x - x.mean(axis=0), y - y.mean(axis=0)
        slopes = np.sum(x * y, axis=0) / np.sum(x * x, axis=0)
        rest = np.abs(y - x * slopes).max(axis=0)
        if np.all(np.isfinite(y)) and np.all(rest <= 0.03 * np.abs(y).max(axis=0)) and np.all(slopes > 0):
            return True
    return False


@check("predict/in-order")
@for_all(_COLOURS, examples=_PREDICT_EXAMPLES, shrinks=_PREDICT_SHRINKS)
def test_in_order(predictions: Predictions, case: Colours) -> None:
    for some in (case, _COLOURS_OF_MANY):
        colours = answered(predictions, some)
        expected, predicted = classes_of(predictions, colours)
        rows = rows_of_answers(predictions.by_model(images_of(predictions, colours)), len(colours))
        if any(
            np.array_equal(np.argmax(rows[:, order], axis=1), expected) for order in itertools.permutations(range(4), 3)
        ):
            continue  # what the columns mean, another check asks
        if sorted(expected) != sorted(predicted):
            raise NotRun("the answers are not those of the model.")
        wrong = np.flatnonzero(expected != predicted)
        if len(wrong):
            raise CheckFailed(
                f"Row i should belong to x[i], but row {wrong[0]} says class {predicted[wrong[0]]}, and by the model "
                f"x[{wrong[0]}] is of class {expected[wrong[0]]}.",
                hint="Neither sort nor shuffle before or after asking the model.",
            )


def classes_of(predictions: Predictions, colours: Colours, shift: int = 0) -> tuple[Array, Array]:
    """The class of each image by the known model, and which of the three `predict` finds most probable."""
    answers = rows_of_answers(predictions.by_model(images_of(predictions, colours), shift), len(colours))
    return (np.argmax(levels_of(colours), axis=1) + shift) % 3, np.argmax(answers[:, :3], axis=1)


@check("predict/checkpoint-path")
def test_checkpoint_path(predictions: Predictions) -> None:
    by_path = predictions.returned(predictions.path(), greys_of(predictions))
    example = predictions.example
    by_model = predictions.by_model(greys_of(predictions))
    count = len(_LEVELS)
    if by_path.shape != by_model.shape or not same_rows(
        *(rows_of_answers(each, count) for each in (by_path, by_model))
    ):
        raise CheckFailed(
            "The path of a checkpoint should give the same answers as the model in it, but it gives others.",
            hint="Where `model` is no keras.Model, load it with keras.models.load_model.",
            example=example,
        )


@check("predict/rows-independent")
def test_rows_independent(predictions: Predictions) -> None:
    def ask(images: Array) -> Array:
        def by_path() -> Array:
            return predictions.returned(predictions.path(), images)

        by_model = partial(predictions.returned, predictions.known_model(), images)
        return rows_of_answers(first_that_works([by_model, by_path]), len(images))

    greys = greys_of(predictions)
    images = greys.value
    together = rows_of_answers(predictions.by_model(greys), len(images))
    order = np.array([3, 0, 6, 2, 5, 1, 4])
    few = order[-3:]
    for what, other, rows in (
        ("when it is asked about alone", np.concatenate([ask(images[i : i + 1]) for i in few]), few),
        ("among the same images in another order", ask(images[order]), order),
        ("when it is asked about again", ask(images), np.arange(len(images))),
    ):
        difference = np.abs(together[rows] - other).max(axis=1)
        # Whether rows are in order, another check asks.
        if not np.all(difference < 1e-3) and not same_rows(other, together):
            worst = int(rows[int(np.argmax(np.nan_to_num(difference, nan=np.inf)))])
            raise CheckFailed(
                f"The answer about an image should depend on that image alone, but about x[{worst}] there is another "
                f"{what}.",
                hint="Scale by fixed numbers, not by the mean or maximum of x, and do not call the model in training "
                "mode.",
            )


def same_rows(some: Array, others: Array) -> bool:
    """Whether each row of some answers is among others, whatever their order: each is a row that no other one is."""
    near = np.abs(some[:, None] - others[None]).max(axis=2) < 1e-3
    if len(some) == len(others) and near.diagonal().all():
        return True
    from scipy.optimize import linear_sum_assignment  # takes a third of a second, and few submissions need it

    return bool(near[linear_sum_assignment(near, maximize=True)].all())


@check("predict/scales-as-train-does")
def test_scales_as_train_does(predictions: Predictions, trainings: Trainings) -> None:
    try:
        trained = trainings.seen_in_training()
    except (Missing, CheckFailed, SubmissionError, WorkerGone):
        raise NotRun("`train` did not work.") from None
    subject = predictions.subject
    what = (
        "with level 240 in its frame, a ring or the middle"
        if subject.is_grey
        else "red, green or blue: level 240 in one channel"
    )
    images = Shown(witness_images(subject.image_shape)[0][:30], f"...  # 30 images, each {what}")
    decode = decoder(predictions)
    if decode is None:
        require_scale_of_decisions(predictions, images, trained)
        return
    predicted = float(np.mean(predictions.seen(decode(rows_of_answers(predictions.by_model(images), 30)))))
    if not abs(trained - predicted) <= 0.3 * max(abs(trained), abs(predicted)) + 0.02:  # NaN agrees with nothing
        raise CheckFailed(
            "`predict` should scale images as `train` does, but for the same images the model sees a mean of "
            f"{trained:.3g} in `train` and of {predicted:.3g} in `predict`.",
            hint=_SCALE_HINT,
        )


_SCALE_HINT: Final = "Divide by 255 in both or in neither: a model that rescales needs raw images in both."


def decoder(predictions: Predictions) -> Callable[[Array], Array] | None:
    """What turns rows of answers back into probabilities, for answers that are something else.

    That they are is what other checks say: logarithms, percent, another softmax, other columns.  `None` where nothing
    does.
    """

    def as_they_are(rows: Array) -> Array:
        return rows

    def without_logarithm(rows: Array) -> Array:
        powers: Array = np.exp(rows)
        return powers

    def without_softmax(rows: Array) -> Array:
        logs = np.log(np.maximum(rows, 1e-45))
        undone: Array = logs + (1 - logs.sum(axis=1, keepdims=True)) / rows.shape[1]
        return undone

    def undone(rows: Array, undo: Callable[[Array], Array], columns: tuple[int, ...]) -> Array:
        return undo(rows)[:, columns]

    with np.errstate(all="ignore"):
        for alone in (False, True):
            greys = (
                one_by_one(predictions)
                if alone
                else rows_of_answers(predictions.by_model(greys_of(predictions)), len(_LEVELS))
            )
            for undo in (as_they_are, without_logarithm, without_softmax):
                for columns in itertools.permutations(range(4)):
                    probabilities = undone(greys, undo, columns)
                    if np.all(probabilities > 0) and is_affine(_LEVELS, predictions.seen(probabilities)):
                        return partial(undone, undo=undo, columns=columns)
    return None


def require_scale_of_decisions(predictions: Predictions, images: Shown, trained: float) -> None:
    """Judge the scale of answers that are decisions: by networks whose decision depends on it.

    Raises:
        CheckFailed: `predict` scales otherwise than `train`.
        NotRun: It cannot be told.
    """
    brightest = 3 * trained  # the other two channels, or parts, are black
    if not brightest > 0:
        raise NotRun("the answers are not those of the model.")
    decided = []
    for threshold in (0.5 * brightest, 2 * brightest):
        rows = rows_of_answers(predictions.by_model(images, threshold=threshold), len(images.value))
        decided.append(float(np.mean(np.argmax(rows, axis=1) == 3)))
    if decided[0] > 0.5 or decided[1] < 0.5:
        raise CheckFailed(
            "`predict` should scale images as `train` does, but for the same images the model sees other values.",
            hint=_SCALE_HINT,
        )
