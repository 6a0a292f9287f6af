"""Everything that people changed, in one list: who, when, what and why.  Pure functions."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Final

import msgspec

from grader.gradebook.records import Adjustment, Comment, Decision
from grader.ground.text import moment, number

_TAKEN_BACK: Final = "taken back: "


class Event(msgspec.Struct, frozen=True):
    """Something that a person changed.

    Attributes:
        at: When: ISO 8601, UTC.
        by: Who.
        student: Whom it is about; empty for a comment of the library.
        what: What.
        reason: Why; empty where that was not said.
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
    """What was changed, oldest first.

    Args:
        adjustments: Points by hand.
        decisions: What was decided.
        comments: Every version of the comments.
        names: Only what is about students and submissions of these names, without the library; all unless given.
    """
    events = [*_of_points(adjustments), *_of_decisions(decisions)]
    if names is None:
        events += _of_comments(comments)
    chosen = [event for event in events if names is None or event.student in names]
    return sorted(chosen, key=lambda event: event.at)


def told(decision: Decision) -> str:
    """What a decision says, in a few words."""
    words = {
        "extension": f"extended to {moment(decision.value)}",
        "excuse": "excused",
        "group": f"in {decision.value}",
        "withdrawal": f"{_TAKEN_BACK}adjustment {decision.value}",
    }[decision.kind]
    return f"{_TAKEN_BACK}{words}" if decision.undoes else words


def signed(points: float) -> str:
    """Points with their sign: `+3`, `-0.5`."""
    return f"{'-' if points < 0 else '+'}{number(abs(points))}"


def _of_points(adjustments: Iterable[Adjustment]) -> Iterator[Event]:
    for each in adjustments:
        where = f" for {each.check}" if each.check else ""
        what = f"comment {each.comment}" if each.comment else f"{signed(each.points)} points{where}"
        # A comment has its own reason, which may read otherwise by now.
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
