"""What `subset_data` returns for the cases, and in which of several ways it can be called."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, Final, NamedTuple

import numpy as np

from grader.checks.common.evidence import Evidence
from grader.checks.common.student import Student
from grader.checks.common.verdict import CheckFailed, count_of, describe
from grader.checks.functions.evidence import first_that_works, is_regular
from grader.checks.functions.task2.cases import SubsetCase

Array = np.ndarray[Any, Any]


_MOST_ROWS: Final = 1000  # far more than most cases have; judging millions of rows would take the grader minutes


class Subset(NamedTuple):
    """What one call of `subset_data` returned.

    Attributes:
        images: x_subset.
        labels: y_subset.
        swapped: Whether the labels came first.
        no_array: The name of the first of the two that was a list, for messages; "" if both were arrays.
    """

    images: Array
    labels: Array
    swapped: bool = False
    no_array: str = ""


SUBSET_FORMS: Final = ((False, tuple), (True, tuple), (False, list), (True, list))
"""The ways to call `subset_data`: whether the labels have shape (n,), and the type that holds the classes."""


class Subsets(Evidence):
    """What `subset_data` returns, for each case."""

    def of(self, case: SubsetCase) -> Subset:
        """Return images and labels for a case, from the first way to call the function that works.

        Whether the function takes labels of both shapes, and classes in a tuple, is left to the checks about that.
        """
        return self._first(case, SUBSET_FORMS)

    def with_tuple(self, case: SubsetCase) -> Subset:
        """Return images and labels for a case, with the classes in a tuple as in the default."""
        return self._first(case, SUBSET_FORMS[:2])

    def with_labels(self, case: SubsetCase, *, flat: bool) -> Subset:
        """Return images and labels for a case, with labels of shape (n,) if `flat`, and of shape (n, 1) otherwise."""
        return self._first(case, [form for form in SUBSET_FORMS if form[0] == flat])

    def _first(self, case: SubsetCase, forms: Sequence[tuple[bool, type]]) -> Subset:
        def call(flat: bool, kind: type) -> Subset:
            return self.once((case, flat, kind), lambda: subset_of(self.student, case, flat=flat, kind=kind))

        return first_that_works([partial(call, *form) for form in forms])


def fresh_subset_of(student: Student, case: SubsetCase) -> Subset:
    """Call `subset_data` once more, without the remembered results, in the first way that works."""
    return first_that_works([partial(subset_of, student, case, flat=flat, kind=kind) for flat, kind in SUBSET_FORMS])


def subset_of(student: Student, case: SubsetCase, *, flat: bool = False, kind: type = tuple) -> Subset:
    """Call `subset_data`, and return images and labels.

    Args:
        student: The submission.
        case: The images, labels, classes and seed.
        flat: Whether the labels have shape (n,) and not (n, 1).
        kind: The type that holds the classes.

    Raises:
        CheckFailed: If it returned something other than two arrays, or far too many rows.
    """
    returned = student.call(
        "subset_data", case.x, case.shown_labels(flat=flat), classes=kind(case.classes), seed=case.seed
    )
    if not isinstance(returned, (tuple, list)) or len(returned) != 2:
        raise CheckFailed(
            f"`subset_data` should return x_subset and y_subset, but it returned {describe(returned)}.",
            hint="End the function with `return x_subset, y_subset`.",
        )
    arrays = [np.asarray(value) if is_regular(value) else value for value in returned]
    no_array = [name for name, value in zip(("x_subset", "y_subset"), returned, strict=True) if isinstance(value, list)]
    for name, value in zip(("x_subset", "y_subset"), arrays, strict=True):
        if not isinstance(value, np.ndarray) or value.ndim == 0:
            raise CheckFailed(
                f"`subset_data` should return two NumPy arrays, but {name} is {describe(value)}.",
                hint="Convert it with np.array.",
            )
        if len(value) > max(_MOST_ROWS, len(case.labels)):
            raise CheckFailed(
                f"For {count_of(len(case.labels), 'image')} `subset_data` should return at most as many rows, but "
                f"{name} has {len(value):,}.",
                hint="Keep each image whose label is among the classes once.",
            )
    first, second = arrays
    if first.ndim <= 2 and second.ndim == 4:
        return Subset(second, first, True, "".join(no_array[:1]))
    return Subset(first, second, False, "".join(no_array[:1]))
