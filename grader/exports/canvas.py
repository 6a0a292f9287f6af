"""Canvas: the CSV file that its gradebook exports and imports.

The columns are Student, ID, SIS User ID, SIS Login ID and Section, followed by one for each assignment, whose header
ends in the assignment's number: `Course project (12345)`.  Instead of Student there may be two columns with last and
first name, and all headers but the assignments' may be in another language.  Some rows below the header are not
students, such as the one with the points possible; these have no ID.  `EX` in place of points excuses a student.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import msgspec

from grader.exports.comments import without_score
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
_TEST_STUDENT: Final = "student, test"
_NUMBERED: Final = re.compile(r"\s*\(\d+\)$")
_MOST_NAMES: Final = 2
_EXCUSED: Final = "EX"


def write(entries: Sequence[Entry], choices: Choices) -> Export:
    """Fill in the gradebook that was downloaded from Canvas or, if there is none, write a new one.

    Raises:
        UsageError: If the file is not a Canvas gradebook, does not have the assignment, or has another maximum for it.
    """
    if choices.worksheet is None:
        return _new(entries, choices.title)
    return _filled(entries, choices, read_table(choices.worksheet, _WORKSHEET))


def _new(entries: Sequence[Entry], title: str) -> Export:
    worth = max((entry.attempt.result.max_score for entry in entries), default=0.0)
    rows = [(*_COLUMNS, safe(title)), ("    Points Possible", "", "", "", "", number(worth))]
    for entry in entries:
        name = safe(entry.attempt.result.submission.id)
        points = _EXCUSED if entry.excused else "" if entry.score is None else number(entry.score)
        rows.append((name, "", "", name, "", points))
    note = (
        "The submissions' names stand as SIS Login ID, since nothing else is known of the students; "
        "with --into a gradebook that was downloaded from Canvas is filled instead."
    )
    return Export(write_table(Table(tuple(rows))), (note, *without_score(entries)))


def _filled(entries: Sequence[Entry], choices: Choices, table: Table) -> Export:
    columns = _columns(table)
    assignment = _assignment(table, choices.title, columns)
    maximum = None
    people: dict[int, list[str]] = {}
    for index, row in enumerate(table.rows[1:], 1):
        names = [_cell(row, place) for place in columns.people]
        called = [_cell(row, place) for place in columns.names]
        if not names[0]:  # not a student, but the row with the points possible or a similar one
            # Canvas indents these rows, and translates their words.
            first = row[0] if row else ""
            if first.strip().casefold() == _POSSIBLE or first.startswith(" "):
                maximum = maximum_in(_cell(row, assignment), where=_WORKSHEET)
            continue
        both = [" ".join(called), " ".join(reversed(called))] if len(called) > 1 else called
        if not any(name.casefold() == _TEST_STUDENT for name in both):
            people[index] = [*names, *both]
    matches = match([entry.attempt.result.submission.id for entry in entries], people)
    rows = list(table.rows)
    for entry in entries:
        result = entry.attempt.result
        place = matches.rows.get(result.submission.id)
        if place is not None and entry.excused:
            rows[place] = with_cells(rows[place], {assignment: _EXCUSED})
        if place is None or entry.score is None:
            continue
        points = points_in(entry.score, result.max_score, maximum, scale=choices.scale, where=_WORKSHEET)
        rows[place] = with_cells(rows[place], {assignment: points})
    filled, notes = neutralised(msgspec.structs.replace(table, rows=tuple(rows)))
    return Export(write_table(filled), (*matches.notes, *without_score(entries), *notes))


class _Columns(msgspec.Struct, frozen=True):
    """The columns of a gradebook that identify a student.

    Attributes:
        people: The column with Canvas' own number, followed by those with the school's numbers and login.
        names: The column with the name, or the two columns with its parts.
    """

    people: tuple[int, ...]
    names: tuple[int, ...]


def _columns(table: Table) -> _Columns:
    """Find the columns that identify students, by their headers or, if Canvas uses another language, by their order.

    The first column is the name, or the first two are its parts.  Then come Canvas' number, the school's numbers and
    login, and the section.  The assignments follow, whose headers end in a number.

    Raises:
        UsageError: If the file is not a Canvas gradebook.
    """
    places = [column_of(table, [name]) for name in ("ID", "SIS User ID", "SIS Login ID")]
    header = [cell.strip() for cell in table.rows[0]]
    first = next((place for place, cell in enumerate(header) if _NUMBERED.search(cell)), len(header))
    number_of_canvas = places[0] if places[0] is not None else _column_of_numbers(table, first)
    if number_of_canvas is None or not 1 <= number_of_canvas <= _MOST_NAMES:
        raise UsageError(
            f"{_WORKSHEET} does not begin with the columns Student and ID, or last name, first name and ID; export it "
            "anew from the gradebook of Canvas."
        )
    known = [place for place in places[1:] if place is not None]
    others = known or list(range(number_of_canvas + 1, max(number_of_canvas + 1, first - 1)))  # the last is the section
    return _Columns((number_of_canvas, *others), tuple(range(number_of_canvas)))


def _column_of_numbers(table: Table, end: int) -> int | None:
    """Return the first of the leading columns that has only whole numbers, and at least one; `None` if none has."""
    for place in range(min(end, _MOST_NAMES + 1)):
        cells = [cell for row in table.rows[1:] if (cell := _cell(row, place))]
        if cells and all(cell.isascii() and cell.isdigit() for cell in cells):
            return place
    return None


def _cell(row: Sequence[str], place: int) -> str:
    return row[place].strip() if place < len(row) else ""


def _assignment(table: Table, title: str, columns: _Columns) -> int:
    """Return the column of an assignment, whose title may be given with or without Canvas' number at the end."""
    people = {name.casefold() for name in (*_COLUMNS, *_ACCOUNTS)}
    header = [cell.strip() for cell in table.rows[0]]
    taken = {*columns.people, *columns.names}
    named = {
        index: name
        for index, name in enumerate(header)
        if name and name.casefold() not in people and index not in taken
    }
    bare = {index: _NUMBERED.sub("", cell) for index, cell in named.items()}
    found = [index for index in named if title.strip() in (named[index], bare[index])]
    if len(found) != 1:
        what = "several assignments" if found else "no assignment"
        raise UsageError(
            f"{_WORKSHEET} has {what} called {title!r}; choose with --assignment: {listed(list(named.values()))}."
        )
    return found[0]
