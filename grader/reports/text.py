"""What every report says about a result: its tasks, findings, changes, titles and places, as plain text."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from typing import Final

import msgspec

from grader.assignment import contract, guided
from grader.assignment.requirements import REQUIREMENT_CHECKS
from grader.ground.text import number
from grader.results.changes import Change
from grader.results.scoring import CheckResult, Result, points_of

_TITLES: Final = {check.id: check.title for check in (*contract.CHECKS, *REQUIREMENT_CHECKS.values(), *guided.CHECKS)}
STATUS_WORDS: Final = {
    "failed": "",
    "error": "error",
    "timeout": "time-out",
    "crashed": "crashed",
    "not_run": "not run",
}


class TaskResult(msgspec.Struct, frozen=True):
    """The part of a result that is about one task.

    Attributes:
        task: The task.
        checks: The results of the task's checks that were asked for.
        points: The points that these checks earned together.
        max_points: The points that they are worth together.
    """

    task: contract.Task
    checks: tuple[CheckResult, ...]
    points: float
    max_points: float

    @property
    def passed(self) -> int:
        """The number of checks that passed."""
        return sum(check.status == "passed" for check in self.checks)


def by_task(result: Result) -> list[TaskResult]:
    """Return the tasks that have at least one check in a result, in the order of the assignment."""
    found = []
    for task in contract.TASKS:
        checks = tuple(check for check in result.checks if check.task == task.number)
        if checks:
            found.append(TaskResult(task, checks, *points_of(checks)))
    return found


def title_of(check: CheckResult) -> str:
    """Return a check's title, or its id if neither the result nor this version of the grader has a title for it."""
    return check.title or _TITLES.get(check.id, check.id)


def title_in(result: Result, name: str) -> str:
    """Return the title of the check with an id, whether or not it is in the result."""
    found = next((title_of(check) for check in result.checks if check.id == name), "")
    return found or _TITLES.get(name, name)


class Finding(msgspec.Struct, frozen=True):
    """One thing that is wrong: a check that did not pass, or several of a function with the same message.

    Attributes:
        first: The first of the checks, from which message, hint and example are shown.
        title: The check's title, or the number of checks if there are several.
        points: The points that the checks earned together.
        max_points: The points that they are worth together.
    """

    first: CheckResult
    title: str
    points: float
    max_points: float


def findings(checks: Iterable[CheckResult]) -> list[Finding]:
    """Return a finding for each check that did not pass; neighbours with the same message share one."""
    wrong = [check for check in checks if check.status != "passed"]
    found = []
    for _, group in groupby(wrong, key=lambda check: (check.function, check.status, check.message)):
        same = list(group)
        title = title_of(same[0]) if len(same) == 1 else f"{len(same)} checks"
        where = f"{same[0].function}: " if same[0].function else ""
        found.append(Finding(same[0], f"{where}{title}", *points_of(same)))
    return found


def most_lost_first(result: Result) -> list[Finding]:
    """Return the findings of all tasks, those that cost the most points first."""
    found = [finding for each in by_task(result) for finding in findings(each.checks)]
    return sorted(found, key=lambda finding: finding.points - finding.max_points)


class Step(msgspec.Struct, frozen=True):
    """A check that earns more or fewer points than before.

    Attributes:
        title: The check's title, after the function that it is about.
        points: The difference in points, with a sign.
    """

    title: str
    points: str


def better_and_worse(changes: Iterable[Change]) -> list[tuple[bool, str, list[Step]]]:
    """Return what got better and what got worse, leaving out either if it is empty.

    Returns:
        Tuples of whether it is the part that got better, its heading, and its steps, the largest differences first.
    """
    counted = sorted((change for change in changes if change.gained), key=lambda change: -abs(change.gained))
    found = []
    for better, heading, sign in ((True, "Better than before", "+"), (False, "Worse than before", "−")):
        some = [change for change in counted if (change.gained > 0) is better]
        steps = [Step(_title_of(change), f"{sign}{number(abs(change.gained))}") for change in some]
        if steps:
            found.append((better, heading, steps))
    return found


def _title_of(change: Change) -> str:
    check = change.after or change.before
    function = f"{check.function}: " if check is not None and check.function else ""
    return f"{function}{change.check if check is None else title_of(check)}"


def anchor_of(check: str) -> str:
    """Return the anchor of a check, to link to it within a page or a notebook."""
    return "check-" + "".join(c if c.isascii() and c.isalnum() else "-" for c in check)


def place_of(check: CheckResult) -> str:
    """Return the place that a check points to, such as `code cell 3, line 5`; empty if it points to none."""
    if check.line is None:
        return ""
    return f"line {check.line}" if check.cell is None else f"code cell {check.cell}, line {check.line}"
