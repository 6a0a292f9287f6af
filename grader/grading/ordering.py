"""In which order a class is graded: what costs least first, so that most students have their feedback early."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Final

import msgspec

from grader.assignment import contract
from grader.submissions import SubmissionFile, fetch

_ENOUGH: Final = 2  # functions of the assignment, by which a file is known to have that form
_TRAINS: Final = re.compile(rb"\.fit\s*\(")
_NAMES: Final = "|".join(function.name for function in contract.FUNCTIONS)
_DEFINED: Final = re.compile(rf"\bdef\s+({_NAMES})\s*\(".encode())


class Looks(msgspec.Struct, frozen=True):
    """What a submission looks like, without parsing it.

    Attributes:
        functions: How many of the assignment's functions it seems to define.
        guided: Whether it seems to be a guided notebook.
        trains: Whether it seems to come as far as training.
    """

    functions: int
    guided: bool
    trains: bool


def looks_of(file: SubmissionFile) -> Looks:
    """What a submission looks like, a notebook's text being read as it is."""
    data = fetch(file).data
    functions, trains = len(set(_DEFINED.findall(data))), _TRAINS.search(data) is not None
    return Looks(functions, functions < _ENOUGH and trains, trains)


def cheapest_first(
    files: Iterable[SubmissionFile],
    seconds: Mapping[str, float],
    looks: Callable[[SubmissionFile], Looks] = looks_of,
) -> list[SubmissionFile]:
    """Sort submissions by what grading them will probably cost.

    Each function of the assignment that a file defines has its checks run, so unfinished work costs little.  Among
    files that define equally many, those whose last grading took longer come later: they run into a limit, perhaps.

    Args:
        files: The submissions; those that cannot be told apart stay in this order.
        seconds: How long the last grading took, by submission, where there was one.
        looks: What each looks like.
    """
    return sorted(files, key=lambda file: (looks(file).functions, seconds.get(file.id, 0.0)))
