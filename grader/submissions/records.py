"""The records that a submission passes through before it is checked."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path

import msgspec

from grader.submissions.unwritten import Unwritten


class SubmissionFile(msgspec.Struct, frozen=True):
    """A submission that was found, not yet read.

    Attributes:
        id: Unique among those found together; printable, without a path's slashes.
        path: The file.  Where none can be chosen, the folder, and `problem` says why.
        problem: Why there is nothing to read; empty if there is.
        handed_in: When it was handed in, where that is known.
        dated: Whether the file's own date says so where nothing else does.
        earlier: Versions of it that were handed in before and came with it, the first one first.
    """

    id: str
    path: Path
    problem: str = ""
    handed_in: datetime | None = None
    dated: bool = True
    earlier: tuple[SubmissionFile, ...] = ()


class SubmissionBytes(msgspec.Struct, frozen=True):
    """A submission that was read and not yet looked into: it can be sent to where the file is not.

    Attributes:
        file: Which one.
        data: What the file holds, and of a large notebook its code; nothing where the file has a `problem`.
        sha256: Of all that the file holds; empty where `data` is all of it.
    """

    file: SubmissionFile
    data: bytes
    sha256: str = ""


class Note(msgspec.Struct, frozen=True):
    """Something a student should know about a line of theirs.

    Attributes:
        cell: Number of the code cell, from 1; `None` in a `.py`.
        line: The line in that cell, or in the file, from 1.
        message: One or two sentences.
        does_not_parse: Whether it is about code that is no Python.
    """

    cell: int | None
    line: int
    message: str
    does_not_parse: bool = False

    @property
    def place(self) -> str:
        """`code cell 3, line 2`, or `line 2` in a `.py`."""
        return f"line {self.line}" if self.cell is None else f"code cell {self.cell}, line {self.line}"


class Submission(msgspec.Struct, frozen=True):
    """A submission as it is graded.

    Attributes:
        id: See `SubmissionFile`.
        path: The file.
        sha256: Of the file's bytes; empty if they could not be read.
        kind: `py` or `notebook`.
        problem: Why it cannot be graded at all, one sentence for the student; empty if it can.
        source: The module to execute for grading the functions: the statements they need, each on its own
            line, everything else blank.  Execute its top-level statements one by one, so that one that fails
            costs only what it defines.
        as_written: A `.py` as it is; for a notebook, whose cells are not meant to be run all at once, `source`.
        program: All of it, to be run from the first cell to the last: each line where `line_map` says, cells that are
            no Python blank.
        notes: What was left out although it may be missed, or does not parse.
        trains_at_load: The top-level statements of a `.py` that train, where the text alone shows it.
        line_map: For each line of `source`, the number of its code cell (`None` in a `.py`) and its line there.
        cells: The text of each code cell as the student wrote it; of a `.py`, one text.
        functions: The names of all functions defined at the top level, for "did you mean".
        calls: What is called outside the contract's functions, as far as it tells the form of the assignment.
        imports: The modules that it imports anywhere, by their first names.
        needs_python: The Python that it is written for, such as `3.12`, where this one is too old for it; else empty.
        unwritten: The functions of the contract that only raise NotImplementedError, by their lines in `source`.
        looks_for_devices: The first and last lines of the statements that look for a GPU or TPU, or go by what was
            found.
    """

    id: str
    path: Path
    sha256: str
    kind: str
    problem: str = ""
    source: str = ""
    as_written: str = ""
    program: str = ""
    notes: tuple[Note, ...] = ()
    trains_at_load: tuple[Note, ...] = ()
    line_map: tuple[tuple[int | None, int], ...] = ()
    cells: tuple[str, ...] = ()
    functions: tuple[str, ...] = ()
    calls: tuple[str, ...] = ()
    imports: tuple[str, ...] = ()
    needs_python: str = ""
    unwritten: tuple[Unwritten, ...] = ()
    looks_for_devices: tuple[tuple[int, int], ...] = ()

    def locate(self, line: int) -> tuple[int | None, int]:
        """The code cell (`None` in a `.py`) and the line in it of a line of `source`, both from 1.

        Raises:
            IndexError: If `source` has no such line.
        """
        if line < 1:
            raise IndexError(line)
        return self.line_map[line - 1]

    def place_of(self, line: int) -> tuple[int | None, int] | None:
        """As `locate`; `None` where the source has no such line."""
        return self.locate(line) if 0 < line <= len(self.line_map) else None

    @property
    def too_new(self) -> str:
        """Why this Python cannot grade it, though nothing is wrong with it; empty where it can."""
        if not self.needs_python:
            return ""
        own = f"{sys.version_info.major}.{sys.version_info.minor}"
        return (
            f"{self.path.name} uses syntax of Python {self.needs_python}, and the grader runs on Python {own}: grade "
            f"it with Python {self.needs_python} or newer; `grader doctor` says how."
        )

    def finds_no_device(self, line: int) -> bool:
        """Whether an error in a line of `source` or `program` is that there is no GPU where submissions are graded."""
        return any(first <= line <= last for first, last in self.looks_for_devices)

    def quote(self, cell: int | None, line: int) -> str:
        """A line as the student wrote it; empty if there is none."""
        lines = self.lines_of(cell)
        return lines[line - 1] if 0 < line <= len(lines) else ""

    def lines_of(self, cell: int | None) -> list[str]:
        """The lines of a code cell (`None` in a `.py`) as the student wrote them; none if there is no such cell."""
        index = 0 if cell is None else cell - 1
        return self.cells[index].split("\n") if 0 <= index < len(self.cells) else []
