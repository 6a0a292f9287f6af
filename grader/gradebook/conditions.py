"""What a verdict depends on beside the submission, as digests: where these are the same, a result can be kept."""

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
"""Rooms of the grader that show or keep verdicts and make none; of a new room it is assumed that it has a say."""

LIBRARIES: Final = ("keras", backends.DEFAULT, "numpy", "hypothesis")
"""The libraries that have a say in verdicts."""


def conditions_of(settings: Settings, calibration: Calibration | None) -> Conditions:
    """What a grading with these settings depends on.

    Args:
        settings: How submissions are graded.
        calibration: The accuracy thresholds; `None` where no check needs them.
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
    """Digest of the course with its own checks and data, of the grader's code (contract and checks), and libraries.

    The code and not only its version: whoever changes a check wants to see its verdict, and not the last one's.
    Title, default profile, deadline, groups, leaderboard, and what is said of speed, of which attempt counts, and of
    what students see when, change no verdict and are left out, and so is where the folder of own checks lies.
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
