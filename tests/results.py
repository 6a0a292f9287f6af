"""Results that were never graded, for the tests of what is done with results."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Final

from grader.assignment.contract import Check, checks_of
from grader.course import Course
from grader.exports import entries_of
from grader.gradebook.records import Conditions, Entry
from grader.results.scoring import CheckStatus, Outcome, Report, Result, SubmissionInfo, make_result
from grader.submissions import Submission

QUICK: Final = checks_of("quick")
"""The checks that a result here has, unless others are asked for."""

CONDITIONS: Final = Conditions("c" * 64, "", "quick", (), "namespaces", "0.1.0")
NOON: Final = "2026-06-01T12:00:00Z"

HOSTILE = "=cmd|' /C calc'!A0 \x1b[31m \u202egnp.exe\u2066 \x07\x00 <script>alert('&')</script> ]]> \ufffe\uffff `\"\\"
"""What a student could write to harm whoever opens a file."""


def result_of(
    name: str = "ada",
    statuses: Mapping[str, CheckStatus] | None = None,
    *,
    failing: Collection[str] = (),
    checks: tuple[Check, ...] = QUICK,
    message: str = "Column 0 means label 1.",
    problem: str = "",
    sha256: str = "0" * 64,
    submission: Submission | None = None,
) -> Result:
    """A result: every check passed, but those that are failing and those whose status is given, by check id."""
    outcomes = {check.id: Outcome("passed", share=1.0, seconds=0.25) for check in checks}
    other: dict[str, CheckStatus] = {**dict.fromkeys(failing, "failed"), **(statuses or {})}
    for check_id, status in other.items():
        outcomes[check_id] = Outcome(status, message, "Look at the columns.", "subset_data(x, y)\n# two lines")
    chosen = submission or Submission(name, Path(f"{name}.py"), sha256, "py")
    return make_result(chosen, Course(), checks, outcomes, seconds=11.1, problem=problem)


def report_of(*results: Result) -> Report:
    return Report("quick", "namespaces", 12.3, results)


def entries(*results: Result) -> tuple[Entry, ...]:
    return entries_of(report_of(*results))


def renamed(result: Result, name: str) -> Result:
    """The result of a submission with any name, even one that no file could have."""
    info = SubmissionInfo(name, "p", result.submission.sha256, "py")
    return Result(info, result.status, result.score, result.max_score, result.seconds, result.checks, result.problem)
