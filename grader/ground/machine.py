"""The machine's lock: while times are measured nothing else is graded, and the other way round.

A lock of the kernel's on a file of the user's in the folder for temporary files.  Gradings share it, a measuring has it
alone.  The kernel takes it away from a process that ends, however it does, so nothing is ever left locked.
"""

from __future__ import annotations

import contextlib
import datetime
import fcntl
import importlib.metadata
import os
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final

import msgspec

from grader.ground.errors import GraderError

_PAUSE_SECONDS: Final = 0.2


class Holder(msgspec.Struct, frozen=True):
    """Who has the lock, or was the last to.

    Attributes:
        command: What it is doing, such as `grader bench`.
        pid: Its process.
        since: When it took the lock, in local time, as in 2026-06-30 14:05:09.
    """

    command: str
    pid: int
    since: str


def lock_file() -> Path:
    """Where this user's lock lies."""
    return Path(tempfile.gettempdir()) / f"keras-course-grader-{os.getuid()}.lock"


@contextlib.contextmanager
def machine_lock(
    command: str, *, alone: bool, waiting: Callable[[str], None], path: Path | None = None
) -> Iterator[None]:
    """Hold the machine's lock; waits until it can be had.

    Args:
        command: What it is held for, such as `grader grade`; others who wait are told.
        alone: Whether nobody else may hold it, as for measuring, or others may share it, as for grading.
        waiting: Called once, with a sentence that says who holds it, where it is not free at once.
        path: The file, in place of `lock_file()`.

    Raises:
        GraderError: The file cannot be written, or is none of this user's.
    """
    path = path or lock_file()
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise GraderError(f"{path}: cannot be locked ({error.strerror}); remove it and try again.") from error
    try:
        _take(descriptor, fcntl.LOCK_EX if alone else fcntl.LOCK_SH, waiting)
        since = datetime.datetime.now().strftime("%Y-%m-%d %H:%M:%S")
        with contextlib.suppress(OSError):  # who holds it is for people to read; a full disk stops nobody here
            _write(descriptor, Holder(command, os.getpid(), since))
        yield
    finally:
        os.close(descriptor)  # which gives the lock back


def _take(descriptor: int, kind: int, waiting: Callable[[str], None]) -> None:
    told = False
    while True:
        try:
            fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if not told:
                waiting(sentence(_read(descriptor)))
                told = True
            time.sleep(_PAUSE_SECONDS)


def sentence(holder: Holder | None) -> str:
    """What is said to one who waits."""
    if holder is None:
        return "waiting for another grading or measuring on this machine to end."
    return f"waiting for `{holder.command}` (process {holder.pid}, since {holder.since}) to end."


def _write(descriptor: int, holder: Holder) -> None:
    """Leave word of who holds the lock; of several that share it, the last to come."""
    content = msgspec.json.encode(holder)
    os.pwrite(descriptor, content, 0)
    os.ftruncate(descriptor, len(content))


def _read(descriptor: int) -> Holder | None:
    with contextlib.suppress(msgspec.MsgspecError):  # caught while it was being written
        return msgspec.json.decode(os.pread(descriptor, 4096, 0), type=Holder)
    return None


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextlib.contextmanager
def pinned_to(count: int) -> Iterator[None]:
    """Keep this thread, and the programs that it starts meanwhile, to that many cores: the last ones that it may use.

    Interrupts and whatever starts first on a machine tend to be on the first ones.

    Args:
        count: How many; no more are taken than there are.
    """
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(before)[-count:])
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def versions_of(distributions: Iterable[str]) -> dict[str, str]:
    """The versions that are installed, found without importing anything; what is not installed is left out."""
    found = {}
    for name in distributions:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            found[name] = importlib.metadata.version(name)
    return found
