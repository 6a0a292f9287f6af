"""Errors of the gradebook file, each described in one sentence."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from grader.ground.errors import GraderError

SQLITE_HEADER: Final = b"SQLite format 3\0"
"""The bytes that every SQLite database begins with."""

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
"""The sentence for each of SQLite's primary result codes."""


class GradebookError(GraderError):
    """The gradebook cannot be read or written; what was being written is in it completely or not at all."""


def refuse_other_files(path: Path) -> None:
    """Refuse a file that is not an SQLite database.

    SQLite itself takes a file that is shorter than a database's header for an empty database and overwrites it.

    Raises:
        GradebookError: If the file exists, is not empty and is not a database.
    """
    with contextlib.suppress(OSError):  # SQLite will report a file that cannot be read
        with path.open("rb") as file:
            start = file.read(len(SQLITE_HEADER))
        if start not in (b"", SQLITE_HEADER):
            raise GradebookError(f"{path}: {_SENTENCES[sqlite3.SQLITE_NOTADB]}")


@contextlib.contextmanager
def in_one_sentence(path: Path) -> Iterator[None]:
    """Turn an SQLite error, or msgspec's error about a stored result, into a `GradebookError` of one sentence."""
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the primary code is in the low byte of an extended one
        raise GradebookError(f"{path}: {_SENTENCES.get(code, f'SQLite reports: {error}.')}") from error
    except msgspec.MsgspecError as error:
        raise GradebookError(f"{path}: {_SENTENCES[sqlite3.SQLITE_CORRUPT]}") from error
