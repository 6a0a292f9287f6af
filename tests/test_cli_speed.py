"""Tests of `grader bench`, and of measuring with pytest-benchmark's options, with real but very short trainings."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from grader.cli.speed import devices_of
from grader.gradebook.store import Gradebook
from grader.ground.errors import UsageError
from grader.sandbox.host.devices import gpus
from tests.test_speed_measuring import FIT, HEAD

COURSE = 'dataset = "shapes"\n[speed]\ntrain_images = 60\nepochs = 2\nbatch_size = 20\nrounds = 2\n'


@pytest.fixture
def class_folder(tmp_path: Path) -> Path:
    (tmp_path / "course.toml").write_text(COURSE)
    (tmp_path / "ada.py").write_text(HEAD + FIT)
    (tmp_path / "broken.py").write_text(HEAD + "    raise ValueError('not today')\n")
    return tmp_path


def run(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", *command], cwd=folder, capture_output=True, text=True, timeout=1200)


@pytest.mark.slow
@pytest.mark.skipif(bool(gpus()), reason="there is a GPU here")
def test_each_submission_and_device_is_measured_and_explained_or_says_why_not(class_folder: Path) -> None:
    files = ("ada.py", "broken.py")
    done = run(class_folder, "grader", "bench", *files, "--device", "all", "--rounds", "1", "--explain", "--json")
    assert done.returncode == 1, done.stderr
    assert "ada on cpu: undoing " in done.stderr
    report = json.loads(done.stdout)
    found = {(m["submission"], m["device"]): m for m in report["measurements"]}
    assert {key: m["status"] for key, m in found.items()} == {
        ("ada", "cpu"): "measured",
        ("broken", "cpu"): "failed",
        ("ada", "gpu:0"): "no_device",
        ("broken", "gpu:0"): "no_device",
    }
    ada = found["ada", "cpu"]
    assert (len(ada["rounds"]), len(ada["reference"])) == (1, 1)
    assert [epoch["steps"] for epoch in ada["rounds"][0]["epochs"]] == [3, 3]
    assert ada["summary"]["ratio"]["value"] > 0  # its value depends on what else runs, such as other tests
    assert ada["machine"]["threads"] == 1
    assert "not today" in found["broken", "cpu"]["problem"]
    assert "no device gpu:0" in found["ada", "gpu:0"]["problem"]
    kinds = {cause["kind"] for cause in ada["causes"]}
    assert "callback" in kinds or "eager" in kinds
    assert all(cause["gain"] or cause["problem"] for cause in ada["causes"])
    with Gradebook.open(class_folder / "gradebook.db", must_exist=True) as book:
        timings = book.measurements()
    assert len(timings) == 4
    assert {cause.kind for timing in timings for cause in timing.measurement.causes} == kinds


def test_pytest_benchmarks_options_work(class_folder: Path) -> None:
    done = run(
        class_folder,
        *("pytest", "--pyargs", "grader.speed", "--submission", "ada.py", "-p", "no:cacheprovider"),
        *("--benchmark-json", "ada.json", "--benchmark-autosave"),
    )
    assert done.returncode == 0, done.stdout
    assert "ada-tensorflow-cpu" in done.stdout
    (benchmark,) = json.loads((class_folder / "ada.json").read_text())["benchmarks"]
    assert benchmark["stats"]["rounds"] == 2
    info = benchmark["extra_info"]
    assert [len(epochs) for epochs in info["epoch_seconds"]] == [2, 2]
    assert (info["device"], info["backend"], info["seeds"]) == ("cpu", "tensorflow", [1, 2])
    (saved,) = (class_folder / ".benchmarks").glob("*/*.json")
    machine = json.loads(saved.read_text())["machine_info"]["keras_course_grader"]["id"]
    assert saved.parent.name == machine


def test_without_a_submission_nothing_is_measured(tmp_path: Path) -> None:
    done = run(tmp_path, "pytest", "--pyargs", "grader.speed", "-p", "no:cacheprovider")
    assert "1 skipped" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], 'Command "bench" parameter PATHS requires an argument'),
        (["ada.py", "--device", "tpu"], "--device tpu: give cpu, gpu, gpu:1, several of them with commas, or all."),
        (["ada.py", "--rounds", "0"], "--rounds 0: give a number from 1 to 10,000,000."),
        (["nobody.py"], "nobody.py: there is no such file or folder"),
        (["ada.py", "--dataset", "mnst"], "--dataset mnst: there is no such data set"),
    ],
)
def test_what_cannot_be_meant_is_one_sentence(class_folder: Path, arguments: list[str], message: str) -> None:
    done = run(class_folder, "grader", "bench", *arguments)
    assert done.returncode == 2
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (class_folder / "gradebook.db").exists()


def test_devices_are_named_as_people_name_them() -> None:
    assert devices_of("cpu,gpu,gpu:1,cpu") == ("cpu", "gpu:0", "gpu:1")
    assert devices_of("all")[0] == "cpu"
    with pytest.raises(UsageError):
        devices_of("gpu:x")
