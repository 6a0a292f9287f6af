"""The pages of a batch: what the gradebook knows of each submission, or where there is none, what was just graded.

A run that does not count, such as one over a single task, has a page of its own; but where the best attempt counts, a
worse one of the same kind does not hide it.
"""

from __future__ import annotations

import math
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from grader.course import Settings
from grader.gradebook.keeping import Keeper
from grader.ground.text import utc
from grader.reports.site import StudentPage, page_of, write_site
from grader.results.scoring import Graded

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

    def write(self) -> None:
        """Write `index.html` and a page for each submission, where that was asked for.

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
            pages = [self._page(name) for name in self._came]
            write_site(self._folder, self._settings.course, pages, awaited=self._awaited, live=live)

    def _page(self, name: str) -> StudentPage:
        graded, when = self._came[name]
        known = self._keeper.known(name)
        settings = self._settings
        tasks = tuple(sorted(settings.tasks))
        if known is not None:
            counts = known.entry.attempt
            better = settings.course.attempts == "best" and (counts.profile, counts.tasks) == (settings.profile, tasks)
            if counts.result == graded.result or better:
                return StudentPage(known.entry, known.artefacts, known.attempts, known.timings)
        return page_of(graded, profile=settings.profile, tasks=tasks, isolation=settings.level, graded_at=when)
