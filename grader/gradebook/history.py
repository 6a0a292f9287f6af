"""The history of all changes that people made, with who, when, what and why.  Pure functions."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Final

import msgspec

from grader.gradebook.records import Adjustment, Comment, Decision
from grader.ground.text import moment, number

_TAKEN_BACK: Final = "taken back: "


class Event(msgspec.Struct, frozen=True):
    """One change that a person made.

    Attributes:
        at: The time of the change: ISO 8601, UTC.
        by: Who made it.
        student: The student or submission that it is about; empty for a comment in the library.
        what: What was changed, in a few words.
        reason: The reason; empty if none was given.
    """

    at: str
    by: str
    student: str
    what: str
    reason: str


def history_of(
    adjustments: Iterable[Adjustment],
    decisions: Iterable[Decision],
    comments: Iterable[Comment],
    names: Collection[str] | None = None,
) -> list[Event]:
    """Return all changes, oldest first.

    Args:
        adjustments: All points by hand.
        decisions: All decisions.
        comments: Every version of every comment in the library.
        names: Only changes about the students and submissions with these names, without the library; by default all.
    """
    events = [*_of_points(adjustments), *_of_decisions(decisions)]
    if names is None:
        events += _of_comments(comments)
    chosen = [event for event in events if names is None or event.student in names]
    return sorted(chosen, key=lambda event: event.at)


def told(decision: Decision) -> str:
    """Describe a decision in a few words."""
    words = {
        "extension": f"extended to {moment(decision.value)}",
        "excuse": "excused",
        "group": f"in {decision.value}",
        "withdrawal": f"{_TAKEN_BACK}adjustment {decision.value}",
    }[decision.kind]
    return f"{_TAKEN_BACK}{words}" if decision.undoes else words


def signed(points: float) -> str:
    """Return points with their sign, as in `+3` or `-0.5`."""
    return f"{'-' if points < 0 else '+'}{number(abs(points))}"


def _of_points(adjustments: Iterable[Adjustment]) -> Iterator[Event]:
    for each in adjustments:
        where = f" for {each.check}" if each.check else ""
        what = f"comment {each.comment}" if each.comment else f"{signed(each.points)} points{where}"
        # For a comment, the reason is its current text, which may have been changed since it was given.
        why = "" if each.comment else each.reason
        yield Event(each.at, each.by, each.submission, f"adjustment {each.number}: {what}", why)


def _of_decisions(decisions: Iterable[Decision]) -> Iterator[Event]:
    for each in decisions:
        yield Event(each.at, each.by, each.student, told(each), each.reason)


def _of_comments(comments: Iterable[Comment]) -> Iterator[Event]:
    for each in comments:
        where = f" for {each.check}" if each.check else ""
        what = f"comment {each.id}: {signed(each.points)} points{where}: {each.text}"
        yield Event(each.at, each.by, "", what, each.reason)
