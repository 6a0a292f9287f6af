"""What a student is shown before a date, and what not yet.  Pure functions; nothing kept is changed.

Of some checks the texts may wait, of others everything: those are left out of what the student sees, with their points,
as if they had not been asked for.  So what is shown adds up, and tells nothing of them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import datetime, timedelta

import msgspec

from grader.course import Course
from grader.gradebook.layers import Exceptions, make_entry, own_deadline
from grader.gradebook.records import Attempt, Entry
from grader.ground.text import moment, utc
from grader.results.artefacts import Artefact
from grader.results.scoring import CheckResult, Result


class Hidden(msgspec.Struct, frozen=True):
    """What a student does not see yet.

    Attributes:
        until: When it is shown: ISO 8601, UTC; empty where nothing is hidden.
        details: Ids of checks without message, example and hint.
        scores: Ids of checks that are left out.
    """

    until: str = ""
    details: frozenset[str] = frozenset()
    scores: frozenset[str] = frozenset()

    def of(self, result: Result) -> Hidden:
        """The same, and nothing where no check of a result is among it."""
        some = self.details | self.scores
        return self if any(check.id in some for check in result.checks) else Hidden()


def hidden_from(course: Course, now: datetime, extended_to: str = "") -> Hidden:
    """What is hidden from a student.

    Args:
        course: Says what, and until when.
        now: The moment at which it is asked.
        extended_to: The student's own deadline, which takes the place of the course's; empty for that.
    """
    rule = course.visibility
    if rule.hidden_until == "deadline":
        late = own_deadline(course.late, extended_to)
        until = None if late.deadline is None else late.deadline + timedelta(minutes=late.grace_minutes)
    else:
        until = datetime.fromisoformat(rule.hidden_until) if rule.hidden_until else None
    if until is None or now >= until:
        return Hidden()
    return Hidden(utc(until), frozenset(rule.details), frozenset(rule.scores))


def seen_entry(entry: Entry, course: Course, hidden: Hidden) -> Entry:
    """What counts, as far as the student may see it: computed anew from the checks that are shown."""
    if not hidden.until:
        return entry
    shown = [adjustment for adjustment in entry.adjustments if adjustment.check not in hidden.scores]
    exceptions = Exceptions(entry.extended_to, entry.excused, entry.group, entry.late_days_before)
    return make_entry(seen_attempt(entry.attempt, hidden), entry.attempts, shown, course.late, exceptions)


def seen_attempt(attempt: Attempt, hidden: Hidden) -> Attempt:
    """An attempt as far as the student may see it."""
    return msgspec.structs.replace(attempt, result=seen_result(attempt.result, hidden))


def seen_result(result: Result, hidden: Hidden) -> Result:
    """A result as far as the student may see it."""
    left_out = [check for check in result.checks if check.id in hidden.scores]
    if not hidden.until or not (left_out or any(check.id in hidden.details for check in result.checks)):
        return result
    checks = tuple(_seen_check(check, hidden) for check in result.checks if check.id not in hidden.scores)
    return msgspec.structs.replace(
        result,
        score=round(math.fsum([result.score, *(-check.points for check in left_out)]), 2),
        max_score=round(math.fsum([result.max_score, *(-check.max_points for check in left_out)]), 2),
        checks=checks,
        # They tell how the training went that a check of accuracy is about.
        epochs=() if left_out else result.epochs,
    )


def _seen_check(check: CheckResult, hidden: Hidden) -> CheckResult:
    if check.id not in hidden.details:
        return check
    message = "" if check.status == "passed" else f"What is wrong is shown from {moment(hidden.until)} on."
    return msgspec.structs.replace(check, message=message, hint="", example="", cell=None, line=None)


def seen_artefacts(artefacts: Iterable[Artefact], hidden: Hidden) -> tuple[Artefact, ...]:
    """What there is to look at, without what belongs to a check that is hidden."""
    return tuple(each for each in artefacts if each.check not in hidden.details | hidden.scores)
