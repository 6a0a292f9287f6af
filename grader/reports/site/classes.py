"""The contents of the class page, computed from the students' records.  Pure functions."""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from grader.assignment import contract
from grader.gradebook.records import Entry
from grader.ground.text import number
from grader.reports.site.charts import histogram, scatter
from grader.reports.site.students import StudentPage
from grader.reports.site.timings import fastest, time_against_accuracy
from grader.reports.text import anchor_of, title_of
from grader.results.artefacts import Measured
from grader.results.scoring import points_of

_HARDEST: Final = 12
_NAMED: Final = 6
_LEADERS: Final = 10


class Row(msgspec.Struct, frozen=True):
    """One student in the table of the class.

    Attributes:
        page: The student's page.
        tasks: The points of each task as text, with the maximum if it differs from the column's.
        passed: The number of checks that passed.
        count: The number of checks.
        by_hand: The sum of the points by hand.
        layers: What changes the measured points, in a few words.
        measured: What the accuracy check measured.
    """

    page: StudentPage
    tasks: tuple[str, ...]
    passed: int
    count: int
    by_hand: float
    layers: str
    measured: Measured | None


class Hard(msgspec.Struct, frozen=True):
    """A check that not everybody passed.

    Attributes:
        title: The check's title.
        task: The number of its task.
        share: The share of the graded submissions that passed it.
        passed: The number of submissions that passed.
        count: The number of graded submissions that have the check.
        anchor: The check's anchor within a student's page.
        some: The pages of the first few students who did not pass.
        more: The number of other students who did not pass.
    """

    title: str
    task: int
    share: float
    passed: int
    count: int
    anchor: str
    some: tuple[StudentPage, ...]
    more: int


class Leader(msgspec.Struct, frozen=True):
    """A row in the list of the highest accuracies; equal accuracies share a rank."""

    rank: int
    page: StudentPage
    measured: Measured


def rows_of(pages: Sequence[StudentPage]) -> tuple[list[tuple[contract.Task, float]], list[Row]]:
    """Return the columns and the rows of the table of the class.

    Returns:
        The tasks, each with the points that it is worth in most submissions, and a row for each student.
    """
    asked = {check.task for page in pages for check in page.entry.attempt.result.checks}
    worths: dict[int, Counter[float]] = {number: Counter() for number in asked}
    points: list[dict[int, tuple[float, float]]] = []
    for page in pages:
        found: dict[int, tuple[float, float]] = {}
        for task in asked:
            checks = [check for check in page.entry.attempt.result.checks if check.task == task]
            if checks:
                found[task] = points_of(checks)
                worths[task][found[task][1]] += 1
        points.append(found)
    columns = [(task, worths[task.number].most_common(1)[0][0]) for task in contract.TASKS if task.number in asked]
    return columns, [_row(page, found, columns) for page, found in zip(pages, points, strict=True)]


def _row(page: StudentPage, points: dict[int, tuple[float, float]], columns: list[tuple[contract.Task, float]]) -> Row:
    cells = []
    for task, usual in columns:
        earned, worth = points.get(task.number, (0.0, 0.0))
        if not worth or not page.graded:
            cells.append("–")
        else:
            cells.append(number(earned) if worth == usual else f"{number(earned)}/{number(worth)}")
    checks = page.entry.attempt.result.checks
    by_hand = math.fsum(adjustment.points for adjustment in page.entry.adjustments)
    passed = sum(check.status == "passed" for check in checks)
    return Row(page, tuple(cells), passed, len(checks), by_hand, _layers(page.entry, by_hand), page.measured)


def _layers(entry: Entry, by_hand: float) -> str:
    """Return what changes the measured points in a few words, as in `+2 by hand, −5 late, extended`."""
    days = f"{entry.late_days_used} late day{'' if entry.late_days_used == 1 else 's'}" if entry.late_days_used else ""
    late = f"−{number(entry.penalty)} late" if entry.penalty else "late" if entry.days_late and not days else ""
    hand = f"{by_hand:+g} by hand" if by_hand else "comment" if entry.adjustments else ""
    return ", ".join(filter(None, (hand, late, days, "extended" if entry.extended_to else "")))


def hardest_checks(pages: Sequence[StudentPage]) -> list[Hard]:
    """Return the checks that the smallest share passed, hardest first, without those that everybody passed."""
    graded = [page for page in pages if page.graded]
    asked: dict[str, list[tuple[StudentPage, str]]] = {}
    known = {}
    for page in graded:
        for check in page.entry.attempt.result.checks:
            asked.setdefault(check.id, []).append((page, check.status))
            known[check.id] = check
    found = []
    for check_id, outcomes in asked.items():
        wrong = [page for page, status in outcomes if status != "passed"]
        if wrong:
            passed = len(outcomes) - len(wrong)
            found.append(
                Hard(
                    title=title_of(known[check_id]),
                    task=known[check_id].task,
                    share=passed / len(outcomes),
                    passed=passed,
                    count=len(outcomes),
                    anchor=anchor_of(check_id),
                    some=tuple(wrong[:_NAMED]),
                    more=max(0, len(wrong) - _NAMED),
                )
            )
    return sorted(found, key=lambda hard: hard.share)[:_HARDEST]


def leaders_of(rows: Sequence[Row]) -> list[Leader]:
    """Return the highest accuracies, best first."""
    measured = [(row.page, row.measured) for row in rows if row.measured is not None and row.page.graded]
    # Accuracies are compared as they are shown, with three digits, so that equal ones share a rank.
    measured.sort(key=lambda pair: (-round(pair[1].accuracy, 3), pair[0].name.casefold()))
    leaders: list[Leader] = []
    for place, (page, found) in enumerate(measured[:_LEADERS], 1):
        ties = leaders and round(leaders[-1].measured.accuracy, 3) == round(found.accuracy, 3)
        leaders.append(Leader(leaders[-1].rank if ties else place, page, found))
    return leaders


def context_of(pages: Sequence[StudentPage]) -> dict[str, Any]:
    """Return the variables for the template of the class page."""
    columns, rows = rows_of(pages)
    counted = [page for page in pages if not page.entry.excused]
    graded = [row for row in rows if row.page.graded]
    worths = Counter(row.page.entry.attempt.result.max_score for row in graded)
    scores = [row.page.entry.score or 0.0 for row in graded]
    shares = [
        score / max(row.page.entry.attempt.result.max_score, 1e-9) for score, row in zip(scores, graded, strict=True)
    ]
    points = [
        (row.measured.seconds, row.measured.accuracy, row.page.name) for row in graded if row.measured is not None
    ]
    return {
        "columns": columns,
        "rows": rows,
        "worth": worths.most_common(1)[0][0] if worths else 0.0,
        "graded": len(graded),
        "excused": sum(page.entry.excused for page in pages),
        "mean": statistics.fmean(scores) if scores else None,
        "median": statistics.median(scores) if scores else None,
        "full": sum(share >= 1 - 1e-9 for share in shares),
        "mean_accuracy": statistics.fmean(point[1] for point in points) if points else None,
        "scores": histogram(shares) if shares else None,
        "accuracies": scatter(points) if points else None,
        "hardest": hardest_checks(pages),
        "leaders": leaders_of(rows),
        "fastest": fastest((page, page.current_timings) for page in counted),
        "speeds": time_against_accuracy((page.name, page.current_timings) for page in counted),
        "with_layers": any(row.by_hand or row.page.entry.penalty or row.page.entry.adjustments for row in rows)
        or any(page.entry.extended_to for page in pages),
        "profiles": sorted({page.entry.attempt.profile for page in pages} - {""}),
        "isolations": sorted({page.entry.attempt.isolation for page in pages} - {""}),
        "last": max((page.entry.attempt.graded_at for page in pages), default=""),
    }
