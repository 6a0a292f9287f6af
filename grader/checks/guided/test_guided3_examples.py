"""Task 3: the program shows randomly chosen images of both sets, each with the name of its class."""

from __future__ import annotations

from typing import Any

import numpy as np

from grader.checks.common.verdict import CheckFailed, NotRun, check, count_of
from grader.checks.guided.data import Data
from grader.checks.guided.examples import first_training, judged, pairs_wrongly, shown_before_training
from grader.checks.guided.names import misnamed
from grader.checks.guided.observed import Observed
from grader.checks.guided.shown import names_of

Array = np.ndarray[Any, Any]

_SOME = 4
_MANY = 6
_HINT = "Call the function once with the training set and once with the test set, before you train."


def _why(observed: Observed) -> str:
    return observed.because("imshow", "show", "plot", "subplot", before=first_training(observed))


@check("examples/training-set")
def test_training_set(observed: Observed) -> None:
    shown = shown_before_training(observed)
    if not any(not image.test for image in shown):
        instead = ", only of the test set" if shown else ""
        raise CheckFailed(
            f"Images of the training set should be shown before training, but none are{instead}{_why(observed)}.",
            hint=_HINT,
        )


@check("examples/test-set")
def test_test_set(observed: Observed) -> None:
    shown = shown_before_training(observed)
    if not shown:
        raise NotRun("no images are shown before training.")
    if not any(image.test for image in shown) and observed.uses_test_images:
        raise CheckFailed(
            f"Images of the test set should be shown too, but only training images are{_why(observed)}.", hint=_HINT
        )


@check("examples/labels")
def test_labels(observed: Observed) -> None:
    shown = shown_before_training(observed)
    if not shown:
        raise NotRun("no images are shown before training.")
    without = [image for image in shown if not image.texts]
    if len(without) > len(shown) / 10:
        raise CheckFailed(
            "Each image should stand beside the name of its class, but "
            f"{'no image has' if len(without) == len(shown) else 'some images have no'} text beside it.",
            hint="Write the label with plt.xlabel or plt.title, after plt.imshow.",
            line=without[0].line,
        )
    if len(shown) < _SOME:
        raise CheckFailed(
            f"Some images of each set should be shown, but there {'is' if len(shown) == 1 else 'are'} only "
            f"{count_of(len(shown), 'image')} in all, which cannot show whether each has the name of its own class.",
            hint="Show five or ten images of each set.",
            line=shown[0].line,
        )
    data = Data(observed)
    images, test = data.training, data.test
    if test is not None and data.mixes_labels(test):  # which task 2 reports
        shown = [image for image in shown if not image.test] or shown
    of_kept = judged(observed, shown)
    of_one = len({image.known for image in shown}) == 1 and len(shown) >= _MANY
    # In a set that is not shuffled, which task 2 reports, the first images are of one class.
    if of_one and images is not None and len(data.classes(images)) > 1 and not data.is_unshuffled(images):
        raise CheckFailed(
            "Images of all classes should be shown, but all are of one, which cannot show whether each class has "
            "its own name.",
            hint="Draw the places from the whole set.",
            line=shown[0].line,
        )
    if pairs_wrongly(observed, shown):
        raise CheckFailed(
            "Each image should stand beside the name of its own class, but images of one class have other names, or "
            "images of two classes the same.",
            hint="Take image and label from the same place: x[i] and y[i].",
            line=shown[0].line,
        )
    wrong = misnamed(names_of(of_kept))
    if wrong is not None:
        raise CheckFailed(
            f"Each image should stand beside the name of its own class, but `{wrong[0]}` stands beside the images of "
            f"the class {wrong[1]}.",
            hint="List the names in the order in which the labels number the classes.",
            line=shown[0].line,
        )


@check("examples/random")
def test_random(observed: Observed) -> None:
    shown = shown_before_training(observed)
    if not shown:
        raise NotRun("no images are shown before training.")
    data = Data(observed)
    images = data.training
    if images is not None and data.is_unshuffled(images):
        return  # task 2 reports that; in a shuffled set, the first images would be a random choice
    for test in (False, True):
        part = [image for image in shown if image.test == test]
        numbers = [image.number for image in part]
        labels = observed.album.test_labels if test else observed.album.train_labels
        if len(numbers) >= 4 and len(set(numbers)) == 1:
            raise CheckFailed(
                "Several images should be shown, but one and the same stands in each place.",
                hint="Draw a new place for each image, inside the loop.",
                line=part[0].line,
            )
        if len(numbers) >= 4 and _in_order(numbers, labels):
            raise CheckFailed(
                "The images should be chosen at random, but they are those that stand next to each other in "
                f"the {'test' if test else 'training'} set.",
                hint="Draw the places with np.random.choice(len(x), 10, replace=False).",
                line=part[0].line,
            )


def _in_order(numbers: list[int], labels: Array) -> bool:
    """Whether images follow each other as in the whole set, or as in the part with the shown classes."""
    unique = list(dict.fromkeys(numbers))
    if len(unique) < 4:
        return False
    steps = np.diff(unique)
    if np.all(steps == 1):
        return True
    kept = np.flatnonzero(np.isin(labels, labels[unique]))
    places = {int(number): place for place, number in enumerate(kept)}
    if np.all(np.diff([places[number] for number in unique]) == 1):
        return True
    of_class = [np.flatnonzero(labels == labels[number]) for number in unique]
    ranks = [int(np.searchsorted(members, number)) for members, number in zip(of_class, unique, strict=True)]
    return len(set(labels[unique])) == 1 and bool(np.all(np.diff(ranks) == 1))
