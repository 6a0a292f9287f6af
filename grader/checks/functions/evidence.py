"""What the evidence about several functions has in common."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import numpy as np

from grader.checks.common.evidence import Evidence
from grader.checks.common.student import Student
from grader.checks.common.verdict import CheckFailed
from grader.results.artefacts import Artefacts
from grader.sandbox.host.session import SubmissionError, WorkerGone
from grader.sandbox.wire.frames import Handle

Array = np.ndarray[Any, Any]
_Result = TypeVar("_Result")


def first_that_works(calls: Sequence[Callable[[], _Result]]) -> _Result:
    """Return the result of the first call that does not fail; if all of them do, raise the failure of the first."""
    failure: Exception | None = None
    for call in calls:
        try:
            return call()
        except (CheckFailed, SubmissionError) as error:
            failure = failure or error
    assert failure is not None, "there is at least one call"
    raise failure


def is_regular(value: Any) -> bool:
    """Whether a value is a list that can be converted to an array of numbers."""
    if not isinstance(value, list):
        return False
    try:
        return np.asarray(value).dtype.kind in "fiub"
    except (ValueError, TypeError):
        return False


class Figures(Evidence):
    """The figures that a function draws, the best of which is kept as a picture for each check."""

    def __init__(self, student: Student) -> None:
        super().__init__(student)
        self._best: dict[str, tuple[int, Handle]] = {}

    def _note(self, check: str, worth: int, figure: Handle) -> None:
        """Remember a figure for a check if it is worth more, as a picture, than those before."""
        if check not in self._best or worth > self._best[check][0]:
            self._best[check] = (worth, figure)

    def keep_pictures(self, artefacts: Artefacts) -> None:
        """Keep a picture of the best figure, if it can be drawn."""
        for check, (_, figure) in self._best.items():
            self._keep(artefacts, check, "figure", figure)

    def _keep(self, artefacts: Artefacts, check: str, name: str, figure: Handle) -> bool:
        with contextlib.suppress(SubmissionError, WorkerGone):
            pixels = self.student.picture(figure)
            if pixels is not None:
                artefacts.add_picture(check, name, pixels)
                return True
        return False
