"""Task 3: `show_examples`."""

from __future__ import annotations

from functools import partial
from typing import Any

import msgspec
import numpy as np

from grader.checks.common.answers import AxesFacts, FigureFacts, ReturnedFigure
from grader.checks.common.properties import for_all
from grader.checks.common.student import require_figure
from grader.checks.common.verdict import CheckFailed, check, count_of
from grader.checks.functions.evidence import first_that_works
from grader.checks.functions.task3.cases import ShowCase, case_of, case_of_ten, show_cases
from grader.checks.functions.task3.evidence import ExampleFigures
from grader.checks.functions.task3.recognising import names_in, number_of, recognised, somehow_number_of, told_apart
from grader.sandbox.host.session import SubmissionError

Array = np.ndarray[Any, Any]
_EXAMPLES = 4
_SHRINKS = 40


@check("show_examples/one-axes-per-image")
@for_all(show_cases, examples=_EXAMPLES, shrinks=_SHRINKS)
def test_one_axes_per_image(example_figures: ExampleFigures, case: ShowCase) -> None:
    ten = case_of_ten(example_figures.subject)
    for each in (case, ten, msgspec.structs.replace(ten, count=11)):  # the last with one image more than full rows
        facts = first_that_works(
            [partial(example_figures.shown, each, seed=each.seed, labels=labels) for labels in ("one-hot", "numbers")]
        )
        require_figure("show_examples", facts["returned"])
        shown = with_images(facts)
        expected = min(each.count, len(each.labels))
        if len(shown) != expected:
            raise CheckFailed(
                f"With {count_of(len(each.labels), 'image')} and count={each.count} the figure should have "
                f"{count_of(expected, 'axes', 'axes')} with an image, but it has {len(shown)}.",
                hint="Show min(count, len(x)) images, each with imshow on an axes of its own.",
            )


@check("show_examples/different-images-of-x")
@for_all(show_cases, examples=_EXAMPLES, shrinks=_SHRINKS)
def test_different_images_of_x(example_figures: ExampleFigures, case: ShowCase) -> None:
    case, shown = comfortable(example_figures, case)
    numbers = [number_of(case, axes) for axes in shown]
    for place, number in enumerate(numbers):
        if number is None:
            changed = somehow_number_of(case, shown[place])
            instead = "something else" if changed is None else f"x[{changed}] turned or in other colours"
            raise CheckFailed(
                f"Each axes should show an image of x as it is, but number {place + 1} shows {instead}.",
                hint="Give imshow one image, x[i], with all its rows, columns and channels.",
            )
        if number in numbers[:place]:
            raise CheckFailed(
                f"Each axes should show a different image, but x[{number}] is shown more than once.",
                hint="Draw the indices without replacement.",
            )


@check("show_examples/chosen-at-random")
def test_chosen_at_random(example_figures: ExampleFigures) -> None:
    many = case_of(example_figures.subject, (0, 1, 2) * 4, (1, 2, 0) * 4, 4)

    def show_all(case: ShowCase, given: bool) -> list[ReturnedFigure]:
        return [example_figures.show(case, seed=seed, with_predictions=given) for seed in (None, 0, 1, 2, 3)]

    usual = msgspec.structs.replace(many, count=10)  # some functions can only show ten
    tried = [(case, given) for given in (False, True) for case in (many, usual)]
    figures = first_that_works([partial(show_all, *each) for each in tried])
    choices: list[list[Any]] = [[somehow_number_of(many, axes) for axes in with_images(facts)] for facts in figures]
    if not any(number is not None for choice in choices for number in choice):
        # No image is recognised, which other checks are about, so the titles stand for the images.
        choices = [[axes["title"] for axes in facts["axes"]] for facts in figures]
    if all(set(choice) == set(choices[0]) for choice in choices):
        raise CheckFailed(
            f"The images should be chosen at random, but calls with different seeds all showed {_images(choices[0])}.",
            hint="Draw the indices from a random generator made from the seed.",
        )


def _images(numbers: list[Any]) -> str:
    return ", ".join(f"x[{number}]" if isinstance(number, int) else "something else" for number in numbers)


@check("show_examples/titles-name-the-class")
@for_all(show_cases, examples=_EXAMPLES, shrinks=_SHRINKS)
def test_titles_name_the_class(example_figures: ExampleFigures, case: ShowCase) -> None:
    ten = case_of_ten(example_figures.subject)
    tried = [partial(example_figures.shown, ten, seed=ten.seed, with_predictions=given) for given in (False, True)]
    first_that_works(tried)  # fails if the function does not take one-hot labels
    failures: list[CheckFailed | SubmissionError] = []
    for with_predictions in (False, True):
        try:
            each, shown = comfortable(example_figures, case, with_predictions=(with_predictions,))
        except (CheckFailed, SubmissionError) as error:
            failures.append(error)  # other checks are about whether predictions can be given and left out
            continue
        if not told_apart(each, shown):
            if not with_predictions or failures:
                require_titles(each, shown, with_predictions=with_predictions)
            continue
        for axes in shown:
            number = recognised(each, axes)
            own = each.names[each.labels[number]]
            named = names_in(each, axes["title"])
            if own not in named or (len(named) > 1 and not with_predictions):
                raise CheckFailed(
                    f'The image x[{number}] is of class "{own}" and its title should say so, but it '
                    f"{_reads(axes['title'])}.",
                    hint="Use one index for the image and its label: y[i] is the one-hot row of x[i].",
                )
    if len(failures) > 1:
        raise failures[0]


@check("show_examples/titles-name-the-prediction")
@for_all(show_cases, examples=_EXAMPLES, shrinks=_SHRINKS)
def test_titles_name_the_prediction(example_figures: ExampleFigures, case: ShowCase) -> None:
    for tried in (case, case_of(example_figures.subject, (0, 1, 2), (0, 1, 2), 3)):  # the second with right predictions
        each, shown = comfortable(example_figures, tried, with_predictions=(True,))
        if not told_apart(each, shown):
            require_titles(each, shown, with_predictions=True)
            continue
        for axes in shown:
            number = recognised(each, axes)
            own, predicted = each.names[each.labels[number]], each.names[each.predicted[number]]
            named = names_in(each, axes["title"])
            if predicted in named and len(named) <= 2:
                continue  # another check is about the image's own class
            if own not in named and own != predicted and title_of_another(each, named):
                continue  # the title is that of another image, which another check is about
            should = "name that class" if own == predicted else "name both"
            raise CheckFailed(
                f'The image x[{number}] is of class "{own}" and predicted as "{predicted}"; its title should {should}, '
                f"but it {_reads(axes['title'])}.",
                hint="Row i of predictions belongs to x[i]; the predicted class is the column with the largest value.",
            )


def title_of_another(case: ShowCase, named: set[str]) -> bool:
    """Whether the named classes are the class and the prediction of any image of the case."""
    pairs = zip(case.labels, case.predicted, strict=True)
    return any({case.names[label], case.names[predicted]} == named for label, predicted in pairs)


def _reads(title: str) -> str:
    return f'reads "{" / ".join(title.split(chr(10)))[:120]}"' if title else "is empty"


def comfortable(
    figures: ExampleFigures, case: ShowCase, *, with_predictions: tuple[bool, ...] = (False, True)
) -> tuple[ShowCase, list[AxesFacts]]:
    """Return a case that the function can show, and the axes of its figure that show an image.

    The case asks for no more images than there are, and for more than one.  If that fails, ten of twelve images are
    tried, which is the usual number, and then four.  Another check is about other numbers.

    Args:
        figures: The figures.
        case: The case to begin with.
        with_predictions: Whether predictions are given; if there are two values, the first one that works.

    Raises:
        CheckFailed: If no figure was drawn, or none of its axes shows anything.
    """
    count = min(case.count, len(case.labels))
    few = msgspec.structs.replace(case, count=count)
    ten = case_of_ten(figures.subject)
    usual = [ten, msgspec.structs.replace(ten, count=4)]
    cases = [few, *usual] if count > 1 else usual

    def show(each: ShowCase, given: bool) -> tuple[ShowCase, list[AxesFacts]]:
        return each, pictures(figures, each, with_predictions=given)

    return first_that_works([partial(show, each, given) for given in with_predictions for each in cases])


def with_images(facts: FigureFacts) -> list[AxesFacts]:
    """Return the axes of a figure that show an image."""
    return [axes for axes in facts["axes"] if axes["images"]]


def pictures(figures: ExampleFigures, case: ShowCase, *, with_predictions: bool = False) -> list[AxesFacts]:
    """Return the axes that show an image, or those with a title if none shows an image.

    Raises:
        CheckFailed: If there are neither.
    """
    facts = figures.show(case, seed=case.seed, with_predictions=with_predictions)
    shown = with_images(facts) or [axes for axes in facts["axes"] if axes["title"]]
    if not shown:
        raise CheckFailed(
            "The figure should show images, but none of its axes has one.",
            hint="Draw each image with imshow on an axes of the figure that you return.",
        )
    return shown


def require_titles(case: ShowCase, shown: list[AxesFacts], *, with_predictions: bool) -> None:
    """Require titles that images of the case can have, without knowing which images are shown.

    Raises:
        CheckFailed: If there is a title that none of the images can have.
    """
    left = [
        {case.names[label]} | ({case.names[predicted]} if with_predictions else set())
        for label, predicted in zip(case.labels, case.predicted, strict=True)
    ]
    for axes in shown:
        named = names_in(case, axes["title"])
        fits = next((names for names in left if names <= named), None)
        if fits is None:
            raise CheckFailed(
                f"Each title should name the class of an image{' and the prediction' if with_predictions else ''}, but "
                f"one {_reads(axes['title'])}.",
                hint="Use one index for the image, its label and its prediction.",
            )
        left.remove(fits)
