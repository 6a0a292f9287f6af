"""The pages of a batch: what the gradebook knows of each submission, or where there is none, what was just graded.

A run that does not count, such as one over a single task, has a page of its own; but where the best attempt counts, a
worse one of the same kind does not hide it.  Of students who share a submission, each has a page.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from grader.course import Settings
from grader.gradebook.decisions import people_of
from grader.gradebook.keeping import Keeper
from grader.gradebook.visibility import Hidden, hidden_from
from grader.ground.text import utc
from grader.reports.site import StudentPage, page_of, write_site
from grader.results.scoring import Graded, Result

_PAUSE_SECONDS: Final = 10.0
_PAUSE_SHARE: Final = 20.0
"""Of a large class the pages take seconds to write: grading is not to wait for them for more than a twentieth of it."""


class Pages:
    """Collects what a batch has graded, and writes it as pages: at the end, and now and then before.

    Args:
        settings: How it is graded.
        keeper: What the gradebook knows.
        folder: Where the pages go; `None` where none are asked for.
    """

    def __init__(self, settings: Settings, keeper: Keeper, folder: Path | None = None) -> None:
        self._settings = settings
        self._keeper = keeper
        self._folder = folder
        self._came: dict[str, tuple[Graded, str]] = {}
        self._awaited = 0
        self._not_before = math.inf

    def await_all(self, count: int, *, last: bool) -> None:
        """How many submissions there are; before the last round nothing is written, since all of them come again."""
        self._awaited = count
        self._not_before = 0.0 if last else math.inf

    def add(self, graded: Graded) -> None:
        """Take in a result, which was graded now or is kept in the gradebook."""
        self._came[graded.result.submission.id] = graded, utc(datetime.now(UTC))

    def hidden_from(self, result: Result) -> Hidden:
        """What the feedback may not tell of a result before a date.

        Of students who share a submission, the one who has the latest deadline decides.
        """
        course = self._settings.course
        if not course.visibility.hidden_until:
            return Hidden()
        known = self._keeper.known(result.submission.id)
        extended_to = max((each.entry.extended_to for each in known), default="")
        return hidden_from(course, datetime.now(UTC), extended_to).of(result)

    def write(self) -> None:
        """Write `index.html` and a page for each student, where that was asked for.

        Raises:
            GraderError: They cannot be written.
        """
        self._write(live=False)

    def write_so_far(self) -> None:
        """The same while grading goes on, unless it was done a moment ago: one page tells how the class does so far.

        Raises:
            GraderError: They cannot be written.
        """
        began = time.monotonic()
        if began >= self._not_before and 0 < len(self._came) < self._awaited:
            self._write(live=True)
            took = time.monotonic() - began
            self._not_before = time.monotonic() + max(_PAUSE_SECONDS, _PAUSE_SHARE * took)

    def _write(self, *, live: bool) -> None:
        if self._folder is not None:
            # A student who has a share in several submissions has one page.
            pages = {page.id: page for name in self._came for page in self._pages(name)}
            write_site(self._folder, self._settings.course, pages.values(), awaited=self._awaited, live=live)

    def _pages(self, name: str) -> Iterator[StudentPage]:
        graded, when = self._came[name]
        settings = self._settings
        tasks = tuple(sorted(settings.tasks))
        known = {each.entry.student: each for each in self._keeper.known(name)}
        for student in known or people_of((), by_names=settings.course.groups == "names").of(name):
            result = _renamed(graded.result, student)
            if student in known:
                one = known[student]
                counts = one.entry.attempt
                asked = (counts.profile, counts.tasks) == (settings.profile, tasks)
                other = (one.entry.group or student) != name
                if counts.result == result or other or (settings.course.attempts == "best" and asked):
                    yield StudentPage(one.entry, one.artefacts, one.attempts, one.timings)
                    continue
            own = Graded(result, graded.artefacts)
            yield page_of(own, profile=settings.profile, tasks=tasks, isolation=settings.level, graded_at=when)


def _renamed(result: Result, student: str) -> Result:
    """A result as it stands on a student's page."""
    return replace(result, submission=replace(result.submission, id=student))
