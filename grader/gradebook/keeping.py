"""How a batch uses the gradebook: to skip what is already graded, and to store each result before announcing it.

A gradebook that cannot be written is refused before anything is graded.  If writing fails later, no result is lost: the
batch goes on, and results that could not be written are tried again with the next result and at the end.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from grader.course import Course
from grader.gradebook.faults import GradebookError
from grader.gradebook.records import Attempt, Conditions, Known
from grader.gradebook.store import Gradebook
from grader.ground.errors import UsageError
from grader.ground.text import utc
from grader.results.artefacts import Artefact
from grader.results.scoring import Result
from grader.submissions import SubmissionFile, sha256_of


class _Row(msgspec.Struct, frozen=True):
    """An attempt that is still to be written."""

    result: Result
    artefacts: tuple[Artefact, ...]
    graded_at: str
    submitted_at: str


class Keeper:
    """Reads and writes the gradebook during a batch; does nothing if no gradebook is kept.

    Attributes:
        fault: Why the last attempt to read or write failed; empty if all is well.
    """

    def __init__(
        self, book: Gradebook | None, conditions: Conditions, *, force: bool = False, submitted_at: str = ""
    ) -> None:
        """Create a keeper; nothing is read or written yet.

        Args:
            book: The gradebook; `None` to keep none.
            conditions: The conditions that the batch is graded under.
            force: Whether to grade again what is already in the gradebook.
            submitted_at: When the submissions were handed in; by default, when each file was last changed.
        """
        self._book = book
        self._conditions = conditions
        self._force = force
        self._submitted_at = submitted_at
        self._times: dict[str, str] = {}
        self._waiting: list[_Row] = []
        self.fault = ""

    @property
    def unwritten(self) -> int:
        """The number of results that are still to be written."""
        return len(self._waiting)

    def find(self, file: SubmissionFile) -> Attempt | None:
        """Return the attempt that makes grading a submission unnecessary, or `None` if it has to be graded."""
        self._times[file.id] = self._submitted_at or _handed_in_at(file)
        sha256 = sha256_of(file)
        if self._book is None or self._force or not sha256:
            return None
        try:
            attempt = self._book.find_graded(file.id, sha256, self._conditions)
        except GradebookError as error:
            self.fault = str(error)
            return None
        # A time given by the user is binding, so another one means a new attempt.  A file's date counts only when the
        # file is seen for the first time, since a later copy of it has a newer date.
        moved = attempt is not None and self._submitted_at not in ("", attempt.submitted_at)
        return None if moved else attempt

    def last_seconds(self) -> dict[str, float]:
        """Return the seconds that each submission's last grading took; empty if the gradebook cannot be read."""
        if self._book is None:
            return {}
        try:
            return self._book.last_seconds(self._conditions)
        except GradebookError as error:
            self.fault = str(error)
            return {}

    def known(self, submission: str) -> tuple[Known, ...]:
        """Return what the gradebook knows of each student of a submission; empty if it cannot be read."""
        if self._book is None:
            return ()
        try:
            return tuple(self._book.known(submission))
        except UsageError:
            return ()
        except GradebookError as error:
            self.fault = str(error)
            return ()

    def add(self, result: Result, artefacts: Iterable[Artefact] = ()) -> None:
        """Write a result, after any earlier ones that could not be written so far."""
        if self._book is not None:
            submitted_at = self._times.get(result.submission.id, self._submitted_at)
            self._waiting.append(_Row(result, tuple(artefacts), utc(datetime.now(UTC)), submitted_at))
            self.write()

    def write(self) -> None:
        """Write the waiting results, oldest first, until one cannot be written."""
        while self._book is not None and self._waiting:
            row = self._waiting[0]
            try:
                self._book.add(
                    self._conditions,
                    row.result,
                    row.artefacts,
                    graded_at=row.graded_at,
                    submitted_at=row.submitted_at,
                )
            except GradebookError as error:
                self.fault = str(error)
                return
            del self._waiting[0]
            self.fault = ""


@contextlib.contextmanager
def keeping(
    path: Path | None,
    conditions: Conditions,
    *,
    force: bool = False,
    submitted_at: str = "",
    course: Course | None = None,
) -> Iterator[Keeper]:
    """Open a gradebook for a batch.

    Args:
        path: The file; `None` to keep none.
        conditions: The conditions that the batch is graded under.
        force: Whether to grade again what is already in the gradebook.
        submitted_at: When the submissions were handed in; by default, when each file was last changed.
        course: Says which attempt counts, and what being late costs; see `Gradebook.open`.

    Raises:
        GradebookError: If the file cannot be opened or written.
    """
    with contextlib.ExitStack() as stack:
        book: Gradebook | None = None
        if path is not None:
            try:
                book = stack.enter_context(Gradebook.open(path, course=course))
                book.check_writable()
            except GradebookError as error:
                raise GradebookError(f"{str(error).removesuffix('.')}, or keep none with --no-gradebook.") from error
        yield Keeper(book, conditions, force=force, submitted_at=submitted_at)


def _handed_in_at(file: SubmissionFile) -> str:
    """Return when a submission was handed in; empty if unknown."""
    if file.handed_in is not None:
        return utc(file.handed_in)
    return _changed_at(file.path) if file.dated else ""


def _changed_at(path: Path) -> str:
    """Return when a file, or the symbolic link itself, was last changed; empty if that cannot be determined."""
    try:
        return utc(datetime.fromtimestamp(os.lstat(path).st_mtime, UTC))
    except (OSError, ValueError, OverflowError):
        return ""
