"""Tests of the autograder for Gradescope: the zip file, and its scripts in an empty root folder as in a container."""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest

from grader.assignment.contract import checks_of
from grader.exports.gradescope_package.package import UNFINISHED, autograder_zip, build_wheel
from grader.exports.gradescope_package.run import main
from grader.sandbox.host.launch import why_not
from grader.sandbox.levels import LEVELS, bubblewrap
from tests.test_cli import grader

SAMPLES = Path(__file__).parent.parent / "submissions"
COUNT = len(checks_of("quick"))
NO_SCORE = (
    "The autograder could not grade this, so there is no score.\n"
    "It costs no marks. Your instructor can run the autograder again."
)


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture
def root(wheel: Path, tmp_path: Path) -> Path:
    """Gradescope's folder when a submission is graded, as `setup.sh` leaves it, but without the environment."""
    course = 'leaderboard = ["accuracy", "score"]\n'
    content = autograder_zip(wheel, course=course, profile="quick", hidden=frozenset({"predict/in-order"}))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        archive.extractall(tmp_path / "source")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    (tmp_path / "submission").mkdir()
    return tmp_path


def result_in(root: Path) -> Any:
    found = json.loads((root / "results" / "results.json").read_text())
    assert [path.name for path in (root / "results").iterdir()] == ["results.json"]
    return found


def partly_written(root: Path) -> list[Any]:
    """Return the tests in a result that is being made; empty if the script's copy of the first result is incomplete."""
    with contextlib.suppress(FileNotFoundError, json.JSONDecodeError):
        return list(json.loads((root / "results" / "results.json").read_text())["tests"])
    return []


def container(root: Path) -> list[str]:
    """The command that runs `run_autograder` in a root with only the system, the environment and Gradescope's folder.

    As in Gradescope's containers, programs cannot create namespaces in it.
    """
    program = bubblewrap.program()
    closed = ["--unshare-all", "--unshare-user", "--disable-userns"]
    if (
        program is None
        or subprocess.run([program, *closed, "--ro-bind", "/", "/", "true"], capture_output=True).returncode
    ):
        pytest.skip("bubblewrap 0.8 is absent or may not run here, and stands in for Gradescope's container")
    command = [program, *closed, "--die-with-parent", "--clearenv", "--proc", "/proc", "--dev", "/dev"]
    command += ["--ro-bind", "/usr", "/usr", "--tmpfs", "/tmp"]
    for name in ("bin", "lib", "lib64"):
        path = Path("/", name)
        command += ["--symlink", str(path.readlink()), str(path)] if path.is_symlink() else []
        command += ["--ro-bind", str(path), str(path)] if path.is_dir() and not path.is_symlink() else []
    for name in ("ld.so.cache", "passwd", "group", "nsswitch.conf", "alternatives", "fonts"):
        command += ["--ro-bind-try", f"/etc/{name}", f"/etc/{name}"]
    for prefix in {sys.prefix, sys.base_prefix} - {"/usr"}:
        command += ["--ro-bind", prefix, prefix]
    # In place of the environment that `setup.sh` would make is the one of the tests, with the wheel's code first.
    command += ["--bind", str(root), "/autograder", "--symlink", sys.prefix, "/autograder/venv"]
    command += ["--setenv", "PATH", "/usr/bin:/bin", "--setenv", "PYTHONPATH", "/autograder/site"]
    return [*command, "bash", "/autograder/source/run_autograder"]


def run_in_container(root: Path) -> Any:
    done = subprocess.run(container(root), capture_output=True, text=True, timeout=580)
    assert done.returncode == 0, done.stderr
    (root / "venv").unlink(missing_ok=True)
    return result_in(root)


def test_the_zip_has_what_gradescope_needs_and_is_the_same_twice(wheel: Path, tmp_path: Path) -> None:
    course = 'title = "Project 3"\n'
    content = autograder_zip(wheel, course=course, profile="standard")
    again = autograder_zip(build_wheel(tmp_path), course=course, profile="standard")
    assert content == again
    archive = zipfile.ZipFile(io.BytesIO(content))
    modes = {entry.filename: oct(entry.external_attr >> 16) for entry in archive.infolist()}
    assert modes == {
        "autograder.json": "0o100644",
        "calibration.json": "0o100644",
        "course.toml": "0o100644",
        wheel.name: "0o100644",
        "run_autograder": "0o100755",
        "setup.sh": "0o100755",
        "unfinished.json": "0o100644",
    }
    assert archive.read("course.toml").decode() == course
    assert json.loads(archive.read("autograder.json")) == {"profile": "standard", "hidden": []}
    assert json.loads(archive.read("unfinished.json")) == UNFINISHED
    with zipfile.ZipFile(io.BytesIO(archive.read(wheel.name))) as project:
        assert {
            "grader/exports/gradescope_package/run.py",
            "reference/model.py",
            "grader/course/calibration.json",
        } <= set(project.namelist())


def test_packaging_needs_the_sources(root: Path) -> None:
    done = grader("package", "gradescope", cwd=root, PYTHONPATH=str(root / "site"))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "grader: the project's sources are needed to package it; run this in the folder with its pyproject.toml.\n"
    )


def test_preparing_the_quick_profile_needs_no_data(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADER_CACHE", str(root / "cache"))
    assert main([str(root), "--prepare"]) == 0
    assert not (root / "cache").exists()


@pytest.mark.parametrize("name", ["setup.sh", "run_autograder"])
def test_the_scripts_parse(name: str, root: Path) -> None:
    done = subprocess.run(["bash", "-n", root / "source" / name], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_without_a_grader_the_first_result_stands(root: Path) -> None:
    """This is what happens in an image whose `setup.sh` failed, so that there is no environment at all."""
    done = subprocess.run(
        ["bash", root / "source" / "run_autograder"],
        env={"PATH": os.environ["PATH"], "AUTOGRADER_ROOT": str(root)},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (0, "The autograder ended with exit status 127.\n")
    assert result_in(root) == UNFINISHED


def test_where_grading_cannot_begin_the_result_says_so(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (root / "results").mkdir()
    (root / "source" / "course.toml").write_text("seeed = 1\n")
    assert main([str(root)]) == 3
    found = result_in(root)
    assert found["output"] == NO_SCORE
    assert "score" not in found
    (note,) = found["tests"]
    assert note["visibility"] == "hidden"
    assert note["output"].endswith("course.toml: seeed: unknown key; did you mean seed?")
    assert note["output"].startswith("What failed: UsageError: ")
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize(
    ("names", "message"),
    [
        (
            ["one.py", "two.ipynb"],
            "The folder holds several files (one.py, two.ipynb); name the one to grade solution.py or solution.ipynb.",
        ),
        (["report.pdf"], "There is no .py or .ipynb file; hand in one solution.py or solution.ipynb, and no folder."),
    ],
)
def test_what_is_no_single_file_is_told_to_the_student(names: list[str], message: str, root: Path) -> None:
    (root / "results").mkdir()
    for name in names:
        (root / "submission" / name).write_text("x = 1\n")
    assert main([str(root)]) == 0
    found = result_in(root)
    assert found["score"] == 0.0
    assert found["tests"][0]["output"].startswith(f"{message}\nHint: ")
    assert found["tests"][0]["visibility"] == "visible"


@pytest.mark.slow
def test_a_sound_submission_in_an_empty_root(root: Path) -> None:
    shutil.copy(SAMPLES / "complete-divides.py", root / "submission" / "my-solution.py")
    found = run_in_container(root)
    assert found["score"] == 93.0, found
    assert found["leaderboard"] == []  # `quick` measures no accuracy, and there is no score while a check is hidden
    tests = [test for test in found["tests"] if "status" in test]
    assert [test["status"] for test in tests] == ["passed"] * COUNT
    assert [test["name"] for test in tests if test["visibility"] != "visible"] == ["predict: Answers in the order of x"]
    level = "process" if why_not("landlock") else "landlock"
    assert found["extra_data"]["isolation"] == level
    reason, warning = [test for test in found["tests"] if "status" not in test]
    assert reason["output"].startswith("bubblewrap fails: ")
    assert warning["output"] == LEVELS[level].warning
    assert reason["visibility"] == warning["visibility"] == "hidden"


@pytest.mark.slow
def test_a_grading_that_is_cut_off_leaves_what_it_came_to(root: Path) -> None:
    shutil.copy(SAMPLES / "complete-divides.py", root / "submission" / "solution.py")
    process = subprocess.Popen(container(root), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 500
        while time.monotonic() < deadline:
            if any("status" in test for test in partly_written(root)):
                break
            time.sleep(0.05)
        assert process.poll() is None, "it ended before it was cut off"
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    found = json.loads((root / "results" / "results.json").read_text())
    assert "score" not in found
    assert found["output"] == NO_SCORE
    statuses = [test["status"] for test in found["tests"] if "status" in test]
    assert len(statuses) == COUNT
    assert 0 < statuses.count("passed") < COUNT
    assert any(t["output"] == "What failed: The grading was cut off before it was finished." for t in found["tests"])
