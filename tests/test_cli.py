"""Tests of the command line in real processes with real files: exit statuses, and one sentence for each error."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

SAMPLES = Path(__file__).parent.parent / "submissions"


def grader(*arguments: object, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command; plain output, 80 columns wide."""
    env = {**os.environ, "COLUMNS": "80", "NO_COLOR": "1", **environment}
    command = [sys.executable, "-m", "grader", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, env=env, timeout=600)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["check", "nothing.py"], "grader: nothing.py: there is no such file or folder."),
        (["check"], 'grader: Command "check" parameter FILE requires an argument; see `grader check --help`.'),
        (["check", "x.py", "y.py"], "grader: y.py: is one argument too many; see `grader check --help`."),
        (["chekc", "x.py"], "grader: chekc: there is no such command; see `grader --help`."),
        (["check", "x.py", "--tsk", "2"], "grader: Unknown option: --tsk. Did you mean --task?"),
        (
            ["export", "moodle", "-o", "x.csv"],
            "grader: reports/results.json: there are no results; `grader grade -o reports` writes some, or name them "
            "with --from.",
        ),
        (["check", "x.py", "--task", "9"], "grader: --task 9: there is no such task; the tasks are 1 to 6."),
        (["grade", "x.py", "--jobs", "0"], "grader: --jobs 0: give a number of 1 or more."),
        (["grade", "empty"], "grader: empty: there are no submissions here; a submission is a .py or .ipynb."),
        (["check", "x.py", "--course", "no.toml"], "grader: no.toml: there is no such course file."),
        (
            ["check", "x.py", "--dataset", "mnst"],
            "grader: --dataset mnst: there is no such data set; choose one of cifar10, shapes, cifar100, mnist, "
            "fashion_mnist, or a path.",
        ),
        (["new", "x.py"], "grader: x.py: is there already and was left as it is; choose another name."),
    ],
)
def test_wrong_use_is_one_sentence_and_exit_status_2(arguments: list[str], message: str, tmp_path: Path) -> None:
    (tmp_path / "x.py").write_text("")
    (tmp_path / "empty").mkdir()
    done = grader(*arguments, cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr.strip()) == (2, "", message)


def test_a_wrong_course_file_is_named_with_the_key(tmp_path: Path) -> None:
    (tmp_path / "course.toml").write_text("[accuracy]\nepohcs = 3\n")
    done = grader("check", SAMPLES / "starter.py", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.strip() == "grader: course.toml: accuracy.epohcs: unknown key; did you mean epochs?"


def test_version() -> None:
    import grader as package

    assert grader("--version", cwd=SAMPLES).stdout.strip() == package.__version__


def test_check_shows_what_is_wrong_and_exits_with_1(tmp_path: Path) -> None:
    done = grader("check", SAMPLES / "three-bugs.py", "--task", "2", cwd=tmp_path)
    assert done.returncode == 1, done.stderr
    assert "✗ subset_data: Has a column for each class, in the order of `classes`" in done.stdout
    assert "classes=(1, 0)" in done.stdout
    assert "Hint: The order of the columns" in done.stdout
    assert done.stdout.splitlines()[-1].startswith("three-bugs: 17 of 20 points, 9 of 10 checks passed (quick, ")
    assert all(len(line) <= 80 for line in done.stdout.splitlines()[:-1])
    assert "\x1b" not in done.stdout


def test_a_file_that_cannot_be_read_says_why_whatever_task_is_asked_for(tmp_path: Path) -> None:
    (tmp_path / "x.py").write_text("")
    done = grader("check", "x.py", "--task", "2", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (1, "")
    assert "Not run: x.py is empty." in done.stdout


def test_check_exits_with_0_where_all_passed(tmp_path: Path) -> None:
    done = grader("check", SAMPLES / "complete-divides.py", "--task", "1", "--task", "2", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1].startswith("complete-divides: 25 of 25 points, 13 of 13 checks passed")


def test_json_is_one_document_and_nothing_else(tmp_path: Path) -> None:
    done = grader("check", SAMPLES / "starter.py", "--json", "--task", "3", cwd=tmp_path)
    assert done.returncode == 1
    report = json.loads(done.stdout)
    assert report["schema_version"] == 1
    assert report["profile"] == "quick"
    (result,) = report["results"]
    assert (result["status"], result["score"], result["max_score"]) == ("graded", 0.0, 10.0)
    assert {check["status"] for check in result["checks"]} == {"error"}
    assert result["checks"][0]["message"].startswith("NotImplementedError: Task 3: write show_examples (line ")


def _broken_submissions(folder: Path) -> None:
    (folder / "empty.py").write_text("")
    (folder / "latin.py").write_bytes(b"x = '\xe9'\n")
    (folder / "notebook.ipynb").write_text("not JSON")
    (folder / "folder.py").mkdir()
    (folder / "link.py").symlink_to(SAMPLES / "starter.py")
    os.mkfifo(folder / "pipe.py")
    (folder / "syntax.py").write_text("def subset_data(x, y, classes=(0, 1, 2), seed=None:\n    return x\n")
    with (folder / "large.py").open("wb") as file:
        file.truncate(100 * 2**20)


def test_grade_goes_on_past_files_that_cannot_be_graded(tmp_path: Path) -> None:
    folder = tmp_path / "class"
    folder.mkdir()
    _broken_submissions(folder)
    (folder / "sound.py").write_text((SAMPLES / "complete-divides.py").read_text())
    options = ("--profile", "quick", "--task", "1", "--json", "-o", tmp_path / "out", "--jobs", "2")
    done = grader("grade", folder, *options, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    results = {result["submission"]["id"]: result for result in json.loads(done.stdout)["results"]}
    assert set(results) == {"empty", "latin", "notebook", "folder", "link", "pipe", "syntax", "large", "sound"}
    assert all(result["status"] == "graded" for result in results.values())
    assert results["sound"]["score"] == 5.0
    for name, result in results.items():
        if name != "sound":
            assert result["checks"][0]["status"] == "failed", name
            assert result["checks"][0]["points"] == 0.0
            assert result["checks"][0]["message"].startswith((name, "Line 1: ")), result["checks"][0]["message"]
    assert json.loads((tmp_path / "out" / "results.json").read_text())["results"]
    assert {page.stem for page in (tmp_path / "out" / "students").iterdir()} == set(results)
    assert "sound" in (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    assert len(list((tmp_path / "out" / "feedback").glob("*.md"))) == 9
    assert not list((tmp_path / "out").rglob("*.part"))
    assert len(done.stderr.splitlines()) == 9


def test_two_jobs_and_one_job_give_the_same_checks(tmp_path: Path) -> None:
    def graded(jobs: int) -> list[Any]:
        options = ("--profile", "quick", "--task", "2", "--json", "--no-gradebook", "--jobs", jobs)
        done = grader("grade", SAMPLES / "three-bugs.py", SAMPLES / "starter.py", *options, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        results = json.loads(done.stdout)["results"]
        for result in results:
            del result["seconds"]
            for check in result["checks"]:
                del check["seconds"]
        return results  # type: ignore[no-any-return]

    assert graded(1) == graded(2)


def test_ctrl_c_keeps_what_is_finished(tmp_path: Path) -> None:
    for number in range(30):
        (tmp_path / f"student{number:02}.py").write_text((SAMPLES / "starter.py").read_text() + f"# {number}\n")
    options = ["--profile", "quick", "--task", "2", "-o", str(tmp_path / "out"), "--jobs", "2"]
    command = [sys.executable, "-m", "grader", "grade", str(tmp_path), *options]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path, start_new_session=True
    )
    assert process.stderr is not None
    first = process.stderr.readline()
    assert first.startswith("[1/30] "), first
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 3
    kept = json.loads((tmp_path / "out" / "results.json").read_text())["results"]
    assert 1 <= len(kept) < 30
    assert f"grader: stopped; {len(kept)} of 30 submissions were graded." in errors
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:  # wait until no process is left in the group
        try:
            os.killpg(process.pid, 0)
        except ProcessLookupError:
            break
        time.sleep(0.05)
    else:
        pytest.fail("processes were left behind")


def test_doctor_tries_the_sandbox(tmp_path: Path) -> None:
    done = grader("doctor", "--json", cwd=tmp_path)
    examination = json.loads(done.stdout)
    assert set(examination) == {"schema_version", "findings", "levels"}
    assert [found["level"] for found in examination["levels"]] == ["namespaces", "landlock", "process"]
    findings = {finding["topic"]: finding for finding in examination["findings"]}
    assert findings["sandbox"]["fine"], findings
    for found in examination["levels"]:
        assert "broken" not in found["promises"].values(), found
        assert bool(found["promises"]) != bool(found["absent"])
    assert done.returncode == (3 if findings["isolation"]["text"].startswith("process") else 0)


def test_new_writes_a_starter_that_the_grader_takes(tmp_path: Path) -> None:
    for name in ("solution.py", "solution.ipynb"):
        assert grader("new", name, cwd=tmp_path).returncode == 0
    done = grader("grade", tmp_path, "--profile", "quick", "--task", "1", "--json", cwd=tmp_path)
    results = json.loads(done.stdout)["results"]
    assert [result["score"] for result in results] == [5.0, 5.0]


def test_pytest_itself_runs_the_checks(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "pytest",
        "--pyargs",
        "grader.checks",
        "--submission",
        str(SAMPLES / "three-bugs.py"),
    ]
    command += ["--profile", "quick", "--task", "2", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=300)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "9 passed" in done.stdout
    assert "1 failed" in done.stdout
    assert "Hint: The order of the columns" in done.stdout
