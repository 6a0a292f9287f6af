"""What changed from one attempt to another.  Pure functions."""

from __future__ import annotations

import msgspec

from grader.gradebook.records import Attempt
from grader.results.changes import Change, changes


class Comparison(msgspec.Struct, frozen=True):
    """Two attempts of one submission, side by side.

    Attributes:
        submission: Its id.
        before: The one attempt; `None` where there is none.
        after: The other, likewise.
        changes: The checks that differ, in the order of the later attempt; those that only the earlier has, last.
    """

    submission: str
    before: Attempt | None
    after: Attempt | None
    changes: tuple[Change, ...]


def compare(submission: str, before: Attempt | None, after: Attempt | None) -> Comparison:
    """Compare two attempts.  What a check says is not compared, since it may name other examples each time."""
    then, now = (() if attempt is None else attempt.result.checks for attempt in (before, after))
    return Comparison(submission, before, after, changes(then, now))
