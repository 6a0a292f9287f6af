"""Turn the outcomes of checks into a result with points.

The functions are pure; the records are those that reports and the gradebook are made of.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterable
from typing import Final, Literal

import msgspec

from grader.assignment import contract
from grader.course import Course
from grader.results.artefacts import Artefact, Epoch
from grader.submissions import Submission
from grader.submissions.forms import form_of

SCHEMA_VERSION: Final = 1

CheckStatus = Literal["passed", "failed", "error", "timeout", "crashed", "not_run"]
ResultStatus = Literal["graded", "infrastructure_error"]


class Outcome(msgspec.Struct, frozen=True):
    """The outcome of a check, before points.

    Attributes:
        status: One of `CheckStatus`; `None` if the grader itself failed.
        message: A message for the student, or for the instructor if the grader failed.
        hint: Where the student should look.
        example: Code that shows the problem.
        share: The share of the points that is earned, 0 to 1; a check that passed earns all of them.
        seconds: Wall time, in seconds.
        place: The code cell (`None` in a `.py`) and the line that it is about; `None` if it is about no line.
    """

    status: CheckStatus | None
    message: str = ""
    hint: str = ""
    example: str = ""
    share: float = 0.0
    seconds: float = 0.0
    place: tuple[int | None, int] | None = None


# The docstrings of SubmissionInfo, CheckResult, Result and Report are part of docs/schemas/results.schema.json;
# tests/test_export_document.py compares the two.
class SubmissionInfo(msgspec.Struct, frozen=True):
    """The submission that a result is about.

    Attributes:
        id: The name of the submission.
        path: The path of its file.
        sha256: The SHA-256 of the file's bytes, in hexadecimal.
        kind: `py` or `notebook`.
        form: The form of the assignment in which it was graded, `functions` or `guided`.
        form_reason: Why it was graded in this form, in one sentence.
    """

    id: str
    path: str
    sha256: str
    kind: str
    form: str = "functions"
    form_reason: str = ""


# `gc=False`: the results of a class have tens of thousands of these records.  They hold only texts and numbers, so they
# cannot be part of a reference cycle, and the garbage collector need not traverse them.
class CheckResult(msgspec.Struct, frozen=True, gc=False):
    """One line of a result: a check, its status, and its points.

    `cell` and `line` are the place in the submission that the line is about, both counted from 1.  Both are `None` if
    it is about no place; `cell` is always `None` in a `.py`.  `title` is what the check asks for; it is empty in
    results that were kept before titles were.
    """

    id: str
    task: int
    function: str
    status: CheckStatus
    points: float
    max_points: float
    message: str = ""
    hint: str = ""
    example: str = ""
    seconds: float = 0.0
    cell: int | None = None
    line: int | None = None
    title: str = ""


class Result(msgspec.Struct, frozen=True):
    """The result of one submission.

    Attributes:
        submission: The submission.
        status: `graded`, or `infrastructure_error` if the grader itself failed; the score then means nothing.
        score: The sum of the points.
        max_score: The most points that the checks of this grading can give.
        seconds: Wall time of the grading, in seconds.
        checks: The checks, in the contract's order.
        problem: What failed on the grader's side; empty if nothing did.
        epochs: The epochs of the whole training in the profile `full`; empty in other profiles, and without `fit`.
    """

    submission: SubmissionInfo
    status: ResultStatus
    score: float
    max_score: float
    seconds: float
    checks: tuple[CheckResult, ...]
    problem: str = ""
    epochs: tuple[Epoch, ...] = ()


class Report(msgspec.Struct, frozen=True):
    """A grading of one or more submissions: the document that `--json` prints."""

    profile: str
    isolation: str
    seconds: float
    results: tuple[Result, ...]
    schema_version: int = SCHEMA_VERSION


class Graded(msgspec.Struct, frozen=True):
    """A result together with its artefacts.

    Attributes:
        result: The result.
        artefacts: The pictures and records that are kept with it.
        by_signal: Whether a process that ran the submission's code was ended by a signal.
    """

    result: Result
    artefacts: tuple[Artefact, ...] = ()
    by_signal: bool = False


def submission_info(submission: Submission, course: Course) -> SubmissionInfo:
    """Return what a result says about its submission."""
    path = os.fsencode(submission.path).decode(errors="replace")  # on Linux a file name can be any bytes
    form = form_of(submission, course.form)
    return SubmissionInfo(submission.id, path, submission.sha256, submission.kind, form.name, form.why)


def make_result(
    submission: Submission,
    course: Course,
    checks: tuple[contract.Check, ...],
    outcomes: dict[str, Outcome],
    *,
    seconds: float,
    problem: str = "",
    epochs: tuple[Epoch, ...] = (),
) -> Result:
    """Turn the outcomes of checks into a result.

    A failure of the grader never costs points: it makes the whole result an `infrastructure_error`.

    Args:
        submission: The submission that was graded.
        course: The course, which says what the checks are worth.
        checks: The checks that were asked for.
        outcomes: The outcomes by check id.  If one is missing or its status is `None`, the grader has failed.
        seconds: Wall time of the grading, in seconds.
        problem: A failure of the grader that does not belong to a single check; empty if there is none.
        epochs: The epochs of the whole training in the profile `full`; else empty.
    """
    lines: list[CheckResult] = []
    for check in checks:
        outcome = outcomes.get(check.id, Outcome(None, "the check was not reached"))
        if outcome.status is None:
            problem = problem or f"{check.id}: {outcome.message}"
        worth = course.points(check.id)
        share = 1.0 if outcome.status == "passed" else outcome.share
        lines.append(
            CheckResult(
                id=check.id,
                task=check.task,
                function=check.function,
                status=outcome.status or "not_run",
                points=round(worth * share, 2),
                max_points=worth,
                # The message about a failure of the grader is for the instructor only.
                message=outcome.message if outcome.status else "The grader could not run this check.",
                hint=outcome.hint,
                example=outcome.example,
                seconds=round(outcome.seconds, 3),
                cell=outcome.place[0] if outcome.place else None,
                line=outcome.place[1] if outcome.place else None,
                title=check.title,
            )
        )
    return Result(
        submission=submission_info(submission, course),
        status="infrastructure_error" if problem else "graded",
        score=round(math.fsum(line.points for line in lines), 2),
        max_score=round(math.fsum(line.max_points for line in lines), 2),
        seconds=round(seconds, 3),
        checks=tuple(lines),
        problem=problem,
        epochs=epochs,
    )


def with_kept(result: Result, kept: Iterable[CheckResult], order: Iterable[str]) -> Result:
    """Combine a result of some checks with earlier results of other checks.

    Args:
        result: The result of the checks that were run.
        kept: Earlier results of checks; ignored for checks that were run now.
        order: The ids of all checks, in order.
    """
    lines = {check.id: check for check in (*kept, *result.checks)}
    checks = tuple(lines[id] for id in dict.fromkeys(order) if id in lines)
    score, max_score = points_of(checks)
    return msgspec.structs.replace(result, checks=checks, score=round(score, 2), max_score=round(max_score, 2))


def all_passed(result: Result) -> bool:
    """Whether a submission was graded and passed every check."""
    return result.status == "graded" and all(check.status == "passed" for check in result.checks)


def encode(report: Report) -> bytes:
    """Encode a report as JSON, indented so that people can read it too."""
    return msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n"


def points_of(checks: Iterable[CheckResult]) -> tuple[float, float]:
    """Return the sum of the points that some checks earned, and the sum of those that they are worth."""
    some = tuple(checks)
    return math.fsum(check.points for check in some), math.fsum(check.max_points for check in some)
