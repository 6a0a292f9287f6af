"""Grading one submission: pytest runs the checks in this process, and the submission runs in the sandbox."""

from __future__ import annotations

import time
from typing import Final

from grader.assignment import contract
from grader.checks.common.context import Context
from grader.course import Course
from grader.course.modules import why_not_gradable
from grader.grading.helpers import Helpers, run_checks
from grader.results.artefacts import Epoch, decoded
from grader.results.scoring import Graded, Outcome, make_result
from grader.submissions import Submission

_PROBLEM_HINT: Final = "Hand in one solution.py or one notebook, as the starter file has it."


def grade(context: Context, helpers: Helpers | None = None) -> Graded:
    """Run the checks of a context and return the result, whatever the submission does.

    Args:
        context: What is graded, and how.
        helpers: Processes that run some of the checks side by side with this process; `None` for none.

    Returns:
        The result and its artefacts; the status is `infrastructure_error` if the grader itself failed.

    Raises:
        KeyboardInterrupt: If grading was interrupted.
    """
    began = time.monotonic()
    checks = context.checks
    if context.submission.problem:  # such as a file that cannot be read: no sandbox is needed to say so
        outcomes = {check.id: _problem_outcome(check, context.submission.problem) for check in checks}
        seconds = time.monotonic() - began
        return Graded(make_result(context.submission, context.course, checks, outcomes, seconds=seconds))
    if problem := ungradable(context.submission, context.course):
        return Graded(make_result(context.submission, context.course, checks, {}, seconds=0.0, problem=problem))
    found = run_checks(context) if helpers is None else helpers.run_checks(context)
    seconds = time.monotonic() - began
    result = make_result(
        context.submission,
        context.course,
        checks,
        found.outcomes,
        seconds=seconds,
        problem=found.problem,
        epochs=decoded(found.artefacts, "epochs", tuple[Epoch, ...]) or (),
    )
    by_signal = any(exited.reason == "signal" for exited in found.exits.values())
    return Graded(result, found.artefacts, by_signal)


def ungradable(submission: Submission, course: Course) -> str:
    """Return why this installation of the grader cannot grade a submission that may be correct; empty if it can."""
    return submission.too_new or why_not_gradable(course.modules, submission.imports)


def _problem_outcome(check: contract.Check, problem: str) -> Outcome:
    if check.task == 1:
        return Outcome("failed", problem, _PROBLEM_HINT)
    return Outcome("not_run", f"Not run: {problem}")
