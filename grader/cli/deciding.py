"""The commands of `grader gradebook` that record what people decide: points, comments, extensions, excuses, groups."""

from __future__ import annotations

import contextlib
import getpass
from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Annotated, Final

import msgspec
from cyclopts import Parameter
from rich.console import Console

from grader.cli.gradebook import Source, book
from grader.course import Course
from grader.gradebook import deciding
from grader.gradebook.deciding import Signed
from grader.gradebook.lists import parse_comments, parse_groups
from grader.gradebook.records import Comment, Entry
from grader.gradebook.store import Gradebook
from grader.ground.errors import UsageError
from grader.ground.files import read_named
from grader.ground.notes import note
from grader.ground.text import moment, number, utc
from grader.reports import gradebook as tables
from grader.results.scoring import SCHEMA_VERSION

# Python has years 1 to 9999, but near the ends a conversion to another time zone would overflow.
_FIRST_YEAR: Final = 1900
_LAST_YEAR: Final = 9000


class _Library(msgspec.Struct, frozen=True):
    """What `comments --json` prints: the latest version of each comment, and whom each was given to."""

    comments: Sequence[Comment]
    used_for: dict[str, tuple[str, ...]]
    schema_version: int = SCHEMA_VERSION


@book.command
def adjust(
    name: str,
    points: float,
    /,
    *,
    reason: str,
    by: str | None = None,
    check: str = "",
    source: Source | None = None,
) -> int:
    """Add points by hand, or take points away.

    Points for a check correct what was measured, before the late penalty is taken off; points for the total are added
    at the end.

    Args:
        name: The submission.
        points: The number of points; a negative number takes points away.
        reason: The reason, for the student to read.
        by: The name of the person who gives the points; by default, the user who is logged in.
        check: The check whose points are corrected; by default, the points are for the total.
        source: See `Source`.
    """
    with (source or Source()).open() as gradebook:
        made = gradebook.adjust(name, points, reason=reason, by=_who(by), check=check, at=_now())
        print(f"Adjustment {made.number}: {_scores_of(gradebook, name)}")
    return 0


@book.command
def withdraw(adjustment: int, /, *, reason: str = "", by: str | None = None, source: Source | None = None) -> int:
    """Withdraw points by hand or a comment; they stay in the gradebook, marked as withdrawn.

    Args:
        adjustment: The number of the adjustment, which `grader gradebook show NAME` lists.
        reason: The reason.
        by: The name of the person who withdraws them; by default, the user who is logged in.
        source: See `Source`.
    """
    with (source or Source()).open() as gradebook:
        before = gradebook.withdraw(adjustment, at=_now(), by=_who(by), reason=reason)
        print(f"Adjustment {before.number} is withdrawn: {_scores_of(gradebook, before.submission)}")
    return 0


@book.command
def extend(
    name: str,
    deadline: str | None = None,
    /,
    *,
    reason: str,
    by: str | None = None,
    undo: Annotated[bool, Parameter(negative="")] = False,
    ahead: Annotated[bool, Parameter(negative="")] = False,
    source: Source | None = None,
) -> int:
    """Give a student a later deadline.

    To extend it for all students who share a submission, name the submission.

    Args:
        name: The student.
        deadline: A date, which ends at the time of day of the course's deadline, or a date, time and time zone.
        reason: The reason; it stays in the gradebook and is not shown to students.
        by: The name of the person who decides; by default, the user who is logged in.
        undo: Take back the last extension; the one before it, if there was one, holds again.
        ahead: Accept a name that is not in the gradebook, since the student has not handed in anything yet.
        source: See `Source`.
    """
    if undo == (deadline is not None):
        raise UsageError(f"{name}: give the new deadline, as in 2026-07-05, or --undo to take the last extension back.")
    with (source or Source()).open() as gradebook:
        signed = Signed(_who(by), reason, _now())
        if undo:
            before = deciding.undo(gradebook, name, "extension", signed)
            said = f"The extension to {moment(before.value)} is taken back"
        else:
            assert deadline is not None
            made = deciding.extend(gradebook, name, _deadline(deadline, gradebook.course), signed, ahead=ahead)
            said = f"Extended to {moment(made.value)}"
        print(f"{said}: {_scores_of(gradebook, name)}")
    return 0


@book.command
def excuse(
    name: str,
    /,
    *,
    reason: str,
    by: str | None = None,
    undo: Annotated[bool, Parameter(negative="")] = False,
    ahead: Annotated[bool, Parameter(negative="")] = False,
    source: Source | None = None,
) -> int:
    """Excuse a student, who then has no score and does not count in the statistics of the class.

    To excuse all students who share a submission, name the submission.

    Args:
        name: The student.
        reason: The reason; it stays in the gradebook and is not shown to students.
        by: The name of the person who decides; by default, the user who is logged in.
        undo: Take the excuse back.
        ahead: Accept a name that is not in the gradebook, since the student has not handed in anything yet.
        source: See `Source`.
    """
    with (source or Source()).open() as gradebook:
        signed = Signed(_who(by), reason, _now())
        if undo:
            deciding.undo(gradebook, name, "excuse", signed)
            print(f"The excuse is taken back: {_scores_of(gradebook, name)}")
        else:
            deciding.excuse(gradebook, name, signed, ahead=ahead)
            print(_scores_of(gradebook, name))
    return 0


@book.command
def groups(
    file: Path | None = None,
    /,
    *,
    reason: str = "",
    by: str | None = None,
    source: Source | None = None,
) -> int:
    """Load from a CSV file who shares which submission; without a file, show the groups.

    The file has the columns submission and student and a line for each student.  Groups that it names are replaced,
    and others stay as they are.  With groups = "names" in the course file, ada+ben.py needs no line.

    Args:
        file: The CSV file.
        reason: The reason for the groups, or for the change.
        by: The name of the person who decides; by default, the user who is logged in.
        source: See `Source`.
    """
    with (source or Source()).open() as gradebook:
        if file is None:
            tables.show_groups(Console(), gradebook.roll().groups)
            return 0
        shares = parse_groups(read_named(file), str(file))
        changed = deciding.put_groups(gradebook, shares, Signed(_who(by), reason or f"Loaded from {file}.", _now()))
    for words, moves in (("left", changed.left), ("joined", changed.joined)):
        for student, submission in moves:
            print(f"{student} {words} {submission}.")
    if not changed.joined and not changed.left:
        print("No group has changed.")
    if changed.unknown:
        note(f"Not handed in so far: {', '.join(changed.unknown)}.")
    return 0


@book.command
def comments(
    file: Path | None = None,
    /,
    *,
    reason: str = "",
    by: str | None = None,
    source: Source | None = None,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """Load comments from a TOML file into the library; without a file, show the library.

    If a comment in the file is already in the library and differs, its new text and points count wherever it was used.
    Comments that are not in the file stay in the library.

    Args:
        file: The TOML file, with a line [late-plot] for each comment, and text, points and check below it.
        reason: The reason for the comments, or for the change.
        by: The name of the person who decides; by default, the user who is logged in.
        source: See `Source`.
        json: Print one JSON document and nothing else.
    """
    with (source or Source()).open() as gradebook:
        if file is not None:
            wordings = parse_comments(read_named(file), str(file), gradebook.course.own)
            signed = Signed(_who(by), reason or f"Loaded from {file}.", _now())
            added = deciding.put_comments(gradebook, wordings, signed)
        latest = {comment.id: comment for comment in gradebook.comments()}
        used: dict[str, tuple[str, ...]] = {}
        for each in gradebook.all_adjustments():
            if each.comment and not each.withdrawn_at:
                used[each.comment] = (*used.get(each.comment, ()), each.submission)
    if json:
        print(msgspec.json.encode(_Library(list(latest.values()), used)).decode())
    elif file is None:
        tables.show_comments(Console(), list(latest.values()), used)
    else:
        for each_added in added:
            count = len(used.get(each_added.id, ()))
            print(f"{each_added.id}: {number(each_added.points)} points, used {count} time{'' if count == 1 else 's'}.")
        if not added:
            print("No comment has changed.")
    return 0


@book.command
def comment(
    name: str,
    comment_id: Annotated[str, Parameter(name="COMMENT")],
    /,
    *,
    by: str | None = None,
    undo: Annotated[bool, Parameter(negative="")] = False,
    reason: str = "",
    source: Source | None = None,
) -> int:
    """Give a student a comment from the library, with its points.

    To give it to all students who share a submission, name the submission.

    Args:
        name: The student.
        comment_id: The name of the comment; `grader gradebook comments` lists them.
        by: The name of the person who decides; by default, the user who is logged in.
        undo: Take the comment back.
        reason: The reason for taking it back.
        source: See `Source`.
    """
    with (source or Source()).open() as gradebook:
        if undo:
            used = deciding.used_as(gradebook, name, comment_id)
            gradebook.withdraw(used, at=_now(), by=_who(by), reason=reason)
            print(f"Adjustment {used} is withdrawn: {_scores_of(gradebook, name)}")
        else:
            made = deciding.comment(gradebook, name, comment_id, by=_who(by), at=_now())
            print(f"Adjustment {made.number}: {_scores_of(gradebook, name)}")
    return 0


def _scores_of(gradebook: Gradebook, name: str) -> str:
    """Say in a sentence what score a student has now, or each of the students who share a submission."""
    if name not in gradebook.roll().names:
        return f"{name} has handed in nothing so far."
    return " ".join(_score_of(entry) for entry in gradebook.rows(name))


def _score_of(entry: Entry) -> str:
    if entry.excused:
        return f"{entry.student} is excused."
    return (
        f"{entry.student} is not graded."
        if entry.score is None
        else f"{entry.student} has {number(entry.score)} points."
    )


def _deadline(text: str, course: Course) -> datetime:
    """Parse a deadline; a date alone gets the time of day and the time zone of the course's deadline.

    Raises:
        UsageError: If the text is neither a date nor a date and time with a time zone.
    """
    given: datetime | None = None
    with contextlib.suppress(ValueError):
        given = datetime.fromisoformat(text)
        day = date.fromisoformat(text)
        # If the course has no deadline, any time will do: extending it is refused later.
        given = datetime.combine(day, course.late.deadline.timetz() if course.late.deadline else time(tzinfo=UTC))
    if given is not None and given.tzinfo is not None and _FIRST_YEAR <= given.year <= _LAST_YEAR:
        return given
    example = "2026-07-05T23:59:00+02:00"
    raise UsageError(f"{text}: give a date, as in 2026-07-05, or date, time and time zone, as in {example}.")


def _who(by: str | None) -> str:
    return getpass.getuser() if by is None else by


def _now() -> str:
    return utc(datetime.now(UTC))
