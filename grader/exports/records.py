"""The records that every export format takes and returns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import msgspec

from grader.assignment.contract import CHECKS
from grader.course import NO_OWN, Course, OwnChecks, Ranked
from grader.gradebook.records import Attempt, Entry
from grader.ground.errors import UsageError
from grader.results.scoring import Report


class Choices(msgspec.Struct, frozen=True):
    """The user's choices for an export, apart from the format.

    Attributes:
        title: The name of the assignment in the other system.
        worksheet: The content of a file that was downloaded from there and is to be filled in; `None` for none.
        scale: Whether to convert points if the other system has a different maximum.
        hidden: The ids of the checks that students see only once grades are published.
        leaderboard: What the course allows students to see of one another.
    """

    title: str = Course().title
    worksheet: bytes | None = None
    scale: bool = False
    hidden: frozenset[str] = frozenset()
    leaderboard: tuple[Ranked, ...] = ()


class Export(msgspec.Struct, frozen=True):
    """A file for another system.

    Attributes:
        content: The file's content.
        notes: Sentences that the user has to know about, such as which students were not found.
    """

    content: bytes
    notes: tuple[str, ...] = ()


class Format(msgspec.Struct, frozen=True):
    """A format that `grader export` offers.

    Attributes:
        name: The format's name on the command line.
        summary: A description for the help.
        write: The pure function that makes the file from the entries and the choices.
        worksheet: Whether the format fills in a file that was downloaded from the other system.
    """

    name: str
    summary: str
    write: Callable[[Sequence[Entry], Choices], Export]
    worksheet: Literal["never", "may", "must"] = "never"


def entries_of(report: Report) -> tuple[Entry, ...]:
    """Return a report's results as entries: one attempt each, numbered 0, without points by hand or penalty."""
    return tuple(
        Entry(
            Attempt(0, "", "", "", "", report.profile, (), report.isolation, result),
            attempts=1,
            adjustments=(),
            days_late=0.0,
            penalty=0.0,
            score=result.score if result.status == "graded" else None,
        )
        for result in report.results
    )


def report_of(entries: Sequence[Entry]) -> Report:
    """Return the report that entries would have come from, with the scores as measured.

    Raises:
        UsageError: If there are no entries, or they differ in profile or isolation level; a report has one of each.
    """
    ways = sorted({(entry.attempt.profile, entry.attempt.isolation) for entry in entries})
    if len(ways) != 1:
        found = " and ".join(f"{profile} at {isolation}" for profile, isolation in ways) or "nothing"
        raise UsageError(
            f"a report is of one profile and isolation level, but there is {found}; choose with --submission."
        )
    results = tuple(entry.attempt.result for entry in entries)
    return Report(*ways[0], round(sum(result.seconds for result in results), 3), results)


def check_hidden(names: Sequence[str], own: OwnChecks = NO_OWN) -> frozenset[str]:
    """Return the ids that were given with `--hide`, after making sure that each is a check of the grader or course.

    Raises:
        UsageError: If there is no such check.
    """
    unknown = sorted(set(names) - {check.id for check in CHECKS} - own.ids)
    if unknown:
        raise UsageError(f"--hide {unknown[0]}: there is no such check; docs/checks.md lists them all.")
    return frozenset(names)
