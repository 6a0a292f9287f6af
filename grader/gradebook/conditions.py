"""Digests of everything but the submission that a verdict depends on; while they are the same, a result is kept."""

from __future__ import annotations

import hashlib
from importlib.metadata import version
from pathlib import Path
from typing import Final

import msgspec

import grader
from grader.assignment.contract import TASKS
from grader.course import Course, Late, Settings, Speed, Visibility
from grader.course.datasets import fingerprint, is_own
from grader.course.thresholds import Calibration
from grader.gradebook.records import Conditions
from grader.sandbox.wire import backends

_WITHOUT_A_SAY: Final = ("cli", "exports", "gradebook", "reports", "speed")
"""Subpackages that only show or store verdicts.  Any other, and so a new one, is assumed to influence them."""

LIBRARIES: Final = ("keras", backends.DEFAULT, "numpy", "hypothesis")
"""The libraries that influence verdicts."""


def conditions_of(settings: Settings, calibration: Calibration | None) -> Conditions:
    """Return the conditions of a grading with these settings.

    Args:
        settings: How submissions are graded.
        calibration: The accuracy thresholds; `None` if no check needs them.
    """
    everything = settings.tasks == {task.number for task in TASKS}
    return Conditions(
        course=course_digest(settings.course),
        calibration="" if calibration is None else _digest(msgspec.json.encode(calibration, order="deterministic")),
        profile=settings.profile,
        tasks=() if everything else tuple(sorted(settings.tasks)),
        isolation=settings.level,
        grader=grader.__version__,
    )


def course_digest(course: Course) -> str:
    """Return a digest of the course with its own checks and data, the grader's code, and its libraries' versions.

    The code is included and not only its version, because whoever changes a check wants to see the new check's verdict
    and not the kept result of the old one.  Settings that change no verdict are left out: title, default profile,
    deadline, groups, leaderboard, the settings for speed, which attempt counts, what students see when, and where the
    folder with the course's own checks is.
    """
    judging = msgspec.structs.replace(
        course,
        title="",
        profile="",
        late=Late(),
        speed=Speed(),
        attempts="last",
        groups="none",
        visibility=Visibility(),
        leaderboard=(),
        own=msgspec.structs.replace(course.own, folder=""),
    )
    parts = [msgspec.json.encode(judging, order="deterministic")]
    if is_own(course.dataset):
        parts.append(fingerprint(Path(course.dataset)).encode())
    package = Path(grader.__file__).parent
    for path in sorted(package.rglob("*.py")):
        name = path.relative_to(package)
        if name.parts[0] not in _WITHOUT_A_SAY:
            parts.append(f"{name.as_posix()} {_digest(path.read_bytes())}".encode())
    parts += [f"{library} {version(library)}".encode() for library in LIBRARIES]
    return _digest(b"\n".join(parts))


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
