"""Everything that a course needs to write checks of its own, which are written like the grader's.

    @check("subset_data/nothing-to-keep", points=2, title="Gives no images where no label matches")
    def test_nothing_to_keep(subsets: Subsets) -> None:
        ...

`docs/own-checks.md` explains a complete example.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal, TypeVar

from grader.checks.common.evidence import Evidence, Examiner
from grader.checks.common.properties import for_all
from grader.checks.common.student import Student
from grader.checks.common.verdict import CheckFailed, NotRun, Shown, count_of, describe
from grader.checks.common.verdict import check as _mark
from grader.checks.functions.cases import SEEDS
from grader.checks.functions.task2.cases import SubsetCase, subset_cases
from grader.checks.functions.task2.evidence import Subsets
from grader.checks.functions.task3.cases import ShowCase
from grader.checks.functions.task3.evidence import ExampleFigures
from grader.checks.functions.task4.cases import BuildCase
from grader.checks.functions.task4.evidence import Blocks, Networks
from grader.checks.functions.task5.evidence import Trainings
from grader.checks.functions.task6.cases import CurvesCase, curves_cases
from grader.checks.functions.task6.evidence import HistoryFigures, Predictions
from grader.checks.guided.observed import Observed
from grader.sandbox.wire.frames import Handle

__all__ = [
    "SEEDS",
    "Blocks",
    "BuildCase",
    "CheckFailed",
    "CurvesCase",
    "Evidence",
    "Examiner",
    "ExampleFigures",
    "Handle",
    "HistoryFigures",
    "Networks",
    "NotRun",
    "Observed",
    "Predictions",
    "ShowCase",
    "Shown",
    "Student",
    "SubsetCase",
    "Subsets",
    "Trainings",
    "check",
    "count_of",
    "curves_cases",
    "describe",
    "for_all",
    "subset_cases",
]

_Test = TypeVar("_Test", bound=Callable[..., Any])


def check(
    check_id: str,
    *,
    points: float,
    title: str,
    function: str | None = None,
    task: int | None = None,
    calls: Sequence[str] = (),
    profile: Literal["quick", "standard", "full"] = "quick",
    form: Literal["functions", "guided"] = "functions",
) -> Callable[[_Test], _Test]:
    """Declare a check of the course, with the decorated function as its test.

    `grader.course.own_checks` reads the arguments from the source text, so they must be literals.

    Args:
        check_id: `function/statement`, the name of the check in the gradebook and in `course.toml`.
        points: The points for passing it, on top of those of all other checks.
        title: The statement in a few words, as students read it.
        function: The function that it is about, or "" for the whole file; by default, the first part of the id.
        task: The task that it counts for; by default, that of the function.
        calls: Other functions that the test also calls.
        profile: The first profile that includes it.
        form: The form of the assignment whose submissions it grades.
    """
    return _mark(check_id)
