"""Text that came from a submission, made safe to show."""

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
    """What a result says of one task.

    Attributes:
        task: The task.
        checks: Those of its checks that were asked for.
        points: What they earned together.
        max_points: What they are worth together.
    """

    task: contract.Task
    checks: tuple[CheckResult, ...]
    points: float
    max_points: float

    @property
    def passed(self) -> int:
        """How many of the checks passed."""
        return sum(check.status == "passed" for check in self.checks)


def by_task(result: Result) -> list[TaskResult]:
    """The tasks that were asked for, in their order."""
    found = []
    for task in contract.TASKS:
        checks = tuple(check for check in result.checks if check.task == task.number)
        if checks:
            found.append(TaskResult(task, checks, *points_of(checks)))
    return found


def title_of(check: CheckResult) -> str:
    """What a check states; its id where neither the result says it nor this version knows it."""
    return check.title or _TITLES.get(check.id, check.id)


def title_in(result: Result, name: str) -> str:
    """What the check of that id states."""
    found = next((title_of(check) for check in result.checks if check.id == name), "")
    return found or _TITLES.get(name, name)


class Finding(msgspec.Struct, frozen=True):
    """What is wrong, for one check or for several of a function that all say the same.

    Attributes:
        first: The first of the checks; message, hint and example are its.
        title: What should hold: the check's title, or how many checks these are.
        points: What they earned together.
        max_points: What they are worth together.
    """

    first: CheckResult
    title: str
    points: float
    max_points: float


def findings(checks: Iterable[CheckResult]) -> list[Finding]:
    """The checks that did not pass, those in a row that say the same put together."""
    wrong = [check for check in checks if check.status != "passed"]
    found = []
    for _, group in groupby(wrong, key=lambda check: (check.function, check.status, check.message)):
        same = list(group)
        title = title_of(same[0]) if len(same) == 1 else f"{len(same)} checks"
        where = f"{same[0].function}: " if same[0].function else ""
        found.append(Finding(same[0], f"{where}{title}", *points_of(same)))
    return found


def most_lost_first(result: Result) -> list[Finding]:
    """What is wrong, whatever it is about, what most points are lost by first."""
    found = [finding for each in by_task(result) for finding in findings(each.checks)]
    return sorted(found, key=lambda finding: finding.points - finding.max_points)


class Step(msgspec.Struct, frozen=True):
    """A check that earns other points than before.

    Attributes:
        title: What it states, with the function.
        points: How many, with a sign.
    """

    title: str
    points: str


def better_and_worse(changes: Iterable[Change]) -> list[tuple[bool, str, list[Step]]]:
    """What got better and what got worse, where anything did: whether it is better, a heading, and the most first."""
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
    """The id of a check within a page, a text or a notebook."""
    return "check-" + "".join(c if c.isascii() and c.isalnum() else "-" for c in check)


def place_of(check: CheckResult) -> str:
    """The place that a check is about: `code cell 3, line 5`; empty where it is about none."""
    if check.line is None:
        return ""
    return f"line {check.line}" if check.cell is None else f"code cell {check.cell}, line {check.line}"
