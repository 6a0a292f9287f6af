"""The records of a submission, from a file that was found to the module that is graded."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path

import msgspec

from grader.submissions.unwritten import Unwritten


class SubmissionFile(msgspec.Struct, frozen=True):
    """A submission that was found but not read yet.

    Attributes:
        id: Its name: unique among those found together, printable, and without slashes.
        path: The file.  If none of a folder's files can be chosen, the folder; `problem` then says why.
        problem: Why there is nothing to read; empty if there is.
        handed_in: When it was handed in; `None` if that is not known.
        dated: Whether the file's modification time may be used if `handed_in` is not known.
        earlier: Earlier versions that came in the same download, the oldest first.
    """

    id: str
    path: Path
    problem: str = ""
    handed_in: datetime | None = None
    dated: bool = True
    earlier: tuple[SubmissionFile, ...] = ()


class SubmissionBytes(msgspec.Struct, frozen=True):
    """A submission whose bytes were read but not parsed, so that they can be parsed in another process or machine.

    Attributes:
        file: The file that they were read from.
        data: The content of the file, or of a large notebook only the code; empty if the file has a `problem`.
        sha256: SHA-256 of the whole file; empty if `data` is the whole file.
    """

    file: SubmissionFile
    data: bytes
    sha256: str = ""


class Note(msgspec.Struct, frozen=True):
    """A message to the student about one line of the submission.

    Attributes:
        cell: Number of the code cell, from 1; `None` in a `.py`.
        line: The line in that cell, or in the file, from 1.
        message: One or two sentences.
        does_not_parse: Whether the message is about code that is not valid Python.
    """

    cell: int | None
    line: int
    message: str
    does_not_parse: bool = False

    @property
    def place(self) -> str:
        """The place as text: `code cell 3, line 2`, or `line 2` in a `.py`."""
        return f"line {self.line}" if self.cell is None else f"code cell {self.cell}, line {self.line}"


class Submission(msgspec.Struct, frozen=True):
    """A submission that was read and parsed, ready to be graded.

    Attributes:
        id: Its name; see `SubmissionFile`.
        path: The file.
        sha256: SHA-256 of the file's bytes; empty if they could not be read.
        kind: `py` or `notebook`.
        problem: Why it cannot be graded at all, one sentence for the student; empty if it can.
        source: The module to execute when the functions are graded: the statements that they need, each on its own
            line, with all other lines blank.  Its top-level statements are executed one by one, so that one that fails
            costs only what it defines.
        as_written: The text of a `.py`.  For a notebook, whose cells are not meant to be run all at once, `source`.
        program: The whole submission, to be run from the first cell to the last.  It has the same lines as `source`,
            and cells that are not Python are blank.
        notes: Messages about code that was left out although it may be needed, or that does not parse.
        trains_at_load: Messages about top-level statements of a `.py` that train, as far as the text shows it.
        line_map: For each line of `source`, the number of its code cell (`None` in a `.py`) and its line there.
        cells: The text of each code cell as the student wrote it; a `.py` has one.
        functions: The names of all functions defined at the top level, to suggest one with a similar name.
        calls: Those calls outside the contract's functions that tell the form of the assignment.
        imports: The top-level packages of all modules that it imports anywhere.
        needs_python: The version of Python that it needs, such as `3.12`, if the running one is too old; else empty.
        unwritten: The functions of the contract that only raise NotImplementedError.
        looks_for_devices: First and last lines in `source` of the statements that look for a GPU or TPU, or depend on
            what was found.
        largest_row: The largest row of an array that a number in its text names.
        writes_out_sizes: Whether it contains a number that may be a number of images.
    """

    id: str
    path: Path
    sha256: str
    kind: str
    problem: str = ""  # only a submission without a problem has the attributes below
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
    largest_row: int = 0
    writes_out_sizes: bool = False

    def locate(self, line: int) -> tuple[int | None, int]:
        """Return the code cell (`None` in a `.py`) and the line in it that a line of `source` comes from, all from 1.

        Raises:
            IndexError: If `source` has no such line.
        """
        if line < 1:
            raise IndexError(line)
        return self.line_map[line - 1]

    def place_of(self, line: int) -> tuple[int | None, int] | None:
        """Return what `locate` returns, or `None` if `source` has no such line."""
        return self.locate(line) if 0 < line <= len(self.line_map) else None

    @property
    def too_new(self) -> str:
        """Why a correct submission needs a newer Python than the running one; empty if it does not."""
        if not self.needs_python:
            return ""
        own = f"{sys.version_info.major}.{sys.version_info.minor}"
        return (
            f"{self.path.name} uses syntax of Python {self.needs_python}, and the grader runs on Python {own}: grade "
            f"it with Python {self.needs_python} or newer; `grader doctor` says how."
        )

    def finds_no_device(self, line: int) -> bool:
        """Whether an error in a line of `source` or `program` only means that submissions are graded without a GPU."""
        return any(first <= line <= last for first, last in self.looks_for_devices)

    def quote(self, cell: int | None, line: int) -> str:
        """Return a line as the student wrote it; empty if there is no such line."""
        lines = self.lines_of(cell)
        return lines[line - 1] if 0 < line <= len(lines) else ""

    def lines_of(self, cell: int | None) -> list[str]:
        """Return the lines of a code cell (`None` for a `.py`) as the student wrote them; empty if there is none."""
        index = 0 if cell is None else cell - 1
        return self.cells[index].split("\n") if 0 <= index < len(self.cells) else []
