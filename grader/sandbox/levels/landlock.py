"""The level `landlock`, for machines that bar user namespaces.

With Landlock a process puts access rules on itself that it cannot take back, without any privilege.  A worker does so
between the fork and the first line of a submission: the rules say what it may read and the one folder that it may write
to, and `seccomp` refuses system calls that reach further.

What a kernel's Landlock supports is told by its *ABI* number (https://docs.kernel.org/userspace-api/landlock.html).
Rights that an older kernel does not know are masked out here, and `seccomp` takes their place where it can.
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
_LOG_NOTHING: Final = 1 << 0  # otherwise a submission that tries everything would fill the audit log

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_TRUNCATE, _IOCTL_DEVICE = 1 << 14, 1 << 15
_ON_FILES: Final = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL_DEVICE
_MAKE_DEVICES: Final = 1 << 6 | 1 << 11

# Pairs of the first ABI that knows some rights, and these rights: for files, for network ports, and for what may leave
# the sandbox otherwise.
_FILE_RIGHTS: Final = ((1, (1 << 13) - 1), (2, 1 << 13), (3, _TRUNCATE), (5, _IOCTL_DEVICE))
_NETWORK_RIGHTS: Final = ((4, 1 << 0 | 1 << 1),)  # binding and connecting TCP
_SCOPES: Final = ((6, 1 << 0 | 1 << 1),)  # abstract Unix sockets, signals
_ABI_TRUNCATES: Final = 3
_ABI_SCOPES_SIGNALS: Final = 6
_ABI_LOGS: Final = 7

_DEVICES: Final = ("/dev/null", "/dev/full", "/dev/random", "/dev/urandom")
# In a process' own folder.  TensorFlow reads `cmdline`.  Left out are `net`, `mountinfo` and `cgroup`, which describe
# the machine.
_PROC_SELF: Final = ("cmdline", "fd", "maps", "stat", "statm", "status")


def abi() -> int:
    """Return the ABI number of this kernel's Landlock, or 0 if it has none."""
    if not sys.platform.startswith("linux"):
        return 0
    return max(0, int(libc().syscall(_CREATE_RULESET, None, 0, _VERSION_QUERY)))


def scopes_signals(known: int) -> bool:
    """Whether a kernel of this ABI can keep signals inside the sandbox."""
    return known >= _ABI_SCOPES_SIGNALS


def rules_truncation(known: int) -> bool:
    """Whether a kernel of this ABI has a rule for truncating files."""
    return known >= _ABI_TRUNCATES


class View(NamedTuple):
    """What may be read.

    Attributes:
        whole: Files, and folders with everything in them.
        listed: Folders whose names may be listed, but whose files may not be read.
    """

    whole: tuple[str, ...]
    listed: tuple[str, ...]


def readable_parts(roots: Iterable[str], hidden: Iterable[str]) -> View:
    """Return the paths to allow so that everything below `roots` can be read except for the hidden folders.

    Landlock's rules can only add rights and never remove any.  So a folder that contains a hidden one cannot be allowed
    as a whole: its entries are allowed one by one.

    Args:
        roots: Files and folders.
        hidden: Folders that may lie below them, with links resolved.
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
    """Restrict this process, and all that it starts, to reading some paths and writing to one folder.

    As far as the kernel can, this also refuses TCP, abstract Unix sockets, and tracing or signalling processes outside.

    Args:
        readable: What may be read and executed.
        scratch: The folder that may be written to.
        known: The ABI to use, at most the kernel's.

    Raises:
        OSError: If the kernel refuses.
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
    """Add a rule for one path, if it exists."""
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
            "names_hidden",  # Landlock has rules for reading a file, but not for asking for its size or times
            "numbers_hidden",  # a signal fails with another error if the process number is in use
            "scratch_capped",  # the size of each file is limited, but not their number
        )
    )
    warning = (
        "For the instructor: this ran at the isolation level landlock, since the container grants no namespaces. The "
        "submission could not read or write the grader's files; `grader doctor` lists what else is promised."
    )
    offers_gpu = False
    _view = View((), ())

    def why_not(self) -> str:
        """Check that the kernel has Landlock and accepts the rules, and that there is a filter for this processor."""
        if not sys.platform.startswith("linux"):
            return "Landlock needs Linux"
        if abi() == 0:
            return "the kernel offers no Landlock (it needs Linux 5.13, with `landlock` in /sys/kernel/security/lsm)"
        if not seccomp.knows_this_processor():
            return f"there is no filter of system calls for this processor ({platform.machine()})"
        fault = complaint(python(view.PACKAGE.parent, _PROBE))
        return f"the kernel refuses Landlock or the filter of system calls: {fault}" if fault else ""

    def seen(self) -> Seen:
        """Return the system and the Python environment, without the grader's own packages."""
        roots = (*view.SYSTEM, *view.ETC, *view.environment_folders())
        return tuple(str(path) for path in roots if path.exists()), tuple(map(str, view.hidden_folders()))

    def prepare(self, seen: Seen) -> None:
        """Find what may be read, once for all workers, since this walks through folders."""
        self._view = readable_parts(*seen)

    def confine(self, place: str, *, file_mb: int, pid: int, gpu: bool) -> None:
        """Apply the rules, and a filter that takes the place of those that this kernel does not know."""
        known = abi()
        restrict(self._view, place, known=known)
        drop_privileges()
        seccomp.filter_system_calls(
            alone=True, signals_scoped=scopes_signals(known), truncation_ruled=rules_truncation(known)
        )
