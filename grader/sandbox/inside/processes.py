"""Processes as the kernel shows them: their tree, and the memory and the processor time that they use.

Untrusted side, but no submission ever runs in the forkserver, which is what asks.  Where there is no `/proc`, as on
macOS, the process table is empty.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Collection, Iterable
from typing import Final, NamedTuple

_MOST_MOVES: Final = 10
_PAGE_BYTES: Final = os.sysconf("SC_PAGE_SIZE")
_OF_A_PROCESS: Final = 2  # CPUCLOCK_SCHED; clock_getcpuclockid(3) makes the number of the clock in the same way
_TICKS_PER_SECOND: Final = os.sysconf("SC_CLK_TCK")
_MIB: Final = 2**20


class ProcessSeen(NamedTuple):
    """A process as `/proc` shows it.

    Attributes:
        parent: The number of its parent process.
        memory_mb: Its resident memory, in MiB.
        cpu_seconds: The processor time that it has used, with that of the children that it has waited for.
        children_seconds: The processor time of the children that it has waited for.
        threads: The number of its threads.
    """

    parent: int
    memory_mb: float
    cpu_seconds: float
    children_seconds: float
    threads: int


def process_table() -> dict[int, ProcessSeen]:
    """Return every process that `/proc` shows, by its number; empty where there is no `/proc`."""
    table: dict[int, ProcessSeen] = {}
    for name in os.listdir("/proc") if os.path.isdir("/proc") else ():
        if not name.isdigit():
            continue
        with contextlib.suppress(OSError, ValueError, IndexError):
            with open(f"/proc/{name}/stat", "rb") as file:
                fields = file.read().rpartition(b")")[2].split()
            own, children = (sum(map(int, fields[at : at + 2])) / _TICKS_PER_SECOND for at in (11, 13))
            memory = int(fields[21]) * _PAGE_BYTES / _MIB
            table[int(name)] = ProcessSeen(int(fields[1]), memory, own + children, children, int(fields[17]))
    return table


def children() -> list[int]:
    """Return the process numbers of this process' children.

    This must be faster than a fork: a process that keeps forking and exiting has another number each time, and could
    otherwise never be caught.  So the whole process table is read only where the kernel does not list children.
    """
    own = os.getpid()
    try:
        with open(f"/proc/self/task/{own}/children") as file:
            return [int(pid) for pid in file.read().split()]
    except OSError:
        return [pid for pid, seen in process_table().items() if seen.parent == own]


def descendants(root: int, table: dict[int, ProcessSeen]) -> set[int]:
    """Return the numbers of the process `root` and of all processes below it."""
    below: dict[int, list[int]] = {}
    for pid, seen in table.items():
        below.setdefault(seen.parent, []).append(pid)
    found, waiting = set(), [root]
    while waiting:
        pid = waiting.pop()
        if pid in table and pid not in found:
            found.add(pid)
            waiting += below.get(pid, ())
    return found


def memory_of(pids: Iterable[int], table: dict[int, ProcessSeen], enough: float) -> float:
    """Return the memory that processes take together, in MiB.

    The resident memory of each is quick to read, but counts shared pages several times, and workers share most of Keras
    with the forkserver until they write to it.  Only the kernel can tell how much is shared, by walking through all of
    their pages.  That is slow, so it is done only if the sum of resident memory exceeds `enough`.

    Args:
        pids: The processes.
        table: The process table.
        enough: A limit, in MiB.  Up to it the sum of resident memory is returned, and counting stops once it is passed,
            so a result above it is only a lower bound.
    """
    resident = {pid: table[pid].memory_mb for pid in pids}
    if sum(resident.values()) <= enough:
        return sum(resident.values())
    memory = 0.0
    for pid, seen in resident.items():
        memory += proportional_mb(pid, seen)
        if memory > enough:
            break
    return memory


def proportional_mb(pid: int, resident_mb: float) -> float:
    """Return the proportional set size (PSS) of a process, in MiB: each page is divided by the number of its users.

    Args:
        pid: The process number.
        resident_mb: The resident memory, which is returned if the kernel does not report the PSS, or if the process
            prevents that.
    """
    try:
        with open(f"/proc/{pid}/smaps_rollup", "rb") as file:
            sizes = dict(line.split()[:2] for line in file if line.startswith(b"Pss:"))
        return int(sizes[b"Pss:"]) / 1024
    except ProcessLookupError:
        return 0.0
    except (OSError, ValueError, KeyError):
        return resident_mb if os.path.exists(f"/proc/{pid}") else 0.0


def pin(root: int, cores: Collection[int]) -> None:
    """Pin a process and all processes below it, with all their threads, to some CPU cores.

    Does nothing where the system cannot pin, such as on macOS.

    Args:
        root: The process number.
        cores: The cores; those of this process if there are none.
    """
    if not hasattr(os, "sched_setaffinity"):
        return
    wanted = set(cores) or os.sched_getaffinity(0)
    pinned: set[int] = set()
    # A thread that starts meanwhile may come from one that was not moved yet, so this goes on until there is none.
    for _ in range(_MOST_MOVES):
        threads = {thread for pid in descendants(root, process_table()) for thread in threads_of(pid)}
        if threads <= pinned:
            return
        for thread in threads - pinned:
            with contextlib.suppress(ProcessLookupError):  # it has ended
                os.sched_setaffinity(thread, wanted)
        pinned |= threads


def threads_of(pid: int) -> list[int]:
    """Return the numbers of a process' threads; empty if it has ended."""
    with contextlib.suppress(OSError):
        return [int(name) for name in os.listdir(f"/proc/{pid}/task")]
    return []


def processor_time(pid: int) -> tuple[float, float]:
    """Return how long the threads of a process have run and how long they have waited for a core, in seconds.

    The first includes threads that have ended, the second does not.  Both are 0 if the kernel does not count them.
    """
    ran, waited = 0.0, 0
    with contextlib.suppress(OSError):
        ran = time.clock_gettime(~pid << 3 | _OF_A_PROCESS)
    for thread in threads_of(pid):
        with contextlib.suppress(OSError, ValueError), open(f"/proc/{pid}/task/{thread}/schedstat") as file:
            waited += int(file.read().split()[1])
    return ran, waited / 1e9
