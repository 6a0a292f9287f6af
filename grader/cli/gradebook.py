"""`grader gradebook`: look at what was graded, and lay over it what people decide."""

from __future__ import annotations

import contextlib
import getpass
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Annotated, Final

import cyclopts
import msgspec
from cyclopts import Parameter
from rich.console import Console

from grader.cli.app import app
from grader.cli.options import GRADEBOOK_FILE
from grader.course import Course, load_course
from grader.gradebook import deciding
from grader.gradebook.changes import Comparison, compare
from grader.gradebook.deciding import Signed
from grader.gradebook.history import Event, history_of
from grader.gradebook.lists import parse_comments, parse_groups
from grader.gradebook.records import Adjustment, Attempt, Comment, Decision, Entry
from grader.gradebook.store import Gradebook
from grader.ground.errors import UsageError
from grader.ground.files import read_named
from grader.ground.notes import note
from grader.ground.text import moment, number, utc
from grader.reports import gradebook as tables
from grader.reports.site import StudentPage, write_site
from grader.results.scoring import SCHEMA_VERSION

book = cyclopts.App(
    name="gradebook",
    help="Look at the gradebook, and lay over it what people decide: points by hand, comments, extensions, excuses, "
    "groups. What was measured stays as it is, and nothing is graded again.",
)
app.command(book)

# Python knows others too, but not in every time zone.
_FIRST_YEAR: Final = 1900
_LAST_YEAR: Final = 9000


@Parameter(name="*")
@dataclass(frozen=True)
class Source:
    """Which gradebook, and the course that says what counts in it."""

    gradebook: Annotated[Path, Parameter(help="The gradebook.")] = GRADEBOOK_FILE
    course: Annotated[Path | None, Parameter(help="The course file; course.toml here unless given.")] = None

    def open(self, path: Path | None = None) -> contextlib.AbstractContextManager[Gradebook]:
        """Open it, or another gradebook in its place."""
        return Gradebook.open(path or self.gradebook, course=load_course(self.course), must_exist=True)


class _Class(msgspec.Struct, frozen=True):
    """What `show --json` prints."""

    entries: Sequence[Entry]
    schema_version: int = SCHEMA_VERSION


class _Submission(msgspec.Struct, frozen=True):
    """What `show NAME --json` prints."""

    entry: Entry
    attempts: Sequence[Attempt]
    adjustments: Sequence[Adjustment]
    decisions: Sequence[Decision]
    schema_version: int = SCHEMA_VERSION


class _History(msgspec.Struct, frozen=True):
    """What `history --json` prints."""

    events: Sequence[Event]
    schema_version: int = SCHEMA_VERSION


class _Library(msgspec.Struct, frozen=True):
    """What `comments --json` prints: the comments as they read now, and for whom each is used."""

    comments: Sequence[Comment]
    used_for: dict[str, tuple[str, ...]]
    schema_version: int = SCHEMA_VERSION


class _Comparisons(msgspec.Struct, frozen=True):
    """What `compare --json` prints."""

    comparisons: Sequence[Comparison]
    schema_version: int = SCHEMA_VERSION


@book.command
def show(
    name: str | None = None,
    /,
    *,
    source: Source | None = None,
    below: float | None = None,
    failed: str | None = None,
    not_graded: Annotated[bool, Parameter(negative="")] = False,
    late: Annotated[bool, Parameter(negative="")] = False,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """Show what counts for each student, or one student with all attempts and all that was decided.

    Args:
        name: The student; all of them unless given.
        source: See `Source`.
        below: Only those with fewer points.
        failed: Only those that did not pass this check.
        not_graded: Only those that could not be graded.
        late: Only those that were late.
        json: Print one JSON document and nothing else.
    """
    filtered = below is not None or failed is not None or not_graded or late
    if name is not None and filtered:
        raise UsageError(f"{name}: --below, --failed, --not-graded and --late choose among all; leave the name out.")
    with (source or Source()).open() as gradebook:
        if name is not None:
            entry, titles = gradebook.entry(name), gradebook.roll().titles(name)
            decided = [
                decision
                for decision in gradebook.decisions()
                if decision.student in titles and decision.kind != "withdrawal"
            ]
            found = _Submission(entry, gradebook.attempts(name), gradebook.adjustments(name), decided)
            if json:
                print(msgspec.json.encode(found).decode())
            else:
                tables.show_submission(Console(), found.entry, found.attempts, found.adjustments, decided)
            return 0
        entries = gradebook.entries()
        if failed is not None:
            gradebook.refuse_unknown(failed)
            entries = [entry for entry in entries if entry.misses(failed)]
    if below is not None:
        entries = [entry for entry in entries if entry.score is not None and entry.score < below]
    if not_graded:
        entries = [entry for entry in entries if entry.score is None]
    if late:
        entries = [entry for entry in entries if entry.days_late > 0]
    if json:
        print(msgspec.json.encode(_Class(entries)).decode())
    else:
        tables.show_entries(Console(), entries)
    return 0


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
    """Add points by hand, or take some away.

    Points for a check correct what was measured, before anything is taken off for being late; points for the total
    come on top of everything.

    Args:
        name: The submission.
        points: How many; a negative number takes away.
        reason: Why, for the student to read.
        by: Who says so; who is logged in unless given.
        check: The check that they correct; the total unless given.
        source: See `Source`.
    """
    with (source or Source()).open() as gradebook:
        made = gradebook.adjust(name, points, reason=reason, by=_who(by), check=check, at=_now())
        print(f"Adjustment {made.number}: {_scores_of(gradebook, name)}")
    return 0


@book.command
def withdraw(adjustment: int, /, *, reason: str = "", by: str | None = None, source: Source | None = None) -> int:
    """Take points by hand, or a comment, back; they stay in the gradebook, marked as withdrawn.

    Args:
        adjustment: Its number, which `grader gradebook show NAME` tells.
        reason: Why.
        by: Who says so; who is logged in unless given.
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

    For all who share a submission, name the submission.

    Args:
        name: The student.
        deadline: A date, at the time of day of the course's deadline; or date, time and time zone.
        reason: Why; it stays in the gradebook and is not shown to students.
        by: Who says so; who is logged in unless given.
        undo: Take the last extension back; the one before it, if there was one, holds again.
        ahead: The student has handed in nothing so far, so the name is not looked for.
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
    """Excuse a student: there is no score, and the student counts in no statistics of the class.

    For all who share a submission, name the submission.

    Args:
        name: The student.
        reason: Why; it stays in the gradebook and is not shown to students.
        by: Who says so; who is logged in unless given.
        undo: Take the excuse back.
        ahead: The student has handed in nothing so far, so the name is not looked for.
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
    """Record who shares which submission, from a CSV file; without one, show who does.

    The file has the columns submission and student, a line for each student.  The groups that it names become as it
    says, and others stay.  With groups = "names" in the course file, ada+ben.py needs no line.

    Args:
        file: The file.
        reason: Why the groups are so, or why they change.
        by: Who says so; who is logged in unless given.
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
    """Put comments into the library, from a TOML file; without one, show them, and for whom each is used.

    Where a comment of the file is in the library and reads otherwise, its new text and points count wherever it is
    used.  Comments that are not in the file stay.

    Args:
        file: The file: a line [late-plot] for each comment, with text, points, and check below it.
        reason: Why they are so, or why they change.
        by: Who says so; who is logged in unless given.
        source: See `Source`.
        json: Print one JSON document and nothing else.
    """
    with (source or Source()).open() as gradebook:
        if file is not None:
            wordings = parse_comments(read_named(file), str(file))
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
    """Use a comment of the library for a student: its text, with its points.

    For all who share a submission, name the submission.

    Args:
        name: The student.
        comment_id: The comment, which `grader gradebook comments` lists.
        by: Who says so; who is logged in unless given.
        undo: Take it back.
        reason: Why it is taken back.
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


@book.command
def pages(
    *,
    output: Annotated[Path, Parameter(name=["--output", "-o"])],
    source: Source | None = None,
) -> int:
    """Write the pages of the class and of each student from the gradebook, as they are now, without grading.

    What [visibility] in the course file hides until a date is on the students' pages once they are made after it.

    Args:
        output: The folder to write index.html and students/ into.
        source: See `Source`.
    """
    with (source or Source()).open() as gradebook:
        made = [StudentPage(one.entry, one.artefacts, one.attempts, one.timings) for one in gradebook.known()]
        write_site(output, gradebook.course, made)
    print(f"Wrote {len(made)} page{'' if len(made) == 1 else 's'}; they begin at {output / 'index.html'}.")
    return 0


@book.command
def history(
    name: str | None = None,
    /,
    *,
    source: Source | None = None,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """Show what people changed: who, when, what and why, oldest first.

    Args:
        name: Only what is about this student; everything unless given.
        source: See `Source`.
        json: Print one JSON document and nothing else.
    """
    with (source or Source()).open() as gradebook:
        if name is not None:
            gradebook.refuse_unknown_name(name)
        events = history_of(
            gradebook.all_adjustments(),
            gradebook.decisions(),
            gradebook.comments(),
            None if name is None else gradebook.roll().titles(name),
        )
    if json:
        print(msgspec.json.encode(_History(events)).decode())
    elif events:
        tables.show_history(Console(), events)
    else:
        print("Nothing was changed by hand.")
    return 0


@book.command(name="compare")
def compare_attempts(
    name: str | None = None,
    first: int | None = None,
    second: int | None = None,
    /,
    *,
    other: Annotated[Path | None, Parameter(name="--with")] = None,
    source: Source | None = None,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """Show what changed, check by check: between two attempts, or between what counts in two gradebooks.

    Args:
        name: The submission.
        first: The number of an attempt; the last but one unless given.
        second: The number of another attempt; the last unless given.
        other: An earlier gradebook, such as a copy, to compare with; without a name, every submission that changed.
        source: See `Source`.
        json: Print one JSON document and nothing else.
    """
    chosen = source or Source()
    if other is not None and first is not None:
        raise UsageError("--with compares what counts in two gradebooks; leave the attempts' numbers out.")
    if other is None and name is None:
        raise UsageError("name a submission, or another gradebook with --with.")
    with chosen.open() as gradebook:
        if other is not None:
            with chosen.open(other) as earlier:
                comparisons = _between_gradebooks(name, earlier, gradebook)
        else:
            assert name is not None
            comparisons = [_between_attempts(name, gradebook.attempts(name), first, second)]
    if json:
        print(msgspec.json.encode(_Comparisons(comparisons)).decode())
        return 0
    for comparison in comparisons:
        tables.show_comparison(Console(), comparison)
    if not comparisons:
        print("No submission has changed.")
    return 0


def _between_attempts(name: str, attempts: Sequence[Attempt], first: int | None, second: int | None) -> Comparison:
    numbers = [attempt.number for attempt in attempts]
    if len(numbers) < 2:
        raise UsageError(f"{name}: has one attempt only, so there is nothing to compare.")
    for wanted in (first, second):
        if wanted is not None and wanted not in numbers:
            known = ", ".join(map(str, numbers))
            raise UsageError(f"{name}: has no attempt {wanted}; its attempts are {known}.")
    if first is None:
        return compare(name, attempts[-2], attempts[-1])
    return compare(name, attempts[numbers.index(first)], attempts[-1 if second is None else numbers.index(second)])


def _between_gradebooks(name: str | None, earlier: Gradebook, later: Gradebook) -> list[Comparison]:
    before = {entry.attempt.result.submission.id: entry.attempt for entry in earlier.entries()}
    after = {entry.attempt.result.submission.id: entry.attempt for entry in later.entries()}
    if name is not None:
        if name not in before and name not in after:
            later.entry(name)  # says that it is not there, and what may have been meant
        return [compare(name, before.get(name), after.get(name))]
    every = [compare(each, before.get(each), after.get(each)) for each in sorted({*before, *after})]
    return [comparison for comparison in every if comparison.changes]


def _scores_of(gradebook: Gradebook, name: str) -> str:
    """What counts now for a student, or for each of those who share a submission."""
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
    """A deadline as it was given: of a date alone, the time of day and the time zone are those of the course's."""
    given: datetime | None = None
    with contextlib.suppress(ValueError):
        given = datetime.fromisoformat(text)
        day = date.fromisoformat(text)
        # Without a deadline of the course there will be an error all the same.
        given = datetime.combine(day, course.late.deadline.timetz() if course.late.deadline else time(tzinfo=UTC))
    if given is not None and given.tzinfo is not None and _FIRST_YEAR <= given.year <= _LAST_YEAR:
        return given
    example = "2026-07-05T23:59:00+02:00"
    raise UsageError(f"{text}: give a date, as in 2026-07-05, or date, time and time zone, as in {example}.")


def _who(by: str | None) -> str:
    return getpass.getuser() if by is None else by


def _now() -> str:
    return utc(datetime.now(UTC))
