"""The machine: a lock that keeps measurements and gradings apart, CPU cores, and installed versions.

While training speed is measured, nothing else may be graded on the machine, and the other way round.  The lock is an
`flock` on a file in the temporary folder, one for each user.  Gradings share it; a measurement holds it exclusively.
The kernel releases it when its process ends, for whatever reason, so no stale lock is ever left behind.
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
_CORES: Final = Path("/sys/devices/system/cpu")


class Holder(msgspec.Struct, frozen=True):
    """The process that holds the lock, or held it last.

    Attributes:
        command: The command that it runs, such as `grader bench`.
        pid: Its process id.
        since: When it took the lock, in local time, such as `2026-06-30 14:05:09`.
    """

    command: str
    pid: int
    since: str


def lock_file() -> Path:
    """Return the path of this user's lock file."""
    return Path(tempfile.gettempdir()) / f"keras-course-grader-{os.getuid()}.lock"


@contextlib.contextmanager
def machine_lock(
    command: str, *, alone: bool, waiting: Callable[[str], None], path: Path | None = None
) -> Iterator[None]:
    """Hold the machine's lock for the length of a `with` block; wait until it is free.

    Args:
        command: What it is held for, such as `grader grade`; shown to those who wait for it.
        alone: Whether to hold it exclusively, as for a measurement, or shared, as for a grading.
        waiting: Called once if the lock is not free at once, with a sentence that says who holds it.
        path: The lock file; `None` for `lock_file()`.

    Raises:
        GraderError: If the file cannot be opened, for example because it belongs to somebody else.
    """
    path = path or lock_file()
    # The temporary folder is everybody's: O_NOFOLLOW refuses a symbolic link that somebody else put there.
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise GraderError(f"{path}: cannot be locked ({error.strerror}); remove it and try again.") from error
    try:
        _take(descriptor, fcntl.LOCK_EX if alone else fcntl.LOCK_SH, waiting)
        since = datetime.datetime.now().strftime("%Y-%m-%d %H:%M:%S")
        with contextlib.suppress(OSError):  # the holder is only shown to people, so a full disk does no harm
            _write(descriptor, Holder(command, os.getpid(), since))
        yield
    finally:
        os.close(descriptor)  # releases the lock


def _take(descriptor: int, kind: int, waiting: Callable[[str], None]) -> None:
    told = False
    # Polls instead of blocking in `flock`, so that it can say once who holds the lock.
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
    """Return the sentence for somebody who waits for the lock."""
    if holder is None:
        return "waiting for another grading or measuring on this machine to end."
    return f"waiting for `{holder.command}` (process {holder.pid}, since {holder.since}) to end."


def _write(descriptor: int, holder: Holder) -> None:
    """Write into the lock file who holds it.  If several share it, the one that came last is named."""
    content = msgspec.json.encode(holder)
    os.pwrite(descriptor, content, 0)
    os.ftruncate(descriptor, len(content))


def _read(descriptor: int) -> Holder | None:
    with contextlib.suppress(msgspec.MsgspecError):  # another process may be writing it right now
        return msgspec.json.decode(os.pread(descriptor, 4096, 0), type=Holder)
    return None


def cores() -> int:
    """Return the number of CPU cores that this process may use."""
    # A container or taskset may allow fewer cores than `os.cpu_count` counts.
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextlib.contextmanager
def pinned_to(count: int) -> Iterator[None]:
    """Pin this thread, and the programs that it starts meanwhile, to some CPU cores for the length of a `with` block.

    The last cores that the process may use are taken, because interrupts and the processes that start first on a
    machine tend to run on the first ones.  Does nothing where the system cannot pin, such as on macOS.

    Args:
        count: The number of cores; if there are fewer, all of them are used.
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


def spare_cores(count: int, folder: Path = _CORES) -> tuple[int, ...]:
    """Return as many CPU cores as `pinned_to` takes, on other physical cores than those; none if there are too few.

    Two of the system's cores may be threads of one physical core, and then each slows the other down.

    Args:
        count: The number of cores.
        folder: Where the system tells which cores are threads of one.
    """
    if not hasattr(os, "sched_getaffinity"):
        return ()
    usable = sorted(os.sched_getaffinity(0))
    taken = {sibling for core in usable[-count:] for sibling in _siblings(core, folder)}
    free = [core for core in usable if core not in taken]
    return tuple(free[-count:]) if len(free) >= count else ()


def _siblings(core: int, folder: Path) -> set[int]:
    """Return the cores that are threads of the same physical core, itself among them."""
    with contextlib.suppress(OSError, ValueError):
        text = (folder / f"cpu{core}" / "topology" / "thread_siblings_list").read_text(encoding="ascii")
        spans = [list(map(int, span.split("-"))) for span in text.split(",")]
        return {core, *(each for span in spans for each in range(span[0], span[-1] + 1))}
    return {core}


def versions_of(distributions: Iterable[str]) -> dict[str, str]:
    """Return the installed version of each distribution, without importing any of them.

    Args:
        distributions: Their names; those that are not installed are left out of the result.
    """
    found = {}
    for name in distributions:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            found[name] = importlib.metadata.version(name)
    return found
