"""What changed from one result to another, check by check.  Pure functions."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

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

    @property
    def gained(self) -> float:
        """How many points it earns more than before; negative where it earns fewer."""
        return (self.after.points if self.after else 0.0) - (self.before.points if self.before else 0.0)


def changes(before: Iterable[CheckResult], after: Iterable[CheckResult]) -> tuple[Change, ...]:
    """The checks that differ, in their later order; those that were there before only, last.

    What a check says is not compared, since it may name other examples each time.
    """
    then, now = ({check.id: check for check in checks} for checks in (before, after))
    return tuple(
        Change(check, then.get(check), now.get(check))
        for check in {**now, **then}
        if _standing(then.get(check)) != _standing(now.get(check))
    )


def _standing(check: CheckResult | None) -> tuple[str, float, float] | None:
    return None if check is None else (check.status, check.points, check.max_points)
