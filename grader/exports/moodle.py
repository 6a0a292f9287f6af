"""Moodle: filling in the offline grading worksheet of an assignment.

The worksheet is downloaded from the page that lists the submissions ("Download grading worksheet") and uploaded there
again.  Moodle identifies rows by the column `Identifier`, with values such as `Participant 12345`.  It reads grades
from `Grade` and feedback as HTML from `Feedback comments`.  In other languages the columns have other names, but the
same order.  All other cells are written back unchanged.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from typing import Final

import msgspec

from grader.exports.comments import comment, without_score
from grader.exports.matching import match
from grader.exports.records import Choices, Export
from grader.exports.tables import (
    Table,
    column_of,
    listed,
    maximum_in,
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
_NO: Final = frozenset(
    ("no", "nein", "non", "não", "nee", "nie", "ne", "nej", "nei", "ei", "нет", "ні", "όχι", "hayır")
)
_YES_AND_NO: Final = 2
_PARTICIPANT: Final = re.compile(r"\D*\d+")
_GRADE: Final = re.compile(r"\s*|-|\d+([.,]\d+)?")
_MAXIMUM: Final = re.compile(r"\d+([.,]\d+)?|[^,\n]+(,[^,\n]+)+")  # a number, or a scale, which is a list of words
_WORD: Final = re.compile(r"[^\W\d_]+")
_DATE: Final = re.compile(r"\d{4}")


def write(entries: Sequence[Entry], choices: Choices) -> Export:
    """Fill in grade and feedback in the worksheet's rows of the students who handed in.

    Raises:
        UsageError: If there is no worksheet, it is not one of Moodle's, or it has another maximum.
    """
    if choices.worksheet is None:
        raise UsageError(
            "moodle fills a worksheet; download it where Moodle lists the submissions, and name it with --into."
        )
    table = read_table(choices.worksheet, _WORKSHEET)
    columns = _columns(table)
    grade, feedback = columns.grade, columns.feedback
    matches = match([entry.attempt.result.submission.id for entry in entries], _people(table, columns))
    rows = list(table.rows)
    locked: list[str] = []
    for entry in entries:
        result = entry.attempt.result
        place = matches.rows.get(result.submission.id)
        if place is None or (entry.score is None and not entry.excused):
            continue
        row = rows[place]
        if columns.changeable is not None and _cell(row, columns.changeable).casefold() in _NO:
            locked.append(result.submission.id)
            continue
        most = _cell(row, columns.maximum)
        maximum = maximum_in(most, where=_WORKSHEET)
        points = ""  # Moodle's worksheet has no way to mark a student as excused
        if entry.score is not None:
            points = points_in(entry.score, result.max_score, maximum, scale=choices.scale, where=_WORKSHEET)
        cells = {grade: points.replace(".", ",") if "," in most else points}
        if feedback is not None:
            cells[feedback] = html.escape(comment(entry)).replace("\n", "<br>")
        rows[place] = with_cells(row, cells)
    filled, notes = neutralised(msgspec.structs.replace(table, rows=tuple(rows)))
    if locked:
        notes = (f"Moodle says that these grades cannot be changed, so left as they were: {listed(locked)}.", *notes)
    return Export(write_table(filled), (*matches.notes, *without_score(entries), *notes))


class _Columns(msgspec.Struct, frozen=True):
    """The indices of a worksheet's columns; `people` are those that identify a person, the full name last."""

    grade: int
    maximum: int
    changeable: int | None
    feedback: int | None
    people: tuple[int, ...]


def _columns(table: Table) -> _Columns:
    """Find the columns by their English names or, failing that, by their order and contents.

    In every language the first column is the participant.  It is followed by columns that identify a person, by the
    status, by the grade, by the maximum, which is the same in all rows, and by whether the grade can be changed, as one
    word.  Feedback comes last.

    Raises:
        UsageError: If the file is not a Moodle worksheet.
    """
    maximum, grade = column_of(table, ["Maximum Grade"]), column_of(table, ["Grade"])
    if maximum is not None and grade is not None and column_of(table, ["Identifier"]) == 0:
        named = [column_of(table, [name]) for name in _PEOPLE]
        changeable, feedback = column_of(table, ["Grade can be changed"]), column_of(table, ["Feedback comments"])
        return _Columns(grade, maximum, changeable, feedback, tuple(place for place in named if place is not None))
    rows = [row for row in table.rows[1:] if any(row)]
    participants = bool(rows) and all(_PARTICIPANT.fullmatch(_cell(row, 0)) for row in rows)
    width = len(table.rows[0])
    for place in range(2, width - 1) if participants else ():
        cells = {_cell(row, place) for row in rows}
        grades, words = [_cell(row, place - 1) for row in rows], {_cell(row, place + 1) for row in rows}
        if len(cells) != 1 or not _MAXIMUM.fullmatch(min(cells)) or not all(map(_WORD.fullmatch, words)):
            continue
        if len(words) > _YES_AND_NO or not (_is_scale(min(cells)) or all(map(_GRADE.fullmatch, grades))):
            continue
        last = [_cell(row, width - 1) for row in rows]
        dates = all(cell == "-" or _DATE.search(cell) for cell in last)
        feedback = None if dates or width - 1 == place + 1 else width - 1
        # The full name is the first of the columns that identify a person, but the least reliable, so it is put last.
        # The column before the grade is the status.
        people = (*range(2, place - 2), *range(1, min(2, place - 2)))
        return _Columns(place - 1, place, place + 1, feedback, people)
    raise UsageError(
        f"{_WORKSHEET} has no columns for grade and maximum that could be told; download it from Moodle where the "
        "submissions are listed."
    )


def _is_scale(text: str) -> bool:
    return not _GRADE.fullmatch(text)


def _people(table: Table, columns: _Columns) -> dict[int, list[str]]:
    """Return what identifies the person of each row, from the participant's number to the full name."""
    people = {}
    for index, row in enumerate(table.rows[1:], 1):
        if any(row):
            names = [_cell(row, place) for place in columns.people if place > 0]
            people[index] = [re.sub(r"\D*", "", _cell(row, 0)), *names]
    return people


def _cell(row: Sequence[str], index: int) -> str:
    return row[index].strip() if index < len(row) else ""
