"""A submission's result as a few lines of plain text, for the comment fields of other systems."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from grader.exports.tables import listed
from grader.gradebook.records import Entry
from grader.ground.text import clean, number
from grader.reports.text import STATUS_WORDS, by_task, findings, title_in
from grader.results.scoring import CheckResult

EXCUSED: Final = "You are excused, so there is no score."
_MAX_MESSAGE: Final = 600


def comment(entry: Entry) -> str:
    """Return an entry as text: points of each task, findings with hints, points by hand and the late penalty."""
    result = entry.attempt.result
    if entry.excused:
        return EXCUSED
    if entry.score is None:
        return "Not graded yet."
    lines = [f"{number(entry.score)} of {number(result.max_score)} points"]
    for each in by_task(result):
        of = f"{number(each.points)} of {number(each.max_points)}"
        lines.append(f"Task {each.task.number}, {each.task.title}: {of}")
        for finding in findings(each.checks):
            word = STATUS_WORDS[finding.first.status]
            lines.append(f"✗ {finding.title}{f' ({word})' if word else ''}")
            lines.append(f"  {clean(finding.first.message, limit=_MAX_MESSAGE)}")
            if finding.first.hint:
                lines.append(f"  Hint: {clean(finding.first.hint, limit=_MAX_MESSAGE)}")
    return "\n".join([*lines, *overlays(entry)])


def overlays(entry: Entry) -> list[str]:
    """Return a line for everything that changes the measured points: points by hand, and the late penalty."""
    lines = []
    for change in entry.adjustments:
        where = f", {title_in(entry.attempt.result, change.check)}" if change.check else ""
        why = clean(change.reason, limit=_MAX_MESSAGE)
        sign = "+" if change.points >= 0 else "−"
        given = f"{sign}{number(abs(change.points))} by hand" if change.points else "Comment"
        lines.append(f"{given}{where}: {why}")
    if entry.penalty:
        free = f", {entry.late_days_used} of them free" if entry.late_days_used else ""
        lines.append(f"−{number(entry.penalty)} for being {number(entry.days_late)} days late{free}")
    return lines


def details(check: CheckResult) -> str:
    """Return what a check says as plain text: the message, the example and the hint."""
    parts = [clean(check.message)]
    if check.example:
        parts.append("\n".join(f"    {line}" for line in clean(check.example).splitlines()))
    if check.hint:
        parts.append(f"Hint: {clean(check.hint)}")
    return "\n".join(parts)


def without_score(entries: Iterable[Entry]) -> tuple[str, ...]:
    """Return notes that name the students without a score: one for those not graded, and one for those excused."""
    without = [entry for entry in entries if entry.score is None]
    not_graded = [entry.student for entry in without if not entry.excused]
    excused = [entry.student for entry in without if entry.excused]
    notes = (("Not graded", not_graded), ("Excused", excused))
    return tuple(f"{what}, so without points: {listed(names)}." for what, names in notes if names)
