"""The functions that the trials of isolation levels run inside the sandbox, in place of a hostile submission.

Untrusted side.  This module is never imported: `trials` loads its text as a submission, and calls the functions.  Each
function tries something, and most of them return how far they got.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import resource
import signal
import socket
import time
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

libc = ctypes.CDLL(None, use_errno=True)


def succeeds(action: Callable[..., Any], *arguments: Any) -> bool:
    """Whether an action succeeds, and is not refused."""
    try:
        action(*arguments)
        return True
    except (OSError, ValueError):
        return False


def readable(paths: Iterable[str]) -> list[str]:
    """Return those of the given files that can be read."""

    def read(path: str) -> None:
        with open(path, "rb") as file:
            file.read(1)

    return [path for path in paths if succeeds(read, path)]


def lists(folder: str, name: str) -> bool:
    """Whether listing a folder shows a name."""
    try:
        return name in os.listdir(folder)
    except OSError:
        return False


def existing(paths: Iterable[str]) -> list[str]:
    """Return those of the given paths that can be seen to exist."""
    return [path for path in paths if os.path.lexists(path)]


def spoil(folder: str, name: str) -> None:
    """Try every way of changing a file, its folder and its neighbours."""
    path = os.path.join(folder, name)
    with open("own", "w") as file:
        file.write("x")

    def append() -> None:
        with open(path, "a") as file:
            file.write("more")

    tries: tuple[tuple[Any, ...], ...] = (
        (os.chmod, path, 0o777),
        (os.utime, path, (1, 1)),
        (os.chown, path, os.getuid(), os.getgid() + 1),
        (getattr(os, "setxattr", os.stat), path, "user.mark", b"x"),
        (os.mkdir, path + "-folder"),
        (os.symlink, "/", path + "-link"),
        (os.link, path, path + "-hard"),
        (os.link, path, "hard"),
        (os.link, "own", path + "-own"),
        (os.rename, "own", path + "-moved"),
        (lambda: open(path + "-new", "w").close(),),
        (append,),
        (os.truncate, path, 0),
        (lambda: open(path, "w").close(),),
        (os.rename, path, path + "-renamed"),
        (os.rename, path, "stolen"),
        (os.unlink, path),
        (os.rmdir, folder),
    )
    for action, *arguments in tries:
        succeeds(action, *arguments)


def creates(folder: str) -> bool:
    """Whether a file can be created in a folder; it is removed again."""
    path = os.path.join(folder, "grader-trial")
    return succeeds(lambda: open(path, "w").close()) and succeeds(os.unlink, path)


def scratch() -> tuple[str, list[str], list[str]]:
    """Leave a file behind; return the current folder, the entries of the home folder, and those of the current one."""
    open("mark", "w").close()
    home = os.environ["HOME"]
    return os.getcwd(), sorted(os.listdir(home)), sorted(os.listdir("."))


def fill(files: int, megabytes: int) -> None:
    """Write a number of files of this many MiB each."""
    for number in range(files):
        with open(f"{number}.bin", "wb") as file:
            for _ in range(megabytes):
                file.write(bytes(2**20))


def tcp(port: int) -> list[bool]:
    """Try to connect to a port of this machine, and to listen on one; return whether each succeeded."""

    def listen() -> None:
        socket.create_server(("127.0.0.1", 0)).close()

    return [succeeds(socket.create_connection, ("127.0.0.1", port), 5), succeeds(listen)]


def udp(port: int) -> None:
    """Send a datagram to a port of this machine."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(b"x", ("127.0.0.1", port))


def unix(stream: bool, address: str | bytes) -> None:
    """Connect, or send a datagram, to a Unix socket."""
    if stream:
        with socket.socket(socket.AF_UNIX) as sock:
            sock.connect(address)
    else:
        for sock in socket.socketpair(type=socket.SOCK_DGRAM):
            sock.sendto(b"x", address)


def listed() -> list[int]:
    """Return the numbers of the processes that `/proc` shows."""
    try:
        return [int(name) for name in os.listdir("/proc") if name.isdigit()]
    except OSError:
        return []


def in_use(pid: int) -> bool:
    """Whether a process number can be seen to be in use."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return os.path.isdir(f"/proc/{pid}")
    except PermissionError:
        pass
    return True


def disturb(pid: int) -> bool:
    """Whether a process can be signalled, slowed or limited, or the parent of this process signalled."""
    tries: tuple[tuple[Any, ...], ...] = (
        (resource.prlimit, pid, resource.RLIMIT_CPU, (7, 7)),
        (os.setpriority, os.PRIO_PROCESS, pid, 19),
        (os.sched_setaffinity, pid, {min(os.sched_getaffinity(0))}),
        (lambda: signal.pidfd_send_signal(os.pidfd_open(pid), signal.SIGTERM),),
        (os.kill, pid, signal.SIGTERM),
    )
    reached = [succeeds(*attempt) for attempt in tries]
    parent = os.getppid()
    return any(reached) or (parent > 0 and succeeds(os.kill, parent, 0))


class Span(ctypes.Structure):
    """A range of memory: the kernel's `struct iovec`."""

    _fields_ = (("start", ctypes.c_void_p), ("length", ctypes.c_size_t))


def trace(pid: int, address: int) -> bool:
    """Whether a process can be traced, or its memory read at an address."""
    buffer = ctypes.create_string_buffer(8)
    here, there = Span(ctypes.addressof(buffer), 8), Span(address, 8)
    memory = libc.process_vm_readv(pid, ctypes.byref(here), 1, ctypes.byref(there), 1, 0) >= 0
    opened = readable([f"/proc/{pid}/mem", f"/proc/{pid}/environ", f"/proc/{pid}/maps"])
    return bool(opened or memory or libc.ptrace(0x4206, pid, 0, 0) == 0)  # PTRACE_SEIZE


def status() -> dict[str, str]:
    """Return the fields of `/proc/self/status`, each with the first word of its value."""
    with open("/proc/self/status") as file:
        return {line.split(":")[0]: line.split()[1] for line in file if len(line.split()) > 1}


def refused() -> list[str]:
    """Return the names of the system calls that do not fail with EPERM.

    Calls that would change something have invalid arguments, so that they do no harm if they are not refused.
    """
    shared = ctypes.CDLL(None, use_errno=True).mmap
    shared.restype = ctypes.c_ssize_t
    calls: dict[str, Callable[[], int]] = {
        "unshare": lambda: libc.unshare(0x10000000),
        "mount": lambda: libc.mount(b"", b"/nowhere", b"", 0, None),
        "setns": lambda: libc.setns(-1, 0),
        "memfd_create": lambda: libc.memfd_create(b"x", 0),
        "shmget": lambda: libc.shmget(0, 4096, 0o1600),
        "shared memory": lambda: shared(None, 4096, 3, 0x21, -1, 0),
        "io_uring": lambda: libc.syscall(425, 0, None),
        "ptrace": lambda: libc.ptrace(16, 0, 0, 0),
    }
    wrong = []
    for name, call in calls.items():
        ctypes.set_errno(0)
        if call() != -1 or ctypes.get_errno() != errno.EPERM:
            wrong.append(name)
    return wrong


def survive(marker: str) -> None:
    """Leave a process behind, in another session and with another parent, that sleeps for `marker` seconds."""
    reader, writer = os.pipe()
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.setsid()
            os.execv("/bin/sleep", ["sleep", marker])
        os._exit(0)
    os.close(writer)
    os.read(reader, 1)


def environment() -> dict[str, str]:
    """Return the environment variables."""
    return dict(os.environ)


def descriptors() -> list[int]:
    """Return the file descriptors that are open."""
    return [fd for fd in range(4096) if succeeds(fcntl.fcntl, fd, fcntl.F_GETFD)]


def eat() -> None:
    """Allocate memory in an endless loop."""
    kept: list[Any] = []
    while True:
        kept.append(np.ones(2**22))
        time.sleep(0.001)


def breed() -> None:
    """Fork in an endless loop."""
    while True:
        if os.fork() == 0:
            time.sleep(60)


def spin() -> None:
    """Compute in an endless loop."""
    while True:
        pass


def nap() -> None:
    """Sleep for longer than anybody waits."""
    time.sleep(600)


def open_all() -> int:
    """Return how many files can be open at once."""
    kept: list[int] = []
    try:
        while len(kept) < 100_000:
            kept.append(os.open("/dev/null", os.O_RDONLY))
    except OSError:
        pass
    for fd in kept:
        os.close(fd)
    return len(kept)


def shout(size: int) -> None:
    """Print about this many bytes."""
    for _ in range(size // 1000):
        print("x" * 1000)


def answer(size: int) -> bytes:
    """Return this many bytes."""
    return bytes(size)
