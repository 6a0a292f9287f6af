"""The final score: the measured score with points by hand and the late penalty on top.  Pure arithmetic.

The layers are applied in this order: the measured score, points by hand for a check, the late penalty as a percentage
of these, and points by hand for the total, which are therefore not reduced by the penalty.  An extension moves the
deadline, and late days are used up before a late day costs anything.  For a student who is excused nothing counts.
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
    """What holds for one student but not for the whole class.

    Attributes:
        extended_to: The student's own deadline: ISO 8601 with time zone; empty for the course's.
        excused: Whether the student is excused, so that nothing counts.
        group: The id of the submission if several students share it, else empty.
        late_days_before: The number of late days that the student used for earlier assignments.
    """

    extended_to: str = ""
    excused: bool = False
    group: str = ""
    late_days_before: int = 0


NO_EXCEPTIONS: Final = Exceptions()


def own_deadline(late: Late, extended_to: str) -> Late:
    """Return the rule for late submissions with the student's own deadline, if it is later than the course's.

    If the course has no deadline, nothing is late, with or without an extension.
    """
    if late.deadline is None or not extended_to:
        return late
    return msgspec.structs.replace(late, deadline=max(late.deadline, datetime.fromisoformat(extended_to)))


def days_late(submitted_at: str, late: Late) -> float:
    """Return the days from the deadline, plus the grace period, to the submission; 0 if it was in time.

    Args:
        submitted_at: ISO 8601 with time zone; empty if unknown, which counts as in time.
        late: The deadline and the grace period.
    """
    if late.deadline is None or not submitted_at:
        return 0.0
    over = datetime.fromisoformat(submitted_at) - late.deadline - timedelta(minutes=late.grace_minutes)
    return max(0.0, over / _DAY)


def penalty(points: float, days: float, late: Late) -> float:
    """Return the points lost for being late: a percentage for each day that has begun, up to a cap.

    Args:
        points: The points that the submission earned; if they are 0 or negative, nothing is taken off.
        days: The days from `days_late` less the late days that were used, which may make it negative.
        late: The percentage for each day, and the cap.
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
    """Return the entry of a submission; its score is never below 0, and `None` if it was not graded or is excused.

    Args:
        attempt: The attempt that counts.
        attempts: The number of attempts.
        adjustments: The submission's points by hand; withdrawn ones are ignored.
        late: The deadline, and what being late costs.
        exceptions: What holds for this student but not for the whole class.
    """
    standing = tuple(adjustment for adjustment in adjustments if not adjustment.withdrawn_at)
    own = own_deadline(late, exceptions.extended_to)
    days = days_late(attempt.submitted_at, own)
    # Earlier assignments use their late days first, and all of them together no more than the budget.
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
    # Points for the total come after the penalty: this is also the way to forgive a penalty.
    score = math.fsum([earned, -taken, *(a.points for a in standing if not a.check)])
    return msgspec.structs.replace(entry, penalty=taken, score=max(0.0, round(score, 2)))
