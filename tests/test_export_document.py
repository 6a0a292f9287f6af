"""Tests of the grader's own JSON, and of the schema that is published for it.

`python -m tests.test_export_document` updates `docs/schemas/results.schema.json`.
"""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest

from grader.exports import Choices, document
from grader.ground.errors import UsageError
from grader.results.scoring import Report, encode
from tests.results import HOSTILE, entries, renamed, report_of, result_of

PUBLISHED = Path(__file__).parent.parent / "docs" / "schemas" / "results.schema.json"
REPORT = report_of(
    result_of("ada", {"subset_data/seeded": "failed"}, message=HOSTILE),
    result_of("grace", problem="the disk is full"),
    renamed(result_of(), HOSTILE),
)


def as_text() -> str:
    return json.dumps(document.schema(), indent=2, ensure_ascii=False) + "\n"


def test_the_published_schema_is_current() -> None:
    assert PUBLISHED.read_text(encoding="utf-8") == as_text(), "run python -m tests.test_export_document"
    jsonschema.Draft202012Validator.check_schema(document.schema())


def test_a_report_is_as_the_schema_says() -> None:
    jsonschema.validate(json.loads(encode(REPORT)), json.loads(PUBLISHED.read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    ("place", "value"),
    [(("schema_version",), 2), (("results", 0, "status"), "passed"), (("results", 0, "checks", 0, "points"), "3")],
)
def test_the_schema_refuses_another_form(place: tuple[str | int, ...], value: object) -> None:
    changed: Any = json.loads(encode(REPORT))
    part = changed
    for key in place[:-1]:
        part = part[key]
    missing = copy.deepcopy(changed)
    part[place[-1]] = value
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(changed, document.schema())
    del missing["results"][0]["submission"]["sha256"]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(missing, document.schema())


def test_what_is_written_is_read_back() -> None:
    assert document.read(encode(REPORT), "results.json") == REPORT
    made = document.write(entries(*REPORT.results), Choices())
    again = msgspec.json.decode(made.content, type=Report)
    assert again == msgspec.structs.replace(REPORT, seconds=33.3)
    assert made.notes == ()


def test_points_by_hand_are_not_in_it_and_that_is_said() -> None:
    (entry,) = entries(result_of("ada"))
    made = document.write([msgspec.structs.replace(entry, penalty=3.0, score=90.0)], Choices())
    assert msgspec.json.decode(made.content, type=Report).results[0].score == 93.0
    assert made.notes == ("Scores are as measured, without points by hand and penalties.",)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"{}", "results.json is no results.json of the grader: Object missing required field `profile`."),
        (b"\xff", "results.json is no results.json of the grader: JSON is malformed: invalid character (byte 0)."),
        (
            encode(msgspec.structs.replace(REPORT, schema_version=2)),
            "results.json has the version 2 of the format, and this grader reads 1; grade again with this grader.",
        ),
    ],
)
def test_what_is_no_report_is_one_sentence(data: bytes, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        document.read(data, "results.json")
    assert str(caught.value) == message


def test_one_report_is_of_one_way_of_grading() -> None:
    first, second = entries(result_of("ada"), result_of("grace"))
    other = msgspec.structs.replace(second, attempt=msgspec.structs.replace(second.attempt, profile="standard"))
    with pytest.raises(UsageError) as caught:
        document.write([first, other], Choices())
    assert str(caught.value) == (
        "a report is of one profile and isolation level, but there is quick at namespaces and standard at "
        "namespaces; choose with --submission."
    )


if __name__ == "__main__":
    PUBLISHED.write_text(as_text(), encoding="utf-8")
