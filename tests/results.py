"""Made-up results for the tests of reports and exports: no grading is needed to try what is made of one."""

from __future__ import annotations

from collections.abc import Mapping

from grader.contract import checks_of
from grader.course import Course
from grader.exports import entries_of
from grader.gradebook.records import Entry
from grader.scoring import CheckStatus, Outcome, Report, Result, SubmissionInfo, make_result
from grader.submissions import Submission

COUNT = len(checks_of("quick"))
"""How many checks a result here has."""

HOSTILE = "=cmd|' /C calc'!A0 \x1b[31m \u202egnp.exe\u2066 \x07\x00 <script>alert('&')</script> ]]> \ufffe\uffff `\"\\"
"""What a student could write to harm whoever opens a file."""


def result_of(
    name: str = "ada",
    statuses: Mapping[str, CheckStatus] | None = None,
    *,
    message: str = "Column 0 means label 1.",
    problem: str = "",
    submission: Submission | None = None,
) -> Result:
    """A result of the quick profile: every check passed, but for the statuses that are given by check id."""
    checks = checks_of("quick")
    outcomes = {check.id: Outcome("passed", share=1.0, seconds=0.25) for check in checks}
    for check_id, status in (statuses or {}).items():
        outcomes[check_id] = Outcome(status, message, "Look at the columns.", "subset_data(x, y)\n# two lines")
    chosen = submission or Submission(name, f"{name}.py", "0" * 64, "py")  # type: ignore[arg-type]
    return make_result(chosen, Course(), checks, outcomes, seconds=11.1, problem=problem)


def report_of(*results: Result) -> Report:
    return Report("quick", "namespaces", 12.3, results)


def entries(*results: Result) -> tuple[Entry, ...]:
    return entries_of(report_of(*results))


def renamed(result: Result, name: str) -> Result:
    """The result of a submission with any name, even one that no file could have."""
    info = SubmissionInfo(name, "p", result.submission.sha256, "py")
    return Result(info, result.status, result.score, result.max_score, result.seconds, result.checks, result.problem)
