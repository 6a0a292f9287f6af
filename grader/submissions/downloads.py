"""Read the downloads of a whole class from Canvas, Moodle and Gradescope: who handed in what, and when.

    with submissions_in(paths, notify) as files:      like `discover`, but also in zips and in unpacked zips

The layouts of these systems:

- Canvas: `loveaceada_LATE_101_5550_solution-1.py`.  That is the student's name, `LATE` if it was late, the student's
  number, the file's number, and the file's own name.  Canvas adds `-1`, `-2` and so on to that name when a file is
  handed in again, so `solution-1.py` is `solution.py`.
- Moodle: `Ada Lovelace_123_assignsubmission_file/solution.py`, or the same with `_` in place of `/`.
- Gradescope: `submission_5550/solution.py`, and a file `submission_metadata.yml` with the owners and the dates.

If a student handed in several files of one name, the last is the submission and the others are its earlier versions.
Zips are not trusted: members are never written under their own names, links and encrypted members are refused, and
sizes are counted while the bytes are read.
"""

from __future__ import annotations

import contextlib
import functools
import re
import shutil
import stat
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Final

import msgspec

from grader.ground.errors import UsageError
from grader.submissions.files import (
    MAX_CODE_BYTES,
    MAX_NOTEBOOK_BYTES,
    NAMES_IN_FOLDER,
    SUFFIXES,
    ReadError,
    discover,
    pick,
    printable,
    read_bytes,
    shortened,
    too_large,
    with_ids,
)
from grader.submissions.records import SubmissionFile

# Limits against zip bombs, far above what a class hands in.
_MAX_MEMBERS: Final = 100_000
_MAX_BYTES: Final = 2_000_000_000
_MAX_METADATA_BYTES: Final = 50_000_000
_METADATA: Final = "submission_metadata.yml"

_CANVAS: Final = re.compile(r"(?P<name>[^_/]+)_(?P<late>LATE_)?(?P<person>\d+)_(?P<number>\d+)_(?P<file>[^/]+)")
_MOODLE: Final = re.compile(r"(?P<name>[^/]+_\d+)_assignsubmission_(?:file|onlinetext)_?/?(?P<file>.+)")
_GRADESCOPE: Final = re.compile(r"(?P<folder>submission_\d+)/(?P<file>.+)")
# Only `solution-1.py` and `solution-1.ipynb` are taken for a repeated hand-in (see `_canvas`): any other name with a
# number, such as `exercise-1.py`, may be the student's own.
_AGAIN: Final = re.compile(r"(?P<stem>.+)-(?P<again>\d{1,3})(?P<suffix>\.\w+)")


class Download(msgspec.Struct, frozen=True):
    """The submissions in a download.

    Attributes:
        system: The system that it is from, such as `Canvas`.
        files: The submissions, one for each student who handed in anything.
        notes: Sentences that the instructor should read.
    """

    system: str
    files: tuple[SubmissionFile, ...]
    notes: tuple[str, ...]


class _Member(msgspec.Struct, frozen=True):
    """A file in a download, in a zip or on disk.

    Attributes:
        name: Its path in the download, with slashes.
        read: A function that returns its content, or raises `ReadError` if that is longer than its argument.
        path: The file on disk; `None` in a zip.
        write: A function that writes it to a path, or raises `ReadError` if it is longer than a limit; `None` on disk.
    """

    name: str
    read: Callable[[int], bytes]
    path: Path | None = None
    write: Callable[[Path, int], None] | None = None


class _HandedIn(msgspec.Struct, frozen=True):
    """A file in a download that a student handed in.

    Attributes:
        person: The id of the submission, which identifies the student.
        file: The name that the student gave to the file.
        order: A sort key; of two files, the one that was handed in later has the larger one.
        member: The file.
        late: Whether the system marks it as late.
        handed_in: When it was handed in; `None` if the download does not tell.
    """

    person: str
    file: str
    order: tuple[int, ...]
    member: _Member
    late: bool = False
    handed_in: datetime | None = None


class _Submitter(msgspec.Struct, frozen=True):
    name: str | None = msgspec.field(name=":name", default=None)
    number: str | int | None = msgspec.field(name=":sid", default=None)
    email: str | None = msgspec.field(name=":email", default=None)


class _Metadata(msgspec.Struct, frozen=True):
    """The entry of one submission in Gradescope's metadata, whose keys begin with a colon (Ruby symbols)."""

    submitters: tuple[_Submitter, ...] = msgspec.field(name=":submitters", default=())
    created_at: datetime | None = msgspec.field(name=":created_at", default=None)


@contextlib.contextmanager
def submissions_in(paths: Iterable[Path], notify: Callable[[str], None]) -> Iterator[list[SubmissionFile]]:
    """Find submissions as `discover` does, and also in downloads from a learning management system.

    Args:
        paths: Files, folders, zips, and folders that zips were unpacked into.
        notify: Called with each note about a download, such as who is marked as late.

    Yields:
        The submissions, sorted by id.  Those from zips are on disk until the `with` block ends.

    Raises:
        UsageError: If a path does not exist, a zip cannot be read, or there are no submissions.
    """
    named = list(paths)
    found: list[tuple[str, SubmissionFile]] = []
    plain: list[Path] = []
    with contextlib.ExitStack() as stack:
        for path in named:
            download = None
            if path.is_dir():
                download = read_download(path, path)
            elif path.suffix.lower() == ".zip" and path.is_file():
                folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="grader-"))
                download = read_download(path, Path(folder))
            if download is None:
                plain.append(path)
                continue
            found += [(file.id, file) for file in download.files]
            for text in download.notes:
                notify(f"{path}: {text}")
        files = discover(plain)
        if found:
            files = sorted(with_ids([*found, *((file.id, file) for file in files)]), key=lambda file: file.id)
        if not files:
            there = ", ".join(map(str, named))
            raise UsageError(f"{there}: there are no submissions here; a submission is a .py or .ipynb.")
        yield files


def read_download(path: Path, target: Path) -> Download | None:
    """Find the submissions in a download.

    Args:
        path: A zip, or a folder that one was unpacked into.
        target: An empty folder that submissions from a zip are written to; those from a folder stay where they are.

    Returns:
        The submissions; `None` if a folder has none of the known layouts and is therefore an ordinary one.

    Raises:
        UsageError: If a zip cannot be read, has none of the known layouts, or holds far more than a class hands in.
    """
    if path.is_dir():
        return _sorted_out(path, list(_in_folder(path)), target)
    try:
        with zipfile.ZipFile(path) as archive:
            found = _sorted_out(path, list(_in_zip(path, archive)), target)
    except (OSError, zipfile.BadZipFile, NotImplementedError, ValueError) as error:
        raise UsageError(f"{path}: cannot be read as a zip ({error}); download it again.") from None
    if found is None:
        raise UsageError(
            f"{path}: its files are not named as Canvas, Moodle or Gradescope name them; unpack it, and name the "
            "folder."
        )
    return found


def _in_folder(folder: Path) -> Iterator[_Member]:
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        hidden = any(part.startswith(".") or part == "__pycache__" for part in name.parts)
        if not hidden and (path.is_symlink() or not path.is_dir()):
            yield _Member(name.as_posix(), functools.partial(read_bytes, path), path)


def _in_zip(path: Path, archive: zipfile.ZipFile) -> Iterator[_Member]:
    members = archive.infolist()
    if len(members) > _MAX_MEMBERS:
        raise UsageError(f"{path}: holds {len(members):,} files, which no class hands in.")
    # One budget for the whole zip.  It counts the bytes that are really unpacked, since a zip can state any size.
    budget = [_MAX_BYTES]
    for info in members:
        # Some programs on Windows write backslashes.  Those on macOS add resource forks, in folders `__MACOSX`.
        parts = PurePosixPath(info.filename.replace("\\", "/")).parts
        if info.is_dir() or any(part.startswith((".", "__MACOSX")) for part in parts):
            continue

        def read(limit: int, info: zipfile.ZipInfo = info) -> bytes:
            data = _read_member(archive, info, limit)
            budget[0] -= len(data)
            if budget[0] < 0:
                raise UsageError(f"{path}: holds more than {_MAX_BYTES // 10**9} GB, which no class hands in.")
            if len(data) > limit:
                raise too_large(printable(PurePosixPath(info.filename).name), limit)
            return data

        def write(target: Path, limit: int, info: zipfile.ZipInfo = info) -> None:
            with open(target, "wb") as file:
                for piece in _pieces_of_member(archive, info):
                    budget[0] -= len(piece)
                    if budget[0] < 0:
                        raise UsageError(f"{path}: holds more than {_MAX_BYTES // 10**9} GB, which no class hands in.")
                    if file.tell() + len(piece) > limit:
                        raise too_large(printable(PurePosixPath(info.filename).name), limit)
                    file.write(piece)

        yield _Member("/".join(parts), read, write=write)


def _read_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, limit: int) -> bytes:
    """Read a member of a zip until it ends or is longer than the limit, without trusting the size that it claims."""
    data = b""
    for piece in _pieces_of_member(archive, info, min(limit + 1, 2**20)):
        data += piece
        if len(data) > limit:
            break
    return data


def _pieces_of_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, size: int = 2**20) -> Iterator[bytes]:
    """Yield the content of a member of a zip in pieces.

    Raises:
        ReadError: If it is a link, is encrypted, or cannot be unpacked.
    """
    name = printable(PurePosixPath(info.filename).name)
    if stat.S_ISLNK(info.external_attr >> 16):
        raise ReadError(f"{name} is a symbolic link; hand in the file itself.")
    if info.flag_bits & 1:
        raise ReadError(f"{name} is encrypted; hand in the file itself.")
    try:
        with archive.open(info) as file:
            while piece := file.read(size):
                yield piece
    except (OSError, EOFError, RuntimeError, NotImplementedError, ValueError, zipfile.BadZipFile, zlib.error):
        raise ReadError(f"{name} cannot be unpacked; hand it in again.") from None


def _sorted_out(path: Path, members: Sequence[_Member], target: Path) -> Download | None:
    """Recognise the layout of a download, and choose one file for each student; `None` for an unknown layout."""
    members = _without_common_folder(members)
    # From the most specific layout to the least: Gradescope has its metadata, Moodle a fixed word, Canvas only numbers.
    for system, recognise in (("Gradescope", _gradescope), ("Moodle", _moodle), ("Canvas", _canvas)):
        handed_in = recognise(path, members)
        if handed_in:
            return _download(system, handed_in, target)
    return None


def _without_common_folder(members: Sequence[_Member]) -> Sequence[_Member]:
    """Remove the first folder from the names of all members if they share one, such as `assignment_7_export`."""
    tops = {member.name.partition("/")[0] for member in members}
    if len(tops) != 1 or any("/" not in member.name for member in members):
        return members
    # If only one student handed in something, the common folder is the student's and part of the layout.
    top = tops.pop()
    if _MOODLE.fullmatch(f"{top}/x") or _GRADESCOPE.fullmatch(f"{top}/x"):
        return members
    return [msgspec.structs.replace(member, name=member.name.partition("/")[2]) for member in members]


def _canvas(path: Path, members: Sequence[_Member]) -> list[_HandedIn]:
    found = []
    for place, member in enumerate(members):
        match = _CANVAS.fullmatch(member.name)
        if match is None:  # a single file with another name rules Canvas out
            return []
        own, again = match["file"], 0
        if (numbered := _AGAIN.fullmatch(own)) and f"{numbered['stem']}{numbered['suffix']}" in NAMES_IN_FOLDER:
            own, again = f"{numbered['stem']}{numbered['suffix']}", int(numbered["again"])
        order = (again, int(match["number"]), place)
        found.append(_HandedIn(f"{match['name']}_canvas{match['person']}", own, order, member, bool(match["late"])))
    return found


def _moodle(path: Path, members: Sequence[_Member]) -> list[_HandedIn]:
    found = []
    for place, member in enumerate(members):
        match = _MOODLE.fullmatch(member.name)
        if match is None:
            return []
        person = f"{match['name']}_assignsubmission_file"
        found.append(_HandedIn(person, PurePosixPath(match["file"]).name, (place,), member))
    return found


def _gradescope(path: Path, members: Sequence[_Member]) -> list[_HandedIn]:
    metadata = next((member for member in members if member.name == _METADATA), None)
    if metadata is None:
        return []
    entries = _read_metadata(path, metadata)
    found = []
    for place, member in enumerate(members):
        match = _GRADESCOPE.fullmatch(member.name)
        if match is None:
            continue
        entry = entries.get(match["folder"], _Metadata())
        names = [str(who.email or who.number or who.name or "") for who in entry.submitters]
        person = "+".join(filter(None, names)) or match["folder"]
        moment = entry.created_at
        if moment is not None and moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)  # a YAML timestamp without a time zone is in UTC
        order = (0 if moment is None else int(moment.timestamp()), int(match["folder"].partition("_")[2]), place)
        found.append(_HandedIn(person, PurePosixPath(match["file"]).name, order, member, False, moment))
    return found


def _read_metadata(path: Path, member: _Member) -> dict[str, _Metadata]:
    try:
        return msgspec.yaml.decode(member.read(_MAX_METADATA_BYTES), type=dict[str, _Metadata])
    except (ReadError, msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise UsageError(f"{path}: its {_METADATA} cannot be read ({str(error)[:200]}).") from None


def _download(system: str, handed_in: Sequence[_HandedIn], target: Path) -> Download:
    people: dict[str, list[_HandedIn]] = {}
    for one in handed_in:
        people.setdefault(printable(one.person), []).append(one)
    files = tuple(_of_one_person(name, own, target / str(place)) for place, (name, own) in enumerate(people.items()))
    notes = []
    late = [name for name, own in people.items() if any(one.late for one in own)]
    if late:
        notes.append(f"{system} marks as late: {', '.join(late)}.")
    if not any(one.handed_in for one in handed_in):
        notes.append(
            f"a download of {system} does not say when things were handed in, so none counts as late; "
            "grade those that were with --submitted-at."
        )
    return Download(system, files, tuple(notes))


def _of_one_person(name: str, handed_in: Sequence[_HandedIn], folder: Path) -> SubmissionFile:
    """Choose the file that is graded, as `choose` does in a folder, and take its last version.

    Args:
        name: The id of the submission.
        handed_in: All files that the student handed in.
        folder: The folder that the file is written to if it comes from a zip.
    """
    versions: dict[str, list[_HandedIn]] = {}
    for one in sorted(handed_in, key=lambda one: one.order):
        versions.setdefault(one.file, []).append(one)
    names = sorted(own for own in versions if Path(own).suffix.lower() in SUFFIXES)
    if not names:
        there = ", ".join(printable(own) for own in sorted(versions)[:5])
        return SubmissionFile(
            name, folder, f"There is no .py or .ipynb among what was handed in ({there}).", dated=False
        )
    own, problem = pick(names)
    if problem:
        return SubmissionFile(name, folder, problem, dated=False)
    *earlier, last = (_on_disk(name, one, folder / str(place)) for place, one in enumerate(versions[own]))
    return msgspec.structs.replace(last, earlier=tuple(earlier))


def _on_disk(name: str, handed_in: _HandedIn, folder: Path) -> SubmissionFile:
    """Return one version of a student's file; if it is in a zip, write it into a new folder."""
    # `dated=False`: the modification time of a downloaded file does not tell when it was handed in.
    moment = handed_in.handed_in
    if handed_in.member.path is not None:
        return SubmissionFile(name, handed_in.member.path, "", moment, dated=False)
    own = Path(handed_in.file)
    path = folder / f"{shortened(printable(own.stem))}{own.suffix.lower()}"
    assert handed_in.member.write is not None, "what is not on disk is in a zip"
    folder.mkdir(parents=True)
    try:
        handed_in.member.write(path, MAX_CODE_BYTES if path.suffix == ".py" else MAX_NOTEBOOK_BYTES)
    except ReadError as error:
        shutil.rmtree(folder)
        return SubmissionFile(name, path, str(error), moment, dated=False)
    return SubmissionFile(name, path, "", moment, dated=False)
