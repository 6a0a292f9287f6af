"""Rendering pages from templates and writing them as files, with their styles and content security policy."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from grader.course import Course
from grader.gradebook.records import Timing
from grader.ground.text import clean, number
from grader.reports.site import charts, classes, students
from grader.reports.site.code import excerpt, highlighted, quoted
from grader.reports.site.files import MARK, page_name, write_pages
from grader.reports.site.students import StudentPage, as_seen, shade_of
from grader.reports.site.timings import speed_of, time_against_accuracy
from grader.reports.text import anchor_of, place_of, title_of
from grader.reports.timings import MEASUREMENT_WORDS, ratio_text, seconds

STATUSES: Final = {
    "passed": ("✓", "passed"),
    "failed": ("✗", "failed"),
    "error": ("✗", "error"),
    "timeout": ("✗", "time-out"),
    "crashed": ("✗", "crashed"),
    "not_run": ("–", "not run"),
}
"""The symbol and the word for each status of a check."""

_PICTURES: Final = {
    "devices": "median seconds of an epoch",
    "epochs": "seconds of each epoch",
    "ratios": "ratio to the reference",
}
"""The charts in a `Speed`, and the titles that they have as separate SVG files."""


def write_site(
    folder: Path,
    course: Course,
    pages: Iterable[StudentPage],
    *,
    now: datetime | None = None,
    awaited: int = 0,
    live: bool = False,
) -> None:
    """Write `index.html` and `students/NAME.html` for a class, and remove the pages of students who have left it.

    Args:
        folder: The folder to write to; other files in it are left alone.
        course: Gives the title, and what students must not see before a date.
        pages: A page for each student, all with different ids.
        now: The moment for which the students' pages are made; by default the current time.
        awaited: The number of submissions in the class, if some of them may not have a page yet.
        live: Whether the missing ones are still being graded.

    Raises:
        GraderError: If a file with such a name exists that is not one of the grader's pages.
        ValueError: If two pages have the same id.
    """
    students_pages = sorted(pages, key=lambda page: (page.name.casefold(), page.id))
    if len({page.id for page in students_pages}) < len(students_pages):
        raise ValueError("two pages are of the same submission")
    so_far = {"awaited": max(awaited, len(students_pages)), "live": live}
    write_pages(folder, _rendered(course, students_pages, now or datetime.now(UTC), so_far))


def _rendered(
    course: Course, pages: list[StudentPage], now: datetime, so_far: dict[str, Any]
) -> Iterator[tuple[str, str]]:
    environment = templates()
    template = environment.get_template("student.html")
    for page in pages:
        yield f"students/{page.file}", template.render(course=course, **students.context_of(as_seen(page, course, now)))
    # Last, so that the pages that it links to are in place before it.
    context = so_far | classes.context_of(pages)
    yield "index.html", environment.get_template("class.html").render(course=course, **context)


def write_timings(folder: Path, timings: Iterable[Timing]) -> None:
    """Write `timings.html`, and its charts as SVG files into `timings/`.

    Args:
        folder: The folder to write to; other files in it are left alone.
        timings: The measurements, oldest first.

    Raises:
        GraderError: If a file with such a name exists that is not one of the grader's pages.
    """
    by_name: dict[str, list[Timing]] = {}
    for timing in timings:
        by_name.setdefault(timing.measurement.submission, []).append(timing)
    write_pages(folder, _rendered_timings(by_name))


def _rendered_timings(by_name: dict[str, list[Timing]]) -> Iterator[tuple[str, str]]:
    environment = templates()
    picture = environment.get_template("picture.svg")
    speeds = [(name, speed_of(by_name[name])) for name in sorted(by_name)]
    for name, speed in speeds:
        stem = page_name(name).removesuffix(".html")
        for kind, what in _PICTURES.items():
            if chart := getattr(speed, kind):
                yield (
                    f"timings/{stem}-{kind}.svg",
                    picture.render(chart=chart, alone=f"{clean(name, limit=24)}: {what}"),
                )
    together = time_against_accuracy(by_name.items())
    yield "timings.html", environment.get_template("timings.html").render(speeds=speeds, together=together)


def templates() -> Environment:
    """Return the Jinja environment of the templates, with the variables and filters that they use."""
    environment = Environment(
        loader=PackageLoader("grader.reports.site"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_fit_to_be_shown,
    )
    folder = files("grader.reports.site") / "templates"
    style, script = (Markup((folder / name).read_text(encoding="utf-8")) for name in ("style.css", "table.js"))
    environment.globals.update(
        mark=Markup(MARK),
        style=style,
        script=script,
        style_digest=_digest(style),
        script_digest=_digest(script),
        chart_area=charts,
        shade_of=shade_of,
        alone="",
    )
    environment.filters.update(
        points=number,
        percent=lambda share: f"{share:.0%}",
        when=_when,
        title=title_of,
        anchor=anchor_of,
        place=place_of,
        code=highlighted,
        quoted=quoted,
        ratio=ratio_text,
        seconds=seconds,
        unmeasured=MEASUREMENT_WORDS.get,
        excerpt=excerpt,
        symbol=lambda status: STATUSES[status][0],
        word=lambda status: STATUSES[status][1],
    )
    return environment


def _fit_to_be_shown(value: Any) -> Any:
    """Clean a value that a template shows, so that no text on any page has characters that could mislead."""
    return clean(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _digest(text: str) -> str:
    """Return the digest by which a content security policy allows an inline style or script."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _when(text: str) -> str:
    """Return an ISO 8601 time in words, to the minute; other text is returned unchanged."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text
    return f"{moment.day} {moment:%B %Y, %H:%M} UTC"
