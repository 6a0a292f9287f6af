"""Gradescope: the `results.json` that an autograder writes for one submission.

If the grader itself failed, the document has no score at all, which Gradescope shows as a failed grading.  A score of 0
would look as if the student had earned it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

import msgspec

from grader.course import Ranked
from grader.exports.comments import EXCUSED, details, overlays
from grader.exports.records import Choices, Export
from grader.gradebook.records import Entry
from grader.ground.errors import UsageError
from grader.ground.text import clean, number
from grader.reports.text import STATUS_WORDS, title_of
from grader.results.artefacts import Measured
from grader.results.scoring import CheckResult
from grader.sandbox.levels import LEVELS

ACCURACY: Final = "accuracy/unseen-images"
_MAX_OUTPUT: Final = 8000


def write(entries: Sequence[Entry], choices: Choices) -> Export:
    """Write the document for one submission.

    Raises:
        UsageError: If there is not exactly one entry.
    """
    if len(entries) != 1:
        raise UsageError(
            f"a results.json of Gradescope is for one submission, and there are {len(entries)}; "
            "choose with --submission."
        )
    return Export(encode(document(entries[0], hidden=choices.hidden, leaderboard=choices.leaderboard)))


def encode(results: dict[str, Any]) -> bytes:
    """Return a document as the content of a JSON file."""
    return msgspec.json.format(msgspec.json.encode(results), indent=2) + b"\n"


def document(
    entry: Entry,
    *,
    hidden: frozenset[str] = frozenset(),
    notes: Sequence[str] = (),
    leaderboard: Sequence[Ranked] = (),
    measured: Measured | None = None,
) -> dict[str, Any]:
    """Return the document that Gradescope shows for a submission.

    Args:
        entry: The submission's entry.  If it has no score, the checks that were run are listed without points.
        hidden: The ids of the checks that students see only once grades are published.
        notes: Sentences that only instructors see.
        leaderboard: What students may see of one another; the first item decides the ranking.
        measured: What the accuracy check measured; `None` if it did not get that far.
    """
    result = entry.attempt.result
    withheld = entry.score is None
    tests = [_test(check, withheld=withheld, hidden=check.id in hidden) for check in result.checks]
    if entry.excused:
        notes = ("Gradescope has no way to excuse: it shows a submission without a score as one that failed.", *notes)
    elif result.problem:
        notes = (f"What failed: {result.problem}", *notes)
    level = LEVELS.get(entry.attempt.isolation)  # the isolation level is empty if grading could not even begin
    if level is not None and level.warning:
        notes = (*notes, level.warning)
    tests += [_note(note) for note in notes]
    results: dict[str, Any] = {
        "output": clean(_head(entry), limit=_MAX_OUTPUT),
        "output_format": "text",
        "test_output_format": "text",
        "test_name_format": "text",
        "execution_time": round(result.seconds),
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "tests": tests,
        "extra_data": {
            "status": result.status,
            "profile": entry.attempt.profile,
            "isolation": entry.attempt.isolation,
            "sha256": result.submission.sha256,
        },
    }
    if entry.score is not None:
        results["score"] = entry.score
        if leaderboard:
            results["leaderboard"] = list(_ranked(leaderboard, entry.score, measured, hidden))
    return results


def _ranked(
    names: Sequence[Ranked], score: float, measured: Measured | None, hidden: frozenset[str]
) -> Iterator[dict[str, Any]]:
    """Yield the values for the leaderboard, without those that would reveal something about a hidden check."""
    for name in names:
        if name == "accuracy" and measured is not None and ACCURACY not in hidden:
            yield {"name": "Accuracy (%)", "value": round(100 * measured.accuracy, 1), "order": "desc"}
        elif name == "score" and not hidden:
            yield {"name": "Score", "value": score, "order": "desc"}


def _head(entry: Entry) -> str:
    """Return the text above the checks."""
    result = entry.attempt.result
    if entry.excused:
        return EXCUSED
    if entry.score is None:
        return (
            "The autograder could not grade this, so there is no score.\n"
            "It costs no marks. Your instructor can run the autograder again."
        )
    first = f"{number(entry.score)} of {number(result.max_score)} points, profile {entry.attempt.profile}."
    return "\n".join([first, *overlays(entry)])


def _test(check: CheckResult, *, withheld: bool, hidden: bool) -> dict[str, Any]:
    title = title_of(check)
    where = f"{check.function}: " if check.function else ""
    word = STATUS_WORDS.get(check.status, "")
    test: dict[str, Any] = {
        "name": clean(f"{where}{title}{f' ({word})' if word else ''}", limit=300),
        "name_format": "text",
        "number": str(check.task),
        "status": "passed" if check.status == "passed" else "failed",
        "output": details(check)[:_MAX_OUTPUT],
        "output_format": "text",
        "tags": [f"task {check.task}", check.status],
        "visibility": "after_published" if hidden else "visible",
    }
    # Gradescope adds up the points of tests, so if there is no score, no test may have points.
    return test if withheld else {**test, "score": check.points, "max_score": check.max_points}


def _note(text: str) -> dict[str, Any]:
    return {
        "name": "Note for the instructor",
        "name_format": "text",
        "output": clean(text, limit=_MAX_OUTPUT),
        "output_format": "text",
        "visibility": "hidden",
    }
