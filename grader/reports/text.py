"""Text that came from a submission, made safe to show."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterable
from itertools import groupby
from typing import Final

import msgspec

from grader import contract, guided
from grader.scoring import CheckResult, Result

_KEPT: Final = "\n\t"
_HIDDEN_CATEGORIES: Final = ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")


def clean(text: str, *, limit: int = 4000) -> str:
    """Replace control, bidirectional and other invisible characters, and cut what is too long.

    Args:
        text: From a submission: a message, a name, a line of code.
        limit: The most characters that are kept.
    """
    cut = text if len(text) <= limit else f"{text[: limit - 1]}…"
    if cut.isprintable():
        return cut  # nothing of the sort in it, which is soon known
    return "".join(
        c if c in _KEPT or unicodedata.category(c) not in _HIDDEN_CATEGORIES else "\N{REPLACEMENT CHARACTER}"
        for c in cut
    )


def number(value: float) -> str:
    """Points as people write them: no needless decimals."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def moment(utc: str) -> str:
    """A moment of the gradebook as people write it: `2026-06-30 21:59 UTC`."""
    return f"{utc[:10]} {utc[11:16]} UTC"


TITLES: Final = {check.id: check.title for check in (*contract.CHECKS, *guided.CHECKS)}
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
            points, worth = math.fsum(c.points for c in checks), math.fsum(c.max_points for c in checks)
            found.append(TaskResult(task, checks, points, worth))
    return found


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
        title = TITLES.get(same[0].id, same[0].id) if len(same) == 1 else f"{len(same)} checks"
        where = f"{same[0].function}: " if same[0].function else ""
        points, worth = sum(c.points for c in same), sum(c.max_points for c in same)
        found.append(Finding(same[0], f"{where}{title}", points, worth))
    return found
