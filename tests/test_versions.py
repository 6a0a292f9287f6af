"""Tests that syntax of a later Python version is told apart from a syntax error, and costs no points."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from grader.grading.slots import Slot
from grader.submissions import Submission, SubmissionFile, read_submission, versions
from grader.submissions.versions import OWN_PYTHON, pythons_needed

# Pretend that this is Python 3.11, whose parser refuses these, unlike newer ones.
QUOTES = 'd = {"a": 1}\nprint(f"{d["a"]}")\n'
GENERIC = "def first[T](items: list[T]) -> T:\n    return items[0]\n"
T_STRING = "title = t'{1}'\n"

old_only = pytest.mark.skipif(OWN_PYTHON != "3.11", reason="this Python parses it")


@pytest.fixture(autouse=True)
def as_if_old(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(versions, "OWN_PYTHON", "3.11")


@pytest.mark.parametrize(
    ("text", "needed"),
    [
        (QUOTES, "3.12"),
        (GENERIC, "3.12"),
        ("type Images = list\n", "3.12"),
        ('x = f"{1 +\n2}"\ny = f"{"\\n".join(x)}"\n', "3.12"),
        ("class A[T = int]: pass\n", "3.13"),
        (T_STRING, "3.14"),
        ("try:\n    pass\nexcept ValueError, KeyError:\n    pass\n", "3.14"),
        (f"{T_STRING}{QUOTES}", "3.14"),
        ("x = (\n", ""),
        (f"{QUOTES}x = (\n", ""),
        ("Now we train the model.\n", ""),
        ("print 'a'\n", ""),
        ("def f():\nreturn 1\n", ""),
        ("", ""),
    ],
)
def test_the_python_that_a_text_needs(text: str, needed: str) -> None:
    assert pythons_needed(["x = 1", text, "y = ("]) == ["", needed, ""]


def read(folder: Path, *cells: str, name: str = "a.ipynb") -> Submission:
    notebook = {"cells": [{"cell_type": "code", "source": cell} for cell in cells]}
    (folder / name).write_text(json.dumps(notebook) if name.endswith(".ipynb") else "\n".join(cells))
    return read_submission(SubmissionFile("ada", folder / name))


@old_only
def test_a_file_or_a_cell_that_needs_a_newer_python_says_so(tmp_path: Path) -> None:
    assert read(tmp_path, "x = 1", f"%matplotlib inline\n{QUOTES}", "x = (").needs_python == "3.12"
    assert read(tmp_path, "x = 1", "x = (").needs_python == ""
    assert read(tmp_path, "import os", QUOTES, GENERIC, name="a.py").needs_python == "3.12"
    assert read(tmp_path, "import os", GENERIC, "x = = 1", name="a.py").needs_python == "3.12"
    assert read(tmp_path, "import os", "x = = 1", name="a.py").needs_python == ""
    assert read(tmp_path, QUOTES, name="a.py").too_new == (
        "a.py uses syntax of Python 3.12, and the grader runs on Python 3.11: grade it with Python 3.12 or newer; "
        "`grader doctor` says how."
    )


@old_only
def test_no_mark_is_lost_for_a_newer_python(quick: Slot, tmp_path: Path) -> None:
    text = (Path(__file__).parent / "wheats" / "plain.py").read_text() + QUOTES
    (tmp_path / "a.py").write_text(text)
    result = quick.grade(SubmissionFile("ada", tmp_path / "a.py")).result
    assert (result.status, result.problem) == (
        "infrastructure_error",
        read_submission(SubmissionFile("ada", tmp_path / "a.py")).too_new,
    )
    assert {check.status for check in result.checks} == {"not_run"}
