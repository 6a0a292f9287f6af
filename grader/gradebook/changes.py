"""What changed from one attempt to another, check by check.  Pure functions."""

from __future__ import annotations

import msgspec

from grader.gradebook.records import Attempt
from grader.results.scoring import CheckResult


class Change(msgspec.Struct, frozen=True):
    """A check whose status or points are not what they were.

    Attributes:
        check: Its id.
        before: What it was; `None` where it was not asked for.
        after: What it is, likewise.
    """

    check: str
    before: CheckResult | None
    after: CheckResult | None


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
    then, now = _checks(before), _checks(after)
    changes = tuple(
        Change(check, then.get(check), now.get(check))
        for check in {**now, **then}
        if _standing(then.get(check)) != _standing(now.get(check))
    )
    return Comparison(submission, before, after, changes)


def _checks(attempt: Attempt | None) -> dict[str, CheckResult]:
    return {} if attempt is None else {check.id: check for check in attempt.result.checks}


def _standing(check: CheckResult | None) -> tuple[str, float, float] | None:
    return None if check is None else (check.status, check.points, check.max_points)
