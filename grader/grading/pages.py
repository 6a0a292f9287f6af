"""The pages of a batch: what the gradebook knows of each submission, or where there is none, what was just graded.

A run that does not count, such as one over a single task, has a page of its own; but where the best attempt counts, a
worse one of the same kind does not hide it.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from grader.course import Settings
from grader.gradebook.keeping import Keeper
from grader.ground.text import utc
from grader.reports.site import StudentPage, page_of, write_site
from grader.results.scoring import Graded


class Pages:
    """Collects what a batch has graded, and writes it as pages."""

    def __init__(self, settings: Settings, keeper: Keeper) -> None:
        self._settings = settings
        self._keeper = keeper
        self._came: dict[str, tuple[Graded, str]] = {}

    def add(self, graded: Graded) -> None:
        """Take in a result, which was graded now or is kept in the gradebook."""
        self._came[graded.result.submission.id] = graded, utc(datetime.now(UTC))

    def write(self, folder: Path) -> None:
        """Write `index.html` and a page for each submission.

        Raises:
            GraderError: They cannot be written.
        """
        write_site(folder, self._settings.course, [self._page(name) for name in self._came])

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
