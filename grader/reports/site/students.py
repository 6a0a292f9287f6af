"""The contents of a student's page, computed from the records.  Pure functions."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby
from pathlib import PurePath
from typing import Any, Final

import msgspec
from markupsafe import Markup

from grader.assignment import contract
from grader.course import Course
from grader.gradebook.records import Attempt, Entry, Timing
from grader.gradebook.visibility import Hidden, hidden_from, seen_artefacts, seen_attempt, seen_entry
from grader.ground.text import clean
from grader.reports.site.charts import Chart, curves
from grader.reports.site.files import page_name
from grader.reports.site.timings import speed_of
from grader.reports.text import by_task, most_lost_first
from grader.results.artefacts import COURSE_FIGURE, Artefact, Confusion, Curves, Example, Excerpt, Measured, decoded
from grader.results.scoring import CheckResult, Graded

_CURVE_NAMES: Final = {"accuracy": "training", "val_accuracy": "validation"}
_MAX_NAME: Final = 80
_MOST_TO_MEND: Final = 8  # findings that are visible at once; the rest are folded


class StudentPage(msgspec.Struct, frozen=True):
    """The data of one student's page.

    Attributes:
        entry: The student's entry, with the attempt that counts.
        artefacts: The artefacts of the attempt that counts.
        history: Every attempt, in any order; empty if there is no gradebook.
        timings: Every measurement of training speed, oldest first; empty if there is no gradebook.
        hidden: What is not shown to the student yet.
    """

    entry: Entry
    artefacts: tuple[Artefact, ...] = ()
    history: tuple[Attempt, ...] = ()
    timings: tuple[Timing, ...] = ()
    hidden: Hidden = Hidden()

    @property
    def id(self) -> str:
        """The submission's id, unchanged."""
        return self.entry.attempt.result.submission.id

    @property
    def name(self) -> str:
        """The submission's id, made safe to show."""
        return clean(self.id, limit=_MAX_NAME)

    @property
    def file(self) -> str:
        """The name of the page's file in `students/`."""
        return page_name(self.id)

    @property
    def measured(self) -> Measured | None:
        """What the accuracy check measured; `None` if it did not get that far."""
        return decoded(self.artefacts, "measured", Measured)

    @property
    def current_timings(self) -> tuple[Timing, ...]:
        """The measurements of exactly the file that was graded."""
        sha256 = self.entry.attempt.result.submission.sha256
        return tuple(timing for timing in self.timings if timing.measurement.sha256 == sha256)

    @property
    def graded(self) -> bool:
        """Whether there is a score."""
        return self.entry.attempt.result.status == "graded" and self.entry.score is not None


def page_of(graded: Graded, *, profile: str, tasks: tuple[int, ...], isolation: str, graded_at: str) -> StudentPage:
    """Return the page of a result that is not in a gradebook, as if it were the only attempt and handed in in time.

    Args:
        graded: The result and its artefacts.
        profile: The profile.
        tasks: The tasks that were graded; empty for all.
        isolation: The isolation level.
        graded_at: When the grading ended: ISO 8601, UTC.
    """
    attempt = Attempt(1, graded_at, "", "", "", profile, tasks, isolation, graded.result)
    score = graded.result.score if graded.result.status == "graded" else None
    return StudentPage(Entry(attempt, 1, (), 0.0, 0.0, score), graded.artefacts, (attempt,))


def as_seen(page: StudentPage, course: Course, now: datetime) -> StudentPage:
    """Return a page as its student may see it at a moment, without what the course still hides then."""
    hidden = hidden_from(course, now, page.entry.extended_to)
    if not hidden.until:
        return page
    return StudentPage(
        seen_entry(page.entry, course, hidden),
        seen_artefacts(page.artefacts, hidden),
        tuple(seen_attempt(attempt, hidden) for attempt in page.history),
        page.timings,
        hidden.of(page.entry.attempt.result),
    )


class CheckGroup(msgspec.Struct, frozen=True):
    """Neighbouring checks that did not pass and have the same message, which is shown once.

    Attributes:
        checks: The checks.
        place: The student's code that they are about; `None` if they are about no place.
    """

    checks: tuple[CheckResult, ...]
    place: Excerpt | None

    @property
    def first(self) -> CheckResult:
        """The check whose message, hint and example are shown."""
        return self.checks[0]


class Picture(msgspec.Struct, frozen=True):
    """A picture in the page: a `data:` URL, a text alternative, and the caption below it."""

    address: Markup
    alt: str
    caption: str


class TaskView(msgspec.Struct, frozen=True):
    """One task on a student's page: the checks that did not pass, those that did, and the pictures."""

    task: contract.Task
    points: float
    max_points: float
    passed: int
    count: int
    wrong: tuple[CheckGroup, ...]
    passed_checks: tuple[CheckResult, ...]
    pictures: tuple[Picture, ...]


class AccuracyView(msgspec.Struct, frozen=True):
    """What the accuracy check recorded to look at; each part may be missing.

    Attributes:
        measured: The accuracy and what else was measured.
        chart: The accuracy curves from the submission's History.
        numbers: The values of all curves in the History, by name.
        confusion: The confusion matrix.
        examples: Unseen images with their predictions.
    """

    measured: Measured | None
    chart: Chart | None
    numbers: tuple[tuple[str, tuple[float, ...]], ...]
    confusion: Confusion | None
    examples: tuple[Picture, ...]


def tasks_of(page: StudentPage) -> Iterator[TaskView]:
    """Yield the tasks that were graded, with their checks and pictures."""
    for each in by_task(page.entry.attempt.result):
        yield TaskView(
            each.task,
            points=each.points,
            max_points=each.max_points,
            passed=each.passed,
            count=len(each.checks),
            wrong=tuple(_groups(each.checks, page.artefacts)),
            passed_checks=tuple(check for check in each.checks if check.status == "passed"),
            pictures=tuple(_figures(each.checks, page.artefacts)),
        )


def _groups(checks: Sequence[CheckResult], artefacts: tuple[Artefact, ...]) -> Iterator[CheckGroup]:
    wrong = [check for check in checks if check.status != "passed"]
    for _, group in groupby(wrong, key=lambda check: (check.function, check.status, check.message)):
        same = tuple(group)
        yield CheckGroup(same, decoded(artefacts, "place", Excerpt, same[0].id))


_DRAWN: Final = {
    "show_examples": "What show_examples drew when the grader called it with predictions, which are made up.",
    "plot_history": "What plot_history drew when the grader called it with the curves of a made-up training.",
}


def _figures(checks: Sequence[CheckResult], artefacts: tuple[Artefact, ...]) -> Iterator[Picture]:
    ids = {check.id: check.function for check in checks}
    for artefact in artefacts:
        if artefact.check in ids and artefact.media_type == "image/png":
            function = ids[artefact.check]
            caption = _DRAWN.get(function, f"What {function} drew.")
            if function == "show_examples" and artefact.name != COURSE_FIGURE:
                caption += " The images are noise, so that each can be told from the others."
            yield Picture(_address(artefact.data), f"The figure that {function} returned", caption)


def _address(png: bytes) -> Markup:
    return Markup(f"data:image/png;base64,{base64.b64encode(png).decode()}")  # as Markup: long text is cut


def accuracy_view_of(page: StudentPage) -> AccuracyView | None:
    """Return what the accuracy check recorded, or `None` if it recorded nothing."""
    told = decoded(page.artefacts, "curves", Curves) or {}
    numbers = tuple((name, tuple(values)) for name, values in told.items() if values)
    drawn = [(_CURVE_NAMES[name], values) for name, values in numbers if name in _CURVE_NAMES]
    examples: tuple[Example, ...] = decoded(page.artefacts, "examples", tuple[Example, ...]) or ()
    view = AccuracyView(
        measured=page.measured,
        chart=curves(drawn) if drawn else None,
        numbers=numbers,
        confusion=decoded(page.artefacts, "confusion", Confusion),
        examples=tuple(_example(example) for example in examples),
    )
    return view if any(getattr(view, name) for name in view.__struct_fields__) else None


def _example(example: Example) -> Picture:
    if example.true == example.predicted:
        return Picture(_address(example.png), f"An image of class {example.true}", f"✓ {example.true}")
    caption = f"✗ {example.true}, predicted {example.predicted}"
    return Picture(_address(example.png), f"An image of class {example.true}", caption)


def shade_of(count: int, row: tuple[int, ...]) -> int:
    """Return how dark a cell of the confusion matrix is drawn, 0 to 9, by its share of the row."""
    return min(9, int(10 * count / max(1, sum(row))))


def context_of(page: StudentPage) -> dict[str, Any]:
    """Return the variables for the template of a student's page."""
    attempt = page.entry.attempt
    return {
        "page": page,
        "entry": page.entry,
        "attempt": attempt,
        "result": attempt.result,
        "file_name": PurePath(attempt.result.submission.path).name,
        "passed": sum(check.status == "passed" for check in attempt.result.checks),
        "most_to_mend": _MOST_TO_MEND,
        "lost": tuple(most_lost_first(attempt.result)),
        "tasks": tuple(tasks_of(page)),
        "accuracy": accuracy_view_of(page),
        "speed": speed_of(page.timings),
        "history": sorted(page.history, key=lambda one: one.number, reverse=True),
    }
