"""Task 2: `subset_data`."""

from __future__ import annotations

import contextlib
import itertools
import math
from collections import Counter
from functools import partial
from typing import Any

import msgspec
import numpy as np

from grader.checks.common.evidence import Aside
from grader.checks.common.properties import for_all
from grader.checks.common.student import Student
from grader.checks.common.verdict import CheckFailed, Shown, check, count_of
from grader.checks.functions.evidence import first_that_works
from grader.checks.functions.task2.cases import (
    SubsetCase,
    large_case,
    many_case,
    subset_cases,
    unusual_case,
    usual_case,
)
from grader.checks.functions.task2.evidence import SUBSET_FORMS, Subsets, fresh_subset_of
from grader.checks.functions.task2.recognising import image_numbers
from grader.sandbox.host.session import SubmissionError, WorkerGone

Array = np.ndarray[Any, Any]


@check("subset_data/keeps-only-requested-classes")
@for_all(subset_cases)
def test_keeps_only_requested_classes(subsets: Subsets, case: SubsetCase) -> None:
    require_only_requested(subsets, case)
    subsets.once("only requested ones", lambda: require_only_requested(subsets, usual_case(subsets.subject)))


def require_only_requested(subsets: Subsets, case: SubsetCase) -> None:
    """Raise `CheckFailed` if an image of another class is kept."""
    for number in image_numbers(case, subsets.with_tuple(case).images):
        label = case.labels[number]
        if label not in case.classes:
            raise CheckFailed(
                f"Only images with a label in {case.classes} should be kept, but one with label {label} was.",
                hint="Build a mask with one entry per label, such as the one that np.isin gives, and index with it.",
            )


@check("subset_data/each-image-once")
@for_all(subset_cases)
def test_each_image_once(subsets: Subsets, subsets_of_many: Subsets, case: SubsetCase) -> None:
    case = usable(subsets, case)
    require_each_once(subsets, case)
    if subsets.of(case).no_array:
        return  # so long a list cannot be sent from the worker
    with contextlib.suppress(WorkerGone):  # the function may be slow
        subsets_of_many.once(
            "large", lambda: require_each_once(subsets_of_many, large_case(subsets.subject), asked=subsets)
        )


def require_each_once(subsets: Subsets, case: SubsetCase, *, asked: Subsets | None = None) -> None:
    """Raise `CheckFailed` if a requested image is missing, or is there more than once.

    Args:
        subsets: The results that are judged.
        case: The case.
        asked: The results that show whether images of other classes are kept; by default, those that are judged.
    """
    numbers = Counter(image_numbers(case, subsets.of(case).images))
    kept = {case.labels[number] for number in numbers}
    # If classes other than the requested ones are kept, which another check is about, it is enough if each image of a
    # class that was kept is there once.
    classes = kept if any(strays(asked or subsets)) else set(case.classes)
    for number, label in enumerate(case.labels):
        if label in classes and numbers[number] != 1:
            times = numbers[number]
            raise CheckFailed(
                f"Each image with a label in {case.classes} should be kept once, but x[{number}], whose label is "
                f"{label}, {'is missing' if times == 0 else f'is there {times} times'}.",
                hint="Keep every image whose label matches, however many there are: compare the number of images that "
                "you return with the number of such labels.",
                example=subsets.example,
            )


@check("subset_data/images-unchanged")
@for_all(subset_cases)
def test_images_unchanged(subsets: Subsets, case: SubsetCase) -> None:
    subset = subsets.of(case)
    images, original = subset.images, case.x.value
    if subset.swapped:
        raise CheckFailed(
            "`subset_data` should return x_subset first and y_subset second, but the labels came first.",
            hint="End the function with `return x_subset, y_subset`.",
        )
    if subset.no_array == "x_subset":
        raise CheckFailed(
            "`subset_data` should return two NumPy arrays, but x_subset is a list.", hint="Convert it with np.array."
        )
    if images.dtype != original.dtype:
        raise CheckFailed(
            f"The images should keep their dtype, {original.dtype}, but x_subset has dtype {images.dtype}.",
            hint="Select images here and leave scaling to the model, or to train and predict.",
        )
    if images.shape[1:] != original.shape[1:]:
        raise CheckFailed(
            f"x_subset should have shape (m, {', '.join(map(str, original.shape[1:]))}) for m images, but it has shape "
            f"{images.shape}.",
            hint="Index x along its first axis only.",
        )
    known = {image.tobytes() for image in original}
    for image in images:
        if image.tobytes() not in known:
            raise CheckFailed(
                "The images should keep their values, but x_subset has an image that is not in x.",
                hint="Select images here and leave scaling to the model, or to train and predict.",
            )


@check("subset_data/one-hot-labels")
@for_all(subset_cases)
def test_one_hot_labels(subsets: Subsets, case: SubsetCase) -> None:
    case = usable(subsets, case)
    subset = subsets.of(case)
    images, labels = subset.images, subset.labels
    # A column of ones alone stands for the only class that y has; another check is about the number of columns.
    numbers = labels.ndim == 2 and labels.shape[1] == 1 and not np.all(labels == 1)
    if labels.ndim != 2 or numbers or (len(labels) != len(images) and labels.shape[1] == len(images)):
        raise CheckFailed(
            f"y_subset should have shape {(len(images), len(case.classes))}, one row an image and one column a class, "
            f"but it has shape {labels.shape}.",
            hint="Each label becomes a row of zeros with a single 1.",
        )
    if subset.no_array == "y_subset":
        raise CheckFailed(
            "`subset_data` should return two NumPy arrays, but y_subset is a list.", hint="Convert it with np.array."
        )
    if labels.dtype.kind != "f":
        raise CheckFailed(
            f"y_subset should be a float array, but its dtype is {labels.dtype}.",
            hint="Categorical cross-entropy compares probabilities: give the one-hot array a float dtype.",
        )
    for row in requested_rows(case, images, labels):
        too_few = len(row) != len(case.classes) and not np.any(row)  # another check is about the number of columns
        if not too_few and not (np.sum(row == 1) == 1 and np.sum(row == 0) == len(row) - 1):
            raise CheckFailed(
                f"Each row of y_subset should have a single 1 and zeros else, but one is {row.tolist()}.",
                hint="Look at the row of an image of each of the classes.",
            )


def requested_rows(case: SubsetCase, images: Array, labels: Array) -> Array:
    """Return the label rows of images that were requested, since another check is about images that were not."""
    if len(labels) != len(images):
        return labels
    asked = [case.labels[number] in case.classes for number in image_numbers(case, images)]
    rows: Array = labels[np.array(asked, bool)]
    return rows


@check("subset_data/columns-follow-classes")
@for_all(subset_cases)
def test_columns_follow_classes(subsets: Subsets, case: SubsetCase) -> None:
    require_columns(subsets, usable(subsets, case))
    subsets.once("columns", lambda: require_columns(subsets, usual_case(subsets.subject)))


def require_columns(subsets: Subsets, case: SubsetCase) -> None:
    """Raise `CheckFailed` if the columns do not stand for the classes in the order in which these are given."""
    images, labels = subsets.of(case)[:2]
    rows = rows_of(subsets, labels, len(images))
    # Only the number of ones in each column is judged.  Labels that are paired with the wrong images are left to the
    # check about that.
    kept = [case.labels[number] for number in image_numbers(case, images)]
    if rows.shape[1] == 1:  # column numbers or labels; another check says that they are not one-hot
        numbers = [float(value) for value in rows[:, 0]]
        columns = [float(case.classes.index(label)) for label in kept if label in case.classes]
        if sorted(numbers) in (sorted(columns), sorted(map(float, kept))):
            return
    if rows.shape[1] != len(case.classes):
        raise CheckFailed(
            f"y_subset should have {len(case.classes)} columns, one for each of {case.classes}, but it has shape "
            f"{labels.shape}.",
            hint="The number of columns is len(classes), whichever labels occur in y.",
        )
    largest = rows.max(axis=1, keepdims=True)
    marks = (rows == largest) & (np.sum(rows == largest, axis=1, keepdims=True) == 1)
    for column, label in enumerate(case.classes):
        ones, wanted = int(np.sum(marks[:, column])), kept.count(label)
        if ones != wanted:
            raise CheckFailed(
                f"Column {column} of y_subset means label {label}, which is classes[{column}]. There "
                f"{'is' if wanted == 1 else 'are'} {count_of(wanted, 'such image')}, but the column has "
                f"{count_of(ones, 'one')}.",
                hint="The order of the columns is the order in which classes are given, not that of the labels.",
            )


def rows_of(subsets: Subsets, labels: Array, count: int) -> Array:
    """Return labels with one row an image, (count, columns), even if they were transposed or have additional axes."""

    def is_turned() -> bool:
        case = usual_case(subsets.subject)
        usual = subsets.of(case)
        return usual.labels.ndim == 2 and len(usual.labels) == len(case.classes) < len(usual.images)

    if subsets.fact("turned", is_turned) and labels.ndim == 2 and labels.shape[1] == count:
        return labels.T
    return labels.reshape(len(labels), math.prod(labels.shape[1:]))


@check("subset_data/stays-paired")
@for_all(subset_cases)
def test_stays_paired(subsets: Subsets, case: SubsetCase) -> None:
    require_pairs(subsets, usable(subsets, case))
    with contextlib.suppress(SubmissionError, WorkerGone):  # it may fail without a seed, which another check reports
        subsets.once("pairs without a seed", lambda: require_pairs(subsets, many_case(subsets.subject)))


def require_pairs(subsets: Subsets, case: SubsetCase) -> None:
    """Raise `CheckFailed` if images with the same label have different rows."""
    images, labels = subsets.of(case)[:2]
    rows = rows_of(subsets, labels, len(images))
    if len(images) != len(rows):
        raise CheckFailed(
            f"x_subset and y_subset should be equally long, but they have {len(images)} and {len(labels)} rows.",
            hint="Use one index array for both.",
        )
    # All images with the same label must have the same row.  What the row looks like is left to other checks.
    row_of_label: dict[int, bytes] = {}
    for number, row in zip(image_numbers(case, images), rows, strict=True):
        label = case.labels[number]
        if row_of_label.setdefault(label, row.tobytes()) != row.tobytes():
            raise CheckFailed(
                f"Image and label should stay together, but images with label {label} got different rows"
                f"{' in a call without a seed' if case.seed is None else ''}.",
                hint="Shuffle images and labels with one and the same index array.",
            )


_FEW = 12


def strays(subsets: Subsets) -> tuple[bool, bool]:
    """Return whether images of other classes are kept if unusual classes are requested, and if the course's are."""

    def strays_in(case: SubsetCase) -> bool:
        kept = {case.labels[number] for number in image_numbers(case, subsets.of(case).images)}
        return not kept <= set(case.classes)

    subject = subsets.subject
    return subsets.fact("strays", lambda: (strays_in(unusual_case(subject)), strays_in(usual_case(subject))))


def usable(subsets: Subsets, case: SubsetCase) -> SubsetCase:
    """Return the case, or one with the default classes if the function only works with those.

    That the function ignores `classes` costs one check.  All others judge a case that works.
    """
    return usual_case(subsets.subject) if strays(subsets) == (True, False) else case


def why_not_shuffled(case: SubsetCase, numbers: list[int]) -> tuple[str, str]:
    """Return what is wrong with the order of many images, and a hint; both are "" if nothing is wrong."""
    if numbers == sorted(numbers):
        return (
            "The images should be shuffled, but they came in the order they have in x.",
            "Draw a permutation of the indices you keep.",
        )
    labels = [case.labels[number] for number in numbers]
    changes = sum(first != second for first, second in itertools.pairwise(labels))
    if len(set(labels)) > 1 and changes < len(set(labels)):
        return (
            "The images should be shuffled, but they came sorted by class.",
            "Shuffle after putting the classes together: a batch should hold all of them.",
        )
    places = [sorted(numbers).index(number) for number in numbers]
    steps = [(second - first) % len(numbers) for first, second in itertools.pairwise(places)]
    step = max(steps, key=steps.count, default=0)
    if steps.count(step) > len(steps) / 2:  # a shuffle leaves only one or two neighbours as they were
        kept = "the other way round" if step == len(numbers) - 1 else "all but a few or turned as a whole"
        return (
            f"The images should be shuffled, but they came in the order they have in x, {kept}.",
            "Draw a permutation of the indices you keep.",
        )
    return "", ""


@check("subset_data/shuffled")
def test_shuffled(student: Student) -> None:
    many = many_case(student.subject)
    found = []
    for seed in (0, 1, 2, None):
        try:
            subset = fresh_subset_of(student, msgspec.structs.replace(many, seed=seed))
        except SubmissionError:
            if seed is not None:
                raise
            continue  # the check about seeds is about None
        numbers = image_numbers(many, subset.images)
        found.append((why_not_shuffled(many, numbers), len(numbers), student.example))
    few = [problem for problem, count, _ in found if count < _FEW]  # so few can be in order by chance
    for (message, hint), count, example in found:
        if message and (count >= _FEW or all(text for text, _ in few)):
            raise CheckFailed(message, hint=hint, example=example)


@check("subset_data/seeded")
def test_seeded(student: Student) -> None:
    many, last = many_case(student.subject), list[int]()

    def order(seed: int | None) -> list[bytes]:
        subset = fresh_subset_of(student, msgspec.structs.replace(many, seed=seed))
        last[:] = image_numbers(many, subset.images)
        rows = zip(subset.images, subset.labels, strict=False)
        return [image.tobytes() + label.tobytes() for image, label in rows]

    unsteady = [seed for seed in (0, 1) if order(seed) != order(seed)]
    if unsteady:
        raise CheckFailed(
            f"The same seed should give the same order, but two calls with seed={unsteady[0]} gave different ones.",
            hint="Make a generator from the seed, such as np.random.default_rng(seed), and shuffle with it alone.",
        )
    if order(1) == order(2) == order(3):
        if why_not_shuffled(many, last)[0]:
            return  # nothing is shuffled, which another check is about
        raise CheckFailed(
            "Different seeds should give different orders, but seed=1, 2 and 3 gave the same.",
            hint="Use the parameter seed, not a number of your own.",
        )
    if order(None) == order(None):
        raise CheckFailed(
            "seed=None should give a fresh order each time, but two calls gave the same.",
            hint="Pass None on to the generator: np.random.default_rng(None) starts somewhere new each time.",
        )


@check("subset_data/inputs-untouched")
@for_all(subset_cases, examples=8)
def test_inputs_untouched(aside: Aside, case: SubsetCase) -> None:
    student = aside.student_for("subset_data")

    def call(flat: bool, kind: type) -> list[tuple[str, Array, Any]]:
        labels = case.y.reshape(-1) if flat else case.y
        held = [("x", case.x.value), ("y", labels)]
        x, y = (student.tools.hold(value) for _, value in held)
        shown = Shown(y, f'np.array({labels.tolist()}, dtype="uint8")')
        student.call("subset_data", Shown(x, case.x.text), shown, classes=kind(case.classes), seed=case.seed)
        return [(name, before, student.tools.look(handle)) for (name, before), handle in zip(held, (x, y), strict=True)]

    for name, before, after in first_that_works([partial(call, *form) for form in SUBSET_FORMS]):
        if not (isinstance(after, np.ndarray) and np.array_equal(after, before) and after.dtype == before.dtype):
            raise CheckFailed(
                f"The inputs should be left as they were, but the call changed {name}.",
                hint=f"Work on a copy, or index: {name}[...] = and {name} += change the caller's array.",
            )


@check("subset_data/label-shapes")
@for_all(subset_cases, examples=8)
def test_label_shapes(subsets: Subsets, case: SubsetCase) -> None:
    column = sorted(image_numbers(case, subsets.with_labels(case, flat=False).images))
    flat = sorted(image_numbers(case, subsets.with_labels(case, flat=True).images))
    if column != flat:
        raise CheckFailed(
            f"Labels of shape (n,) should select the same images as labels of shape (n, 1), but they selected "
            f"{len(flat)} instead of {len(column)}.",
            hint="Bring y into one shape first, for example with y.reshape(-1).",
        )
