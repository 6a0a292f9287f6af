"""What every format is given, and what it gives back."""

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
    """What a person may choose beside the format.

    Attributes:
        title: Name of the assignment, as the other system has it.
        worksheet: The file that was downloaded from there and is to be filled; `None` for none.
        scale: Whether points are converted where the other system's maximum is another.
        hidden: Ids of checks that students see only once grades are published.
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
        content: Its bytes.
        notes: What a person has to know of it, a sentence each, such as who was not found.
    """

    content: bytes
    notes: tuple[str, ...] = ()


class Format(msgspec.Struct, frozen=True):
    """A format that `grader export` offers.

    Attributes:
        name: Its name on the command line.
        summary: What it is, for the help.
        write: Makes the file: a pure function of what counts for each submission, and of the choices.
        worksheet: Whether it fills a file that was downloaded from the other system.
    """

    name: str
    summary: str
    write: Callable[[Sequence[Entry], Choices], Export]
    worksheet: Literal["never", "may", "must"] = "never"


def entries_of(report: Report) -> tuple[Entry, ...]:
    """A report as a gradebook would give it: one attempt each, numbered 0, with nothing laid over it."""
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
    """The report that some entries would have come from, as they were measured.

    Raises:
        UsageError: There are none, or they were graded in different ways, which one report cannot say.
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
    """The checks that `--hide` names, which may be the course's own.

    Raises:
        UsageError: There is no such check.
    """
    unknown = sorted(set(names) - {check.id for check in CHECKS} - own.ids)
    if unknown:
        raise UsageError(f"--hide {unknown[0]}: there is no such check; docs/checks.md lists them all.")
    return frozenset(names)
