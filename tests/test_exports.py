"""Tests of the list of export formats, and of the page that describes them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import jsonschema
import msgspec

from grader.exports import (
    FORMATS,
    Choices,
    canvas,
    document,
    entries_of,
    gradescope,
    junit,
    moodle,
    nbgrader,
    report_of,
)
from grader.results.artefacts import Measured
from tests.results import entries, result_of
from tests.results import report_of as made_report

PAGE = (Path(__file__).parent.parent / "docs" / "formats.md").read_text(encoding="utf-8")


def test_each_format_is_on_the_page() -> None:
    assert re.findall(r"^\| `grader export (\w+)` \|", PAGE, re.MULTILINE) == [form.name for form in FORMATS]


def test_the_json_on_the_page_is_what_the_schema_and_the_formats_say() -> None:
    report, cell, results, board = [json.loads(text) for text in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)]
    jsonschema.validate(report, document.schema())
    assert cell["cell_type"] == "markdown"
    (entry,) = entries_of(made_report(result_of("ada", {"train/early-stopping": "failed"})))
    form = next(form for form in FORMATS if form.name == "gradescope")
    written = json.loads(form.write([entry], Choices()).content)
    assert {key: written[key] for key in results if key != "tests"} == {
        key: value for key, value in results.items() if key != "tests"
    }
    measured = Measured(0.8461, 0.67, 51.0, 800)
    ranked = gradescope.document(entry, leaderboard=("accuracy", "score"), measured=measured)
    assert ranked["leaderboard"] == board["leaderboard"]
    (test,) = [test for test in written["tests"] if test["tags"] == ["task 5", "failed"]]
    assert {key: test[key] for key in results["tests"][0] if key != "output"} == {
        key: value for key, value in results["tests"][0].items() if key != "output"
    }


def test_the_columns_on_the_page_are_those_that_are_written() -> None:
    assert f"\n{','.join(nbgrader.COLUMNS)}\n" in PAGE


def test_a_report_becomes_entries_and_comes_back() -> None:
    report = made_report(result_of("ada"), result_of("grace", problem="the disk is full"))
    found = entries_of(report)
    assert [(entry.score, entry.attempts, entry.attempt.number) for entry in found] == [(93.0, 1, 0), (None, 1, 0)]
    assert report_of(found).results == report.results


def test_every_format_leaves_who_is_excused_without_points() -> None:
    graded, excused = entries(result_of("ada"), result_of("ben"))
    both = (graded, msgspec.structs.replace(excused, score=None, excused=True))
    assert b"ben,,,ben,,EX\r\n" in canvas.write(both, Choices()).content
    downloaded = b"Student,ID,SIS User ID,SIS Login ID,Section,Project (1)\r\nBen,7,b,ben,A,50\r\n"
    filled = canvas.write(both, Choices("Project", downloaded))
    assert filled.content.endswith(b"Ben,7,b,ben,A,EX\r\n")
    assert "Excused, so without points: ben." in filled.notes
    worksheet = b"Identifier,Full name,Grade,Maximum Grade,Feedback comments\r\nParticipant 7,ben,50,93.00,\r\n"
    assert moodle.write(both, Choices(worksheet=worksheet)).content.endswith(
        b'ben,,93.00,"You are excused, so there is no score."\r\n'
    )
    assert b",ben,,,,,,,93\r\n" in nbgrader.write(both, Choices()).content
    junit_case = b'<skipped type="excused" message="You are excused, so there is no score.">'
    assert junit_case in junit.write(both, Choices()).content
    made = document.write(both, Choices())
    assert (b'"ben"' in made.content, made.notes) == (False, ("Excused, so left out: ben.",))
    alone = gradescope.document(both[1])
    assert "score" not in alone
    assert alone["output"] == "You are excused, so there is no score."
