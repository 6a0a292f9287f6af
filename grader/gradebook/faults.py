"""What can be wrong with a gradebook's file, each in one sentence."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from grader.ground.errors import GraderError

SQLITE_HEADER: Final = b"SQLite format 3\0"
"""What every SQLite database begins with."""

_ANOTHER: Final = "name another file with --gradebook"

_SENTENCES: Final = {
    sqlite3.SQLITE_BUSY: "another process is writing to it and did not end in time; try again when it is done.",
    sqlite3.SQLITE_READONLY: f"cannot be written; make the file and its folder writable, or {_ANOTHER}.",
    sqlite3.SQLITE_CANTOPEN: f"cannot be opened or made; look at the folder and its permissions, or {_ANOTHER}.",
    sqlite3.SQLITE_FULL: f"the disk is full; make room, or {_ANOTHER}.",
    sqlite3.SQLITE_IOERR: f"the disk reports an error; look at the disk, or {_ANOTHER}.",
    sqlite3.SQLITE_NOTADB: f"is not a gradebook, nor any SQLite database; move it away, or {_ANOTHER}.",
    sqlite3.SQLITE_CORRUPT: f"is damaged, perhaps cut short; put a copy of it in its place, or {_ANOTHER}.",
}
"""By SQLite's primary result code."""


class GradebookError(GraderError):
    """The gradebook cannot be read or written; whatever was under way is in it whole or not at all."""


def refuse_other_files(path: Path) -> None:
    """Leave a file alone that is no database.

    SQLite itself takes a file that is shorter than its own header for an empty database, and writes over it.

    Raises:
        GradebookError: There is such a file.
    """
    with contextlib.suppress(OSError):  # what cannot be read, SQLite will not open
        with path.open("rb") as file:
            start = file.read(len(SQLITE_HEADER))
        if start not in (b"", SQLITE_HEADER):
            raise GradebookError(f"{path}: {_SENTENCES[sqlite3.SQLITE_NOTADB]}")


@contextlib.contextmanager
def in_one_sentence(path: Path) -> Iterator[None]:
    """Turn what SQLite says about a file, or msgspec about a result in it, into a `GradebookError`."""
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # without the extension
        raise GradebookError(f"{path}: {_SENTENCES.get(code, f'SQLite reports: {error}.')}") from error
    except msgspec.MsgspecError as error:
        raise GradebookError(f"{path}: {_SENTENCES[sqlite3.SQLITE_CORRUPT]}") from error
