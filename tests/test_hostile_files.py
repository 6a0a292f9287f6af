"""Tests with files that are harmful to read: the rest of the class still gets grades and feedback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Final

import pytest

import grader
from grader.course import Course, Settings
from grader.grading.batch import grade_all
from grader.grading.slots import Slot
from grader.results.scoring import Graded
from grader.submissions import SubmissionFile, discover, read_apart, read_submission
from grader.submissions.files import MAX_ID_BYTES

WHEATS: Final = Path(__file__).parent / "wheats"
HONEST: Final = (WHEATS / "plain.py").read_text(encoding="utf-8")
PACKAGE: Final = Path(grader.__file__).parents[1]


def notebook(**keys: Any) -> dict[str, Any]:
    """Return a sound notebook with one code cell and the given additional keys."""
    cell: dict[str, Any] = {
        "cell_type": "code",
        "metadata": {},
        "outputs": [],
        "execution_count": None,
        "source": HONEST,
    }
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [cell | keys]}


def nested(depth: int) -> Any:
    inner: Any = 0
    for _ in range(depth):
        inner = [inner]
    return inner


HOSTILE: Final = {
    "id-is-a-list": json.dumps(notebook(id=[1])),
    "id-is-a-dictionary": json.dumps(notebook(id={})),
    "cells-are-anything": json.dumps({"cells": [1, None, [], {"cell_type": []}, *notebook()["cells"]]}),
    "version-is-no-number": json.dumps(notebook() | {"nbformat": float("nan"), "nbformat_minor": [5]}),
    "metadata-are-deep": json.dumps(notebook() | {"metadata": nested(400)}, indent=1),
    "indented-by-a-million": "{\n" + " " * 1_000_000 + json.dumps(notebook() | {"metadata": [0] * 10_000})[1:],
}


def test_no_notebook_keeps_others_from_their_grades_and_feedback(tmp_path: Path) -> None:
    folder, out = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    for name, text in HOSTILE.items():
        (folder / f"{name}.ipynb").write_text(text)
    names = [*HOSTILE, "n" * 240, "名" * 80]
    for name in names[len(HOSTILE) :]:
        (folder / f"{name}.py").write_text(HONEST)
    command = [
        sys.executable,
        "-m",
        "grader",
        "grade",
        str(folder),
        "--profile",
        "quick",
        "--task",
        "1",
        "-o",
        str(out),
    ]
    environment = os.environ | {"PYTHONPATH": str(PACKAGE)}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    results = json.loads((out / "results.json").read_text())["results"]
    assert [(result["status"], result["score"]) for result in results] == [("graded", 5)] * len(names), results
    feedback = list((out / "feedback").glob("*.md"))
    assert len(feedback) == len(names)
    assert len(list((out / "students").glob("*.html"))) == len(names)
    assert sum(path.stat().st_size for path in out.rglob("*")) < 20_000_000


_LEAVES_A_MARK: Final = """

import contextlib, pathlib
with contextlib.suppress(OSError):
    pathlib.Path({!r}).write_text("ran outside of the sandbox")
"""


def test_no_file_is_imported_where_it_lies_in_the_current_folder(tmp_path: Path) -> None:
    """Two jobs are used, since a new Python process looks for modules in the current folder unless told not to."""
    folder, mark = tmp_path / "in", tmp_path / "mark"
    folder.mkdir()
    names = ("conftest", "multiprocessing", "random", "sitecustomize", "socket")
    for name in names:
        (folder / f"{name}.py").write_text(HONEST + _LEAVES_A_MARK.format(str(mark)))
    (tmp_path / "command.py").write_text("from grader.cli import main\n\nif __name__ == '__main__':\n    main()\n")
    command = [sys.executable, str(tmp_path / "command.py"), "grade", ".", "--profile", "quick", "--task", "1"]
    command += ["--jobs", "2", "--no-gradebook", "--json"]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONSAFEPATH"}
    environment["PYTHONPATH"] = str(PACKAGE)
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert not mark.exists()
    assert done.returncode == 0, done.stderr
    scores = {result["submission"]["id"]: result["score"] for result in json.loads(done.stdout)["results"]}
    assert scores == dict.fromkeys(names, 5.0)


def test_a_long_name_gives_a_short_id_that_is_its_own(tmp_path: Path) -> None:
    for name in ("x" * 200 + "1.py", "x" * 200 + "2.py", "é" * 110 + ".py", "short.py"):
        (tmp_path / name).write_text(HONEST)
    ids = [file.id for file in discover([tmp_path])]
    assert len(set(ids)) == 4
    assert "short" in ids
    assert all(len(name.encode()) <= MAX_ID_BYTES + len("-2") for name in ids)


@pytest.mark.parametrize("path", [WHEATS / "plain.py", WHEATS / "none.py", WHEATS], ids=["sound", "missing", "folder"])
def test_read_apart_it_is_the_same(path: Path) -> None:
    assert read_apart(SubmissionFile("ada", path)) == read_submission(SubmissionFile("ada", path))


def test_a_file_of_an_undecodable_name_is_read_apart_too(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.py"))
    path.write_text(HONEST)
    assert read_apart(SubmissionFile("ada", path)) == read_submission(SubmissionFile("ada", path))


def test_a_file_that_python_cannot_parse_in_time_is_given_up(tmp_path: Path) -> None:
    path = tmp_path / "ada.py"
    path.write_text(f"x = f'{'{a}' * 300_000}'\n")  # Python 3.11 would take an hour for it
    began = time.monotonic()
    submission = read_apart(SubmissionFile("ada", path), seconds=1)
    assert time.monotonic() - began < 60
    later_versions = "There is far more code than six tasks need"
    assert submission.problem.startswith(("ada.py takes more than 1 seconds to be parsed", later_versions))


@pytest.mark.parametrize(
    ("process", "status", "said"),
    [
        ("raise SystemExit(3)", "graded", "plain.py cannot be parsed in the memory that there is for it"),
        ("import os; os.abort()", "graded", "plain.py cannot be parsed in the memory that there is for it"),
        ("raise OSError(1, 'no')", "infrastructure_error", "the process that parses submissions failed (Permission"),
        ("import os; os.kill(os.getpid(), 9)", "infrastructure_error", "the process that parses submissions failed"),
    ],
)
def test_how_the_process_that_parses_ends_says_whose_fault_it_is(
    process: str, status: str, said: str, quick: Slot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("grader.submissions.apart._CODE", process)
    result = quick.grade(SubmissionFile("ada", WHEATS / "plain.py")).result
    assert result.status == status
    assert any(text.startswith(said) for text in (result.problem, result.checks[0].message))


_KILLS_THE_GRADER: Final = """

import os, signal
with open(f"/proc/{os.getppid()}/stat") as file:
    grader = int(file.read().rpartition(")")[2].split()[1])
os.kill(grader, signal.SIGKILL)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/proc tells which process to kill")
@pytest.mark.parametrize("jobs", [1, 2])
def test_who_kills_the_grading_process_costs_nobody_else_a_grade(tmp_path: Path, jobs: int) -> None:
    """This is tried at the level `process`, the only one at which a submission can do that."""
    for name, text in (("a", HONEST + _KILLS_THE_GRADER), ("b", HONEST), ("c", HONEST)):
        (tmp_path / f"{name}.py").write_text(text)
    seen: list[Graded] = []
    settings = Settings(Course(), "quick", frozenset((1,)), "process")
    report = grade_all(discover([tmp_path]), settings, jobs=jobs, on_graded=seen.append)
    statuses = {result.submission.id: (result.status, result.score) for result in report.results}
    assert statuses == {"a": ("infrastructure_error", 0.0), "b": ("graded", 5.0), "c": ("graded", 5.0)}
    assert len(seen) == 3
