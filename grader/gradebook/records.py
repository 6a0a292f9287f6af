"""What the gradebook knows, as records: what was measured, and the layers that people put over it."""

from __future__ import annotations

from typing import Literal

import msgspec

from grader.results.artefacts import Artefact
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
        comment: The comment of the library whose points and text these are; empty where they are its own.
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
    """Something that a person decided; it is never changed, and taken back by a further decision.

    Attributes:
        number: Its number in the gradebook.
        student: Whom it is about; of a submission of several students, its id stands for all of them.
        kind: What was decided: that the student has a later deadline (`extension`), that nothing counts (`excuse`), in
            which submission the student has a share (`group`), or that points by hand are taken back (`withdrawal`).
        value: The deadline, the submission's id, or the number of the adjustment; empty for an excuse.
        reason: Why.
        by: Who did it.
        at: When: ISO 8601, UTC.
        undoes: The number of the decision that this one takes back; 0 where it is one of its own.
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
    """A comment of the library, in one of its versions; the last one counts wherever it was used.

    Attributes:
        number: The version's number in the gradebook.
        id: Its name.
        text: For the student to read.
        points: What is added; negative to take away, 0 for words alone.
        check: The check whose points it changes; empty for the total.
        reason: Why it was written or changed.
        by: Who did it.
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
    """What counts for one submission, or for one student of several who share it: the attempt, and what lies over it.

    The attempt of a shared submission has the student's name in place of the submission's.

    Attributes:
        attempt: The attempt that counts, see `grader.gradebook.store`; where nothing was graded, the last.
        attempts: How many there are.
        adjustments: Points by hand that stand, oldest first.
        days_late: Days after the deadline, the grace subtracted; 0 for in time.
        penalty: Points that are taken away for being late, 0 or more.
        score: What counts in the end; `None` while nothing was graded, and for who is excused.
        extended_to: The student's own deadline, where that is later than the course's: ISO 8601, UTC; else empty.
        late_days_used: Days of being late that cost nothing, since the budget has them.
        late_days_left: What is left of the budget.
        late_days_before: Days of the budget that earlier assignments used.
        excused: Whether nothing counts.
        group: The id of the submission, where several students share it; else empty.
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
        """The whole budget."""
        return self.late_days_before + self.late_days_used + self.late_days_left

    @property
    def student(self) -> str:
        """Whose row this is."""
        return self.attempt.result.submission.id

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


class Known(msgspec.Struct, frozen=True):
    """What the gradebook knows of a student: what counts, the artefacts of that, every attempt and measurement."""

    entry: Entry
    artefacts: tuple[Artefact, ...]
    attempts: tuple[Attempt, ...]
    timings: tuple[Timing, ...]
