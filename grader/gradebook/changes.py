"""Comparing two attempts at a submission.  Pure functions."""

from __future__ import annotations

import msgspec

from grader.gradebook.records import Attempt
from grader.results.changes import Change, changes


class Comparison(msgspec.Struct, frozen=True):
    """Two attempts of one submission, side by side.

    Attributes:
        submission: The submission's id.
        before: The earlier attempt; `None` if there is none.
        after: The later attempt; `None` if there is none.
        changes: The checks that differ, in the order of the later attempt; those that only the earlier has come last.
    """

    submission: str
    before: Attempt | None
    after: Attempt | None
    changes: tuple[Change, ...]


def compare(submission: str, before: Attempt | None, after: Attempt | None) -> Comparison:
    """Compare two attempts by the status and points of their checks.

    Messages are not compared, since a check may name other examples each time it runs.
    """
    then, now = (() if attempt is None else attempt.result.checks for attempt in (before, after))
    return Comparison(submission, before, after, changes(then, now))
