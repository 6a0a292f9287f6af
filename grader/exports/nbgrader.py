"""nbgrader: a CSV file with the columns of nbgrader's export, for gradebooks that can import it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from grader.exports.comments import without_score
from grader.exports.records import Choices, Export
from grader.exports.tables import Table, safe, write_table
from grader.gradebook.records import Entry
from grader.ground.text import number

COLUMNS: Final = (
    "assignment",
    "duedate",
    "timestamp",
    "student_id",
    "last_name",
    "first_name",
    "email",
    "raw_score",
    "late_submission_penalty",
    "score",
    "max_score",
)


def write(entries: Sequence[Entry], choices: Choices) -> Export:
    """Write a row for each submission; what is not known, such as names and the due date, stays empty."""
    return Export(
        write_table(Table((COLUMNS, *(_row(entry, choices.title) for entry in entries)))), without_score(entries)
    )


def _row(entry: Entry, title: str) -> tuple[str, ...]:
    result = entry.attempt.result
    scores = ("", "", "")
    if entry.score is not None:
        scores = (number(entry.score + entry.penalty), number(entry.penalty), number(entry.score))
    student = safe(result.submission.id)
    return (safe(title), "", entry.attempt.submitted_at, student, "", "", "", *scores, number(result.max_score))
