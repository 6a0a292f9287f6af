"""Building the zip file that is uploaded to Gradescope; the same grader and course give the same bytes."""

from __future__ import annotations

import io
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

import grader
from grader.course import NO_OWN, OwnChecks, load_course
from grader.course.datasets import is_own
from grader.course.own_checks import FOLDER, files_of
from grader.course.thresholds import CALIBRATION_FILE, calibration_file
from grader.exports import gradescope
from grader.exports.gradescope_package.run import CONFIGURATION, Configuration
from grader.ground.errors import GraderError, UsageError

_PROJECT: Final = "keras-course-grader"
_HERE: Final = Path(__file__).parent
_BUILD_SECONDS: Final = 120

UNFINISHED: Final[dict[str, Any]] = {
    "output": "The autograder ended before it could say anything, so there is no score.\n"
    "It costs no marks. Your instructor can run the autograder again.",
    "output_format": "text",
    "stdout_visibility": "hidden",
    "tests": [],
}
"""The result that is in place until there is another; it has no score, so Gradescope shows a failed grading."""


def build_wheel(folder: Path) -> Path:
    """Build the project's own wheel.

    Args:
        folder: The folder to write it to.

    Returns:
        The path of the wheel.

    Raises:
        UsageError: If the project's sources cannot be found.
        GraderError: If the build fails.
    """
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    done = subprocess.run(command, cwd=_sources(), capture_output=True, text=True, timeout=_BUILD_SECONDS)
    wheels = list(folder.glob("*.whl"))
    if done.returncode != 0 or len(wheels) != 1:
        lines = (done.stderr or done.stdout).strip().splitlines()
        raise GraderError(f"the project's wheel cannot be built: {lines[-1] if lines else 'hatchling says nothing'}.")
    return wheels[0]


def _sources() -> Path:
    """Return the folder with the project's sources: that of the running grader, or else the current folder."""
    for folder in (Path(grader.__file__).resolve().parent.parent, Path.cwd()):
        file = folder / "pyproject.toml"
        if file.exists() and tomllib.loads(file.read_text(encoding="utf-8")).get("project", {}).get("name") == _PROJECT:
            return folder
    raise UsageError("the project's sources are needed to package it; run this in the folder with its pyproject.toml.")


def own_data(file: Path) -> dict[str, bytes]:
    """Return the files of a course's own data and its thresholds; empty if the course uses a built-in data set.

    Args:
        file: The course file.

    Returns:
        The contents of the files, by their paths relative to the course file.

    Raises:
        UsageError: If the data are outside of the course file's folder.
        GraderError: If they cannot be read.
    """
    dataset = load_course(file).dataset if file.exists() else ""
    if not dataset or not is_own(dataset):
        return {}
    folder, path = file.parent.resolve(), Path(dataset)
    if not path.is_relative_to(folder):
        raise UsageError(f"{file}: dataset: lies outside of {folder}; put it beside the course file to package it.")
    every = [path] if path.is_file() else [each for each in path.rglob("*") if each.is_file()]
    every += [each for each in (calibration_file(dataset),) if each.exists()]
    try:
        return {each.relative_to(folder).as_posix(): each.read_bytes() for each in every}
    except OSError as error:
        raise GraderError(f"{path}: cannot be read ({error.strerror}).") from error


def autograder_zip(
    wheel: Path,
    *,
    course: str,
    profile: str,
    hidden: frozenset[str] = frozenset(),
    data: Mapping[str, bytes] | None = None,
    own: OwnChecks = NO_OWN,
) -> bytes:
    """Build the zip file.

    Args:
        wheel: The path of the project's wheel.
        course: The text of the course file.
        profile: The profile to grade with.
        hidden: The ids of the checks that students see only once grades are published.
        data: The course's own data; see `own_data`.
        own: The course's own checks, whose folder is included.

    Returns:
        The content of the zip file.
    """
    configuration = Configuration(profile, tuple(sorted(hidden)))
    files = {
        **(data or {}),
        "setup.sh": (_HERE / "setup.sh").read_bytes(),
        "run_autograder": (_HERE / "run_autograder").read_bytes(),
        wheel.name: wheel.read_bytes(),
        "course.toml": course.encode(),
        "calibration.json": CALIBRATION_FILE.read_bytes(),
        CONFIGURATION: msgspec.json.encode(configuration),
        "unfinished.json": gradescope.encode(UNFINISHED),
    }
    if own.folder:
        files |= {f"{FOLDER}/{name}": content for name, content in files_of(Path(own.folder)).items()}
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in sorted(files.items()):
            # A fixed time and system, so that the bytes do not depend on when and where the file is built.
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.create_system = 3
            entry.external_attr = (0o100755 if name in ("setup.sh", "run_autograder") else 0o100644) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)
    return out.getvalue()
