"""A filter that refuses system calls that only a hostile submission has a use for.

Untrusted side.  It is installed in a worker, between the fork and the first line of a submission.  The filter is a
small program that the kernel runs on each system call.  It sees the call's number and arguments, but not the memory
that a pointer leads to.
"""

from __future__ import annotations

import ctypes
import os
import platform
import struct
from typing import Final

from grader.sandbox.levels.confine import NAMESPACE_FLAGS, checked, libc, renounce_new_privileges

_Numbers = tuple[int | None, int | None]

# The system calls that are always refused, by name, with their numbers on x86-64 and on AArch64; None where a
# processor has no such call.
_REFUSED: Final[dict[str, _Numbers]] = {
    # New mounts (a second, larger scratch), other roots and namespaces.
    **{"mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41), "chroot": (161, 51)},
    **{"open_tree": (428, 428), "move_mount": (429, 429), "fsopen": (430, 430), "fsconfig": (431, 431)},
    **{"fsmount": (432, 432), "fspick": (433, 433), "mount_setattr": (442, 442), "open_tree_attr": (467, 467)},
    **{"unshare": (272, 97), "setns": (308, 268), "open_by_handle_at": (304, 265)},
    # Other processes' memory and descriptors.
    **{"ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271)},
    **{"pidfd_getfd": (438, 438)},
    # The kernel's keys, and its programmable or seldom used parts.
    **{"add_key": (248, 217), "request_key": (249, 218), "keyctl": (250, 219), "bpf": (321, 280)},
    **{"perf_event_open": (298, 241), "userfaultfd": (323, 282), "init_module": (175, 105)},
    **{"delete_module": (176, 106), "finit_module": (313, 273), "kexec_load": (246, 104)},
    **{"kexec_file_load": (320, 294), "swapon": (167, 224), "swapoff": (168, 225), "reboot": (169, 142)},
    **{"io_uring_setup": (425, 425), "io_uring_enter": (426, 426), "io_uring_register": (427, 427)},
    # Memory that no process is seen to hold, so that the forkserver could not count it.
    **{"memfd_create": (319, 279), "memfd_secret": (447, 447)},
    **{"shmget": (29, 194), "shmat": (30, 196), "shmctl": (31, 195)},
    **{"semget": (64, 190), "semop": (65, 193), "semtimedop": (220, 192), "semctl": (66, 191)},
    **{"msgget": (68, 186), "msgsnd": (69, 189), "msgrcv": (70, 188), "msgctl": (71, 187)},
    **{"mq_open": (240, 180), "mq_unlink": (241, 181)},
    # Watches on files: the system's files are the same inside and outside, so a watch would tell who opens them.
    **{"inotify_add_watch": (254, 27), "fanotify_init": (300, 262)},
}

# Refused as well where there are no namespaces, so that the user's processes, files and network are within reach.
_REFUSED_ALONE: Final[dict[str, _Numbers]] = {
    # Landlock has rules for TCP and abstract sockets, but none for sockets by path, such as a container engine's.
    **{"socket": (41, 198), "connect": (42, 203), "bind": (49, 200), "listen": (50, 201)},
    # The resources and the scheduling of other processes.
    **{"setpriority": (141, 140), "ioprio_set": (251, 30), "migrate_pages": (256, 238), "move_pages": (279, 239)},
    **{"process_madvise": (440, 440), "process_mrelease": (448, 448), "kcmp": (312, 272)},
    # Attributes of files.
    **{"setxattr": (188, 5), "lsetxattr": (189, 6), "fsetxattr": (190, 7), "setxattrat": (463, 463)},
    **{"removexattr": (197, 14), "lremovexattr": (198, 15), "fremovexattr": (199, 16), "removexattrat": (466, 466)},
    **{"file_setattr": (469, 469)},
}

# Landlock has no rules for the modes, owners and times of files, and a filter sees no paths.  Honest code makes such
# calls when it copies a file, and would fail if they were refused.  So they do nothing and report success.
_SKIPPED_ALONE: Final[dict[str, _Numbers]] = {
    **{"chmod": (90, None), "fchmod": (91, 52), "fchmodat": (268, 53), "fchmodat2": (452, 452)},
    **{"chown": (92, None), "fchown": (93, 55), "lchown": (94, None), "fchownat": (260, 54)},
    **{"utime": (132, None), "utimes": (235, None), "futimesat": (261, None), "utimensat": (280, 88)},
}

# Calls whose first argument is a process number; it must be 0, the caller itself.
_ON_ITSELF_ALONE: Final[dict[str, _Numbers]] = {
    **{"prlimit64": (302, 261), "sched_setparam": (142, 118), "sched_setscheduler": (144, 119)},
    "sched_setattr": (314, 274),
}

# Where Landlock does not confine signals, these are allowed only to the caller's own process number.
_SIGNALS: Final[dict[str, _Numbers]] = {
    **{"kill": (62, 129), "tgkill": (234, 131), "rt_sigqueueinfo": (129, 138), "rt_tgsigqueueinfo": (297, 240)},
}
_REFUSED_UNSCOPED: Final[dict[str, _Numbers]] = {"tkill": (200, 130), "pidfd_send_signal": (424, 424)}
_REFUSED_UNTRUNCATED: Final[dict[str, _Numbers]] = {"truncate": (76, 45)}

_COLUMN: Final = {"x86_64": 0, "aarch64": 1}
_AUDIT_ARCH: Final = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_CLONE: Final[_Numbers] = (56, 220)
_CLONE3: Final = 435
_FCNTL: Final[_Numbers] = (72, 25)
_IOCTL: Final[_Numbers] = (16, 29)
_MMAP: Final[_Numbers] = (9, 222)
_SOCKET: Final[_Numbers] = (41, 198)
_SOCKETPAIR: Final[_Numbers] = (53, 199)
_SCHED_SETAFFINITY: Final[_Numbers] = (203, 122)

_SHARED_AND_ANONYMOUS: Final = 0x01 | 0x20
_SOCKET_TYPE: Final = 0xF
_SOCKET_STREAM: Final = 1
# Unix, IPv4, IPv6, netlink.  Other families, such as the sockets of virtual machines, have no namespaces.
_FAMILIES: Final = (1, 2, 10, 16)
_FCNTL_WATCHES: Final = (1024, 1026)  # F_SETLEASE, F_NOTIFY: to delay whoever opens a file, and to be notified of it
_FCNTL_SETS_OWNER: Final = (8, 15)  # F_SETOWN, F_SETOWN_EX: whom to signal when a descriptor is ready
_IOCTL_SETS: Final = (0x8901, 0x8902, 0x40086602, 0x401C5820)  # FIOSETOWN, SIOCSPGRP; two that set a file's flags

_LOAD, _EQUAL, _ANY_BIT, _AND, _ANSWER = 0x20, 0x15, 0x45, 0x54, 0x06
_ALLOW, _KILL, _DENY, _MISSING, _SKIP = 0x7FFF0000, 0x80000000, 0x00050000 | 1, 0x00050000 | 38, 0x00050000

Line = tuple[int, int, int, int]


def knows_this_processor() -> bool:
    """Whether the tables cover this machine's processor architecture."""
    return platform.machine() in _COLUMN


def filter_system_calls(*, alone: bool = False, signals_scoped: bool = True, truncation_ruled: bool = True) -> bool:
    """Refuse the system calls above with EPERM, for this process and all processes that it starts.

    Args:
        alone: Whether there are no namespaces, so that the filter also has to refuse what they would make harmless.
        signals_scoped: Whether Landlock confines signals; only used with `alone`.
        truncation_ruled: Whether Landlock has a rule for truncating files; only used with `alone`.

    Returns:
        Whether the filter is in place; False on a processor that the tables do not cover.

    Raises:
        OSError: If the kernel refuses the filter.
    """
    if not knows_this_processor():
        return False
    program = _base()
    if alone:
        program += _alone(signals_scoped=signals_scoped, truncation_ruled=truncation_ruled)
    else:
        program += _among(_SOCKET, 0, _FAMILIES)
    scoped = signals_scoped or not alone
    program += _unless(_FCNTL, 1, _FCNTL_WATCHES + (() if scoped else _FCNTL_SETS_OWNER))
    program.append((_ANSWER, 0, 0, _ALLOW))
    code = b"".join(struct.pack("=HBBI", *line) for line in program)
    buffer = ctypes.create_string_buffer(code, len(code))
    header = struct.pack("@HP", len(program), ctypes.addressof(buffer))
    renounce_new_privileges()
    checked(libc().prctl(22, 2, header, 0, 0), "seccomp")  # PR_SET_SECCOMP, SECCOMP_MODE_FILTER
    return True


def _base() -> list[Line]:
    machine = platform.machine()
    program: list[Line] = [
        (_LOAD, 0, 0, 4),  # the architecture: 32-bit calls have other numbers, so they end the process
        (_EQUAL, 1, 0, _AUDIT_ARCH[machine]),
        (_ANSWER, 0, 0, _KILL),
        (_LOAD, 0, 0, 0),  # the call's number
    ]
    if machine == "x86_64":  # the x32 ABI has the same architecture and other numbers
        program += [(_ANY_BIT, 0, 1, 0x40000000), (_ANSWER, 0, 0, _DENY)]
    # The flags of clone3 lie in memory, where the filter cannot see them.  ENOSYS makes the C library use clone.
    program += [(_EQUAL, 0, 1, _CLONE3), (_ANSWER, 0, 0, _MISSING)]
    program += _always(_REFUSED, _DENY)
    program += _where(_CLONE, 0, NAMESPACE_FLAGS, 0, then=_ALLOW, otherwise=_DENY)
    program += _where(_MMAP, 3, _SHARED_AND_ANONYMOUS, _SHARED_AND_ANONYMOUS, then=_DENY, otherwise=_ALLOW)
    # A pinned worker must stay pinned.  Libraries that pin their own threads would fail if that were refused, so the
    # call does nothing and reports success.
    program += _where(_SCHED_SETAFFINITY, 0, 0xFFFFFFFF, 0, then=_SKIP, otherwise=_DENY)
    return program


def _alone(*, signals_scoped: bool, truncation_ruled: bool) -> list[Line]:
    program = [*_always(_REFUSED_ALONE, _DENY), *_always(_SKIPPED_ALONE, _SKIP)]
    for call in _ON_ITSELF_ALONE.values():
        program += _where(call, 0, 0xFFFFFFFF, 0, then=_ALLOW, otherwise=_DENY)
    # Each socket of a pair of datagram sockets could send to any path.
    program += _where(_SOCKETPAIR, 1, _SOCKET_TYPE, _SOCKET_STREAM, then=_ALLOW, otherwise=_DENY)
    program += _unless(_IOCTL, 1, _IOCTL_SETS)
    if not signals_scoped:
        program += _always(_REFUSED_UNSCOPED, _DENY)
        for call in _SIGNALS.values():
            program += _where(call, 0, 0xFFFFFFFF, os.getpid(), then=_ALLOW, otherwise=_DENY)
    if not truncation_ruled:
        program += _always(_REFUSED_UNTRUNCATED, _DENY)
    return program


def _number(call: _Numbers) -> int | None:
    return call[_COLUMN[platform.machine()]]


def _always(calls: dict[str, _Numbers], answer: int) -> list[Line]:
    """Return the filter lines that answer these calls, whatever their arguments."""
    numbers = [number for call in calls.values() if (number := _number(call)) is not None]
    return [line for number in numbers for line in ((_EQUAL, 0, 1, number), (_ANSWER, 0, 0, answer))]


def _where(call: _Numbers, argument: int, mask: int, value: int, *, then: int, otherwise: int) -> list[Line]:
    """Return the filter lines that answer a call by the lower 32 bits of one argument, masked."""
    number = _number(call)
    assert number is not None, "every processor here has the calls that are told apart by an argument"
    return [
        (_EQUAL, 0, 5, number),
        (_LOAD, 0, 0, 16 + 8 * argument),
        (_AND, 0, 0, mask),
        (_EQUAL, 0, 1, value),
        (_ANSWER, 0, 0, then),
        (_ANSWER, 0, 0, otherwise),
    ]


def _among(call: _Numbers, argument: int, values: tuple[int, ...]) -> list[Line]:
    """Return the filter lines that refuse a call unless one argument is among these values."""
    return _by_value(call, argument, values, then=_ALLOW, otherwise=_DENY)


def _unless(call: _Numbers, argument: int, values: tuple[int, ...]) -> list[Line]:
    """Return the filter lines that refuse a call if one argument is among these values."""
    return _by_value(call, argument, values, then=_DENY, otherwise=_ALLOW)


def _by_value(call: _Numbers, argument: int, values: tuple[int, ...], *, then: int, otherwise: int) -> list[Line]:
    number = _number(call)
    assert number is not None, "every processor here has the calls that are told apart by an argument"
    tests = [line for value in values for line in ((_EQUAL, 0, 1, value), (_ANSWER, 0, 0, then))]
    return [(_EQUAL, 0, len(tests) + 2, number), (_LOAD, 0, 0, 16 + 8 * argument), *tests, (_ANSWER, 0, 0, otherwise)]
