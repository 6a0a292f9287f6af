"""The records of the gradebook: what was measured, and the points and decisions that people add to it."""

from __future__ import annotations

from typing import Literal

import msgspec

from grader.results.artefacts import Artefact
from grader.results.scoring import Result
from grader.speed.records import Measurement


class Conditions(msgspec.Struct, frozen=True):
    """Everything but the submission that a result depends on; while it is the same, a result need not be made again.

    Attributes:
        course: Digest of the course, the grader's code and its libraries: see `conditions.course_digest`.
        calibration: Digest of the accuracy thresholds; empty if no check needs them.
        profile: The profile.
        tasks: The tasks that are graded; empty for all.
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
    """One grading of one submission, as it was measured; an attempt is never changed.

    Attributes:
        number: The attempt's number in the gradebook.
        graded_at: When the grading ended: ISO 8601, UTC.
        submitted_at: When the submission was handed in: ISO 8601, UTC; empty if unknown.
        course: Digest of the course, the grader's code and its libraries: see `conditions.course_digest`.
        calibration: Digest of the accuracy thresholds; empty for profiles that need none.
        profile: The profile.
        tasks: The tasks that were graded; empty for all.
        isolation: The isolation level.
        result: The result, with score and checks.
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
        """The conditions that the attempt was graded under."""
        return Conditions(self.course, self.calibration, self.profile, self.tasks, self.isolation, self.grader)


class Adjustment(msgspec.Struct, frozen=True):
    """Points by hand: points that a person added or took away.

    Attributes:
        number: The adjustment's number in the gradebook.
        submission: The submission's id.
        check: The id of the check whose points are changed; empty for the total.
        points: The points that are added; negative if points are taken away.
        reason: The reason, for the student to read.
        by: Who made the adjustment.
        at: When it was made: ISO 8601, UTC.
        withdrawn_at: When it was withdrawn: ISO 8601, UTC; empty while it stands.
        comment: The id of the library comment that points and reason come from; empty if there is none.
    """

    number: int
    submission: str
    check: str
    points: float
    reason: str
    by: str
    at: str
    withdrawn_at: str = ""
    comment: str = ""


Kind = Literal["extension", "excuse", "group", "withdrawal"]


class Decision(msgspec.Struct, frozen=True):
    """A decision about a student; it is never changed, only taken back by another decision.

    Attributes:
        number: The decision's number in the gradebook.
        student: The student whom it is about; the id of a shared submission stands for all of its students.
        kind: What was decided: that the student has a later deadline (`extension`), that nothing counts (`excuse`), in
            which submission the student has a share (`group`), or that points by hand are taken back (`withdrawal`).
        value: The deadline, the submission's id, or the number of the adjustment; empty for an excuse.
        reason: The reason.
        by: Who decided.
        at: When it was decided: ISO 8601, UTC.
        undoes: The number of the decision that this one takes back; 0 if it takes none back.
    """

    number: int
    student: str
    kind: Kind
    value: str
    reason: str
    by: str
    at: str
    undoes: int = 0


class Comment(msgspec.Struct, frozen=True):
    """One version of a comment in the library; the comment's last version counts wherever the comment was given.

    Attributes:
        number: The version's number in the gradebook.
        id: The comment's name.
        text: The text, for the student to read.
        points: The points that are added; negative if points are taken away, 0 for a comment without points.
        check: The id of the check whose points are changed; empty for the total.
        reason: Why the comment was written or changed.
        by: Who wrote or changed it.
        at: When: ISO 8601, UTC.
    """

    number: int
    id: str
    text: str
    points: float
    check: str
    reason: str
    by: str
    at: str


class Entry(msgspec.Struct, frozen=True):
    """A student's row in the gradebook: the attempt that counts, and everything that makes up the final score.

    In the attempt at a shared submission, the student's name replaces the submission's.

    Attributes:
        attempt: The attempt that counts, see `grader.gradebook.store`; if none was graded, the last one.
        attempts: The number of attempts.
        adjustments: The points by hand that stand, oldest first.
        days_late: The days from the deadline, plus the grace period, to the submission; 0 if it was in time.
        penalty: The points that are taken off for being late, 0 or more.
        score: The final score; `None` if no attempt was graded or the student is excused.
        extended_to: The student's own deadline if it is later than the course's: ISO 8601, UTC; else empty.
        late_days_used: The late days of the student's budget that were used for this assignment.
        late_days_left: The late days that are left.
        late_days_before: The late days that earlier assignments used.
        excused: Whether the student is excused, so that nothing counts.
        group: The id of the submission if several students share it, else empty.
    """

    attempt: Attempt
    attempts: int
    adjustments: tuple[Adjustment, ...]
    days_late: float
    penalty: float
    score: float | None
    extended_to: str = ""
    late_days_used: int = 0
    late_days_left: int = 0
    late_days_before: int = 0
    excused: bool = False
    group: str = ""

    @property
    def late_days(self) -> int:
        """The student's whole budget of late days."""
        return self.late_days_before + self.late_days_used + self.late_days_left

    @property
    def student(self) -> str:
        """The name of the student whose row this is."""
        return self.attempt.result.submission.id

    def misses(self, check: str) -> bool:
        """Whether the attempt that counts was graded and did not pass this check."""
        result = self.attempt.result
        return result.status == "graded" and any(c.id == check and c.status != "passed" for c in result.checks)


class Timing(msgspec.Struct, frozen=True):
    """A measurement of training speed in the gradebook; it is never changed.

    Attributes:
        number: The measurement's number in the gradebook; later measurements have higher numbers.
        measurement: The measurement, with every sample.
    """

    number: int
    measurement: Measurement


class Known(msgspec.Struct, frozen=True):
    """Everything the gradebook knows of a student: the entry with its artefacts, all attempts and all measurements."""

    entry: Entry
    artefacts: tuple[Artefact, ...]
    attempts: tuple[Attempt, ...]
    timings: tuple[Timing, ...]
