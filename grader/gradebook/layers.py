"""What lies over a measured score: points by hand, and the deadline.  Pure arithmetic; nothing measured is changed.

In this order: what was measured, the points by hand that correct a check, the percentage that being late costs of
these, and last the points by hand for the total, which are therefore given or taken as they are.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime, timedelta

from grader.course import Late
from grader.gradebook.records import Adjustment, Attempt, Entry

_DAY = timedelta(days=1)


def days_late(submitted_at: str, late: Late) -> float:
    """Days between the end of the grace after the deadline and the submission; 0 where it was in time.

    Args:
        submitted_at: ISO 8601 with time zone; empty where nobody said when, which is in time.
        late: The deadline and the grace.
    """
    if late.deadline is None or not submitted_at:
        return 0.0
    over = datetime.fromisoformat(submitted_at) - late.deadline - timedelta(minutes=late.grace_minutes)
    return max(0.0, over / _DAY)


def penalty(points: float, days: float, late: Late) -> float:
    """Points that being late costs: so many percent of them for each day that has begun, up to the cap.

    Args:
        points: What the submission earned; of nothing, or less, nothing is taken off.
        days: See `days_late`.
        late: The percentages.
    """
    percent = min(math.ceil(days) * late.percent_per_day, late.cap_percent)
    return round(max(0.0, points) * percent / 100, 2)


def make_entry(attempt: Attempt, attempts: int, adjustments: Sequence[Adjustment], late: Late) -> Entry:
    """What counts for a submission; its score is never below 0, and `None` where it was not graded.

    Args:
        attempt: The attempt that counts.
        attempts: How many there are.
        adjustments: The submission's points by hand; those that were withdrawn are left out.
        late: The deadline, and what being late costs.
    """
    standing = tuple(adjustment for adjustment in adjustments if not adjustment.withdrawn_at)
    days = days_late(attempt.submitted_at, late)
    if attempt.result.status != "graded":
        return Entry(attempt, attempts, standing, days, 0.0, None)
    earned = math.fsum([attempt.result.score, *(a.points for a in standing if a.check)])
    taken = penalty(earned, days, late)
    score = math.fsum([earned, -taken, *(a.points for a in standing if not a.check)])
    return Entry(attempt, attempts, standing, days, taken, max(0.0, round(score, 2)))
