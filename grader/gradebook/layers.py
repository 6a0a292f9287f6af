"""What lies over a measured score: points by hand, and the deadline.  Pure arithmetic; nothing measured is changed.

In this order: what was measured, the points by hand that correct a check, the percentage that being late costs of
these, and last the points by hand for the total, which are therefore given or taken as they are.  An extension moves
the deadline, and late days are used up before a day costs anything.  For who is excused nothing counts.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec

from grader.course import Late
from grader.gradebook.records import Adjustment, Attempt, Entry
from grader.ground.text import utc

_DAY = timedelta(days=1)


class Exceptions(msgspec.Struct, frozen=True):
    """What holds for one student and not for the class.

    Attributes:
        extended_to: The student's own deadline: ISO 8601 with time zone; empty for the course's.
        excused: Whether nothing counts.
        group: The id of the submission, where several students share it; else empty.
        late_days_before: Late days that the student used for earlier assignments.
    """

    extended_to: str = ""
    excused: bool = False
    group: str = ""
    late_days_before: int = 0


NO_EXCEPTIONS: Final = Exceptions()


def own_deadline(late: Late, extended_to: str) -> Late:
    """The rule for one student: an extension counts where it is later than the course's deadline.

    Without a deadline of the course nothing is late, whatever was extended.
    """
    if late.deadline is None or not extended_to:
        return late
    return msgspec.structs.replace(late, deadline=max(late.deadline, datetime.fromisoformat(extended_to)))


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
        days: See `days_late`; without the late days that were used, which may leave less than none.
        late: The percentages.
    """
    percent = min(math.ceil(max(0.0, days)) * late.percent_per_day, late.cap_percent)
    return round(max(0.0, points) * percent / 100, 2)


def make_entry(
    attempt: Attempt,
    attempts: int,
    adjustments: Sequence[Adjustment],
    late: Late,
    exceptions: Exceptions = NO_EXCEPTIONS,
) -> Entry:
    """What counts for a submission; its score is never below 0, and `None` where it was not graded or is excused.

    Args:
        attempt: The attempt that counts.
        attempts: How many there are.
        adjustments: The submission's points by hand; those that were withdrawn are left out.
        late: The deadline, and what being late costs.
        exceptions: What holds for this student and not for the class.
    """
    standing = tuple(adjustment for adjustment in adjustments if not adjustment.withdrawn_at)
    own = own_deadline(late, exceptions.extended_to)
    days = days_late(attempt.submitted_at, own)
    before = min(exceptions.late_days_before, late.late_days)
    used = 0 if exceptions.excused else min(math.ceil(days), late.late_days - before)
    entry = Entry(
        attempt,
        attempts,
        standing,
        days,
        0.0,
        None,
        extended_to="" if own.deadline in (None, late.deadline) else utc(own.deadline),
        late_days_used=used,
        late_days_left=late.late_days - before - used,
        late_days_before=before,
        excused=exceptions.excused,
        group=exceptions.group,
    )
    if attempt.result.status != "graded" or exceptions.excused:
        return entry
    earned = math.fsum([attempt.result.score, *(a.points for a in standing if a.check)])
    taken = penalty(earned, days - used, late)
    score = math.fsum([earned, -taken, *(a.points for a in standing if not a.check)])
    return msgspec.structs.replace(entry, penalty=taken, score=max(0.0, round(score, 2)))
