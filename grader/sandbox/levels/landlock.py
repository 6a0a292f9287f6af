"""Landlock: rules of the kernel that a process lays on itself, for machines that bar user namespaces.

The level `landlock` holds each worker to such rules: what it may read, one folder to write to, and, by `seccomp`, no
system call that reaches further.  The rules are laid between the fork and the first line of a submission, and need no
privilege.
What a kernel knows of Landlock is its *ABI* number (https://docs.kernel.org/userspace-api/landlock.html); what
an older one does not know is masked out here, and `seccomp` stands in where it can.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import platform
import struct
import sys
from collections.abc import Iterable
from typing import Final, NamedTuple

from grader.sandbox.levels import seccomp, view
from grader.sandbox.levels.confine import VISIBLE_PROC, checked, drop_privileges, libc, renounce_new_privileges
from grader.sandbox.levels.level import Level, Seen, complaint, python

_PROBE: Final = (
    "from grader.sandbox.levels import landlock, seccomp; "
    "landlock.restrict(landlock.View((), ()), '/tmp', known=landlock.abi()); seccomp.filter_system_calls(alone=True)"
)

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_VERSION_QUERY: Final = 1
_RULE_PATH_BENEATH: Final = 1
_LOG_NOTHING: Final = 1 << 0  # a submission that tries everything would fill the audit log

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_TRUNCATE, _IOCTL_DEVICE = 1 << 14, 1 << 15
_ON_FILES: Final = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL_DEVICE
_MAKE_DEVICES: Final = 1 << 6 | 1 << 11

# The first ABI that knows a right, and the right: to files, to network ports, and what leaves the sandbox otherwise.
_FILE_RIGHTS: Final = ((1, (1 << 13) - 1), (2, 1 << 13), (3, _TRUNCATE), (5, _IOCTL_DEVICE))
_NETWORK_RIGHTS: Final = ((4, 1 << 0 | 1 << 1),)  # binding and connecting TCP
_SCOPES: Final = ((6, 1 << 0 | 1 << 1),)  # abstract Unix sockets, signals
_ABI_TRUNCATES: Final = 3
_ABI_SCOPES_SIGNALS: Final = 6
_ABI_LOGS: Final = 7

_DEVICES: Final = ("/dev/null", "/dev/full", "/dev/random", "/dev/urandom")
# Of a process' own folder, TensorFlow reads `cmdline`; not `net`, `mountinfo` or `cgroup`, which tell of the machine.
_PROC_SELF: Final = ("cmdline", "fd", "maps", "stat", "statm", "status")


def abi() -> int:
    """What this kernel knows of Landlock; 0 is nothing."""
    if not sys.platform.startswith("linux"):
        return 0
    return max(0, int(libc().syscall(_CREATE_RULESET, None, 0, _VERSION_QUERY)))


def scopes_signals(known: int) -> bool:
    """Whether a kernel of this ABI keeps signals inside."""
    return known >= _ABI_SCOPES_SIGNALS


def rules_truncation(known: int) -> bool:
    """Whether a kernel of this ABI rules who may cut a file."""
    return known >= _ABI_TRUNCATES


class View(NamedTuple):
    """What may be read: files and folders with all that is in them, and folders whose names may be listed."""

    whole: tuple[str, ...]
    listed: tuple[str, ...]


def readable_parts(roots: Iterable[str], hidden: Iterable[str]) -> View:
    """What to allow so that `roots` can be read except for what is hidden: rules only ever add.

    Args:
        roots: Files and folders.
        hidden: Resolved folders that may lie in them.
    """
    whole: list[str] = []
    listed: list[str] = []
    waiting = [os.path.realpath(root) for root in roots]
    holes = tuple(hidden)
    while waiting:
        path = waiting.pop()
        if path in holes:
            continue
        if any(hole.startswith(f"{path.rstrip('/')}/") for hole in holes):
            listed.append(path)
            waiting += [entry.path for entry in os.scandir(path) if not entry.is_symlink()]
        else:
            whole.append(path)
    return View(tuple(sorted(set(whole))), tuple(sorted(set(listed))))


def restrict(readable: View, scratch: str, *, known: int) -> None:
    """Hold this process, and all that it starts, to reading some paths and writing to one folder.

    TCP, abstract Unix sockets, and tracing and signalling processes outside are refused along with it, where
    the kernel knows how.

    Args:
        readable: What may be read, and executed.
        scratch: The folder that may be written to.
        known: The ABI to use, at most the kernel's.

    Raises:
        OSError: The kernel refuses.
    """
    rights = _known(_FILE_RIGHTS, known)
    attributes = struct.pack("=QQQ", rights, _known(_NETWORK_RIGHTS, known), _known(_SCOPES, known))
    c = libc()
    ruleset = c.syscall(_CREATE_RULESET, attributes, len(attributes), 0)
    if ruleset < 0:
        checked(ruleset, "landlock_create_ruleset")
    try:
        for path in readable.whole:
            _allow(ruleset, path, rights & (_READ_FILE | _READ_DIR | _EXECUTE))
        for path in readable.listed:
            _allow(ruleset, path, rights & _READ_DIR)
        for path in _DEVICES:
            _allow(ruleset, path, rights & (_READ_FILE | _WRITE_FILE))
        for path in (*(f"/proc/{name}" for name in VISIBLE_PROC), *(f"/proc/self/{name}" for name in _PROC_SELF)):
            _allow(ruleset, path, rights & (_READ_FILE | _READ_DIR))
        _allow(ruleset, scratch, rights & ~(_MAKE_DEVICES | _IOCTL_DEVICE))
        renounce_new_privileges()
        flags = _LOG_NOTHING if known >= _ABI_LOGS else 0
        checked(c.syscall(_RESTRICT_SELF, ruleset, flags), "landlock_restrict_self")
    finally:
        os.close(ruleset)


def _known(rights: Iterable[tuple[int, int]], known: int) -> int:
    return sum(right for first, right in rights if first <= known)


def _allow(ruleset: int, path: str, rights: int) -> None:
    """Add a rule for one path, if it is there."""
    with contextlib.suppress(FileNotFoundError, PermissionError):
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
        try:
            if not os.path.isdir(path):
                rights &= _ON_FILES
            rule = struct.pack("=Qi", rights, descriptor)
            buffer = ctypes.create_string_buffer(rule, len(rule))
            checked(libc().syscall(_ADD_RULE, ruleset, _RULE_PATH_BENEATH, buffer, 0), f"landlock_add_rule {path}")
        finally:
            os.close(descriptor)


class Landlock(Level):
    """The level for machines that bar user namespaces, as many containers do."""

    name = "landlock"
    not_promised = frozenset(
        (
            "names_hidden",  # Landlock rules reading, not asking for a file's size or times
            "numbers_hidden",  # a signal to a number in use is refused in another way than to one that is not
            "scratch_capped",  # one file's size is, and their number is not
        )
    )
    warning = (
        "For the instructor: this ran at the isolation level landlock, since the container grants no namespaces. The "
        "submission could not read or write the grader's files; `grader doctor` lists what else is promised."
    )
    offers_gpu = False
    _view = View((), ())

    def why_not(self) -> str:
        """Whether the kernel has Landlock and takes the rules, and there is a filter for this processor."""
        if not sys.platform.startswith("linux"):
            return "Landlock needs Linux"
        if abi() == 0:
            return "the kernel offers no Landlock (it needs Linux 5.13, with `landlock` in /sys/kernel/security/lsm)"
        if not seccomp.knows_this_processor():
            return f"there is no filter of system calls for this processor ({platform.machine()})"
        fault = complaint(python(view.PACKAGE.parent, _PROBE))
        return f"the kernel refuses Landlock or the filter of system calls: {fault}" if fault else ""

    def seen(self) -> Seen:
        """The system and the Python environment, without the grader's own packages."""
        roots = (*view.SYSTEM, *view.ETC, *view.environment_folders())
        return tuple(str(path) for path in roots if path.exists()), tuple(map(str, view.hidden_folders()))

    def prepare(self, seen: Seen) -> None:
        """Look once, before any worker, for what may be read: that takes a walk through folders."""
        self._view = readable_parts(*seen)

    def confine(self, place: str, *, file_mb: int, pid: int, gpu: bool) -> None:
        """Lay the rules, and the filter that stands in for those that this kernel does not know."""
        known = abi()
        restrict(self._view, place, known=known)
        drop_privileges()
        seccomp.filter_system_calls(
            alone=True, signals_scoped=scopes_signals(known), truncation_ruled=rules_truncation(known)
        )
