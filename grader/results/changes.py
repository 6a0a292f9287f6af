"""Compare two results check by check, with pure functions."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from grader.results.scoring import CheckResult


class Change(msgspec.Struct, frozen=True):
    """A check whose status or points differ between two results.

    Attributes:
        check: The id of the check.
        before: Its line in the earlier result; `None` if it was not asked for then.
        after: Its line in the later result; `None` if it was not asked for then.
    """

    check: str
    before: CheckResult | None
    after: CheckResult | None

    @property
    def gained(self) -> float:
        """The difference of its points, later minus earlier."""
        return (self.after.points if self.after else 0.0) - (self.before.points if self.before else 0.0)


def changes(before: Iterable[CheckResult], after: Iterable[CheckResult]) -> tuple[Change, ...]:
    """Return the checks that differ between two results.

    Only status and points are compared.  Messages are not, because they may name different examples each time.

    Args:
        before: The checks of the earlier result.
        after: The checks of the later result.

    Returns:
        The differences in the order of the later result, followed by checks that only the earlier one has.
    """
    then, now = ({check.id: check for check in checks} for checks in (before, after))
    return tuple(
        Change(check, then.get(check), now.get(check))
        for check in {**now, **then}  # in a merged dict, the keys of `now` come first
        if _standing(then.get(check)) != _standing(now.get(check))
    )


def _standing(check: CheckResult | None) -> tuple[str, float, float] | None:
    return None if check is None else (check.status, check.points, check.max_points)
