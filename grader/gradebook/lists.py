"""Parsing the files that people load into a gradebook: the groups file and the library of comments."""

from __future__ import annotations

import csv
import io
import math
import tomllib
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from grader.assignment import contract, guided
from grader.assignment.requirements import REQUIREMENT_CHECKS
from grader.course import NO_OWN, OwnChecks
from grader.ground.errors import UsageError, nearest

MAX_POINTS: Final = 10_000
"""The most points that may be given or taken by hand at once."""

_HEADERS: Final = (("submission", "student"), ("group", "student"))
_CHECKS: Final = tuple(check.id for check in (*contract.CHECKS, *REQUIREMENT_CHECKS.values(), *guided.CHECKS))
_EXAMPLE: Final = 'a line [late-plot] with text = "…" and points = -2 below it'


class Share(msgspec.Struct, frozen=True):
    """A line of a groups file: the student has a share in the submission."""

    line: int
    submission: str
    student: str


class Wording(msgspec.Struct, frozen=True):
    """A comment as it is written in a file: see `records.Comment`."""

    id: str
    text: str
    points: float
    check: str


def parse_groups(data: bytes, where: str) -> list[Share]:
    """Parse a CSV file with the columns `submission` (or `group`) and `student` and a line for each student.

    Args:
        data: The file's content: UTF-8, separated by commas, semicolons or tabs.
        where: The file's name in error messages.

    Raises:
        UsageError: If the file is not of this form, or names a student twice.
    """
    text = _decoded(data, where)
    first = text.partition("\n")[0]
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=first.count))
    shares: dict[str, Share] = {}
    try:
        header = tuple(cell.strip().casefold() for cell in next(rows, []))
        if header not in _HEADERS:
            raise UsageError(f"{where}: line 1: expected the columns submission,student.")
        for row in rows:
            cells = [cell.strip() for cell in row]
            if not any(cells):
                continue
            if len(cells) != len(header) or not all(cells):
                raise UsageError(f"{where}: line {rows.line_num}: expected a submission and one student.")
            share = Share(rows.line_num, *cells)
            if before := shares.get(share.student):
                raise UsageError(
                    f"{where}: line {share.line}: {share.student} is in {before.submission} already, on line "
                    f"{before.line}; a student is in one group."
                )
            shares[share.student] = share
    except csv.Error as error:
        raise UsageError(f"{where}: line {rows.line_num}: is not CSV ({error}).") from None
    return list(shares.values())


def parse_comments(data: bytes, where: str, own: OwnChecks = NO_OWN) -> list[Wording]:
    """Parse a TOML file with a table for each comment: `text`, `points`, and `check` unless they are for the total.

    Args:
        data: The file's content.
        where: The file's name in error messages.
        own: The course's own checks, which comments can be for as well as the grader's.

    Raises:
        UsageError: If the file is not of this form.
    """
    try:
        table = tomllib.loads(_decoded(data, where))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        reason = "too deeply nested" if isinstance(error, RecursionError) else str(error)
        raise UsageError(f"{where}: is not TOML: {reason}.") from None
    return [_wording(name, part, f"{where}: {name}", (*_CHECKS, *sorted(own.ids))) for name, part in table.items()]


def _wording(name: str, part: Any, where: str, checks: Sequence[str]) -> Wording:
    if not isinstance(part, dict):
        raise UsageError(f"{where}: expected {_EXAMPLE}.")
    known = ("text", "points", "check")
    for key in part:
        if key not in known:
            raise UsageError(f"{where}.{key}: unknown key{nearest(key, known)}")
    text, points, check = part.get("text"), part.get("points", 0), part.get("check", "")
    if not isinstance(text, str) or not text.strip():
        raise UsageError(f"{where}.text: expected what the student is to read, in quotes.")
    # bool is an int in Python, but `= true` is not a number of points.
    if isinstance(points, bool) or not isinstance(points, int | float) or not math.isfinite(points):
        raise UsageError(f"{where}.points: expected a number.")
    if abs(points) > MAX_POINTS:
        raise UsageError(f"{where}.points: expected points between -{MAX_POINTS} and {MAX_POINTS}, got {points:g}.")
    if check and check not in checks:
        raise UsageError(f"{where}.check: {check}: unknown check{nearest(str(check), checks)}")
    return Wording(name, text.strip(), float(points), check)


def _decoded(data: bytes, where: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UsageError(f"{where}: is not UTF-8 text; save it as UTF-8.") from None
