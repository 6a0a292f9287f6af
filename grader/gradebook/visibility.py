"""Hiding parts of a result from students until a date.  Pure functions; nothing in the gradebook is changed.

For some checks only the texts are hidden, for others everything.  The latter are left out of what the student sees
together with their points, as if they had not been asked for, so that the points shown add up and reveal nothing.
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
    """What a student must not see yet.

    Attributes:
        until: When it will be shown: ISO 8601, UTC; empty if nothing is hidden.
        details: The ids of the checks that are shown without message, example and hint.
        scores: The ids of the checks that are left out completely.
    """

    until: str = ""
    details: frozenset[str] = frozenset()
    scores: frozenset[str] = frozenset()

    def of(self, result: Result) -> Hidden:
        """Return this object, or one that hides nothing if it hides none of the checks of a result."""
        some = self.details | self.scores
        return self if any(check.id in some for check in result.checks) else Hidden()


def hidden_from(course: Course, now: datetime, extended_to: str = "") -> Hidden:
    """Return what is hidden from a student at a moment.

    Args:
        course: Says what is hidden, and until when.
        now: The moment.
        extended_to: The student's own deadline, which replaces the course's; empty if there is none.
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
    """Return an entry as the student may see it, with the score computed again from the checks that are shown."""
    if not hidden.until:
        return entry
    shown = [adjustment for adjustment in entry.adjustments if adjustment.check not in hidden.scores]
    exceptions = Exceptions(entry.extended_to, entry.excused, entry.group, entry.late_days_before)
    return make_entry(seen_attempt(entry.attempt, hidden), entry.attempts, shown, course.late, exceptions)


def seen_attempt(attempt: Attempt, hidden: Hidden) -> Attempt:
    """Return an attempt as the student may see it."""
    return msgspec.structs.replace(attempt, result=seen_result(attempt.result, hidden))


def seen_result(result: Result, hidden: Hidden) -> Result:
    """Return a result as the student may see it."""
    left_out = [check for check in result.checks if check.id in hidden.scores]
    if not hidden.until or not (left_out or any(check.id in hidden.details for check in result.checks)):
        return result
    checks = tuple(_seen_check(check, hidden) for check in result.checks if check.id not in hidden.scores)
    return msgspec.structs.replace(
        result,
        score=round(math.fsum([result.score, *(-check.points for check in left_out)]), 2),
        max_score=round(math.fsum([result.max_score, *(-check.max_points for check in left_out)]), 2),
        checks=checks,
        # The epochs show how the training went that a hidden check of accuracy may be about.
        epochs=() if left_out else result.epochs,
    )


def _seen_check(check: CheckResult, hidden: Hidden) -> CheckResult:
    if check.id not in hidden.details:
        return check
    message = "" if check.status == "passed" else f"What is wrong is shown from {moment(hidden.until)} on."
    return msgspec.structs.replace(check, message=message, hint="", example="", cell=None, line=None)


def seen_artefacts(artefacts: Iterable[Artefact], hidden: Hidden) -> tuple[Artefact, ...]:
    """Return the artefacts without those of checks that are hidden."""
    return tuple(each for each in artefacts if each.check not in hidden.details | hidden.scores)
