"""Find submissions on disk and read their bytes, without following links or waiting for a pipe."""

from __future__ import annotations

import errno
import os
import stat
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

import msgspec

from grader.ground.errors import UsageError
from grader.submissions.records import SubmissionFile

SUFFIXES: Final = (".py", ".ipynb")
NAMES_IN_FOLDER: Final = ("solution.py", "solution.ipynb")
MAX_NOTEBOOK_BYTES: Final = 1_000_000_000
MAX_WHOLE_BYTES: Final = 20_000_000
"""Of a larger notebook only the code is read into memory."""
MAX_CODE_BYTES: Final = 1_000_000
MAX_ID_BYTES: Final = 150
_PIECE: Final = 2**20


class ReadError(Exception):
    """A submission that cannot be read; its text is the sentence for the student."""


def discover(paths: Iterable[Path | str]) -> list[SubmissionFile]:
    """Find the submissions that some paths name.

    A path to a file is a submission, whatever its name.  In a folder, each `.py` and `.ipynb` is a submission,
    and so is each sub-folder with a `solution.py` (looked for first), a `solution.ipynb`, or just one file of
    either sort; its id is the sub-folder's name.  Hidden files, `__pycache__` and folders without any such file
    are passed over.

    Returns:
        The submissions, sorted by id.  Ids are the files' stems where those differ, else the files' names,
        numbered if need be.  Something that cannot be graded, such as a link, is listed too: a student who
        handed in something is told what is wrong with it.

    Raises:
        UsageError: If a path does not exist, or a folder cannot be listed.
    """
    found: dict[str, tuple[str, SubmissionFile]] = {}
    for path in map(Path, paths):
        if not os.path.lexists(path):
            raise UsageError(f"{path}: there is no such file or folder.")
        entries = _in_folder(path) if path.is_dir() else [(path.stem, SubmissionFile(path.name, path))]
        for stem, file in entries:
            # A file that two paths name is one submission.
            found.setdefault(str(file.path.absolute()), (stem, file))
    return sorted(with_ids(found[key] for key in sorted(found)), key=lambda file: file.id)


def _in_folder(folder: Path) -> Iterator[tuple[str, SubmissionFile]]:
    for entry in _listing(folder):
        if entry.suffix.lower() in SUFFIXES:
            yield entry.stem, SubmissionFile(entry.name, entry)
        elif entry.is_dir():
            chosen = choose(entry)
            if chosen is not None:
                yield entry.name, chosen


def choose(folder: Path) -> SubmissionFile | None:
    """The submission that a student's folder is; `None` if it is no student's folder.

    Raises:
        UsageError: If the folder cannot be listed.
    """
    if folder.is_symlink():
        return SubmissionFile(folder.name, folder, f"{folder.name} is a symbolic link; hand in the folder itself.")
    files = [entry for entry in _listing(folder) if entry.suffix.lower() in SUFFIXES]
    if not files:
        return None
    name, problem = pick([file.name for file in files])
    return SubmissionFile(folder.name, folder if problem else folder / name, problem)


def pick(names: Sequence[str]) -> tuple[str, str]:
    """Which of a student's files is graded, by their names; else empty, and a sentence that says why."""
    for name in NAMES_IN_FOLDER:
        if name in names:
            return name, ""
    if len(names) == 1:
        return names[0], ""
    some = ", ".join(printable(name) for name in names[:5])
    return "", f"The folder holds several files ({some}); name the one to grade solution.py or solution.ipynb."


def _listing(folder: Path) -> list[Path]:
    try:
        entries = sorted(folder.iterdir())
    except OSError as error:
        raise UsageError(f"{folder}: cannot be listed ({error.strerror}).") from None
    return [entry for entry in entries if not entry.name.startswith(".") and entry.name != "__pycache__"]


def with_ids(entries: Iterable[tuple[str, SubmissionFile]]) -> Iterator[SubmissionFile]:
    """Give each its stem as id where that is unique (but for case, for ids become file names), else its name."""
    listed = [(shortened(printable(stem)), file) for stem, file in entries]
    stems = Counter(stem.casefold() for stem, _ in listed)
    taken: set[str] = {stem.casefold() for stem, _ in listed if stems[stem.casefold()] == 1}
    for stem, file in listed:
        chosen = stem
        if stems[stem.casefold()] > 1:
            name = shortened(printable(file.id))
            chosen, number = name, 2
            while chosen.casefold() in taken:
                chosen, number = f"{name}-{number}", number + 1
            taken.add(chosen.casefold())
        yield msgspec.structs.replace(file, id=chosen)


def shortened(name: str) -> str:
    """A name of at most `MAX_ID_BYTES`, since files are named after ids, and file systems take 255 bytes."""
    return name.encode()[:MAX_ID_BYTES].decode(errors="ignore")


def printable(name: str) -> str:
    """A file name for people and reports: control, bidi and undecodable characters become `_`."""
    return "".join(c if c.isprintable() and c not in "/\\" else "_" for c in name) or "_"


def read_bytes(path: Path, limit: int) -> bytes:
    """Read a regular file of at most `limit` bytes.

    Raises:
        ReadError: If it is something else, or larger.
    """
    return b"".join(read_pieces(path, limit))


def read_pieces(path: Path, limit: int) -> Iterator[bytes]:
    """Read a regular file of at most `limit` bytes piece by piece.

    Raises:
        ReadError: If it is something else, or larger.
    """
    name = printable(path.name)
    size = 0
    # Before opening it, since opening a device can do things, and after, since it may have been exchanged.
    # O_NONBLOCK: opening a FIFO would wait for its writer.  The flags exist on POSIX only, O_BINARY on Windows.
    flags = os.O_RDONLY
    for flag in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_BINARY"):
        flags |= getattr(os, flag, 0)
    try:
        _require_regular(os.lstat(path), name)
        descriptor = os.open(path, flags)
        with open(descriptor, "rb") as file:
            status = os.fstat(descriptor)
            _require_regular(status, name)
            if status.st_size > limit:
                raise too_large(name, limit)
            while piece := file.read(_PIECE):
                size += len(piece)
                if size > limit:
                    raise too_large(name, limit)
                yield piece
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise ReadError(f"{name} is a symbolic link; hand in the file itself.") from None
        raise ReadError(f"{name} cannot be read ({error.strerror}).") from None


def too_large(name: str, limit: int) -> ReadError:
    """What is said of a file of more than `limit` bytes."""
    size = f"{limit // 1_000_000_000} GB" if limit >= 1_000_000_000 else f"{limit // 1_000_000} MB"
    return ReadError(f"{name} is larger than {size}; hand in code and text only, without data.")


def _require_regular(status: os.stat_result, name: str) -> None:
    if stat.S_ISREG(status.st_mode):
        return
    if stat.S_ISLNK(status.st_mode):
        raise ReadError(f"{name} is a symbolic link; hand in the file itself.")
    what = "a folder" if stat.S_ISDIR(status.st_mode) else "a pipe, socket or device"
    raise ReadError(f"{name} is {what}, not a file; hand in a .py or .ipynb file.")
