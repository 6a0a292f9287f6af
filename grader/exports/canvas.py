"""Canvas: the CSV that its gradebook exports and imports.

The gradebook's columns are Student, ID, SIS User ID, SIS Login ID and Section, then one for each assignment, whose
header ends in the assignment's number: `Course project (12345)`.  Below the header stand rows that are no students,
among them the one with the points possible.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import msgspec

from grader.exports.comments import not_graded
from grader.exports.matching import match
from grader.exports.records import Choices, Export
from grader.exports.tables import (
    Table,
    column_of,
    listed,
    neutralised,
    points_in,
    read_table,
    safe,
    with_cells,
    write_table,
)
from grader.gradebook.records import Entry
from grader.ground.errors import UsageError
from grader.ground.text import number

_COLUMNS: Final = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")
_WORKSHEET: Final = "the gradebook"
_ACCOUNTS: Final = ("Root Account", "Integration ID")
_POSSIBLE: Final = "points possible"
_NO_STUDENTS: Final = (_POSSIBLE, "student, test")


def write(entries: Sequence[Entry], choices: Choices) -> Export:
    """Fill the gradebook that was downloaded; without one, write a new one.

    Raises:
        UsageError: The file is no gradebook of Canvas, has no such assignment, or another maximum.
    """
    if choices.worksheet is None:
        return _new(entries, choices.title)
    return _filled(entries, choices, read_table(choices.worksheet, _WORKSHEET))


def _new(entries: Sequence[Entry], title: str) -> Export:
    worth = max((entry.attempt.result.max_score for entry in entries), default=0.0)
    rows = [(*_COLUMNS, safe(title)), ("    Points Possible", "", "", "", "", number(worth))]
    for entry in entries:
        name = safe(entry.attempt.result.submission.id)
        rows.append((name, "", "", name, "", "" if entry.score is None else number(entry.score)))
    note = (
        "The submissions' names stand as SIS Login ID, since nothing else is known of the students; "
        "with --into a gradebook that was downloaded from Canvas is filled instead."
    )
    return Export(write_table(Table(tuple(rows))), (note, *not_graded(entries)))


def _filled(entries: Sequence[Entry], choices: Choices, table: Table) -> Export:
    places = [column_of(table, [name]) for name in ("ID", "SIS User ID", "SIS Login ID", "Student")]
    if places[0] is None or places[3] is None:
        raise UsageError(f"{_WORKSHEET} lacks the columns Student and ID; export it anew from the gradebook of Canvas.")
    assignment = _assignment(table, choices.title)
    student = places[3]
    maximum = None
    people: dict[int, list[str]] = {}
    for index, row in enumerate(table.rows[1:], 1):
        name = row[student].strip().casefold() if student < len(row) else ""
        if name == _POSSIBLE and assignment < len(row):
            maximum = _amount(row[assignment])
        names = [row[place] if place is not None and place < len(row) else "" for place in places]
        if any(names) and name not in _NO_STUDENTS:
            people[index] = names
    matches = match([entry.attempt.result.submission.id for entry in entries], people)
    rows = list(table.rows)
    for entry in entries:
        result = entry.attempt.result
        place = matches.rows.get(result.submission.id)
        if place is None or entry.score is None:
            continue
        points = points_in(entry.score, result.max_score, maximum, scale=choices.scale, where=_WORKSHEET)
        rows[place] = with_cells(rows[place], {assignment: points})
    filled, notes = neutralised(msgspec.structs.replace(table, rows=tuple(rows)))
    return Export(write_table(filled), (*matches.notes, *not_graded(entries), *notes))


def _assignment(table: Table, title: str) -> int:
    """The column of an assignment, named with or without Canvas' number behind it."""
    people = {name.casefold() for name in (*_COLUMNS, *_ACCOUNTS)}
    header = [cell.strip() for cell in table.rows[0]]
    named = {index: name for index, name in enumerate(header) if name and name.casefold() not in people}
    bare = {index: re.sub(r"\s*\(\d+\)$", "", cell) for index, cell in named.items()}
    found = [index for index in named if title.strip() in (named[index], bare[index])]
    if len(found) != 1:
        what = "several assignments" if found else "no assignment"
        raise UsageError(
            f"{_WORKSHEET} has {what} called {title!r}; choose with --assignment: {listed(list(named.values()))}."
        )
    return found[0]


def _amount(text: str) -> float | None:
    """A number of points; `None` for `(read only)` and the like."""
    try:
        return float(text.strip().replace(",", "."))
    except ValueError:
        return None
