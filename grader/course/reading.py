"""Reading `course.toml`: from its text to a validated `Course`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, get_args

import msgspec

from grader.assignment import contract
from grader.assignment.requirements import Bands, Requirements
from grader.course.datasets import DATASETS
from grader.course.own_checks import FOLDER, NO_OWN, OwnChecks, read_own
from grader.course.requirements import check_requirements
from grader.course.settings import (
    Accuracy,
    Counted,
    Course,
    CourseLimits,
    Form,
    Full,
    Groups,
    Late,
    Legacy,
    Moment,
    Ranked,
    Speed,
    Visibility,
    checks_by_id,
    on_dataset,
)
from grader.ground.errors import UsageError, in_words, nearest

COURSE_FILE: Final = "course.toml"


def load_course(path: Path | None = None) -> Course:
    """Read and validate a course file.

    Args:
        path: The file.  `None` for `course.toml` in the current directory; if that does not exist, the defaults.

    Raises:
        UsageError: If the file cannot be read, is not TOML, or has an invalid setting.
    """
    if path is None:
        path = Path(COURSE_FILE)
        if not path.exists():
            return Course()
    try:
        text = path.read_bytes().decode()
    except FileNotFoundError:
        raise UsageError(f"{path}: there is no such course file.") from None
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror}).") from None
    except UnicodeDecodeError:
        raise UsageError(f"{path}: is not UTF-8 text; save it as UTF-8.") from None
    course = parse_course(text, where=str(path), folder=path.parent, own=read_own(path.parent / FOLDER))
    # Paths in a course file are relative to it, not to the folder that the grader is called from.
    shared = tuple(str(path.parent / folder) for folder in course.late.days_shared_with)
    return msgspec.structs.replace(course, late=msgspec.structs.replace(course.late, days_shared_with=shared))


def parse_course(text: str, *, where: str = COURSE_FILE, folder: Path = Path(), own: OwnChecks = NO_OWN) -> Course:
    """Validate the text of a course file.

    Args:
        text: The text.
        where: The file, for messages.
        folder: The folder that paths in it are relative to.
        own: The course's own checks; the course file may refer to them.

    Raises:
        UsageError: If it is not TOML, or has an invalid setting.
    """
    try:
        table = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        reason = "too deeply nested" if isinstance(error, RecursionError) else str(error)
        raise UsageError(f"{where}: is not TOML: {reason}.") from None
    _refuse_unknown_keys(table, where)
    # msgspec validates types and ranges below.  These come first, because msgspec does not know the ids of checks and
    # cannot suggest the word that was probably meant.
    checks = checks_by_id(own)
    _check_points(table.get("points", {}), checks, where)
    _find_dataset(table, where, folder)
    check_requirements(table.get("requirements", {}), list(checks), table.get("form"), where)
    _check_word("profile", table, contract.PROFILES, where)
    _check_word("attempts", table, get_args(Counted), where)
    _check_word("groups", table, get_args(Groups), where)
    _check_word("leaderboard", table, get_args(Ranked), where)
    _check_word("form", table, get_args(Form), where)
    _check_word("legacy", table, get_args(Legacy), where)
    _check_deadline(table.get("late", {}), where)
    _check_visibility(table, checks, where)
    # `own` is not read from the table: `_refuse_unknown_keys` refuses a key of that name.
    try:
        course = msgspec.structs.replace(msgspec.convert(table, Course), own=own)
    except msgspec.ValidationError as error:
        raise UsageError(f"{where}: {in_words(str(error))}.") from None
    if len(course.classes) < 2:
        raise UsageError(f"{where}: classes: name at least two classes.")
    if len(set(course.classes)) < len(course.classes):
        doubled = next(label for label in course.classes if course.classes.count(label) > 1)
        raise UsageError(f"{where}: classes: {doubled} is there twice.")
    if course.speed.full_ratio >= course.speed.no_ratio:
        raise UsageError(f"{where}: speed.full_ratio: must be less than speed.no_ratio, {course.speed.no_ratio:g}.")
    return _settled(course, table, where)


def _find_dataset(table: dict[str, Any], where: str, folder: Path) -> None:
    """Replace the path of a course's own data set, which is relative to the course file, by an absolute path.

    Args:
        table: The course file as it was read from TOML; changed in place.
        where: The file, for messages.
        folder: The folder of the course file.

    Raises:
        UsageError: If there is neither such a file or folder nor a data set of that name.
    """
    name = table.get("dataset")
    if not isinstance(name, str) or name in DATASETS:
        return
    if name and (folder / name).exists():
        table["dataset"] = str((folder / name).resolve())
    elif "/" in name or "." in name:
        raise UsageError(f"{where}: dataset: there is no file or folder {folder / name}.")
    else:
        raise UsageError(f"{where}: dataset: {name!r} is unknown{nearest(name, DATASETS)}")


def _settled(course: Course, table: Mapping[str, Any], where: str) -> Course:
    """Fill in the settings that depend on the data set and that the course file leaves out: classes, mirroring, form.

    Raises:
        UsageError: If the data set cannot be used for a course, or a setting does not fit it.
    """
    try:
        mirror = "mirror" not in table.get("accuracy", {})
        return on_dataset(course, course.dataset, classes="classes" not in table, mirror=mirror)
    except UsageError as error:
        raise UsageError(f"{where}: {error}") from None


def _refuse_unknown_keys(table: Mapping[str, Any], where: str) -> None:
    """Refuse the first unknown key, with its path and the most similar key that exists.

    msgspec refuses unknown keys too, but cannot suggest the one that was probably meant.

    Raises:
        UsageError: If there is an unknown key.
    """
    records: dict[str, type[msgspec.Struct]] = {
        "": Course,
        "limits": CourseLimits,
        "accuracy": Accuracy,
        "full": Full,
        "speed": Speed,
        "late": Late,
        "visibility": Visibility,
        "requirements": Requirements,
        "requirements.accuracy": Bands,
    }
    for name, record in records.items():
        part: Any = table
        for step in name.split(".") if name else ():
            part = part.get(step, {}) if isinstance(part, dict) else {}
        if not isinstance(part, dict):
            continue  # of the wrong type: msgspec reports it later
        known = [field.encode_name for field in msgspec.structs.fields(record) if field.type is not OwnChecks]
        for key in part:
            if key not in known:
                meant = nearest(key, known)
                raise UsageError(f"{where}: {f'{name}.' if name else ''}{key}: unknown key{meant}")


def _check_points(points: Any, checks: Mapping[str, contract.Check], where: str) -> None:
    if not isinstance(points, dict):
        raise UsageError(f'{where}: points: expected a table such as [points] with lines like "train/validates" = 2.')
    for check_id, value in points.items():
        if check_id not in checks:
            if isinstance(value, dict):
                raise UsageError(f'{where}: points.{check_id}: a check id goes in quotes, as in "train/validates" = 2.')
            raise UsageError(f"{where}: points.{check_id}: unknown check{nearest(check_id, list(checks))}")
        # bool is a subclass of int, but `= true` is not a number of points.
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise UsageError(f"{where}: points.{check_id}: expected a number.")
        if not 0 <= value <= 10_000:  # refuses NaN too
            raise UsageError(f"{where}: points.{check_id}: expected points between 0 and 10000, got {value}.")


def _check_word(key: str, table: Mapping[str, Any], words: Sequence[str], where: str) -> None:
    found = table.get(key)
    for value in found if isinstance(found, list) else [found]:
        if isinstance(value, str) and value not in words:
            raise UsageError(f"{where}: {key}: {value!r} is unknown{nearest(value, words)}")


def _check_deadline(late: Any, where: str) -> None:
    if isinstance(late, dict) and "deadline" in late:
        try:
            msgspec.convert(late["deadline"], Moment)
        except msgspec.ValidationError:
            example = "2026-06-30T23:59:00+02:00"
            raise UsageError(f"{where}: late.deadline: expected date, time and time zone, as in {example}.") from None


def _check_visibility(table: dict[str, Any], checks: Mapping[str, contract.Check], where: str) -> None:
    """Validate `[visibility]`, and replace a date in `hidden_until` by its text.

    `Visibility.hidden_until` is a text because it may also be the word `deadline`; TOML gives a date as a `datetime`.

    Args:
        table: The course file as it was read from TOML; changed in place.
        checks: All checks by their ids.
        where: The file, for messages.

    Raises:
        UsageError: If a check is unknown, or the date is missing or invalid.
    """
    visibility = table.get("visibility")
    if not isinstance(visibility, dict):
        return
    chosen = [(key, name) for key in ("details", "scores") for name in _words(visibility.get(key))]
    for key, name in chosen:
        if name not in checks:
            raise UsageError(f"{where}: visibility.{key}: {name}: unknown check{nearest(name, list(checks))}")
    until = visibility.get("hidden_until")
    if until is None:
        if chosen:
            raise UsageError(f'{where}: visibility.hidden_until: say until when, as in hidden_until = "deadline".')
        return
    if until == "deadline":
        if not isinstance(table.get("late"), dict) or "deadline" not in table["late"]:
            raise UsageError(f'{where}: visibility.hidden_until: is "deadline", but late.deadline is not set.')
        return
    try:
        table["visibility"] = {**visibility, "hidden_until": msgspec.convert(until, Moment).isoformat()}
    except msgspec.ValidationError:
        example = "2026-06-30T23:59:00+02:00"
        raise UsageError(
            f'{where}: visibility.hidden_until: expected "deadline", or date, time and time zone, as in {example}.'
        ) from None


def _words(value: Any) -> list[str]:
    return [word for word in value if isinstance(word, str)] if isinstance(value, list) else []
