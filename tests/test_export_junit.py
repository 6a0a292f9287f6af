"""Tests of JUnit XML, which is read by a real parser and validated against the schema in `docs/schemas/`."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import msgspec
import pytest
import xmlschema

from grader.exports import Choices, junit
from tests.results import HOSTILE, QUICK, entries, renamed, result_of

SCHEMA = xmlschema.XMLSchema(Path(__file__).parent.parent / "docs" / "schemas" / "junit.xsd")
MIXED = result_of(
    "ada",
    {
        "subset_data/seeded": "failed",
        "subset_data/shuffled": "error",
        "train/validates": "timeout",
        "train/early-stopping": "crashed",
        "predict/in-order": "not_run",
    },
)


def written(*results: object) -> ET.Element:
    data = junit.write(entries(*results), Choices("Course project")).content  # type: ignore[arg-type]
    SCHEMA.validate(data.decode())
    return ET.fromstring(data)


def test_each_status_has_its_element() -> None:
    root = written(MIXED, result_of("grace"))
    assert root.attrib == {
        "name": "Course project",
        "tests": str(2 * len(QUICK)),
        "failures": "1",
        "errors": "3",
        "skipped": "1",
        "time": "22.200",
    }
    suite = root.find("testsuite")
    assert suite is not None
    cases = {case.attrib["name"].partition(":")[0]: case for case in suite.iter("testcase")}
    kinds = {name: [child.tag for child in case] for name, case in cases.items() if len(case)}
    assert kinds == {
        "subset_data/seeded": ["failure"],
        "subset_data/shuffled": ["error"],
        "train/validates": ["error"],
        "train/early-stopping": ["error"],
        "predict/in-order": ["skipped"],
    }
    seeded = cases["subset_data/seeded"]
    assert seeded.attrib == {
        "classname": "task2.subset_data",
        "name": "subset_data/seeded: Same seed, same order; other seeds and None, others",
        "time": "0.000",
    }
    failure = seeded[0]
    assert failure.attrib == {"type": "failed", "message": "Column 0 means label 1."}
    assert failure.text == (
        "Column 0 means label 1.\n    subset_data(x, y)\n    # two lines\nHint: Look at the columns."
    )
    score = {item.attrib["name"]: item.attrib["value"] for item in suite.iter("property")}
    assert score["score"] == "83"
    assert score["profile"] == "quick"


def test_a_submission_that_was_not_graded_has_an_error() -> None:
    root = written(result_of("ada", problem="the disk is full"))
    (error,) = root.iter("error")
    assert error.attrib == {"type": "infrastructure_error", "message": "the disk is full"}
    assert (root.attrib["tests"], root.attrib["errors"]) == (str(len(QUICK) + 1), "1")


def test_hostile_text_is_text() -> None:
    hostile = result_of("eve", {"subset_data/seeded": "failed"}, message=HOSTILE)
    root = written(renamed(hostile, HOSTILE), renamed(hostile, "x" * 100_000))
    (first, second) = root.iter("failure")
    assert first.text is not None
    assert "<script>alert('&')</script> ]]>" in first.text
    assert first.text == second.text
    assert [len(suite.attrib["name"]) <= 200 for suite in root] == [True, True]


def test_when_it_was_graded_is_said_where_it_is_known() -> None:
    (entry,) = entries(MIXED)
    attempt = msgspec.structs.replace(entry.attempt, graded_at="2026-06-01T12:00:00Z")
    data = junit.write([msgspec.structs.replace(entry, attempt=attempt)], Choices()).content
    SCHEMA.validate(data.decode())
    assert ET.fromstring(data)[0].attrib["timestamp"] == "2026-06-01T12:00:00Z"


def test_the_schema_refuses_what_is_no_junit() -> None:
    with pytest.raises(xmlschema.XMLSchemaValidationError):
        SCHEMA.validate("<testsuites><testsuite/></testsuites>")
