"""The options that `check` and `grade` have in common, and the settings that result from them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec
from cyclopts import Parameter

from grader.assignment.contract import PROFILES, TASKS
from grader.course import Course, Settings, load_course, on_dataset
from grader.course.datasets import DATASETS
from grader.gradebook.store import FILE
from grader.ground.errors import UsageError
from grader.ground.notes import warn
from grader.sandbox.host.launch import LEVELS, choose_level, why_not

Profile = Literal["quick", "standard", "full"]
FormAsked = Literal["auto", "functions", "guided"]
Level = Literal["process", "landlock", "namespaces"]

GRADEBOOK_FILE: Final = Path(FILE)


@Parameter(name="*")
@dataclass(frozen=True)
class Options:
    """The options that `check` and `grade` have in common."""

    profile: Annotated[
        Profile | None,
        Parameter(help="The checks to run; by default, the course's profile for `grade`, and quick otherwise."),
    ] = None
    task: Annotated[
        tuple[int, ...], Parameter(help="Grade only this task (may be given more than once).", negative="")
    ] = ()
    json: Annotated[bool, Parameter(help="Print one JSON document and nothing else.", negative="")] = False
    output: Annotated[
        Path | None, Parameter(name=["--output", "-o"], help="Also write results and feedback into this folder.")
    ] = None
    course: Annotated[
        Path | None, Parameter(help="The course file; by default, course.toml in the current folder.")
    ] = None
    dataset: Annotated[str | None, Parameter(help="The data set to use instead of the course's.")] = None
    form: Annotated[
        FormAsked | None,
        Parameter(help="The form of the assignment; by default, the course's."),
    ] = None
    require_isolation: Annotated[
        Level | None, Parameter(help="Refuse to run submissions below this isolation level.")
    ] = None


assert set(Profile.__args__) == set(PROFILES)  # type: ignore[attr-defined]
assert Level.__args__ == LEVELS  # type: ignore[attr-defined]


def settings_of(options: Options, *, default_profile: str | None) -> Settings:
    """Return how submissions are graded, from the options and the course file.

    Raises:
        GraderError: If an option or the course file is invalid, or the machine does not offer the required isolation
            level.
    """
    course = with_dataset(load_course(options.course), options.dataset)
    if options.form is not None:
        course = on_dataset(
            msgspec.structs.replace(course, form=options.form), course.dataset, classes=False, mirror=False
        )
    profile = options.profile or default_profile or course.profile
    tasks = frozenset(options.task)
    unknown = tasks - {task.number for task in TASKS}
    if unknown:
        raise UsageError(f"--task {min(unknown)}: there is no such task; the tasks are 1 to {len(TASKS)}.")
    level = choose_level(options.require_isolation)
    if level == "process":
        reasons = "; ".join(why_not(level) for level in reversed(LEVELS) if level != "process")
        warn(f"submissions are not isolated here ({reasons}).")
    return Settings(course, profile, tasks, level)


def with_dataset(course: Course, name: str | None) -> Course:
    """Return the course, with another data set if one is named.

    Raises:
        UsageError: If there is no such data set.
    """
    if name is None:
        return course
    if name not in DATASETS and not Path(name).exists():
        raise UsageError(
            f"--dataset {name}: there is no such data set; choose one of {', '.join(DATASETS)}, or a path."
        )
    return on_dataset(course, name if name in DATASETS else str(Path(name).resolve()))


def parse_moment(option: str, text: str) -> datetime:
    """Parse a date and time that was given with an option.

    Raises:
        UsageError: If it is not a date and time, or has no time zone.
    """
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is not None:
            return moment
    except ValueError:
        pass
    raise UsageError(f"{option} {text}: give date, time and time zone, as in 2026-06-30T23:59:00+02:00.")
