"""What the checks of a course's own are written with: the same as ours.

    @check("subset_data/nothing-to-keep", points=2, title="Gives no images where no label matches")
    def test_nothing_to_keep(subsets: Subsets) -> None:
        ...

`docs/own-checks.md` goes through one from end to end.
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
    """Declare a check of the course's own, and make the function below its test.

    What is given here is read from the text by `grader.course.own`, so it must be written out.

    Args:
        check_id: `function/statement`; what gradebook and `course.toml` call it.
        points: What passing it is worth, beside all others.
        title: The statement in a few words, as students read it.
        function: The function it is about; the first part of the id unless given, and "" for the whole file.
        task: The task it counts for; the function's unless given.
        calls: Other functions that the test calls as well.
        profile: The first profile that includes it.
        form: The form of the assignment whose submissions it is about.
    """
    return _mark(check_id)
