"""Confining one forked worker: namespaces, privileges, system calls and resource limits.

Untrusted side.  Runs in the child, between the fork and the first line of a submission, while the child has
one thread.  Linux calls that Python 3.11 lacks are made through ctypes.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import platform
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

_MS_NOSUID, _MS_NODEV, _MS_NOEXEC = 2, 4, 8
_MS_BIND, _MS_REC, _MS_PRIVATE = 4096, 16384, 1 << 18
_PR_CAPBSET_DROP, _PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS = 24, 22, 38
_PR_SET_CHILD_SUBREAPER = 36
_LAST_CAPABILITY = 63

SCRATCH: Final = "/tmp"
"""Where a worker may write: a fresh file system of capped size for every worker."""

_VISIBLE_PROC: Final = ("cpuinfo", "meminfo", "stat", "uptime", "loadavg", "version", "filesystems")


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _checked(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def become_subreaper() -> None:
    """Let orphaned grandchildren become this process' children, so that it can reap them (Linux)."""
    with contextlib.suppress(AttributeError, OSError):
        _libc().prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def unshare_namespaces() -> None:
    """Give this process its own user, mount, IPC, network and host-name namespaces, and its next child a pid one.

    Raises:
        OSError: The kernel refuses, for example where user namespaces are switched off.
    """
    uid, gid = os.getuid(), os.getgid()
    flags = CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWNET | CLONE_NEWUTS
    _checked(_libc().unshare(flags), "unshare")
    for name, text in (("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"), ("gid_map", f"{gid} {gid} 1")):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(text)


def mount_scratch(size_mb: int, pid: int) -> None:
    """Mount fresh file systems over everything writable, and a `/proc` that shows this process alone.

    A new proc file system is refused to nested namespaces, so a few files and the process' own folder are
    bound onto an empty one.

    Args:
        size_mb: Size of the scratch file system, MiB.
        pid: This process' number as the current `/proc` shows it.

    Raises:
        OSError: A mount failed.
    """
    libc = _libc()

    def mount(source: str, target: str, kind: str, flags: int, options: str = "") -> None:
        result = libc.mount(source.encode(), target.encode(), kind.encode(), flags, options.encode() or None)
        _checked(result, f"mount {target}")

    mount("none", "/", "none", _MS_REC | _MS_PRIVATE)
    # An environment that lies below the scratch would be hidden by it, so it is held on to and bound again.
    hidden = {p: os.open(p, os.O_PATH) for p in (sys.base_prefix, sys.prefix) if p.startswith(f"{SCRATCH}/")}
    mount("tmpfs", SCRATCH, "tmpfs", _MS_NOSUID | _MS_NODEV, f"size={size_mb}m,nr_inodes=65536,mode=700")
    for path, descriptor in hidden.items():
        os.makedirs(path, exist_ok=True)
        mount(f"/proc/self/fd/{descriptor}", path, "none", _MS_BIND | _MS_REC)
        os.close(descriptor)
    mount("tmpfs", "/dev/shm", "tmpfs", _MS_NOSUID | _MS_NODEV | _MS_NOEXEC, "size=64m,nr_inodes=1024,mode=700")
    mount("/dev/null", "/dev/zero", "none", _MS_BIND)  # mapped, it gives shared pages that nobody is seen to have
    stage = f"{SCRATCH}/.proc"
    os.mkdir(stage)
    mount("tmpfs", stage, "tmpfs", _MS_NOSUID | _MS_NODEV | _MS_NOEXEC, "size=64k,mode=755")
    for name in _VISIBLE_PROC:
        with open(f"{stage}/{name}", "wb"):
            pass
        with contextlib.suppress(OSError):
            mount(f"/proc/{name}", f"{stage}/{name}", "none", _MS_BIND)
    os.mkdir(f"{stage}/self")
    mount(f"/proc/{pid}", f"{stage}/self", "none", _MS_BIND)
    mount(stage, "/proc", "none", _MS_BIND | _MS_REC)
    _checked(libc.umount2(stage.encode(), 2), "umount")
    os.rmdir(stage)


def drop_privileges() -> None:
    """Give up every capability, now and for programs started later."""
    libc = _libc()
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    for capability in range(_LAST_CAPABILITY + 1):
        libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)
    header = struct.pack("=Ii", 0x20080522, 0)  # _LINUX_CAPABILITY_VERSION_3, this process
    _checked(libc.capset(header, bytes(24)), "capset")


_DENIED_EVERYWHERE: Final = (425, 426, 427, 428, 429, 430, 431, 432, 433, 442, 467)  # io_uring, the new mount calls

# System calls that a course project has no use for and that reach past the namespaces: new namespaces and
# mounts (a second, larger scratch), other processes' memory, kernel keys, and the kernel's programmable parts.
_DENIED: Final = {
    "x86_64": (
        *(
            101,
            155,
            161,
            165,
            166,
            167,
            168,
            169,
            175,
            176,
        ),  # ptrace, pivot_root, chroot, (u)mount, swap, reboot, modules
        *(246, 248, 249, 250, 272, 298, 304, 308, 310, 311),  # kexec, keys, unshare, perf, handles, setns, process_vm
        *(313, 320, 321, 323, 438),  # modules, kexec, bpf, userfaultfd, pidfd_getfd
        *(29, 319, 447),  # shmget, memfd_create, memfd_secret: memory that no process is seen to have
        *_DENIED_EVERYWHERE,
    ),
    "aarch64": (
        *(117, 41, 51, 39, 40, 224, 225, 142, 105, 106),
        *(104, 217, 218, 219, 97, 241, 265, 268, 270, 271),
        *(273, 294, 280, 282, 438),
        *(194, 279, 447),
        *_DENIED_EVERYWHERE,
    ),
}
_AUDIT_ARCH: Final = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_CLONE: Final = {"x86_64": 56, "aarch64": 220}
_CLONE3: Final = 435
_MMAP: Final = {"x86_64": 9, "aarch64": 222}
_MAP_SHARED: Final = 0x01
_MAP_ANONYMOUS: Final = 0x20
_NAMESPACE_FLAGS: Final = (
    CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET | 0x02000000
)


def filter_system_calls() -> bool:
    """Refuse the system calls above with EPERM, for this process and all it starts.

    Returns:
        Whether a filter is in place; False on a processor that the table does not know.

    Raises:
        OSError: The kernel refuses the filter.
    """
    machine = platform.machine()
    if machine not in _DENIED:
        return False
    allow, deny, missing = 0x7FFF0000, 0x00050000 | 1, 0x00050000 | 38  # ALLOW; ERRNO: EPERM; ERRNO: ENOSYS
    load, equal, any_bit, answer = 0x20, 0x15, 0x45, 0x06
    program: list[tuple[int, int, int, int]] = [
        (load, 0, 0, 4),  # the architecture; a 32-bit call has other numbers, so it ends the process
        (equal, 1, 0, _AUDIT_ARCH[machine]),
        (answer, 0, 0, 0x80000000),
        (load, 0, 0, 0),  # the call's number
    ]
    if machine == "x86_64":  # the x32 numbers
        program += [(any_bit, 0, 1, 0x40000000), (answer, 0, 0, deny)]
    program += [(equal, 0, 1, _CLONE3), (answer, 0, 0, missing)]  # its flags lie in memory; libc falls back to clone
    for number in _DENIED[machine]:
        program += [(equal, 0, 1, number), (answer, 0, 0, deny)]
    program += [
        # Shared pages without a file outlive their mapping in one process' children, and are nobody's memory then.
        (equal, 0, 5, _MMAP[machine]),
        (load, 0, 0, 40),  # mmap's flags
        (any_bit, 0, 2, _MAP_SHARED),
        (any_bit, 0, 1, _MAP_ANONYMOUS),
        (answer, 0, 0, deny),
        (answer, 0, 0, allow),
    ]
    program += [
        (equal, 0, 3, _CLONE[machine]),
        (load, 0, 0, 16),  # clone's flags
        (any_bit, 0, 1, _NAMESPACE_FLAGS),
        (answer, 0, 0, deny),
        (answer, 0, 0, allow),
    ]
    code = b"".join(struct.pack("=HBBI", *line) for line in program)
    buffer = ctypes.create_string_buffer(code, len(code))
    header = struct.pack("@HP", len(program), ctypes.addressof(buffer))
    libc = _libc()
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    _checked(libc.prctl(_PR_SET_SECCOMP, 2, header, 0, 0), "seccomp")
    return True


_UNTOUCHED_MB: Final = 32 * 1024  # TensorFlow and the C library reserve gigabytes that they never touch


def set_limits(*, file_mb: int, memory_mb: int, processes: int, cpu_seconds: int) -> None:
    """Set the kernel's own limits; the forkserver watches the sums over all processes beside them.

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
    if sys.platform == "linux":  # what is mapped and not touched still fills the kernel's page tables
        wanted += ((resource.RLIMIT_AS, (memory_mb + _UNTOUCHED_MB) * 2**20),)
    if os.getuid() != 0:  # threads count too, and TensorFlow starts dozens; root is not held to it
        wanted += ((resource.RLIMIT_NPROC, max(processes * 16, 1024)),)
    for kind, amount in wanted:
        _, hard = resource.getrlimit(kind)
        if hard != resource.RLIM_INFINITY:
            amount = min(amount, hard)
        resource.setrlimit(kind, (amount, amount))
