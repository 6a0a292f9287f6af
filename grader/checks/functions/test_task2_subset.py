"""Task 2: `subset_data`."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from grader.checks.common.properties import for_all
from grader.checks.common.student import Student
from grader.checks.common.verdict import CheckFailed, Shown, check, count_of
from grader.checks.functions.evidence import Subsets, subset_of
from grader.checks.functions.strategies import SubsetCase, subset_cases

Array = np.ndarray[Any, Any]


@check("subset_data/keeps-only-requested-classes")
@for_all(subset_cases())
def test_keeps_only_requested_classes(subsets: Subsets, case: SubsetCase) -> None:
    for number in image_numbers(case, subsets.of(case)[0]):
        label = case.labels[number]
        if label not in case.classes:
            raise CheckFailed(
                f"Only images with a label in {case.classes} should be kept, but one with label {label} was.",
                hint="Build a mask with one entry per label, such as the one that np.isin gives, and index with it.",
            )


@check("subset_data/each-image-once")
@for_all(subset_cases())
def test_each_image_once(subsets: Subsets, case: SubsetCase) -> None:
    numbers = image_numbers(case, subsets.of(case)[0])
    wanted = [number for number, label in enumerate(case.labels) if label in case.classes]
    for number in wanted:
        times = numbers.count(number)
        if times != 1:
            what = "is missing" if times == 0 else f"is there {times} times"
            raise CheckFailed(
                f"Each image with a label in {case.classes} should be kept once, but x[{number}], whose label is "
                f"{case.labels[number]}, {what}.",
                hint="Compare the number of images that you return with the number of labels that match.",
            )


@check("subset_data/images-unchanged")
@for_all(subset_cases())
def test_images_unchanged(subsets: Subsets, case: SubsetCase) -> None:
    images, _ = subsets.of(case)
    original: Array = case.x.value
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
@for_all(subset_cases())
def test_one_hot_labels(subsets: Subsets, case: SubsetCase) -> None:
    images, labels = subsets.of(case)
    expected = (len(images), len(case.classes))
    if labels.shape != expected:
        raise CheckFailed(
            f"y_subset should have shape {expected}, one row an image and one column a class, but it has shape "
            f"{labels.shape}.",
            hint="The number of columns is len(classes), whichever labels occur in y.",
        )
    if labels.dtype.kind != "f":
        raise CheckFailed(
            f"y_subset should be a float array, but its dtype is {labels.dtype}.",
            hint="Categorical cross-entropy compares probabilities: give the one-hot array a float dtype.",
        )
    for row in labels:
        if not (np.sum(row == 1) == 1 and np.sum(row == 0) == len(row) - 1):
            raise CheckFailed(
                f"Each row of y_subset should have a single 1 and zeros else, but one is {row.tolist()}.",
                hint="Look at the row of an image of each of the classes.",
            )


@check("subset_data/columns-follow-classes")
@for_all(subset_cases())
def test_columns_follow_classes(subsets: Subsets, case: SubsetCase) -> None:
    images, labels = subsets.of(case)
    if labels.ndim != 2 or labels.shape[1] != len(case.classes):
        raise CheckFailed(
            f"y_subset should have {len(case.classes)} columns, one for each of {case.classes}, but it has shape "
            f"{labels.shape}.",
            hint="A class that does not occur in y still has its column.",
        )
    # By numbers alone, so that labels paired with the wrong images are left to the check for that.
    kept = [case.labels[number] for number in image_numbers(case, images)]
    for column, label in enumerate(case.classes):
        ones, wanted = int(np.sum(labels[:, column] == 1)), kept.count(label)
        if ones != wanted:
            raise CheckFailed(
                f"Column {column} of y_subset means label {label}, which is classes[{column}]. There "
                f"{'is' if wanted == 1 else 'are'} {count_of(wanted, 'such image')}, but the column has "
                f"{count_of(ones, 'one')}.",
                hint="The order of the columns is the order in which classes are given, not that of the labels.",
            )


@check("subset_data/stays-paired")
@for_all(subset_cases())
def test_stays_paired(subsets: Subsets, case: SubsetCase) -> None:
    images, labels = subsets.of(case)
    if len(images) != len(labels):
        raise CheckFailed(
            f"x_subset and y_subset should be equally long, but they have {len(images)} and {len(labels)} rows.",
            hint="Use one index array for both.",
        )
    # Whatever a row looks like, images of one label must have one kind of row, and of two labels two kinds.
    row_of_label: dict[int, bytes] = {}
    for number, row in zip(image_numbers(case, images), labels, strict=True):
        label = case.labels[number]
        if row_of_label.setdefault(label, row.tobytes()) != row.tobytes():
            raise CheckFailed(
                f"Image and label should stay together, but images with label {label} got different rows.",
                hint="Shuffle images and labels with one and the same index array.",
            )
    requested = [label for label in row_of_label if label in case.classes]
    if len({row_of_label[label] for label in requested}) < len(requested):
        raise CheckFailed(
            "Image and label should stay together, but images with different labels got the same row.",
            hint="Shuffle images and labels with one and the same index array.",
        )


# 36 images of three classes, and four of another: so many that no shuffle leaves them sorted by chance.
_MANY = SubsetCase((2, 0, 1, 3, 1, 0, 2, 1, 0, 2) * 4, (1, 1, 1), (0, 1, 2), None)


@check("subset_data/shuffled")
def test_shuffled(student: Student) -> None:
    for seed in (0, 1, 2, None):
        numbers = image_numbers(_MANY, subset_of(student, _MANY, seed=seed)[0])
        if numbers == sorted(numbers):
            raise CheckFailed(
                "The images should be shuffled, but they came in the order they have in x.",
                hint="Draw a permutation of the indices you keep.",
            )
        labels = [_MANY.labels[number] for number in numbers]
        changes = sum(first != second for first, second in itertools.pairwise(labels))
        if labels and changes < len(set(labels)):
            raise CheckFailed(
                "The images should be shuffled, but they came sorted by class.",
                hint="Shuffle after putting the classes together: a batch should hold all of them.",
            )
        places = [sorted(numbers).index(number) for number in numbers]
        steps = [(second - first) % len(numbers) for first, second in itertools.pairwise(places)]
        step = max(steps, key=steps.count, default=0)
        if steps.count(step) > len(steps) / 2:  # of a shuffle, one or two in a row are as they were before
            kept = "the other way round" if step == len(numbers) - 1 else "all but a few or turned as a whole"
            raise CheckFailed(
                f"The images should be shuffled, but they came in the order they have in x, {kept}.",
                hint="Draw a permutation of the indices you keep.",
            )


@check("subset_data/seeded")
def test_seeded(student: Student) -> None:
    def order(seed: int | None) -> list[bytes]:
        images, labels = subset_of(student, _MANY, seed=seed)
        rows = zip(images, labels, strict=False)
        return [image.tobytes() + label.tobytes() for image, label in rows]

    unsteady = [seed for seed in (0, 1) if order(seed) != order(seed)]
    if unsteady:
        raise CheckFailed(
            f"The same seed should give the same order, but two calls with seed={unsteady[0]} gave different ones.",
            hint="Make a generator from the seed, such as np.random.default_rng(seed), and shuffle with it alone.",
        )
    if order(1) == order(2) == order(3):
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
@for_all(subset_cases(), examples=8)
def test_inputs_untouched(student: Student, case: SubsetCase) -> None:
    x, y = (student.tool("hold", value) for value in (case.x.value, case.y))
    shown = case.x
    student.call("subset_data", Shown(x, shown.text), _shown_labels(y, case), classes=case.classes, seed=case.seed)
    for name, handle, before in (("x", x, shown.value), ("y", y, case.y)):
        after = student.tool("look", handle)
        if not (isinstance(after, np.ndarray) and np.array_equal(after, before) and after.dtype == before.dtype):
            raise CheckFailed(
                f"The inputs should be left as they were, but the call changed {name}.",
                hint=f"Work on a copy, or index: {name}[...] = and {name} += change the caller's array.",
            )


def _shown_labels(handle: Any, case: SubsetCase) -> Shown:
    return Shown(handle, f'np.array({case.y.tolist()}, dtype="uint8")')


@check("subset_data/label-shapes")
@for_all(subset_cases(), examples=8)
def test_label_shapes(subsets: Subsets, case: SubsetCase) -> None:
    column = sorted(image_numbers(case, subsets.of(case)[0]))
    flat = sorted(image_numbers(case, subsets.of(case, flat=True)[0]))
    if column != flat:
        raise CheckFailed(
            f"Labels of shape (n,) should select the same images as labels of shape (n, 1), but they selected "
            f"{len(flat)} instead of {len(column)}.",
            hint="Bring y into one shape first, for example with y.reshape(-1).",
        )


def image_numbers(case: SubsetCase, images: Array) -> list[int]:
    """Which images of the case these are; images that were merely scaled are recognised all the same.

    Raises:
        CheckFailed: They are no images of the case.
    """
    if not len(images):
        return []
    means = images.reshape(len(images), -1).mean(axis=1, dtype=np.float64)
    for factor, offset in ((1.0, 0.0), (255.0, 0.0), (127.5, 127.5)):  # as they were, or scaled to 0..1 or -1..1
        original = means * factor + offset - case.pattern.mean()
        numbers = np.rint(original)
        if (
            images.size
            and np.allclose(numbers, original, atol=1e-3)
            and np.all((numbers >= 0) & (numbers < len(case.labels)))
        ):
            return [int(number) for number in numbers]
    raise CheckFailed(
        "x_subset should hold images of x, but it has others.",
        hint="Select images here and leave scaling to the model, or to train and predict.",
    )
