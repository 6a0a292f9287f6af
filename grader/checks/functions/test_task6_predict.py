"""Task 6: `plot_history` and `predict`."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from hypothesis import strategies as st

from grader.checks.common.properties import for_all
from grader.checks.common.student import Missing
from grader.checks.common.verdict import CheckFailed, NotRun, Shown, check, count_of
from grader.checks.functions.evidence import HistoryFigures, Predictions
from grader.checks.functions.oracles import witness_images
from grader.checks.functions.strategies import CurvesCase, curves_cases
from grader.checks.functions.trainings import Trainings
from grader.sandbox.host.session import SubmissionError, WorkerGone

Array = np.ndarray[Any, Any]
Colours = list[tuple[tuple[int, ...], int]]
"""Images of one colour each: the levels of the channels, and what is added to all three."""

_PLOT_EXAMPLES = 4
_PLOT_SHRINKS = 30
_PREDICT_EXAMPLES = 2
_PREDICT_SHRINKS = 20
_VALIDATION_WORDS = re.compile(
    r"val|wal|test|dev|hold|held|unseen|вал|тест|контр|пров|επαλ|επικ|doğ|geçer|تحقق|验证|驗證|测试|測試|検証|テスト|검증|평가",
    re.IGNORECASE,
)

_ACCURACY_WORDS = re.compile(r"accura|genauigkeit|précision|precisi", re.IGNORECASE)
_EPOCH_WORDS = re.compile(r"epo[ck]|époque", re.IGNORECASE)


@check("plot_history/both-curves")
@for_all(curves_cases(), examples=_PLOT_EXAMPLES, shrinks=_PLOT_SHRINKS)
def test_both_curves(history_figures: HistoryFigures, case: CurvesCase) -> None:
    lines = all_lines(history_figures.plot(case, as_history=False))
    for name, label in (("accuracy", "training"), ("val_accuracy", "validation")):
        if line_of(lines, case.curves[name]) is None:
            raise CheckFailed(
                f"The figure should have a line of the {label} accuracy, one point an epoch, but it has none with "
                f'the values of history["{name}"].',
                hint=f'Plot history["{name}"] with one call of plot.',
            )
    largest = [np.max(line_of(lines, case.curves[name])["y"]) for name in ("accuracy", "val_accuracy")]  # type: ignore[index]
    if (largest[0] > 1) != (largest[1] > 1):
        raise CheckFailed(
            "Both lines should have one scale, but one accuracy is in percent and the other a share of 1.",
            hint="Multiply both curves by 100, or neither.",
        )


@check("plot_history/legend")
@for_all(curves_cases(), examples=_PLOT_EXAMPLES, shrinks=_PLOT_SHRINKS)
def test_legend(history_figures: HistoryFigures, case: CurvesCase) -> None:
    facts = history_figures.plot(case, as_history=False)
    lines = all_lines(facts)
    found = [line_of(lines, case.curves[name]) for name in ("accuracy", "val_accuracy")]
    if None in found:
        raise NotRun("one of the two curves is missing.")
    training, validation = (legend_texts(facts, line) for line in found if line is not None)
    if not training or not validation:  # proxies in the legend, such as patches, may have the colours alone
        colours = [str(line["look"]).split(" ")[0] for line in found if line is not None]
        if colours[0] != colours[1]:
            training, validation = (texts_of_colour(facts, colour) for colour in colours)
    if not training or not validation:
        raise CheckFailed(
            "A legend should tell the two lines apart, but "
            f"{'the figure has none' if not facts['legends'] else 'it does not name both lines'}.",
            hint="Give each call of plot a label, and call legend().",
        )
    if training & validation:
        raise CheckFailed(
            f'A legend should tell the two lines apart, but both are called "{sorted(training & validation)[0]}".',
            hint="Give each line its own label, and its own colour or style.",
        )
    for texts, is_validation in ((training, False), (validation, True)):
        if not any(bool(_VALIDATION_WORDS.search(text)) == is_validation for text in texts):
            name = "val_accuracy" if is_validation else "accuracy"
            raise CheckFailed(
                f'The legend should call the lines training and validation, but the line of history["{name}"] is '
                f'called "{sorted(texts)[0]}".',
                hint="Labels given to legend() follow the order in which the lines were drawn.",
            )


@check("plot_history/axis-labels")
def test_axis_labels(history_figures: HistoryFigures) -> None:
    case = CurvesCase((0.5, 0.6, 0.7), (0.4, 0.6, 0.5))
    facts = history_figures.plot(case, as_history=False)
    curves = [case.curves[name] for name in ("accuracy", "val_accuracy")]
    drawn = [axes for axes in facts["axes"] if any(line_of(axes["lines"], curve) for curve in curves)]
    for name, what in (("xlabel", "x"), ("ylabel", "y")):
        if not all(axes[name].strip() or facts[name].strip() for axes in drawn or facts["axes"] or [facts]):
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
    for as_history in (True, False):
        lines = all_lines(history_figures.plot(case, as_history=as_history))
        if not lines:
            raise CheckFailed(
                f"`plot_history` should take {'a History' if as_history else 'the dictionary of a History'}, but it "
                "drew nothing.",
                hint="A History has its dictionary in the attribute history.",
            )


def all_lines(facts: dict[str, Any]) -> list[dict[str, Any]]:
    """The lines of all axes of a figure."""
    return [line for axes in facts["axes"] for line in axes["lines"]]


def line_of(lines: list[dict[str, Any]], curve: list[float]) -> dict[str, Any] | None:
    """The line that draws a curve, as a share or in percent."""
    for line in lines:
        y = line["y"]
        if isinstance(y, np.ndarray) and y.shape == (len(curve),):
            for scale in (1, 100):
                if np.allclose(y, np.multiply(curve, scale), atol=1e-6 * scale):
                    return line
    return None


def legend_texts(facts: dict[str, Any], line: dict[str, Any]) -> set[str]:
    """What the legends call a line: the entries that look like it."""
    entries = [entry for legend in facts["legends"] for entry in legend]
    return {entry["text"] for entry in entries if entry["look"] == line["look"] and entry["text"].strip()}


def texts_of_colour(facts: dict[str, Any], colour: str) -> set[str]:
    """What the legends call a colour."""
    entries = [entry for legend in facts["legends"] for entry in legend]
    return {entry["text"] for entry in entries if entry["look"].split(" ")[0] == colour and entry["text"].strip()}


# One brightest channel an image; darker and lighter images, so that no image stands for the others.
_COLOURS = st.lists(st.tuples(st.permutations((40, 110, 200)), st.sampled_from((-30, 0, 50))), min_size=1, max_size=40)


def coloured(colours: Colours) -> Shown:
    """Uniform images of the given colours, made lighter or darker."""
    levels = [[channel + light for channel in colour] for colour, light in colours]
    images = np.ones((1, 32, 32, 3), np.uint8) * np.array(levels, np.uint8).reshape(-1, 1, 1, 3)
    text = f'np.ones((1, 32, 32, 3), "uint8") * np.array({levels}, "uint8").reshape(-1, 1, 1, 3)'
    return Shown(images, text)


# Nearly grey, so that the known network is unsure.
_GREYS = coloured([((128 + i % 3, 128 + (i + 1) % 3, 128 + (i + 2) % 3), 20 * i - 60) for i in range(7)])


# More than a batch, whatever the batch, and a part of one; the model is surer of some than of others.
_ORDERS = ((0, 1, 2), (2, 0, 1), (1, 2, 0))
_COLOURS_OF_MANY: Colours = [
    (tuple(60 + (25 + i % 20) * step for step in _ORDERS[i * i % 3]), 5 * (i % 7)) for i in range(150)
]


@check("predict/probabilities")
@for_all(_COLOURS, examples=_PREDICT_EXAMPLES, shrinks=_PREDICT_SHRINKS)
def test_probabilities(predictions: Predictions, case: Colours) -> None:
    for images in (coloured(case), coloured(_COLOURS_OF_MANY), _GREYS):
        answers = predictions.by_model(images)
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
    for colours, shift in ((case, 0), (_COLOURS_OF_MANY, 0), (_COLOURS_OF_MANY[:7], 1)):
        expected, predicted = classes_of(predictions, colours, shift)
        wanted, counts = (np.bincount(each, minlength=3).tolist() for each in (expected, predicted))
        if counts != wanted:
            raise CheckFailed(
                f"Of {count_of(len(colours), 'image')} the model puts {_in_words(wanted)} into its first three "
                f"classes, but by the answers of `predict` it is {_in_words(counts)}.",
                hint="Ask the model that is given in this very call, and return its columns as they are.",
            )
    if not is_affine(_GREYS.value[:, 0, 0, :].astype(np.float64), predictions.seen(predictions.by_model(_GREYS))):
        raise CheckFailed(
            "The answers should be the model's own probabilities, but they are something else that was made of them: "
            f"for one image {_row(predictions.by_model(_GREYS)[0])}.",
            hint="Return what the model gives, without a second softmax, rounding or another normalisation.",
        )


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
    for colours in (case, _COLOURS_OF_MANY):
        expected, predicted = classes_of(predictions, colours)
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
    images = coloured(colours)
    answers = predictions.by_model(images, shift)
    return (np.argmax(images.value[:, 0, 0, :], axis=1) + shift) % 3, np.argmax(answers[:, :3], axis=1)


@check("predict/checkpoint-path")
def test_checkpoint_path(predictions: Predictions) -> None:
    by_path = predictions.of(predictions.path(), _GREYS)
    example = predictions.example
    by_model = predictions.by_model(_GREYS)
    if not np.allclose(by_path, by_model, atol=1e-4):
        raise CheckFailed(
            "The path of a checkpoint should give the same answers as the model in it, but it gives others.",
            hint="Where `model` is no keras.Model, load it with keras.models.load_model.",
            example=example,
        )


@check("predict/rows-independent")
def test_rows_independent(predictions: Predictions) -> None:
    model, images = predictions.known_model(), _GREYS.value
    together = predictions.by_model(_GREYS)
    order = np.array([3, 0, 6, 2, 5, 1, 4])
    few = order[:3]
    for what, other, rows in (
        (
            "when it is asked about alone",
            np.concatenate([predictions.of(model, images[i : i + 1]) for i in few]),
            few,
        ),
        ("among the same images in another order", predictions.of(model, images[order]), order),
        ("when it is asked about again", predictions.of(model, images), np.arange(len(images))),
    ):
        difference = np.abs(together[rows] - other).max(axis=1)
        if not np.all(difference < 1e-3):
            worst = int(rows[int(np.argmax(np.nan_to_num(difference, nan=np.inf)))])
            raise CheckFailed(
                f"The answer about an image should depend on that image alone, but about x[{worst}] there is another "
                f"{what}.",
                hint="Scale by fixed numbers, not by the mean or maximum of x, and do not call the model in training "
                "mode.",
            )


@check("predict/scales-as-train-does")
def test_scales_as_train_does(predictions: Predictions, trainings: Trainings) -> None:
    try:
        trained = trainings.seen_in_training()
    except (Missing, CheckFailed, SubmissionError, WorkerGone):
        raise NotRun("`train` did not work.") from None
    images = Shown(witness_images()[0][:30], "...  # 30 images, each red, green or blue: level 240 in one channel")
    predicted = float(np.mean(predictions.seen(predictions.by_model(images))))
    if not abs(trained - predicted) <= 0.3 * max(abs(trained), abs(predicted)) + 0.02:  # NaN agrees with nothing
        raise CheckFailed(
            "`predict` should scale images as `train` does, but for the same images the model sees a mean of "
            f"{trained:.3g} in `train` and of {predicted:.3g} in `predict`.",
            hint="Divide by 255 in both or in neither: a model that rescales needs raw images in both.",
        )
