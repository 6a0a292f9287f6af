"""Confining one forked worker: namespaces, privileges and resource limits.

Untrusted side.  Runs in the child, between the fork and the first line of a submission, while the child has
one thread.  Linux calls that Python 3.11 lacks are made through ctypes.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import struct
import sys
from typing import Final

CLONE_NEWNS: Final = 0x00020000
CLONE_NEWUTS: Final = 0x04000000
CLONE_NEWIPC: Final = 0x08000000
CLONE_NEWUSER: Final = 0x10000000
CLONE_NEWPID: Final = 0x20000000
CLONE_NEWNET: Final = 0x40000000
NAMESPACE_FLAGS: Final = (
    CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET | 0x02000000
)

_MS_RDONLY, _MS_NOSUID, _MS_NODEV, _MS_NOEXEC = 1, 2, 4, 8
_MS_REMOUNT = 32
_MS_NOATIME, _MS_NODIRATIME = 1024, 2048
_MS_BIND, _MS_REC, _MS_PRIVATE = 4096, 16384, 1 << 18
_PR_CAPBSET_DROP, _PR_SET_NO_NEW_PRIVS = 24, 38
_PR_SET_CHILD_SUBREAPER = 36
_LAST_CAPABILITY = 63

SCRATCH: Final = "/tmp"
"""Where a worker may write: a fresh file system of capped size for every worker."""

VISIBLE_PROC: Final = ("cpuinfo", "meminfo", "stat", "uptime", "loadavg", "version", "filesystems")
"""What of the machine's `/proc` a worker may read, beside its own part."""

PROC_OF_GPUS: Final = ("devices", "modules", "driver")
"""What CUDA reads there besides, for a worker that computes on a GPU."""


def libc() -> ctypes.CDLL:
    """The C library of this process."""
    return ctypes.CDLL(None, use_errno=True)


def checked(result: int, what: str) -> None:
    """Raise what a C function left in errno, unless it returned 0.

    Raises:
        OSError: It returned something else.
    """
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def become_subreaper() -> None:
    """Let orphaned grandchildren become this process' children, so that it can reap them (Linux)."""
    with contextlib.suppress(AttributeError, OSError):
        libc().prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def unshare_namespaces() -> None:
    """Give this process its own user, mount, IPC, network and host-name namespaces, and its next child a pid one.

    Raises:
        OSError: The kernel refuses, for example where user namespaces are switched off.
    """
    uid, gid = os.getuid(), os.getgid()
    flags = CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWNET | CLONE_NEWUTS
    checked(libc().unshare(flags), "unshare")
    for name, text in (("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"), ("gid_map", f"{gid} {gid} 1")):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(text)


def mount_scratch(size_mb: int, pid: int, *, gpu: bool = False) -> None:
    """Mount fresh file systems over everything writable, and a `/proc` that shows this process alone.

    A new proc file system is refused to nested namespaces, so a few files and the process' own folder are
    bound onto an empty one.

    Args:
        size_mb: Size of the scratch file system, MiB.
        pid: This process' number as the current `/proc` shows it.
        gpu: Whether CUDA must find what it looks for in `/proc`.

    Raises:
        OSError: A mount failed.
    """
    c = libc()

    def mount(source: str, target: str, kind: str, flags: int, options: str = "") -> None:
        result = c.mount(source.encode(), target.encode(), kind.encode(), flags, options.encode() or None)
        checked(result, f"mount {target}")

    mount("none", "/", "none", _MS_REC | _MS_PRIVATE)
    # All that is there so far is shared: with other workers, or as devices and `/proc` with the whole machine.  Where
    # root grades, much of it belongs to the submission's user, who could change modes.  Devices work all the same.
    for target, kept in _writable_mounts(pid):
        mount("none", target, "none", _MS_REMOUNT | _MS_BIND | _MS_RDONLY | kept)
    # An environment that lies below the scratch would be hidden by it, so it is held on to and bound again.
    hidden = {p: os.open(p, os.O_PATH) for p in (sys.base_prefix, sys.prefix) if p.startswith(f"{SCRATCH}/")}
    mount("tmpfs", SCRATCH, "tmpfs", _MS_NOSUID | _MS_NODEV, f"size={size_mb}m,nr_inodes=65536,mode=700")
    for path, descriptor in hidden.items():
        os.makedirs(path, exist_ok=True)
        mount(f"/proc/self/fd/{descriptor}", path, "none", _MS_BIND | _MS_REC)
        os.close(descriptor)
    mount("tmpfs", "/dev/shm", "tmpfs", _MS_NOSUID | _MS_NODEV | _MS_NOEXEC, "size=64m,nr_inodes=1024,mode=700")
    mount("/dev/null", "/dev/zero", "none", _MS_BIND)  # mapped and shared, it is memory that nobody is seen to hold
    stage = f"{SCRATCH}/.proc"
    os.mkdir(stage)
    mount("tmpfs", stage, "tmpfs", _MS_NOSUID | _MS_NODEV | _MS_NOEXEC, "size=64k,mode=755")
    for name in (*VISIBLE_PROC, *(PROC_OF_GPUS if gpu else ())):
        if os.path.isdir(f"/proc/{name}"):
            os.mkdir(f"{stage}/{name}")
        else:
            with open(f"{stage}/{name}", "wb"):
                pass
        with contextlib.suppress(OSError):
            mount(f"/proc/{name}", f"{stage}/{name}", "none", _MS_BIND)
    os.mkdir(f"{stage}/self")
    mount(f"/proc/{pid}", f"{stage}/self", "none", _MS_BIND)
    mount(stage, "/proc", "none", _MS_BIND | _MS_REC)
    checked(c.umount2(stage.encode(), 2), "umount")
    os.rmdir(stage)


def _writable_mounts(pid: int) -> list[tuple[str, int]]:
    """The mounts of a process that can be written to, with their other flags, which may not be taken off."""
    with open(f"/proc/{pid}/mountinfo") as file:
        targets = [line.split()[4].encode().decode("unicode_escape") for line in file]
    seen = [(target, os.statvfs(target).f_flag) for target in dict.fromkeys(targets)]
    kept = _MS_NOSUID | _MS_NODEV | _MS_NOEXEC | _MS_NOATIME | _MS_NODIRATIME
    return [(target, flags & kept) for target, flags in seen if not flags & _MS_RDONLY]


def renounce_new_privileges() -> None:
    """Let no program that is started later gain a privilege; Landlock and filters ask for it."""
    libc().prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)


def drop_privileges() -> None:
    """Give up every capability, now and for programs started later."""
    renounce_new_privileges()
    c = libc()
    for capability in range(_LAST_CAPABILITY + 1):
        c.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)
    header = struct.pack("=Ii", 0x20080522, 0)  # _LINUX_CAPABILITY_VERSION_3, this process
    checked(c.capset(header, bytes(24)), "capset")


_UNTOUCHED_MB: Final = 32 * 1024  # TensorFlow and the C library reserve gigabytes that they never touch


def set_limits(*, file_mb: int, memory_mb: int, threads: int, cpu_seconds: int, gpu: bool = False) -> None:
    """Set the kernel's own limits; the forkserver watches the sums over all processes beside them.

    With a GPU the addresses have no limit: CUDA reserves as many as the memory of all GPUs and of the machine together.

    The memory limit on one process' private memory is generous, since TensorFlow reserves more than it
    touches; it turns one absurd allocation into a MemoryError that a student can read.
    """
    wanted: tuple[tuple[int, int], ...] = (
        (resource.RLIMIT_FSIZE, file_mb * 2**20),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 1024),
        (resource.RLIMIT_CPU, cpu_seconds),
        (resource.RLIMIT_DATA, (memory_mb + 8192) * 2**20),
    )
    if sys.platform == "linux" and not gpu:  # what is mapped and not touched still fills the kernel's page tables
        wanted += ((resource.RLIMIT_AS, (memory_mb + _UNTOUCHED_MB) * 2**20),)
    if os.getuid() != 0:  # threads count as processes; root is not held to it
        wanted += ((resource.RLIMIT_NPROC, threads),)
    for kind, amount in wanted:
        _, hard = resource.getrlimit(kind)
        if hard != resource.RLIM_INFINITY:
            amount = min(amount, hard)
        resource.setrlimit(kind, (amount, amount))
