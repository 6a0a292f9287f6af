"""How a batch keeps the gradebook: nothing is graded twice, and each result is written before it is announced.

A gradebook that cannot be written is refused before anything is graded.  One that fails later costs no result: what
could not be written is tried again with the next result and at the end, and the batch goes on.
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
    """Writes a batch into a gradebook.

    Attributes:
        fault: Why something could not be read or written, the last time that it was tried; empty where all is well.
    """

    def __init__(
        self, book: Gradebook | None, conditions: Conditions, *, force: bool = False, submitted_at: str = ""
    ) -> None:
        """Nothing is read or written yet.

        Args:
            book: The gradebook; `None`: nothing is kept.
            conditions: What the batch is graded with.
            force: Grade again what is there already.
            submitted_at: When the submissions were handed in; each when its file was last changed unless given.
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
        """How many results are still to be written."""
        return len(self._waiting)

    def find(self, file: SubmissionFile) -> Attempt | None:
        """The attempt in the gradebook that makes grading a submission needless; `None`: it is to be graded."""
        self._times[file.id] = self._submitted_at or _handed_in_at(file)
        sha256 = sha256_of(file)
        if self._book is None or self._force or not sha256:
            return None
        try:
            attempt = self._book.find_graded(file.id, sha256, self._conditions)
        except GradebookError as error:
            self.fault = str(error)
            return None
        # What was said of the hand-in holds, a file's date only at the first sight of the file: copies are younger.
        moved = attempt is not None and self._submitted_at not in ("", attempt.submitted_at)
        return None if moved else attempt

    def last_seconds(self) -> dict[str, float]:
        """How long each submission's last grading took, in seconds; of none where the gradebook cannot be read."""
        if self._book is None:
            return {}
        try:
            return self._book.last_seconds(self._conditions)
        except GradebookError as error:
            self.fault = str(error)
            return {}

    def known(self, submission: str) -> tuple[Known, ...]:
        """What the gradebook knows of each student of a submission; nothing where it cannot be read."""
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
        """Write a result, and before it whatever could not be written so far."""
        if self._book is not None:
            submitted_at = self._times.get(result.submission.id, self._submitted_at)
            self._waiting.append(_Row(result, tuple(artefacts), utc(datetime.now(UTC)), submitted_at))
            self.write()

    def write(self) -> None:
        """Write what is waiting, oldest first."""
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
        path: The file; `None`: nothing is kept.
        conditions: What the batch is graded with.
        force: Grade again what is there already.
        submitted_at: When the submissions were handed in; each when its file was last changed unless given.
        course: What says which attempt counts, and what being late costs; see `Gradebook.open`.

    Raises:
        GradebookError: It cannot be opened, or not be written.
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
    """When a submission was handed in, as far as that is known; empty where nobody knows."""
    if file.handed_in is not None:
        return utc(file.handed_in)
    return _changed_at(file.path) if file.dated else ""


def _changed_at(path: Path) -> str:
    """When a file, or the link itself, was last changed; empty where that cannot be said."""
    try:
        return utc(datetime.fromtimestamp(os.lstat(path).st_mtime, UTC))
    except (OSError, ValueError, OverflowError):
        return ""
