"""The order in which a class is graded: cheap submissions first, so that most students get their feedback early."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Final

import msgspec

from grader.assignment import contract
from grader.submissions import SubmissionFile, fetch

_ENOUGH: Final = 2  # a file that defines this many of the assignment's functions is not taken for a guided notebook
_TRAINS: Final = re.compile(rb"\.fit\s*\(")
_NAMES: Final = "|".join(function.name for function in contract.FUNCTIONS)
_DEFINED: Final = re.compile(rf"\bdef\s+({_NAMES})\s*\(".encode())


class Looks(msgspec.Struct, frozen=True):
    """A rough estimate of what a submission contains, made without parsing it.

    Attributes:
        functions: How many of the assignment's functions it seems to define.
        guided: Whether it seems to be a guided notebook.
        trains: Whether it seems to get as far as training.
    """

    functions: int
    guided: bool
    trains: bool


def looks_of(file: SubmissionFile) -> Looks:
    """Estimate what a submission contains by searching its bytes; a notebook is searched as the JSON that it is."""
    data = fetch(file).data
    functions, trains = len(set(_DEFINED.findall(data))), _TRAINS.search(data) is not None
    return Looks(functions, functions < _ENOUGH and trains, trains)


def cheapest_first(
    files: Iterable[SubmissionFile],
    seconds: Mapping[str, float],
    looks: Callable[[SubmissionFile], Looks] = looks_of,
) -> list[SubmissionFile]:
    """Sort submissions by what grading them will probably cost.

    Checks run only for the functions that a file defines, so unfinished work costs little.  Among files that define
    equally many functions, those whose last grading took longer come later: they may run into a time limit.

    Args:
        files: The submissions; those that cannot be told apart stay in this order.
        seconds: How many seconds the last grading of a submission took, by its id, if there was one.
        looks: Returns the estimate of what a submission contains.
    """
    return sorted(files, key=lambda file: (looks(file).functions, seconds.get(file.id, 0.0)))
