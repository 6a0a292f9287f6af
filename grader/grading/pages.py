"""The HTML pages of a batch, made from the gradebook or, if none is kept, from the results just graded.

If the run just made does not count, such as a run over a single task, the page shows that run and not the attempt that
counts.  But if the best attempt counts, a worse attempt of the same kind does not replace it on the page.  Students who
share a submission have a page each.
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
"""Pauses between writing the pages, as a multiple of the time that writing took.

The pages of a large class take seconds to write; grading must not spend more than a twentieth of its time on them.
"""


class Pages:
    """Collects the results of a batch and writes them as HTML pages, at the end and from time to time before.

    Args:
        settings: How the batch is graded.
        keeper: Reads the gradebook.
        folder: The folder for the pages; `None` to write none.
    """

    def __init__(self, settings: Settings, keeper: Keeper, folder: Path | None = None) -> None:
        self._settings = settings
        self._keeper = keeper
        self._folder = folder
        self._came: dict[str, tuple[Graded, str]] = {}
        self._awaited = 0
        self._not_before = math.inf  # nothing is written while grading until `await_all` allows it

    def await_all(self, count: int, *, last: bool) -> None:
        """Set how many submissions the next round has.

        Nothing is written before the last round, since that one has every submission.
        """
        self._awaited = count
        self._not_before = 0.0 if last else math.inf

    def add(self, graded: Graded) -> None:
        """Add a result that was graded just now or comes from the gradebook."""
        self._came[graded.result.submission.id] = graded, utc(datetime.now(UTC))

    def hidden_from(self, result: Result) -> Hidden:
        """Return what the feedback for a result must not show yet.

        If students share the submission, the one with the latest deadline decides, since they share the feedback file.
        """
        course = self._settings.course
        if not course.visibility.hidden_until:
            return Hidden()
        known = self._keeper.known(result.submission.id)
        extended_to = max((each.entry.extended_to for each in known), default="")
        return hidden_from(course, datetime.now(UTC), extended_to).of(result)

    def write(self) -> None:
        """Write `index.html` and a page for each student, if there is a folder for them.

        Raises:
            GraderError: If they cannot be written.
        """
        self._write(live=False)

    def write_so_far(self) -> None:
        """Write the pages while grading goes on, unless they were written a moment ago.

        Raises:
            GraderError: If they cannot be written.
        """
        began = time.monotonic()
        if began >= self._not_before and 0 < len(self._came) < self._awaited:
            self._write(live=True)
            took = time.monotonic() - began
            self._not_before = time.monotonic() + max(_PAUSE_SECONDS, _PAUSE_SHARE * took)

    def _write(self, *, live: bool) -> None:
        if self._folder is not None:
            # Keyed by student, since a student with a share in several submissions has only one page.
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
    """Return a result under the name of one of the submission's students."""
    return replace(result, submission=replace(result.submission, id=student))
