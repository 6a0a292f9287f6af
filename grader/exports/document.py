"""The grader's own JSON, as printed by `--json` and written to `results.json`, and its JSON Schema."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from grader.exports.records import Choices, Export, report_of
from grader.exports.tables import listed
from grader.gradebook.records import Entry
from grader.ground.errors import UsageError
from grader.results.scoring import SCHEMA_VERSION, Report, encode

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


def write(entries: Sequence[Entry], _choices: Choices) -> Export:
    """Write the report as it was measured, without students who are excused.

    The format has no place for points by hand, penalties and excuses; notes say what is missing because of that.

    Raises:
        UsageError: If the entries were graded with different profiles or at different isolation levels.
    """
    counted = [entry for entry in entries if not entry.excused]
    excused = [entry.student for entry in entries if entry.excused]
    changed = any(entry.adjustments or entry.penalty for entry in counted)
    notes = (
        *(["Scores are as measured, without points by hand and penalties."] if changed else ()),
        *([f"Excused, so left out: {listed(excused)}."] if excused else ()),
    )
    return Export(encode(report_of(counted)), notes)


def read(data: bytes, name: str) -> Report:
    """Read a report.

    Args:
        data: The JSON document.
        name: The file's name in error messages.

    Raises:
        UsageError: If it is not a report, or its version of the format is not the one that this grader reads.
    """
    try:
        report = msgspec.json.decode(data, type=Report)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(f"{name} is no results.json of the grader: {error}.") from None
    if report.schema_version != SCHEMA_VERSION:
        raise UsageError(
            f"{name} has the version {report.schema_version} of the format, and this grader reads {SCHEMA_VERSION}; "
            "grade again with this grader."
        )
    return report


def schema() -> dict[str, Any]:
    """Return the JSON Schema of a report, generated from the records, with every field required."""
    made = msgspec.json.schema(Report)
    for record in made["$defs"].values():
        # msgspec makes fields with defaults optional, but the grader always writes them.
        record["required"] = list(record["properties"])
        record["description"] = inspect.cleandoc(record["description"])
    made["$defs"]["Report"]["properties"]["schema_version"] = {"const": SCHEMA_VERSION}
    return {"$schema": _DIALECT, "title": "A report of keras-course-grader", **made}
