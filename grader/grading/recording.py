"""The pytest plugin that records the outcome of each check, and the meaning of each exception for a check."""

from __future__ import annotations

from collections.abc import Generator
from typing import Final

import msgspec
import pytest

from grader.checks.common.changes import hint_for_version
from grader.checks.common.context import ARTEFACTS, CONTEXT, Context
from grader.checks.common.student import Missing, describe_error, finds_no_device, locate, told
from grader.checks.common.verdict import CheckFailed, NotRun
from grader.grading.own_checks import fault_of
from grader.results.artefacts import Artefacts, Excerpt
from grader.results.scoring import CheckStatus, Outcome
from grader.sandbox.host.session import SubmissionError, WorkerGone
from grader.submissions import Submission

_MAX_TEXT: Final = 2000
_MAX_LINE: Final = 200
_LINES_AROUND: Final = 3
_LINES_OF_A_CELL: Final = 12  # before and after the line


class Recorder:
    """The pytest plugin that runs the checks of a context in the contract's order and records their outcomes.

    The course's own checks run last, so that whatever they do to shared evidence cannot affect the grader's checks.

    Attributes:
        outcomes: The outcome of each check, by its id.
        artefacts: The artefacts of the checks.
        fault: Why a file of the course's own checks cannot be imported; empty if all can.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self.outcomes: dict[str, Outcome] = {}
        self.artefacts = Artefacts()
        self.fault = ""

    def pytest_configure(self, config: pytest.Config) -> None:
        """Give the checks their context and a place for artefacts, and register the marker `check`."""
        config.stash[CONTEXT] = self._context
        config.stash[ARTEFACTS] = self.artefacts
        config.addinivalue_line("markers", "check(id): the check of the contract that a test is")
        # Submissions may return anything, so NumPy's warnings about infinities or means of empty arrays are noise.
        config.addinivalue_line("filterwarnings", "ignore::RuntimeWarning")

    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Keep only the tests of the checks that were asked for, in the contract's order, the course's own last."""
        own = self._context.course.own.ids
        order = {check.id: (check.id in own, place) for place, check in enumerate(self._context.checks)}
        items[:] = sorted((item for item in items if check_id(item) in order), key=lambda item: order[check_id(item)])

    def pytest_exception_interact(self, node: pytest.Item | pytest.Collector, call: pytest.CallInfo[object]) -> None:
        """Record why a file cannot be imported: a module that it needs may be missing on another machine."""
        if isinstance(node, pytest.Collector) and call.excinfo is not None:
            self.fault = fault_of(call.excinfo.value, self._context.course.own)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Turn what a test raised into an outcome, and replace pytest's own text about it."""
        report = yield
        name = check_id(item)
        before = self.outcomes.get(name)
        error = call.excinfo.value if call.excinfo else None
        if before is None or (before.status == "passed" and error is not None):
            seconds = call.duration + (before.seconds if before else 0.0)
            outcome = outcome_of(error, self._context.submission, _last_example(item))
            own = self._context.course.own
            if error is not None and outcome.status is None and name in own.ids:
                outcome = Outcome(None, f"{fault_of(error, own)}{_advice(error)}"[:_MAX_TEXT])
            self.outcomes[name] = msgspec.structs.replace(outcome, seconds=seconds)
            place = place_of(error, self._context.submission)
            if place is not None:
                self.artefacts.add_record(name, "place", place)
        else:
            self.outcomes[name] = msgspec.structs.replace(before, seconds=before.seconds + call.duration)
        if call.when == "teardown" and self._context.on_check is not None:
            self._context.on_check(name, self.outcomes[name])
        if report.failed and self.outcomes[name].status is not None:
            report.longrepr = as_text(self.outcomes[name])
        return report


def check_id(item: pytest.Item) -> str:
    """Return the id of the check that a test implements; empty if it implements none."""
    mark = item.get_closest_marker("check")
    return str(mark.args[0]) if mark else ""


def _last_example(item: pytest.Item) -> str:
    fixtures = getattr(item, "funcargs", {}).values()
    return next((fixture.example for fixture in fixtures if getattr(fixture, "example", "")), "")


def outcome_of(error: BaseException | None, submission: Submission, example: str) -> Outcome:
    """Return the outcome of a check from the exception that its test raised.

    Args:
        error: The exception; `None` if the test raised none, so that the check has passed.
        submission: The submission, to give the places of errors in terms of the student's own file.
        example: The last call that was made, for exceptions that do not have an example of their own.

    Returns:
        The outcome; its status is `None` if the exception is a fault of the grader or of the course's own check.
    """
    if error is None:
        return Outcome("passed", share=1.0)
    own = getattr(error, "example", "") or example
    if isinstance(error, CheckFailed):
        outcome = _outcome("failed", error.message, error.hint, own, error.share)
        return msgspec.structs.replace(outcome, place=submission.place_of(error.line))
    if isinstance(error, NotRun):
        return _outcome("not_run", f"Not run: {error}")
    if isinstance(error, Missing):
        because = f": {error.reason}" if error.reason else ""
        return _outcome("not_run", f"Not run: `{error.name}` is not defined{because}.")
    if isinstance(error, SubmissionError):
        text = describe_error(submission, error.type_name, error.text, error.frames)
        return _outcome("error", f"{text}.", _hint_for(error, submission), own)
    if isinstance(error, WorkerGone):
        status: CheckStatus = "timeout" if error.reason == "timeout" else "crashed"
        return _outcome(status, f"The code {error.detail}.", _GONE_HINTS.get(error.reason, ""), own)
    return Outcome(None, f"{type(error).__name__}: {error}"[:_MAX_TEXT])


def _advice(error: BaseException) -> str:
    return " (a statement that does not hold is told by raising CheckFailed)" * isinstance(error, AssertionError)


_GONE_HINTS: Final = {
    "timeout": "Look for a loop that does not end, or for training on more than was asked.",
    "memory": "Look for arrays that grow in a loop.",
    "exit": "Leave exit() and sys.exit() out of the functions.",
}


def _outcome(status: CheckStatus, message: str, hint: str = "", example: str = "", share: float = 0.0) -> Outcome:
    return Outcome(status, message[:_MAX_TEXT], hint[:_MAX_TEXT], example[:_MAX_TEXT], share)


def _hint_for(error: SubmissionError, submission: Submission) -> str:
    if error.type_name == "NotImplementedError":
        return "This function is still to be written."
    if finds_no_device(submission, error):
        return "There is no GPU where submissions are graded: let the function go on without one."
    if hint := hint_for_version(told(error.type_name, error.text)):
        return hint
    if not error.frames:
        if error.tool:
            return (
                "This came up when the grader used what the function returned. Use it in your notebook too, a model "
                "with a short fit, and you will see the same."
            )
        return "The error arose before the function's own lines: look at the call and at the function's parameters."
    return "Run the call above in your notebook to see the same error."


def place_of(error: BaseException | None, submission: Submission) -> Excerpt | None:
    """Return the lines of the submission that a check's exception is about, or `None` if it is about none.

    For a line that raised, these are a few lines around it; for other findings in a notebook, more lines of the cell.
    """
    if isinstance(error, SubmissionError):
        found, around = locate(submission, error.frames), _LINES_AROUND
    elif isinstance(error, CheckFailed):
        found = submission.place_of(error.line)
        around = _LINES_AROUND if found is None or found[0] is None else _LINES_OF_A_CELL
    else:
        return None
    if found is None:
        return None
    cell, line = found
    first = max(1, line - around)
    lines = submission.lines_of(cell)[first - 1 : line + around]
    return Excerpt(cell, line, first, tuple(text[:_MAX_LINE] for text in lines))


def as_text(outcome: Outcome) -> str:
    """Return an outcome as plain text: the message, the example and the hint."""
    parts = [outcome.message]
    if outcome.example:
        parts.append("\n".join(f"    {line}" for line in outcome.example.splitlines()))
    if outcome.hint:
        parts.append(f"Hint: {outcome.hint}")
    return "\n".join(parts)
