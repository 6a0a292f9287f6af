"""Results that were never graded, for tests of what is done with results."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final, Literal

from grader.contract import CHECKS, Check
from grader.gradebook.records import Conditions
from grader.scoring import CheckResult, Result, SubmissionInfo

CONDITIONS: Final = Conditions("c" * 64, "", "quick", (), "namespaces", "0.1.0")
NOON: Final = "2026-06-01T12:00:00Z"


def result(
    name: str = "ada",
    *,
    failing: Collection[str] = (),
    checks: Sequence[Check] = CHECKS,
    status: Literal["graded", "infrastructure_error"] = "graded",
    sha256: str = "0" * 64,
) -> Result:
    """A result in which all checks passed but some."""
    lines = tuple(
        CheckResult(
            c.id, c.task, c.function, "failed", 0.0, c.points, "It should be 1, but it is 2.", "Look.", "f()", 0.2
        )
        if c.id in failing
        else CheckResult(c.id, c.task, c.function, "passed", c.points, c.points, seconds=0.1)
        for c in checks
    )
    problem = "the sandbox does not start" if status == "infrastructure_error" else ""
    score, worth = sum(line.points for line in lines), sum(line.max_points for line in lines)
    return Result(SubmissionInfo(name, f"class/{name}.py", sha256, "py"), status, score, worth, 1.5, lines, problem)
