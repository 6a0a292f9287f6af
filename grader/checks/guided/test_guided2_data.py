"""Task 2: three classes of the training set and of the test set, shuffled, with labels that belong to them."""

from __future__ import annotations

from typing import Any

import numpy as np

from grader.checks.common.verdict import CheckFailed, NotRun, check, count_of
from grader.checks.guided.data import (
    SURE,
    Data,
    Images,
    are_rows,
    columns_of,
    has_other_labels,
    is_in_order,
    keeps_old_numbers,
)
from grader.checks.guided.observed import Observed
from grader.checks.guided.pictures import ENOUGH

Array = np.ndarray[Any, Any]


def _training(observed: Observed) -> tuple[Data, Images]:
    """Return the images that the program trains on.

    Raises:
        NotRun: If none can be recognised, which the first check of this task reports.
    """
    data = Data(observed)
    images = data.training
    if images is None:
        raise NotRun("no training set of CIFAR-10 was found.")
    return data, images


@check("data/three-classes")
def test_three_classes(observed: Observed) -> None:
    data = Data(observed)
    images = data.training
    if images is None:
        other = [note.name for note in observed.of_kind("load_data") if note.name != "cifar10"]
        if other or not observed.of_kind("load_data"):
            loads = f"it loads {other[0]}" if other else "it never calls `cifar10.load_data()`"
            raise CheckFailed(
                f"The program should train on images of CIFAR-10, but {loads}, so this is another assignment.",
                hint="Tasks 2, 3, 5 and 6 are about CIFAR-10; tasks 1 and 4 are judged all the same.",
            )
        why = observed.because("load_data", "fit", "get_three", "np.where", "shuffle")
        raise CheckFailed(
            f"There should be a training set with three of the ten classes, but nothing like it was found{why}.",
            hint="Load CIFAR-10, keep the images of three classes, and give those to fit.",
        )
    classes = data.classes(images)
    if len(classes) != 3:
        labelled = 0 if images.labels is None else len(np.unique(columns_of(images.labels)))
        another = ", so this is another assignment" if len(classes) < 3 and labelled < 3 else ""
        raise CheckFailed(
            f"The training set should have three of the ten classes, but it has {len(classes)}{another}.",
            hint="Keep the images whose label is one of the three, and give fit those.",
            line=images.line,
        )


@check("data/every-image-once")
def test_every_image_once(observed: Observed) -> None:
    data, images = _training(observed)
    numbers = images.numbers()
    doubled = len(numbers) - len(np.unique(numbers))
    if doubled:
        raise CheckFailed(
            f"Each image should be there once, but {count_of(doubled, 'image')} of {len(numbers)} "
            f"{'is' if doubled == 1 else 'are'} there again.",
            hint="Draw the order without replacement: np.random.permutation, or choice with replace=False.",
            line=images.line,
        )
    missing = len(np.setdiff1d(data.everything(images), numbers))
    share = missing / max(1, len(data.everything(images)))
    # Images that the program splits off for validation itself still count as kept, even if they are not used later.
    judged = observed.fit()
    held = observed.recognise(judged[0].val_x) if judged else None
    if missing and not (held is not None and held.of_train > 0.5 and share < 0.5):
        raise CheckFailed(
            f"Every image of the three classes should be kept, but {missing} of {len(data.everything(images))} are "
            "missing.",
            hint="Look at the condition that chooses the images, and at numbers that are written out.",
            line=images.line,
        )


@check("data/labels-belong")
def test_labels_belong(observed: Observed) -> None:
    data, images = _training(observed)
    if images.labels is None:
        raise NotRun("there are no labels beside the training images.")
    agreed = data.agreement(images)
    if agreed < SURE <= 2 * agreed and data.merges_classes(images):
        raise CheckFailed(
            "Each class should have a label of its own, but two of the classes have the same one.",
            hint="Compare with the original labels for each class: labels that were renumbered may match again.",
            line=images.line,
        )
    if agreed < SURE:
        raise CheckFailed(
            f"Each image should keep its own label, but then {1 - agreed:.0%} of the labels belong to "
            "another image or another class.",
            hint="Use one order for both: x = x[indices] and y = y[indices] with the same indices.",
            line=images.line,
        )


@check("data/one-hot-labels")
def test_one_hot_labels(observed: Observed) -> None:
    data, images = _training(observed)
    labels = images.labels
    if labels is None:
        raise NotRun("there are no labels beside the training images.")
    judged = observed.fit()
    sparse = judged is not None and "sparse" in judged[0].loss.lower()
    if sparse and (labels.ndim == 1 or labels.shape[1] == 1):
        columns = columns_of(labels)
        if np.all(columns >= 0) and len(np.unique(columns)) == len(data.classes(images)):
            return
    if not are_rows(labels):
        raise CheckFailed(
            "Labels should be one-hot rows, one column a class, but they are single numbers.",
            hint="Turn them into rows with keras.utils.to_categorical.",
            line=images.line,
        )
    own = data.own_labels(test=images.test)
    if own is not None and own.labels is not None and own.labels.ndim == 2 and _is_scaled(labels, own.labels):
        labels = own.labels  # they are divided on their way to fit, which task 5 reports
    merged = labels is images.labels and data.merges_classes(images)  # the check above reports that
    if len(data.classes(images)) == 3 and keeps_old_numbers(labels) and not merged:
        raise CheckFailed(
            f"One-hot rows should have one column for each of the three classes, but they have {labels.shape[1]}.",
            hint="Number the three classes 0, 1 and 2, or choose their columns, and give to_categorical three classes.",
            line=images.line,
        )
    ones = np.isclose(labels, 1).sum(axis=1) == 1
    zeros = np.isclose(labels, 0).sum(axis=1) == labels.shape[1] - 1
    if not np.all(ones & zeros):
        largest = float(np.max(labels))
        raise CheckFailed(
            f"One-hot rows should have a single 1 and zeros beside it, but their largest value is {largest:.3g}.",
            hint="Divide the images by 255, and never the labels.",
            line=images.line,
        )


def _is_scaled(labels: Array, whole: Array) -> bool:
    """Whether labels are one-hot rows times a number other than 1, while the program also has proper one-hot rows."""
    top = float(np.max(labels))
    return 0 < top != 1 and labels.shape[1] == whole.shape[1] and float(np.max(whole)) == 1


@check("data/shuffled")
def test_shuffled(observed: Observed) -> None:
    data, images = _training(observed)
    numbers = images.numbers()
    if data.is_unshuffled(images):
        by_class = ", class after class" if np.any(np.diff(numbers) < 0) else ""
        order = f"in the order in which CIFAR-10 has them{by_class}" if is_in_order(numbers) else "sorted by class"
        raise CheckFailed(
            f"The training images should be shuffled, but they stand {order}.",
            hint="Draw an order with np.random.permutation and use it for the images and for their labels.",
            line=images.line,
        )


@check("data/test-set")
def test_test_set(observed: Observed) -> None:
    data, training = _training(observed)
    images = data.test
    if images is None or (not observed.uses_test_images and not images.line and len(data.classes(images)) != 3):
        raise CheckFailed(
            "The test set should be cut down as the training set is, but no test images are used anywhere.",
            hint="Do with x_test and y_test what you do with x_train and y_train.",
        )
    if images.found.of_test < ENOUGH:
        raise CheckFailed(
            f"The test set should hold test images alone, but {images.found.of_train:.0%} of it are training images.",
            hint="Make it from the second pair that load_data returns.",
            line=images.line,
        )
    wanted, classes = data.classes(training), data.classes(images)
    if len(classes) != 3 and classes != wanted:
        raise CheckFailed(
            f"The test set should have the same three classes as the training set, but it has {len(classes)}.",
            hint="Do with x_test and y_test what you do with x_train and y_train.",
            line=images.line,
        )
    if len(wanted) == 3 and classes != wanted:
        raise CheckFailed(
            "The test set should have the same three classes as the training set, but it has others.",
            hint="Use the same classes for both sets.",
            line=images.line,
        )
    mislabelled = training.labels is not None and data.agreement(training) < SURE  # reported only once
    if images.labels is not None and len(images.labels) == images.found.count and not mislabelled:
        agreed = data.agreement(images)
        if agreed < SURE and data.own_labels(test=True) is None:  # otherwise only fit gets other labels
            raise CheckFailed(
                f"Each test image should keep its own label, but {1 - agreed:.0%} of the labels belong to another.",
                hint="Use one order for images and labels.",
                line=images.line,
            )
    if has_other_labels(images, training):
        raise CheckFailed(
            "The labels of the test set should be one-hot rows as those of the training set are, but they are single "
            "numbers.",
            hint="Turn them into rows with keras.utils.to_categorical, too.",
            line=images.line,
        )
    _require_same_columns(data, training, data.own_labels(test=True) or images)


def _require_same_columns(data: Data, training: Images, images: Images) -> None:
    """Raise `CheckFailed` if a column, or a number, means different classes in the test set and the training set."""
    mine, others = training.labels, images.labels
    if mine is None or others is None:
        return
    if not are_rows(mine) and not np.array_equal(np.unique(mine), np.unique(others)):
        return  # one of them has the numbers of CIFAR-10
    moved = data.moved_columns(images, training)
    if moved:
        raise CheckFailed(
            f"Each class should have the same {'column' if are_rows(mine) else 'label'} in the test set as in the "
            f"training set, but {len(moved)} of the classes {'has' if len(moved) == 1 else 'have'} another.",
            hint="Number the classes of both sets by the same rule, best in one function.",
            line=images.line,
        )
