"""What the gradebook knows, as records: what was measured, and the layers that people put over it."""

from __future__ import annotations

import msgspec

from grader.results.scoring import Result
from grader.speed.records import Measurement


class Conditions(msgspec.Struct, frozen=True):
    """What a grading depends on beside the submission: where all of it is the same, a result can be kept.

    Attributes:
        course: Digest of the course, the grader's code and its libraries: see `conditions.course_digest`.
        calibration: Digest of the accuracy thresholds; empty where no check needs them.
        profile: The profile.
        tasks: The tasks that are asked for; empty for all.
        isolation: The isolation level.
        grader: The grader's version, for people to read.
    """

    course: str
    calibration: str
    profile: str
    tasks: tuple[int, ...]
    isolation: str
    grader: str


class Attempt(msgspec.Struct, frozen=True):
    """One grading of one submission, as it was measured; it is never changed.

    Attributes:
        number: Its number in the gradebook.
        graded_at: When it ended: ISO 8601, UTC.
        submitted_at: When the submission was handed in, likewise; empty where nobody said.
        course: Digest of the course, the grader's code and its libraries: see `conditions.course_digest`.
        calibration: Digest of the accuracy thresholds; empty for profiles that need none.
        profile: The profile.
        tasks: The tasks that were asked for; empty for all.
        isolation: The isolation level.
        result: What `grader.results.scoring` made of it.
        grader: The grader's version.
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
    grader: str = ""

    @property
    def conditions(self) -> Conditions:
        """What it was graded with."""
        return Conditions(self.course, self.calibration, self.profile, self.tasks, self.isolation, self.grader)


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
        withdrawn_at: When it was taken back, likewise; empty while it stands.
    """

    number: int
    submission: str
    check: str
    points: float
    reason: str
    by: str
    at: str
    withdrawn_at: str = ""


class Entry(msgspec.Struct, frozen=True):
    """What counts for one submission: its attempt, and what lies over it.

    Attributes:
        attempt: The attempt that counts, see `grader.gradebook.store`; where nothing was graded, the last.
        attempts: How many there are.
        adjustments: Points by hand that stand, oldest first.
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

    def misses(self, check: str) -> bool:
        """Whether the attempt that counts was graded and did not pass this check."""
        result = self.attempt.result
        return result.status == "graded" and any(c.id == check and c.status != "passed" for c in result.checks)


class Timing(msgspec.Struct, frozen=True):
    """A measurement of a training's speed, as it was made; it is never changed.

    Attributes:
        number: Its number in the gradebook; a later one is higher.
        measurement: The measurement, with every sample.
    """

    number: int
    measurement: Measurement
