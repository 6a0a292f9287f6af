"""Task 6: `predict`."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable
from functools import partial
from typing import Any, Final

import numpy as np

from grader.checks.common.properties import for_all
from grader.checks.common.student import Missing
from grader.checks.common.verdict import CheckFailed, NotRun, Shown, check, count_of
from grader.checks.functions.evidence import first_that_works
from grader.checks.functions.task5.evidence import Trainings
from grader.checks.functions.task5.oracles import witness_images
from grader.checks.functions.task6.cases import (
    COLOUR_CASES,
    GREY_LEVELS,
    GREYS,
    MANY_COLOURS,
    Colours,
    coloured,
    levels_of,
)
from grader.checks.functions.task6.evidence import Predictions, require_shape, rows_of_answers
from grader.sandbox.host.session import SubmissionError, WorkerGone

Array = np.ndarray[Any, Any]

_PREDICT_EXAMPLES = 2
_PREDICT_SHRINKS = 20


def images_of(predictions: Predictions, colours: Colours) -> Shown:
    """Return images of the given levels, in the shape of the course's images."""
    return coloured(colours, predictions.subject.image_shape)


def greys_of(predictions: Predictions) -> Shown:
    """Return images about which the known network is unsure."""
    return images_of(predictions, GREYS)


@check("predict/probabilities")
@for_all(COLOUR_CASES, examples=_PREDICT_EXAMPLES, shrinks=_PREDICT_SHRINKS)
def test_probabilities(predictions: Predictions, case: Colours) -> None:
    for colours in (case, MANY_COLOURS, GREYS):
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
@for_all(COLOUR_CASES, examples=_PREDICT_EXAMPLES, shrinks=_PREDICT_SHRINKS)
def test_uses_the_model(predictions: Predictions, case: Colours) -> None:
    predictions.once("takes a model", lambda: predictions.returned(predictions.known_model(), greys_of(predictions)))
    for some, shift in ((case, 0), (MANY_COLOURS, 0), (MANY_COLOURS[:7], 1)):
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
    if answers.shape != (len(GREY_LEVELS), 4) or np.all((answers < 0.01) | (answers > 0.99)):
        return  # another check is about that
    if not np.all(np.abs(answers.sum(axis=1) - 1) < 1e-3) or np.any(answers < 0):
        return  # and another one about that
    if not (
        is_affine(GREY_LEVELS, predictions.seen(answers))
        or is_affine(GREY_LEVELS, predictions.seen(one_by_one(predictions)))
    ):
        raise CheckFailed(
            "The answers should be the model's own probabilities, but they are something else that was made of them: "
            f"for one image {_row(answers[0])}.",
            hint="Return what the model gives, without a second softmax, rounding or another normalisation.",
        )


def answered(predictions: Predictions, colours: Colours) -> Colours:
    """Return the images, or some others if there is not one answer for each image, which another check is about."""
    for some in (colours, MANY_COLOURS[:128], MANY_COLOURS[:7]):
        with contextlib.suppress(CheckFailed):
            rows_of_answers(predictions.by_model(images_of(predictions, some)), len(some))
            return some
    return colours


def one_by_one(predictions: Predictions) -> Array:
    """Return the answers about the grey images, with one call for each image, so that their order cannot be wrong."""
    alone = [images_of(predictions, [colour]) for colour in GREYS]
    return np.concatenate([rows_of_answers(predictions.by_model(each), 1) for each in alone])


def is_affine(levels: Array, seen: Array) -> bool:
    """Whether the channels that a network saw are the levels of the images, scaled and shifted.

    The factor and the offset may be the same for all images, one for each channel, or other ones for each image.

    Args:
        levels: The levels of the images, shape (n, 3).
        seen: The channels as the network saw them, shape (n, 3).
    """
    for x, y in ((levels, seen), (levels.T, seen.T)):
        x, y = x - x.mean(axis=0), y - y.mean(axis=0)
        slopes = np.sum(x * y, axis=0) / np.sum(x * x, axis=0)
        rest = np.abs(y - x * slopes).max(axis=0)
        if np.all(np.isfinite(y)) and np.all(rest <= 0.03 * np.abs(y).max(axis=0)) and np.all(slopes > 0):
            return True
    return False


@check("predict/in-order")
@for_all(COLOUR_CASES, examples=_PREDICT_EXAMPLES, shrinks=_PREDICT_SHRINKS)
def test_in_order(predictions: Predictions, case: Colours) -> None:
    for some in (case, MANY_COLOURS):
        colours = answered(predictions, some)
        expected, predicted = classes_of(predictions, colours)
        rows = rows_of_answers(predictions.by_model(images_of(predictions, colours)), len(colours))
        if any(
            np.array_equal(np.argmax(rows[:, order], axis=1), expected) for order in itertools.permutations(range(4), 3)
        ):
            continue  # another check is about what the columns mean
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
    """Return the class of each image by the known model, and the most probable of the first three by `predict`."""
    answers = rows_of_answers(predictions.by_model(images_of(predictions, colours), shift), len(colours))
    return (np.argmax(levels_of(colours), axis=1) + shift) % 3, np.argmax(answers[:, :3], axis=1)


@check("predict/checkpoint-path")
def test_checkpoint_path(predictions: Predictions) -> None:
    by_path = predictions.returned(predictions.path(), greys_of(predictions))
    example = predictions.example
    by_model = predictions.by_model(greys_of(predictions))
    count = len(GREY_LEVELS)
    if by_path.shape != by_model.shape or not same_rows(
        *(rows_of_answers(each, count) for each in (by_path, by_model))
    ):
        raise CheckFailed(
            "The path of a checkpoint should give the same answers as the model in it, but it gives others.",
            hint="If `model` is not a keras.Model, load it with keras.models.load_model.",
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
        # Another check is about the order of the rows.
        if not np.all(difference < 1e-3) and not same_rows(other, together):
            worst = int(rows[int(np.argmax(np.nan_to_num(difference, nan=np.inf)))])
            raise CheckFailed(
                f"The answer about an image should depend on that image alone, but x[{worst}] gets another answer "
                f"{what}.",
                hint="Scale by fixed numbers, not by the mean or maximum of x, and do not call the model in training "
                "mode.",
            )


def same_rows(some: Array, others: Array) -> bool:
    """Whether each row of some answers can be matched with a row of its own among others, in any order."""
    near = np.abs(some[:, None] - others[None]).max(axis=2) < 1e-3
    if len(some) == len(others) and near.diagonal().all():
        return True
    from scipy.optimize import linear_sum_assignment  # the import takes a third of a second, and is seldom needed

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
    if not abs(trained - predicted) <= 0.3 * max(abs(trained), abs(predicted)) + 0.02:  # also if one is NaN
        raise CheckFailed(
            "`predict` should scale images as `train` does, but for the same images the model sees a mean of "
            f"{trained:.3g} in `train` and of {predicted:.3g} in `predict`.",
            hint=_SCALE_HINT,
        )


_SCALE_HINT: Final = "Divide by 255 in both or in neither: a model that rescales needs raw images in both."


def decoder(predictions: Predictions) -> Callable[[Array], Array] | None:
    """Return a function that turns answers of another form back into probabilities; `None` if none is found.

    The answers may be logarithms, in percent, after a second softmax, or in other columns, which costs other checks.
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
                else rows_of_answers(predictions.by_model(greys_of(predictions)), len(GREY_LEVELS))
            )
            for undo in (as_they_are, without_logarithm, without_softmax):
                for columns in itertools.permutations(range(4)):
                    probabilities = undone(greys, undo, columns)
                    if np.all(probabilities > 0) and is_affine(GREY_LEVELS, predictions.seen(probabilities)):
                        return partial(undone, undo=undo, columns=columns)
    return None


def require_scale_of_decisions(predictions: Predictions, images: Shown, trained: float) -> None:
    """Judge the scale if the answers are decisions, with networks whose decisions depend on the scale.

    Raises:
        CheckFailed: If `predict` does not scale as `train` does.
        NotRun: If that cannot be found out.
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
