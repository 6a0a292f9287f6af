"""What Canvas, Moodle and Gradescope hand out when all submissions are downloaded: who handed in what, and when.

    with submissions_in(paths, notify) as files:      `discover`, also in zips, and in folders that were zips

The layouts, as these systems name things:

- Canvas: `loveaceada_LATE_101_5550_solution-1.py`, that is the name, perhaps a mark, the person's number, the file's
  number, and the file's own name, which Canvas numbers when it is handed in again: `solution-1.py` is `solution.py`.
- Moodle: `Ada Lovelace_123_assignsubmission_file/solution.py`, or the same with `_` in place of `/`.
- Gradescope: `submission_5550/solution.py`, and a `submission_metadata.yml` that says whose that is and when it came.

Of several files of one name the last is the submission, and the others are its earlier versions.  Nothing of a zip is
believed but its bytes: members are never written under their own names, links and what is encrypted are not followed,
and sizes are counted as the bytes come.
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

_MAX_MEMBERS: Final = 100_000
_MAX_BYTES: Final = 2_000_000_000
_MAX_METADATA_BYTES: Final = 50_000_000
_METADATA: Final = "submission_metadata.yml"

_CANVAS: Final = re.compile(r"(?P<name>[^_/]+)_(?P<late>LATE_)?(?P<person>\d+)_(?P<number>\d+)_(?P<file>[^/]+)")
_MOODLE: Final = re.compile(r"(?P<name>[^/]+_\d+)_assignsubmission_(?:file|onlinetext)_?/?(?P<file>.+)")
_GRADESCOPE: Final = re.compile(r"(?P<folder>submission_\d+)/(?P<file>.+)")
_AGAIN: Final = re.compile(r"(?P<stem>.+)-(?P<again>\d{1,3})(?P<suffix>\.\w+)")


class Download(msgspec.Struct, frozen=True):
    """What was found in a download.

    Attributes:
        system: Where it is from.
        files: The submissions, one for each person who handed in anything.
        notes: What the instructor should know, a sentence each.
    """

    system: str
    files: tuple[SubmissionFile, ...]
    notes: tuple[str, ...]


class _Member(msgspec.Struct, frozen=True):
    """A file in a download, wherever that is.

    Attributes:
        name: Its path in the download, with slashes.
        read: Gives its first bytes, at most so many; raises `ReadError`.
        path: The file on disk; `None` in a zip.
        write: Writes it to a file, with at most so many bytes; raises `ReadError`. `None` on disk.
    """

    name: str
    read: Callable[[int], bytes]
    path: Path | None = None
    write: Callable[[Path, int], None] | None = None


class _HandedIn(msgspec.Struct, frozen=True):
    """A member that a person handed in.

    Attributes:
        person: The submission's id.
        file: The file's own name.
        order: What is handed in later has more.
        member: The file.
        late: Whether the system marks it as late.
        handed_in: When it came; `None` where the download does not say.
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
    """One entry of Gradescope's metadata."""

    submitters: tuple[_Submitter, ...] = msgspec.field(name=":submitters", default=())
    created_at: datetime | None = msgspec.field(name=":created_at", default=None)


@contextlib.contextmanager
def submissions_in(paths: Iterable[Path], notify: Callable[[str], None]) -> Iterator[list[SubmissionFile]]:
    """Find submissions as `discover` does, and also in what was downloaded from a learning system.

    Args:
        paths: Files, folders, zips, and folders that zips were unpacked into.
        notify: Told what a download says beside the submissions.

    Yields:
        The submissions, sorted by id.  Those in zips are on disk for as long as the context lasts.

    Raises:
        UsageError: If a path does not exist, is a zip that cannot be read, or there are no submissions.
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
        target: An empty folder, which the submissions in a zip are written to; nothing is written of a folder's.

    Returns:
        What is there; `None` where a folder has none of the layouts, and is to be read as any other.

    Raises:
        UsageError: If it is no zip, or none of these systems', or holds far more than a class hands in.
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
    budget = [_MAX_BYTES]
    for info in members:
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
    """The first bytes of a member, a piece more than the limit at most, whatever size it claims."""
    data = b""
    for piece in _pieces_of_member(archive, info, min(limit + 1, 2**20)):
        data += piece
        if len(data) > limit:
            break
    return data


def _pieces_of_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, size: int = 2**20) -> Iterator[bytes]:
    """What a member holds, in pieces.

    Raises:
        ReadError: If it cannot be had.
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
    """Recognise the layout, and choose one file for each person."""
    members = _without_common_folder(members)
    for system, recognise in (("Gradescope", _gradescope), ("Moodle", _moodle), ("Canvas", _canvas)):
        handed_in = recognise(path, members)
        if handed_in:
            return _download(system, handed_in, target)
    return None


def _without_common_folder(members: Sequence[_Member]) -> Sequence[_Member]:
    """The members without the one folder that all of them may lie in, such as `assignment_7_export`."""
    tops = {member.name.partition("/")[0] for member in members}
    if len(tops) != 1 or any("/" not in member.name for member in members):
        return members
    top = tops.pop()
    if _MOODLE.fullmatch(f"{top}/x") or _GRADESCOPE.fullmatch(f"{top}/x"):
        return members
    return [msgspec.structs.replace(member, name=member.name.partition("/")[2]) for member in members]


def _canvas(path: Path, members: Sequence[_Member]) -> list[_HandedIn]:
    found = []
    for place, member in enumerate(members):
        match = _CANVAS.fullmatch(member.name)
        if match is None:
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
            moment = moment.replace(tzinfo=UTC)  # YAML's own moments are in UTC
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
    """The file that is graded: of those handed in the one that `choose` would take of a folder, in its last version."""
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
    """One version of a person's file, written into a folder that is made for it unless it is on disk already."""
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
