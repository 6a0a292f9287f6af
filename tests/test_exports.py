"""The list of formats, and the page that describes them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import jsonschema

from grader.exports import FORMATS, Choices, document, entries_of, gradescope, nbgrader, report_of
from grader.results.artefacts import Measured
from tests.results import report_of as made_report
from tests.results import result_of

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
