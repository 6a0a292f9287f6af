"""Moodle: the offline grading worksheet of an assignment, filled.

It is downloaded where the submissions are listed ("Download grading worksheet") and uploaded there again.  Moodle
knows its rows by `Identifier`, which reads `Participant 12345`, and takes grades from `Grade` and feedback, which is
HTML, from `Feedback comments`.  Everything else goes back as it came.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from typing import Final

import msgspec

from grader.exports.comments import comment, not_graded
from grader.exports.matching import match
from grader.exports.records import Choices, Export
from grader.exports.tables import (
    Table,
    column_of,
    listed,
    neutralised,
    points_in,
    read_table,
    with_cells,
    write_table,
)
from grader.gradebook.records import Entry
from grader.ground.errors import UsageError

_WORKSHEET: Final = "the grading worksheet"
_PEOPLE: Final = ("Identifier", "ID number", "Email address", "Username", "Full name")


def write(entries: Sequence[Entry], choices: Choices) -> Export:
    """Fill the worksheet: grade and feedback, in the rows of those who handed in.

    Raises:
        UsageError: There is no worksheet, it is none of Moodle's, or its maximum is another.
    """
    if choices.worksheet is None:
        raise UsageError(
            "moodle fills a worksheet; download it where Moodle lists the submissions, and name it with --into."
        )
    table = read_table(choices.worksheet, _WORKSHEET)
    grade = _column(table, "Grade")
    maximum = _column(table, "Maximum Grade")
    feedback = column_of(table, ["Feedback comments"])
    changeable = column_of(table, ["Grade can be changed"])
    _column(table, "Identifier")
    matches = match([entry.attempt.result.submission.id for entry in entries], _people(table))
    rows = list(table.rows)
    locked: list[str] = []
    for entry in entries:
        result = entry.attempt.result
        place = matches.rows.get(result.submission.id)
        if place is None or entry.score is None:
            continue
        row = rows[place]
        if changeable is not None and _cell(row, changeable).casefold() == "no":
            locked.append(result.submission.id)
            continue
        most = _cell(row, maximum)
        points = points_in(entry.score, result.max_score, _amount(most), scale=choices.scale, where=_WORKSHEET)
        cells = {grade: points.replace(".", ",") if "," in most else points}
        if feedback is not None:
            cells[feedback] = html.escape(comment(entry)).replace("\n", "<br>")
        rows[place] = with_cells(row, cells)
    filled, notes = neutralised(msgspec.structs.replace(table, rows=tuple(rows)))
    if locked:
        notes = (f"Moodle says that these grades cannot be changed, so left as they were: {listed(locked)}.", *notes)
    return Export(write_table(filled), (*matches.notes, *not_graded(entries), *notes))


def _column(table: Table, name: str) -> int:
    index = column_of(table, [name])
    if index is None:
        raise UsageError(
            f"{_WORKSHEET} has no column {name!r}; download it from Moodle with the language set to English."
        )
    return index


def _people(table: Table) -> dict[int, list[str]]:
    """What names the person of each row: the participant's number first, the full name last."""
    places = [column_of(table, [name]) for name in _PEOPLE]
    people = {}
    for index, row in enumerate(table.rows[1:], 1):
        if any(row):
            names = ["" if place is None else _cell(row, place) for place in places]
            people[index] = [re.sub(r"\D*", "", names[0]), *names[1:]]
    return people


def _cell(row: Sequence[str], index: int) -> str:
    return row[index].strip() if index < len(row) else ""


def _amount(text: str) -> float | None:
    """The maximum grade: `100.00`, or `100,00` where Moodle writes numbers so; `None` for a scale of words."""
    try:
        return float(text.replace(",", "."))
    except ValueError:
        return None
