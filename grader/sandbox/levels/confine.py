"""Confine a forked worker: namespaces, privileges and resource limits.

Untrusted side.  This runs in the child, between the fork and the first line of a submission, while the child has only
one thread.  System calls that Python 3.11 does not wrap are made through ctypes.
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
"""The path that a worker may write to: every worker has a fresh file system of capped size there."""

VISIBLE_PROC: Final = ("cpuinfo", "meminfo", "stat", "uptime", "loadavg", "version", "filesystems")
"""The files in the machine's `/proc` that a worker may read, besides those of its own process."""

PROC_OF_GPUS: Final = ("devices", "modules", "driver")
"""The further files in `/proc` that CUDA reads, for a worker that computes on a GPU."""


def libc() -> ctypes.CDLL:
    """Return the C library of this process."""
    return ctypes.CDLL(None, use_errno=True)


def checked(result: int, what: str) -> None:
    """Raise an exception if a C function failed.

    Args:
        result: What the function returned.
        what: What it was called for, for the message.

    Raises:
        OSError: If it returned something other than 0; with the error in `errno`.
    """
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def become_subreaper() -> None:
    """Make orphaned descendants children of this process, so that it can reap them (Linux only)."""
    with contextlib.suppress(AttributeError, OSError):
        libc().prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def unshare_namespaces() -> None:
    """Move this process to new user, mount, IPC, network and host-name namespaces, and its next child to a PID one.

    Raises:
        OSError: If the kernel refuses, for example because user namespaces are switched off.
    """
    uid, gid = os.getuid(), os.getgid()
    flags = CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWNET | CLONE_NEWUTS
    checked(libc().unshare(flags), "unshare")
    for name, text in (("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"), ("gid_map", f"{gid} {gid} 1")):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(text)


def mount_scratch(size_mb: int, pid: int, *, gpu: bool = False) -> None:
    """Mount fresh file systems over everything writable, and a `/proc` that shows only this process.

    The kernel does not let nested namespaces mount a new proc file system, so a few of its files and the process' own
    folder are bound onto an empty file system instead.

    Args:
        size_mb: The size of the scratch file system, in MiB.
        pid: This process' number in the current `/proc`.
        gpu: Whether to include the files in `/proc` that CUDA reads.

    Raises:
        OSError: If a mount fails.
    """
    c = libc()

    def mount(source: str, target: str, kind: str, flags: int, options: str = "") -> None:
        result = c.mount(source.encode(), target.encode(), kind.encode(), flags, options.encode() or None)
        checked(result, f"mount {target}")

    mount("none", "/", "none", _MS_REC | _MS_PRIVATE)
    # Every mount found here is shared, with other workers or, like devices and `/proc`, with the whole machine.  If
    # root grades, much of it belongs to the submission's user, who could change file modes.  So all of these mounts
    # become read-only; device nodes still work.
    for target, kept in _writable_mounts(pid):
        mount("none", target, "none", _MS_REMOUNT | _MS_BIND | _MS_RDONLY | kept)
    # The scratch would hide a Python environment that lies below it, so that is kept open and bound again.
    hidden = {p: os.open(p, os.O_PATH) for p in (sys.base_prefix, sys.prefix) if p.startswith(f"{SCRATCH}/")}
    mount("tmpfs", SCRATCH, "tmpfs", _MS_NOSUID | _MS_NODEV, f"size={size_mb}m,nr_inodes=65536,mode=700")
    for path, descriptor in hidden.items():
        os.makedirs(path, exist_ok=True)
        mount(f"/proc/self/fd/{descriptor}", path, "none", _MS_BIND | _MS_REC)
        os.close(descriptor)
    mount("tmpfs", "/dev/shm", "tmpfs", _MS_NOSUID | _MS_NODEV | _MS_NOEXEC, "size=64m,nr_inodes=1024,mode=700")
    # A shared mapping of `/dev/zero` would be memory that the forkserver does not see, so it is replaced.
    mount("/dev/null", "/dev/zero", "none", _MS_BIND)
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
    """Return the writable mounts of a process, each with those of its flags that a remount has to keep.

    In a user namespace the kernel refuses a remount that drops one of them.
    """
    with open(f"/proc/{pid}/mountinfo") as file:
        targets = [line.split()[4].encode().decode("unicode_escape") for line in file]
    seen = [(target, os.statvfs(target).f_flag) for target in dict.fromkeys(targets)]
    kept = _MS_NOSUID | _MS_NODEV | _MS_NOEXEC | _MS_NOATIME | _MS_NODIRATIME
    return [(target, flags & kept) for target, flags in seen if not flags & _MS_RDONLY]


def renounce_new_privileges() -> None:
    """Keep this process and programs it starts from gaining privileges, as Landlock and seccomp filters require."""
    libc().prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)


def drop_privileges() -> None:
    """Give up every capability, for this process and for programs that it starts."""
    renounce_new_privileges()
    c = libc()
    for capability in range(_LAST_CAPABILITY + 1):
        c.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)
    header = struct.pack("=Ii", 0x20080522, 0)  # _LINUX_CAPABILITY_VERSION_3, this process
    checked(c.capset(header, bytes(24)), "capset")


_UNTOUCHED_MB: Final = 32 * 1024  # TensorFlow and the C library reserve gigabytes that they never touch


def set_limits(*, file_mb: int, memory_mb: int, threads: int, cpu_seconds: int, gpu: bool = False) -> None:
    """Set the kernel's limits for this process; the forkserver also watches the sums over all processes of a worker.

    The limit on private memory is generous, since TensorFlow reserves more than it touches.  It turns a single absurd
    allocation into a `MemoryError` that a student can read.

    Args:
        file_mb: The size of a file, in MiB.
        memory_mb: The memory limit of the worker, in MiB.
        threads: The number of threads.
        cpu_seconds: The processor time of the process, in seconds.
        gpu: Whether the worker computes on a GPU.  If so, the address space is not limited: CUDA reserves as much as
            the memory of all GPUs and of the machine together.
    """
    wanted: tuple[tuple[int, int], ...] = (
        (resource.RLIMIT_FSIZE, file_mb * 2**20),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 1024),
        (resource.RLIMIT_CPU, cpu_seconds),
        (resource.RLIMIT_DATA, (memory_mb + 8192) * 2**20),
    )
    # Memory that is mapped but never touched counts for nothing else, and yet fills the kernel's page tables.
    if sys.platform == "linux" and not gpu:
        wanted += ((resource.RLIMIT_AS, (memory_mb + _UNTOUCHED_MB) * 2**20),)
    if os.getuid() != 0:  # the kernel counts threads as processes here, and does not hold root to the limit
        wanted += ((resource.RLIMIT_NPROC, threads),)
    for kind, amount in wanted:
        _, hard = resource.getrlimit(kind)
        if hard != resource.RLIM_INFINITY:
            amount = min(amount, hard)
        resource.setrlimit(kind, (amount, amount))
