"""The zip file that Gradescope takes as an autograder: the same bytes for the same grader and course."""

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
from grader.course.own import FOLDER, files_of
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
"""The result that stands until there is another; without a score, so that Gradescope shows it as failed."""


def build_wheel(folder: Path) -> Path:
    """Build the project's own wheel.

    Args:
        folder: Where to write it.

    Returns:
        The wheel.

    Raises:
        UsageError: The project's sources are not here.
        GraderError: They do not build.
    """
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    done = subprocess.run(command, cwd=_sources(), capture_output=True, text=True, timeout=_BUILD_SECONDS)
    wheels = list(folder.glob("*.whl"))
    if done.returncode != 0 or len(wheels) != 1:
        lines = (done.stderr or done.stdout).strip().splitlines()
        raise GraderError(f"the project's wheel cannot be built: {lines[-1] if lines else 'hatchling says nothing'}.")
    return wheels[0]


def _sources() -> Path:
    """The folder of the project: where the running grader lies, else the current one."""
    for folder in (Path(grader.__file__).resolve().parent.parent, Path.cwd()):
        file = folder / "pyproject.toml"
        if file.exists() and tomllib.loads(file.read_text(encoding="utf-8")).get("project", {}).get("name") == _PROJECT:
            return folder
    raise UsageError("the project's sources are needed to package it; run this in the folder with its pyproject.toml.")


def own_data(file: Path) -> dict[str, bytes]:
    """The files of a course's own data, and its thresholds, by their paths beside the course file; else none.

    Args:
        file: The course file.

    Raises:
        UsageError: The data lie somewhere else.
        GraderError: They cannot be read.
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
    """Put the zip file together.

    Args:
        wheel: The project.
        course: The text of the course file.
        profile: The profile that is graded.
        hidden: Ids of checks that students see only once grades are published.
        data: The course's own data; see `own_data`.
        own: The checks of the course's own, whose folder goes along.
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
            # With a time and a system of their own, so that the bytes do not depend on when and where.
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.create_system = 3
            entry.external_attr = (0o100755 if name in ("setup.sh", "run_autograder") else 0o100644) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)
    return out.getvalue()
