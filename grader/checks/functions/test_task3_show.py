"""Task 3: `show_examples`."""

from __future__ import annotations

import re
from typing import Any

import msgspec
import numpy as np

from grader.checks.common.properties import for_all
from grader.checks.common.verdict import CheckFailed, check, count_of
from grader.checks.functions.evidence import ExampleFigures
from grader.checks.functions.strategies import ShowCase, show_cases

_EXAMPLES = 4
_SHRINKS = 40
_SAME_IMAGE = 0.98
# Full rows of five, as most grids have, and one image more.
_TEN = ShowCase((0, 1, 2, 1) * 3, (1, 2, 0, 2) * 3, ("airplane", "automobile", "bird"), 10, 0)
_MORE_THAN_TEN = msgspec.structs.replace(_TEN, count=11)
_PREDICTED_RIGHT = ShowCase((0, 1, 2), (0, 1, 2), ("airplane", "automobile", "bird"), 3, 0)


@check("show_examples/one-axes-per-image")
@for_all(show_cases(), examples=_EXAMPLES, shrinks=_SHRINKS)
def test_one_axes_per_image(example_figures: ExampleFigures, case: ShowCase) -> None:
    for each in (case, _TEN, _MORE_THAN_TEN):
        shown = pictures(example_figures, each)
        expected = min(each.count, len(each.labels))
        if len(shown) != expected:
            raise CheckFailed(
                f"With {count_of(len(each.labels), 'image')} and count={each.count} the figure should have "
                f"{count_of(expected, 'axes', 'axes')} with an image, but it has {len(shown)}.",
                hint="Show min(count, len(x)) images, each with imshow on an axes of its own.",
            )


@check("show_examples/different-images-of-x")
@for_all(show_cases(), examples=_EXAMPLES, shrinks=_SHRINKS)
def test_different_images_of_x(example_figures: ExampleFigures, case: ShowCase) -> None:
    numbers = [number_of(case, axes) for axes in pictures(example_figures, case)]
    for place, number in enumerate(numbers):
        if number is None:
            raise CheckFailed(
                f"Each axes should show an image of x, but number {place + 1} shows something else.",
                hint="Give imshow one image, x[i], with all its rows, columns and channels.",
            )
        if number in numbers[:place]:
            raise CheckFailed(
                f"Each axes should show a different image, but x[{number}] is shown more than once.",
                hint="Draw the indices without replacement.",
            )


@check("show_examples/chosen-at-random")
def test_chosen_at_random(example_figures: ExampleFigures) -> None:
    many = ShowCase((0, 1, 2) * 4, (1, 2, 0) * 4, ("airplane", "automobile", "bird"), 4, 0)
    choices = []
    for seed in (None, 0, 1, 2, 3):
        facts = example_figures.show(many, seed=seed)
        choices.append([number_of(many, axes) for axes in facts["axes"] if axes["images"]])
    if all(set(choice) == set(choices[0]) for choice in choices):
        raise CheckFailed(
            f"The images should be chosen at random, but calls with different seeds all showed {_images(choices[0])}.",
            hint="Draw the indices from a random generator made from the seed.",
        )


def _images(numbers: list[int | None]) -> str:
    return ", ".join("something else" if number is None else f"x[{number}]" for number in numbers)


@check("show_examples/titles-name-the-class")
@for_all(show_cases(), examples=_EXAMPLES, shrinks=_SHRINKS)
def test_titles_name_the_class(example_figures: ExampleFigures, case: ShowCase) -> None:
    for each, with_predictions in ((case, False), (case, True), (_PREDICTED_RIGHT, True)):
        for axes in pictures(example_figures, each, with_predictions=with_predictions):
            number = recognised(each, axes)
            own = each.names[each.labels[number]]
            named = names_in(each, axes["title"])
            if own not in named or (len(named) > 1 and not with_predictions):
                raise CheckFailed(
                    f'The image x[{number}] is of class "{own}" and its title should say so, but it '
                    f"{_reads(axes['title'])}.",
                    hint="Use one index for the image and its label: y[i] is the one-hot row of x[i].",
                )


@check("show_examples/titles-name-the-prediction")
@for_all(show_cases(), examples=_EXAMPLES, shrinks=_SHRINKS)
def test_titles_name_the_prediction(example_figures: ExampleFigures, case: ShowCase) -> None:
    for each in (case, _PREDICTED_RIGHT):
        for axes in pictures(example_figures, each, with_predictions=True):
            number = recognised(each, axes)
            own, predicted = each.names[each.labels[number]], each.names[each.predicted[number]]
            if names_in(each, axes["title"]) == {own, predicted}:
                continue
            should = "name that class" if own == predicted else "name both"
            raise CheckFailed(
                f'The image x[{number}] is of class "{own}" and predicted as "{predicted}"; its title should {should}, '
                f"but it {_reads(axes['title'])}.",
                hint="Row i of predictions belongs to x[i]; the predicted class is the column with the largest value.",
            )


def _reads(title: str) -> str:
    return f'reads "{" / ".join(title.split(chr(10)))[:120]}"' if title else "is empty"


def pictures(figures: ExampleFigures, case: ShowCase, *, with_predictions: bool = False) -> list[dict[str, Any]]:
    """The axes that show an image.

    Raises:
        CheckFailed: No figure was returned, or none of its axes shows an image.
    """
    facts = figures.show(case, seed=case.seed, with_predictions=with_predictions)
    shown = [axes for axes in facts["axes"] if axes["images"]]
    if not shown:
        raise CheckFailed(
            "The figure should show images, but none of its axes has one.",
            hint="Draw each image with imshow on an axes of the figure that you return.",
        )
    return shown


def recognised(case: ShowCase, axes: dict[str, Any]) -> int:
    """Which image of x an axes shows.

    Raises:
        CheckFailed: It shows none of them.
    """
    number = number_of(case, axes)
    if number is None:
        raise CheckFailed(
            "Each axes should show an image of x, but one shows something else.",
            hint="Give imshow one image, x[i], with all its rows, columns and channels.",
        )
    return number


def number_of(case: ShowCase, axes: dict[str, Any]) -> int | None:
    """Which image of x an axes shows, however its values were scaled; `None` if it is none of them."""
    images = case.x.value.reshape(len(case.labels), -1).astype(np.float64)
    for picture in reversed(axes["images"]):
        if not isinstance(picture, np.ndarray) or picture.size != images.shape[1]:
            continue
        flat = picture.reshape(-1).astype(np.float64)
        if not np.all(np.isfinite(flat)) or np.std(flat) == 0:
            continue
        likeness = [np.corrcoef(flat, image)[0, 1] for image in images]
        if max(likeness) >= _SAME_IMAGE:
            return int(np.argmax(likeness))
    return None


def names_in(case: ShowCase, title: str) -> set[str]:
    """The class names that occur in a title as words."""
    return {name for name in case.names if re.search(rf"(?<![a-z]){re.escape(name)}(?![a-z])", title, re.IGNORECASE)}
