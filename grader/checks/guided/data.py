"""The sets of images that the program trains and tests on, as the notes of its run show them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import cached_property
from typing import Any, Final

import msgspec
import numpy as np

from grader.checks.guided.observed import Observed
from grader.checks.guided.pictures import ENOUGH, Recognised
from grader.checks.guided.shown import ShownImage

Array = np.ndarray[Any, Any]

SURE: Final = 0.98
"""The share of labels that must agree with the images for both to count as belonging together."""

_SMALL_PART: Final = 0.5
"""The share of a prepared set below which a program that trains on it has forgotten the rest."""

_ORDERED_RUNS: Final = 12
"""The most ascending runs of images in order, class after class or file after file; a shuffled set has many more."""

_REGULAR: Final = 0.25
"""The share of equal steps between neighbours above which an order follows a rule: reversed, or read in strides."""

_PARTLY: Final = 0.2
"""The least share of test images in a set that counts as the test set."""


class Images(msgspec.Struct, frozen=True, eq=False):
    """A set of images that the program uses.

    Attributes:
        found: Which of the grader's images they are.
        labels: Their labels, shape (n,) or (n, k); `None` if there are none.
        line: The line of the program that uses them; 0 if that is not known.
        test: Whether they are test images.
    """

    found: Recognised
    labels: Array | None
    line: int
    test: bool

    @property
    def rows(self) -> Array:
        """The number of each row's image in its set, shape (n,); -1 for rows that were not recognised."""
        return self.found.test if self.test else self.found.train

    def numbers(self) -> Array:
        """Return the numbers of the images that were recognised."""
        known: Array = self.rows[self.rows >= 0]
        return known


class Data:
    """Finds the training set and the test set of the program."""

    def __init__(self, observed: Observed) -> None:
        self.observed = observed
        self.album = observed.album

    def true_labels(self, images: Images) -> Array:
        """Return the true classes, 0 to 9, of the images that were recognised."""
        labels = self.album.test_labels if images.test else self.album.train_labels
        chosen: Array = labels[images.numbers()]
        return chosen

    def classes(self, images: Images) -> tuple[int, ...]:
        """Return the classes, 0 to 9, that occur in a set."""
        return tuple(sorted(set(self.true_labels(images).tolist())))

    def is_unshuffled(self, images: Images) -> bool:
        """Whether images are in an order that a rule makes: that of the data set, or class after class."""
        changes = int(np.sum(np.diff(self.true_labels(images)) != 0))
        by_class = len(self.classes(images)) > 1 and changes <= _ORDERED_RUNS and changes < len(images.numbers()) / 6
        return by_class or is_in_order(images.numbers())

    def everything(self, images: Images) -> Array:
        """Return the numbers of all images, in the set and outside, whose class occurs in the set."""
        labels = self.album.test_labels if images.test else self.album.train_labels
        return np.flatnonzero(np.isin(labels, self.classes(images)))

    def as_labelled(self, shown: list[ShownImage]) -> list[ShownImage]:
        """Return those of the images for which the program has one label, with that label in place of their class."""
        labels: dict[tuple[bool, int], set[int]] = {}
        for images in (self.training, self.test):
            if images is not None and images.labels is not None and len(images.labels) == images.found.count:
                for number, column in zip(images.rows.tolist(), columns_of(images.labels).tolist(), strict=True):
                    labels.setdefault((images.test, number), set()).add(column)
        known = {image: min(columns) for image, columns in labels.items() if len(columns) == 1}
        return [
            msgspec.structs.replace(image, known=known[image.test, image.number])
            for image in shown
            if (image.test, image.number) in known
        ]

    @cached_property
    def training(self) -> Images | None:
        """The training set: what `fit` was given, together with what was split off for validation.

        If `fit` got none of these images, test images, a small part of an array, or images of all classes beside an
        array with three, it is the global array of training images, since task 5 judges what `fit` should get.
        """
        fitted, left = self.fitted(), self._left(test=False)
        elsewhere = fitted is None or fitted.test or self.is_part_of(fitted, left) or self.is_more_than(fitted, left)
        return (left or fitted) if elsewhere else fitted

    def is_part_of(self, images: Images, whole: Images | None) -> bool:
        """Whether some images are only a small part of a larger set of at most three classes."""
        if whole is None or whole.test != images.test:
            return False
        part, numbers = set(images.numbers().tolist()), set(whole.numbers().tolist())
        return bool(part <= numbers and len(part) < _SMALL_PART * len(numbers) and len(self.classes(whole)) <= 3)

    def is_more_than(self, images: Images, prepared: Images | None) -> bool:
        """Whether some images are of more classes than a set in which the program has collected three of them."""
        if prepared is None or prepared.test != images.test or len(self.classes(prepared)) != 3:
            return False
        collected = len(set(prepared.numbers().tolist())) > _SMALL_PART * len(self.everything(prepared))
        return collected and len(self.classes(images)) > 3

    def own_labels(self, *, test: bool) -> Images | None:
        """Return the global array of images that was cut down, if the program has labels that belong to it."""
        left = self._left(test=test)
        return left if left is not None and left.labels is not None and self.agreement(left) >= SURE else None

    def labelled(self, images: Images) -> tuple[Array, Array]:
        """Return the program's labels of the images that were recognised, and the true classes of these images.

        Args:
            images: A set with labels.

        Returns:
            The labels, shape (m,) or (m, k), and the classes, shape (m,).
        """
        assert images.labels is not None
        return images.labels[images.rows >= 0], self.true_labels(images)

    def agreement(self, images: Images) -> float:
        """Return the share of a set's labels that agree with its images; see the function `agreement`."""
        return agreement(*self.labelled(images))

    def mixes_labels(self, images: Images) -> bool:
        """Whether the labels of a set belong to other images; False for a set without a label for each image."""
        if images.labels is None or len(images.labels) != images.found.count:
            return False
        return self.agreement(images) < SURE

    def moved_columns(self, images: Images, training: Images) -> list[int]:
        """Return the classes whose column, or number, in a set is another than in the training set.

        The result is empty if the two sets have labels of different forms, or labels that belong to other images.
        """
        mine, others = training.labels, images.labels
        if mine is None or others is None or are_rows(mine) != are_rows(others):
            return []
        if are_rows(mine) and mine.shape[1] != others.shape[1]:
            return []
        if len(others) != images.found.count or min(self.agreement(training), self.agreement(images)) < SURE:
            return []
        columns, elsewhere = naming(*self.labelled(training)), naming(*self.labelled(images))
        return [known for known, column in columns.items() if elsewhere.get(known, column) != column]

    def merges_classes(self, images: Images) -> bool:
        """Whether two classes of a set have the same label; False for a set without labels."""
        return images.labels is not None and _are_merged(naming(*self.labelled(images)))

    @cached_property
    def test(self) -> Images | None:
        """The test set: the largest set of test images that Keras was given with labels, or else a global array.

        If that array has more than the three classes to which a set without labels was cut down, it is that set.
        """
        sets: list[Images] = []
        for note in self.observed.notes:
            if note.kind == "fit":
                sets += self._as_test(note.val_x, note.val_y, note.line)
            if note.kind in ("evaluate", "predict"):
                sets += self._as_test(note.x, note.y, note.line)
        left = self._left(test=True)
        best = max(sets, key=lambda images: (images.labels is not None, images.found.count), default=None)
        if best is not None and best.labels is not None:
            return best
        return best if left is None or self.is_more_than(left, best) else left

    def _as_test(self, x: Array | None, y: Array | None, line: int) -> list[Images]:
        found = self.observed.recognise(x)
        if found.count == 0 or found.of_test < _PARTLY:
            return []
        return [Images(found, y if y is not None and len(y) == found.count else None, line, test=True)]

    def fitted(self) -> Images | None:
        """Return what `fit` was given and what was split off for validation; `None` if those are other images."""
        judged = self.observed.fit()
        if judged is None:
            return None
        note, _ = judged
        found = self.observed.recognise(note.x)
        labels = note.y if note.y is not None and len(note.y) == found.count else None
        least = 0.5 if note.augmented else ENOUGH
        if found.count == 0 or found.of_train + found.of_test < least:
            return None
        held = self.observed.recognise(note.val_x)
        if found.of_train > 0.5 and held.count and held.of_train >= ENOUGH and not set(held.train) & set(found.train):
            # Validation images that the program split off the training set itself belong to the training set, too.
            train = np.concatenate([found.train, held.train])
            test = np.concatenate([found.test, held.test])
            both = None
            if labels is not None and note.val_y is not None and labels.shape[1:] == note.val_y.shape[1:]:
                both = np.concatenate([labels, note.val_y]) if len(note.val_y) == held.count else None
            if both is not None:
                found = Recognised(train, test, found.scale, found.offset)
                labels = both
        return Images(found, labels, note.line, test=found.of_test > found.of_train)

    def _left(self, *, test: bool) -> Images | None:
        """Return the largest global array that is not the whole set, with the labels that agree with it best."""
        everything = len(self.album.test_labels if test else self.album.train_labels)
        candidates: list[tuple[int, Images]] = []
        lefts = self.observed.observation.run.globals
        for left in lefts:
            if left.x is None:
                continue
            found = self.observed.recognise(left.x)
            if found.count == 0 or (found.of_test if test else found.of_train) < ENOUGH:
                continue
            labels = [other.y for other in lefts if other.y is not None and len(other.y) == found.count]
            # Arrays that are not whole numbers are predictions.
            labels = [y for y in labels if np.all(y == np.round(y))] or labels
            images = Images(found, self._fitting(found, labels, test=test), 0, test=test)
            candidates.append((found.count if found.count < everything else 0, images))
        return max(candidates, key=lambda pair: pair[0])[1] if candidates else None

    def _fitting(self, found: Recognised, labels: list[Array], *, test: bool) -> Array | None:
        """Return the array of labels that agrees best with the images."""
        truth = (self.album.test_labels if test else self.album.train_labels)[found.test if test else found.train]
        return max(labels, key=lambda y: agreement(y, truth), default=None)


def are_rows(labels: Array) -> bool:
    """Whether labels have several columns, as one-hot rows have, and are not single numbers."""
    return labels.ndim == 2 and labels.shape[1] > 1


def scales_differ(one: float, other: float) -> bool:
    """Whether the scales of two sets of images are known and differ."""
    return bool(np.isfinite(one) and np.isfinite(other) and abs(one - other) > 0.03 * max(abs(one), abs(other)))


def columns_of(labels: Array) -> Array:
    """Return labels, shape (n,) or (n, k), as a number each: the column of the largest entry, or the number itself."""
    if are_rows(labels):
        return np.asarray(np.argmax(labels, axis=1))
    return labels.reshape(len(labels), -1)[:, 0].astype(int) if labels.size else np.zeros(len(labels), int)


def has_other_labels(images: Images, training: Images) -> bool:
    """Whether the labels of some images are single numbers, while those of the training set are one-hot rows."""
    if images.labels is None or training.labels is None or not images.line:
        return False
    return are_rows(training.labels) and not are_rows(images.labels)


def keeps_old_numbers(labels: Array) -> bool:
    """Whether one-hot rows have columns for classes that were left out, because the others kept their numbers.

    This is not so if only the first columns are used: such rows were widened to fit a network with too many outputs,
    which is a bug of the network.
    """
    used = np.unique(columns_of(labels))
    return labels.ndim == 2 and labels.shape[1] > len(used) and not np.array_equal(used, np.arange(len(used)))


def naming(labels: Array, truth: Array) -> dict[int, int]:
    """Return the label of each class in `truth`, shape (n,): the one that most of its images have in `labels`."""
    columns = columns_of(labels)
    return {int(known): Counter(columns[truth == known].tolist()).most_common(1)[0][0] for known in np.unique(truth)}


def is_in_order(numbers: Array) -> bool:
    """Whether images are in the order of the data set, as a whole or class after class, or in one that a rule makes."""
    if len(numbers) < 2:
        return False
    falls = int(np.sum(np.diff(numbers) < 0))
    if falls <= _ORDERED_RUNS and falls < len(numbers) / 6:
        return True
    steps = np.diff(np.argsort(np.argsort(numbers, kind="stable")))
    return len(steps) >= _ORDERED_RUNS and int(np.unique(steps, return_counts=True)[1].max()) > _REGULAR * len(steps)


def agreement(labels: Array, truth: Array) -> float:
    """Return the share of rows that have the label of most images of their class.

    It is halved if two classes have the same label.
    """
    if len(labels) != len(truth) or not len(truth):
        return 0.0
    names = naming(labels, truth)
    share = float(np.mean(columns_of(labels) == np.array([names[int(known)] for known in truth])))
    return share / 2 if _are_merged(names) else share


def _are_merged(names: Mapping[int, int]) -> bool:
    """Whether two classes have the same label, as `naming` gives them."""
    return len(set(names.values())) < len(names)
