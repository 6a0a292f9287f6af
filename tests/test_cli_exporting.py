"""Tests of the commands `grader export` and `grader package`."""

from __future__ import annotations

import importlib
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from grader.cli import main
from grader.exports import FORMATS, Format
from grader.grading.batch import write_report
from tests.results import report_of, result_of
from tests.test_cli import grader

PROJECT = Path(__file__).parent.parent

Run = Callable[..., tuple[int, str, str]]

WORKSHEET = (
    "Identifier,Full name,Grade,Maximum Grade,Feedback comments\nParticipant 1,ada,,93.00,\nParticipant 2,bo,,93.00,\n"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with results, as written by `grader grade -o reports`, and a worksheet."""
    write_report(report_of(result_of("ada"), result_of("grace")), tmp_path / "reports")
    (tmp_path / "worksheet.csv").write_text(WORKSHEET)
    return tmp_path


@pytest.fixture
def run(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command in this process, since none of these grades; returns exit status, standard output and error."""
    monkeypatch.setenv("PYTHONSAFEPATH", "1")  # the command sets it; this way it is undone after the test

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.chdir(folder)
        monkeypatch.setattr("sys.argv", ["grader", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        assert isinstance(ended.value.code, int)
        return ended.value.code, *capsys.readouterr()

    return run


@pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.name)
def test_every_format_is_written(form: Format, folder: Path, run: Run) -> None:
    arguments = ["--into", "worksheet.csv"] if form.worksheet == "must" else []
    status, text, _ = run("export", form.name, "--submission", "ada", "-o", "out", *arguments)
    assert (status, text) == (0, f"Wrote out for {form.name}: 1 submission.\n")
    assert (folder / "out").stat().st_size > 100
    assert {path.name for path in folder.iterdir()} == {"out", "reports", "worksheet.csv"}


def test_a_worksheet_is_filled_and_the_unmatched_are_named(folder: Path, run: Run) -> None:
    status, text, notes = run("export", "moodle", "--into", "worksheet.csv", "-o", "filled.csv")
    assert (status, text) == (0, "Wrote filled.csv for moodle: 2 submissions.\n")
    assert notes == (
        "grader: note: In no row, so left out: grace.\n"
        "grader: note: Rows without a submission, left as they were: bo.\n"
    )
    assert (folder / "worksheet.csv").read_text() == WORKSHEET
    assert (folder / "filled.csv").read_text().splitlines()[1].startswith('Participant 1,ada,93,93.00,"93 of 93 points')


def test_the_assignment_is_named_after_the_course(folder: Path, run: Run) -> None:
    (folder / "course.toml").write_text('title = "Project 3"\n')
    assert run("export", "canvas", "-o", "canvas.csv")[0] == 0
    assert (folder / "canvas.csv").read_text().startswith("Student,ID,SIS User ID,SIS Login ID,Section,Project 3\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["export", "excel", "-o", "x"],
            "excel: there is no such format; choose one of gradescope, canvas, moodle, nbgrader, junit, json.",
        ),
        (
            ["export", "junit", "--from", "no.json", "-o", "x"],
            "no.json: there are no results; `grader grade -o reports` writes some, or name them with --from.",
        ),
        (["export", "moodle", "--into", "no.csv", "-o", "x"], "no.csv: there is no such file."),
        (
            ["export", "junit", "--from", "worksheet.csv", "-o", "x"],
            "worksheet.csv is no results.json of the grader: JSON is malformed: invalid character (byte 0).",
        ),
        (
            ["export", "junit", "--into", "worksheet.csv", "-o", "x"],
            "--into worksheet.csv: junit fills no file of another system; leave it out.",
        ),
        (
            ["export", "junit", "--submission", "eve", "-o", "x"],
            "--submission eve: there is no such submission in the results.",
        ),
        (
            ["export", "gradescope", "--submission", "ada", "--hide", "train/valid", "-o", "x"],
            "--hide train/valid: there is no such check; docs/checks.md lists them all.",
        ),
    ],
)
def test_wrong_use_is_one_sentence_and_writes_nothing(
    arguments: list[str], message: str, folder: Path, run: Run
) -> None:
    assert run(*arguments) == (2, "", f"grader: {message}\n")
    assert {path.name for path in folder.iterdir()} == {"reports", "worksheet.csv"}


def test_a_gradebook_gives_what_counts_in_the_end(folder: Path, run: Run) -> None:
    store = pytest.importorskip("grader.gradebook.store", reason="there is no gradebook yet")
    records = importlib.import_module("grader.gradebook.records")
    conditions = records.Conditions("c", "", "quick", (), "namespaces", "0.1.0")
    noon = "2026-06-01T12:00:00Z"
    with store.Gradebook.open(folder / "gradebook.db") as book:
        for name in ("ada", "grace"):
            book.add(conditions, result_of(name), graded_at=noon)
        book.adjust("ada", -3.0, reason="Handed in as PDF.", by="bo", at=noon)
    status, text, _ = run("export", "nbgrader", "--from", "gradebook.db", "-o", "grades.csv")
    assert (status, text) == (0, "Wrote grades.csv for nbgrader: 2 submissions.\n")
    rows = [line.split(",") for line in (folder / "grades.csv").read_text().splitlines()[1:]]
    assert [(row[3], row[9]) for row in rows] == [("ada", "90"), ("grace", "93")]


def test_hidden_checks_are_hidden(folder: Path, run: Run) -> None:
    arguments = ("--submission", "ada", "--hide", "train/validates", "-o", "x.json")
    assert run("export", "gradescope", *arguments)[0] == 0
    tests = json.loads((folder / "x.json").read_text())["tests"]
    assert [test["number"] for test in tests if test["visibility"] == "after_published"] == ["5"]


def test_the_autograder_is_packaged_with_the_course(folder: Path) -> None:
    course, made = folder / "course.toml", folder / "autograder.zip"
    course.write_text('profile = "quick"\n')
    options = ("--hide", "train/validates", "--course", course, "-o", made)
    done = grader("package", "gradescope", *options, cwd=PROJECT)
    said = f"Wrote {made}: upload it to Gradescope under Configure Autograder.\n"
    assert (done.returncode, done.stdout, done.stderr) == (0, said, "")
    with zipfile.ZipFile(made) as archive:
        assert archive.read("course.toml") == b'profile = "quick"\n'
        assert json.loads(archive.read("autograder.json")) == {"profile": "quick", "hidden": ["train/validates"]}


def test_a_graded_notebook_comes_back_with_its_feedback(tmp_path: Path) -> None:
    """`grade` and `check` write a copy of the notebook beside the Markdown, and leave the notebook alone."""
    source = Path(__file__).parent / "wheats" / "one_cell.ipynb"
    notebook = tmp_path / "ada.ipynb"
    notebook.write_bytes(source.read_bytes())
    (tmp_path / "grace.py").write_text("x = 1\n")
    options = ("--profile", "quick", "--task", "1", "-o", "out")
    done = grader("grade", "ada.ipynb", "grace.py", *options, "--jobs", "1", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    names = {path.name for path in (tmp_path / "out" / "feedback").iterdir()}
    assert names == {"ada.md", "ada.ipynb", "grace.md"}
    first, code = json.loads((tmp_path / "out" / "feedback" / "ada.ipynb").read_text())["cells"]
    assert "".join(first["source"]).startswith("# Feedback: ada\n\n**5 of 5 points**, profile quick.\n")
    assert [code] == json.loads(source.read_text())["cells"]
    assert notebook.read_bytes() == source.read_bytes()
    again = grader("check", "out/feedback/ada.ipynb", "--task", "1", "-o", "second", cwd=tmp_path)
    assert again.returncode == 0, again.stderr
    second = json.loads((tmp_path / "second" / "feedback" / "ada.ipynb").read_text())["cells"]
    assert second == [first, code]
