"""What the gradebook knows, as records: what was measured, and the layers that people put over it."""

from __future__ import annotations

import msgspec

from grader.scoring import Result


class Attempt(msgspec.Struct, frozen=True):
    """One grading of one submission, as it was measured; it is never changed.

    Attributes:
        number: Its number in the gradebook.
        graded_at: When it ended: ISO 8601, UTC.
        submitted_at: When the submission was handed in, likewise; empty where nobody said.
        course: Digest of the course, the contract and the grader's version.
        calibration: Digest of the accuracy thresholds; empty for profiles that need none.
        profile: The profile.
        tasks: The tasks that were asked for; empty for all.
        isolation: The isolation level.
        result: What `grader.scoring` made of it.
    """

    number: int
    graded_at: str
    submitted_at: str
    course: str
    calibration: str
    profile: str
    tasks: tuple[int, ...]
    isolation: str
    result: Result


class Adjustment(msgspec.Struct, frozen=True):
    """Points that a person added or took away.

    Attributes:
        number: Its number in the gradebook.
        submission: The submission's id.
        check: The check whose points it changes; empty for the total.
        points: What is added; negative to take away.
        reason: Why, for the student to read.
        by: Who did it.
        at: When: ISO 8601, UTC.
    """

    number: int
    submission: str
    check: str
    points: float
    reason: str
    by: str
    at: str


class Entry(msgspec.Struct, frozen=True):
    """What counts for one submission: its attempt, and what lies over it.

    Attributes:
        attempt: The attempt that counts: the last that was graded, or else the last.
        attempts: How many there are.
        adjustments: Points by hand, oldest first.
        days_late: Days after the deadline, the grace subtracted; 0 for in time.
        penalty: Points that are taken away for being late, 0 or more.
        score: What counts in the end; `None` while nothing was graded.
    """

    attempt: Attempt
    attempts: int
    adjustments: tuple[Adjustment, ...]
    days_late: float
    penalty: float
    score: float | None
