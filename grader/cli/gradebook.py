"""The commands of `grader gradebook` that only show it; `deciding` has those that record what people decide."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import cyclopts
import msgspec
from cyclopts import Parameter
from rich.console import Console

from grader.cli.app import app
from grader.cli.options import GRADEBOOK_FILE
from grader.course import load_course
from grader.gradebook.changes import Comparison, compare
from grader.gradebook.history import Event, history_of
from grader.gradebook.records import Adjustment, Attempt, Decision, Entry
from grader.gradebook.store import Gradebook
from grader.ground.errors import UsageError
from grader.reports import gradebook as tables
from grader.reports.site import StudentPage, write_site
from grader.results.scoring import SCHEMA_VERSION

book = cyclopts.App(
    name="gradebook",
    help="Show the gradebook, and add what people decide: points by hand, comments, extensions, excuses and groups. "
    "The results themselves stay as they are, and nothing is graded again.",
)
app.command(book)


@Parameter(name="*")
@dataclass(frozen=True)
class Source:
    """The options that name a gradebook, and the course that says what counts in it."""

    gradebook: Annotated[Path, Parameter(help="The gradebook.")] = GRADEBOOK_FILE
    course: Annotated[
        Path | None, Parameter(help="The course file; by default, course.toml in the current folder.")
    ] = None

    def open(self, path: Path | None = None) -> contextlib.AbstractContextManager[Gradebook]:
        """Open the gradebook, or the one at `path` with the same course."""
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
    """Show the score of each student, or all attempts and decisions of one student.

    Args:
        name: The student; by default, all students.
        source: See `Source`.
        below: Only students with fewer points than this.
        failed: Only students who did not pass this check.
        not_graded: Only students whose submission could not be graded.
        late: Only students who were late.
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
def pages(
    *,
    output: Annotated[Path, Parameter(name=["--output", "-o"])],
    source: Source | None = None,
) -> int:
    """Write the pages of the class and of each student from the gradebook, without grading anything.

    What [visibility] in the course file hides until a date appears on students' pages that are written after it.

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
    """Show what people changed, oldest first, with who, when, what and why.

    Args:
        name: Only changes about this student; by default, all changes.
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
    """Show which checks changed between two attempts, or between the attempts that count in two gradebooks.

    Args:
        name: The submission; with --with, by default every submission that changed.
        first: The number of an attempt; by default, the second to last.
        second: The number of another attempt; by default, the last.
        other: An earlier gradebook, such as a copy, to compare with.
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
            later.entry(name)  # raises the error that says which name may have been meant
        return [compare(name, before.get(name), after.get(name))]
    every = [compare(each, before.get(each), after.get(each)) for each in sorted({*before, *after})]
    return [comparison for comparison in every if comparison.changes]
