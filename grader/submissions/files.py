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
"""The largest notebook that is read into memory as a whole; of a larger one only the code is kept."""
MAX_CODE_BYTES: Final = 1_000_000
MAX_ID_BYTES: Final = 150
_PIECE: Final = 2**20


class ReadError(Exception):
    """A submission cannot be read; the text is a sentence for the student that says why."""


def discover(paths: Iterable[Path | str]) -> list[SubmissionFile]:
    """Find the submissions in files and folders.

    A path to a file is a submission, whatever its name.  In a folder, each `.py` and `.ipynb` file is a submission,
    and so is each sub-folder with a `solution.py` (looked for first), a `solution.ipynb`, or only one file of either
    kind; its id is the name of the sub-folder.  Hidden files, `__pycache__` and folders without any such file are
    skipped.

    Returns:
        The submissions, sorted by id.  An id is the stem of the file if no other file has the same one, else the
        file's name, with a number if necessary.  Files that cannot be graded, such as links, are included, so that the
        student who handed one in is told what is wrong with it.

    Raises:
        UsageError: If a path does not exist, or a folder cannot be listed.
    """
    found: dict[str, tuple[str, SubmissionFile]] = {}
    for path in map(Path, paths):
        if not os.path.lexists(path):
            raise UsageError(f"{path}: there is no such file or folder.")
        # `SubmissionFile.id` is the file's name until `with_ids` sets it.
        entries = _in_folder(path) if path.is_dir() else [(path.stem, SubmissionFile(path.name, path))]
        for stem, file in entries:
            # A file that is named by two of the paths is one submission.
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
    """Return the submission in a student's folder; `None` if the folder has no `.py` or `.ipynb` file.

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
    """Choose by name which of a student's files is graded.

    Returns:
        The name of the file and an empty text; or an empty text and a sentence that says why none can be chosen.
    """
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
    """Give each submission an id: its stem if no other one has the same, else the file's name.

    Ids become file names, and some file systems ignore case, so ids that differ only in case count as the same.

    Args:
        entries: Pairs of a file's stem and a submission whose `id` is the file's name.
    """
    listed = [(shortened(printable(stem)), file) for stem, file in entries]
    stems = Counter(stem.casefold() for stem, _ in listed)
    # Unique stems are taken first, so that no numbered name collides with one of them.
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
    """Shorten a name to `MAX_ID_BYTES`: files are named after ids, and file systems allow names of 255 bytes."""
    return name.encode()[:MAX_ID_BYTES].decode(errors="ignore")


def printable(name: str) -> str:
    """Return a file name that is safe to show: control, bidirectional and undecodable characters become `_`."""
    # Undecodable bytes of a name are lone surrogates in Python, which are not printable.
    return "".join(c if c.isprintable() and c not in "/\\" else "_" for c in name) or "_"


def read_bytes(path: Path, limit: int) -> bytes:
    """Read a regular file of at most `limit` bytes.

    Raises:
        ReadError: If it is not a regular file, is larger, or cannot be read.
    """
    return b"".join(read_pieces(path, limit))


def read_pieces(path: Path, limit: int) -> Iterator[bytes]:
    """Read a regular file of at most `limit` bytes piece by piece.

    Raises:
        ReadError: If it is not a regular file, is larger, or cannot be read.
    """
    name = printable(path.name)
    size = 0
    # The type is tested before opening, because opening a device can have effects, and again afterwards, because the
    # file may have been replaced in between.  O_NONBLOCK: opening a FIFO would otherwise wait for a writer.  The first
    # three flags exist on POSIX only, O_BINARY on Windows only.
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
    """Return the error for a file of more than `limit` bytes."""
    size = f"{limit // 1_000_000_000} GB" if limit >= 1_000_000_000 else f"{limit // 1_000_000} MB"
    return ReadError(f"{name} is larger than {size}; hand in code and text only, without data.")


def _require_regular(status: os.stat_result, name: str) -> None:
    if stat.S_ISREG(status.st_mode):
        return
    if stat.S_ISLNK(status.st_mode):
        raise ReadError(f"{name} is a symbolic link; hand in the file itself.")
    what = "a folder" if stat.S_ISDIR(status.st_mode) else "a pipe, socket or device"
    raise ReadError(f"{name} is {what}, not a file; hand in a .py or .ipynb file.")
