"""Tests of `grader watch` with a real file and a real sandbox; the file is saved like editors do."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from grader.ground.errors import GraderError
from grader.submissions.saves import Saves

SAMPLES = Path(__file__).parent.parent / "submissions"
SECONDS = 240.0
SOUND = (SAMPLES / "complete-divides.py").read_text(encoding="utf-8")


class Watching:
    """A running `grader watch`, whose output is read line by line."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.put(line.rstrip())
        self.lines.put("(ended)")

    def until(self, text: str) -> list[str]:
        """Return the lines up to the first that contains a text."""
        seen: list[str] = []
        until = time.monotonic() + SECONDS
        while not seen or text not in seen[-1]:
            try:
                seen.append(self.lines.get(timeout=max(0.0, until - time.monotonic())))
            except queue.Empty:
                pytest.fail(f"{text!r} did not come; there was {seen}")
            assert seen[-1] != "(ended)", f"it ended, after {seen}"
        return seen

    def silent(self, seconds: float) -> list[str]:
        """Return the lines that come within some seconds."""
        time.sleep(seconds)
        seen = []
        with contextlib.suppress(queue.Empty):
            while True:
                seen.append(self.lines.get_nowait())
        return seen


@contextlib.contextmanager
def watching(file: Path, *options: str) -> Iterator[Watching]:
    temporary = file.parent.parent / "temporary"
    temporary.mkdir(exist_ok=True)
    env = {**os.environ, "COLUMNS": "80", "NO_COLOR": "1", "TMPDIR": str(temporary), "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-m", "grader", "watch", file.name, *options]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=file.parent, env=env
    )
    try:
        yield Watching(process)
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
        assert process.stdout is not None
        process.stdout.close()
    # Nothing is left: no process and no temporary file.
    assert [entry.name for entry in temporary.iterdir() if not entry.name.endswith(".lock")] == []


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "work").mkdir()
    return tmp_path / "work"


def put_in_place(file: Path, text: str) -> None:
    """Save like vim and others: a new file replaces the old one."""
    new = file.with_name(f".{file.name}.new")
    new.write_text(text, encoding="utf-8")
    new.replace(file)


def take_away_first(file: Path, text: str) -> None:
    """Save like some editors: the old file becomes a backup, and a new one is written."""
    file.rename(file.with_name(f"{file.name}~"))
    file.write_text(text, encoding="utf-8")
    file.with_name(f"{file.name}~").unlink()


def truncate_and_write(file: Path, text: str) -> None:
    """Save like most editors, but slowly, so that the file is incomplete for a moment."""
    with file.open("w", encoding="utf-8") as opened:
        for line in text.splitlines(keepends=True):
            opened.write(line)
            opened.flush()


def without(function: str, text: str = SOUND) -> str:
    return text.replace(f"def {function}(", f"def {function}_(")


def notebook_of(*cells: str, output: str = "") -> str:
    outputs = [{"output_type": "stream", "name": "stdout", "text": [output]}] if output else []
    return json.dumps(
        {
            "nbformat": 4,
            "nbformat_minor": 5,
            "metadata": {},
            "cells": [
                {
                    "cell_type": "code",
                    "id": str(n),
                    "metadata": {},
                    "execution_count": n,
                    "outputs": outputs,
                    "source": c,
                }
                for n, c in enumerate(cells)
            ],
        }
    )


@pytest.mark.slow
def test_every_way_of_saving_is_noticed_and_only_what_changed_is_checked(folder: Path) -> None:
    file = folder / "solution.py"
    file.write_text(SOUND, encoding="utf-8")
    with watching(file, "--task", "1", "--task", "2", "--task", "3") as run:
        first = run.until("Ctrl-C ends it")
        assert "solution: 35 of 35 points, 18 of 18 checks passed" in first[-2]
        assert not any("better" in line for line in first)

        put_in_place(file, without("show_examples"))
        seen = run.until("Ctrl-C ends it")
        assert "checking show_examples, 8 checks. The result is that of " in seen[0]
        assert "Worse than before" in seen
        assert "  −3 show_examples: Each title names the image's class" in seen
        assert "solution: 23 of 35 points" in seen[-2]

        take_away_first(file, SOUND)
        seen = run.until("Ctrl-C ends it")
        assert "Better than before" in seen
        assert "solution: 35 of 35 points" in seen[-2]

        truncate_and_write(file, f"# my name\n{SOUND}")
        assert "saved; nothing that is checked has changed." in run.until("saved")[-1]

        file.unlink()
        assert "solution.py is gone; it will be checked when it is back." in run.until("gone")[-1]
        truncate_and_write(file, without("subset_data"))
        seen = run.until("Ctrl-C ends it")
        assert "checking subset_data, 13 checks." in seen[0]
        assert "solution: 13 of 35 points" in seen[-2]


@pytest.mark.slow
def test_what_does_not_parse_is_said_and_the_result_stays(folder: Path) -> None:
    file = folder / "solution.py"
    broken = SOUND.replace("def subset_data(", "def subset_data((")
    file.write_text(SOUND, encoding="utf-8")
    with watching(file, "--task", "2") as run:
        run.until("Ctrl-C ends it")
        file.write_text(broken, encoding="utf-8")
        line = SOUND[: SOUND.index("def subset_data(")].count("\n") + 1
        said = run.until("does not parse")[-1]
        assert f"line {line} does not parse: " in said
        assert "The result is that of " in said
        file.write_text("", encoding="utf-8")
        assert "solution.py is empty. The result is that of " in run.until("empty")[-1]
        file.write_text(SOUND, encoding="utf-8")
        assert "nothing that is checked has changed" in run.until("saved")[-1]


@pytest.mark.slow
def test_a_notebook_is_checked_for_its_code_and_not_for_its_outputs(folder: Path) -> None:
    file = folder / "solution.ipynb"
    file.write_text(notebook_of("import numpy as np", SOUND), encoding="utf-8")
    with watching(file, "--task", "2", "--json") as run:
        first: dict[str, Any] = json.loads(run.until("{")[-1])
        assert first["results"][0]["score"] == 20
        for number in range(3):  # Jupyter saves automatically, and cells that print change the file
            put_in_place(file, notebook_of("import numpy as np", SOUND, output=f"epoch {number}"))
        assert run.silent(3) == []
        put_in_place(file, notebook_of("import numpy as np", without("subset_data")))
        second: dict[str, Any] = json.loads(run.until("{")[-1])
        assert second["results"][0]["score"] == 0
        assert [check["status"] for check in second["results"][0]["checks"]] == ["not_run"] * 10


@pytest.mark.slow
def test_a_newer_save_ends_the_check_of_an_older_one(folder: Path) -> None:
    file = folder / "solution.py"
    endless = SOUND.replace("def subset_data(", "def subset_data(*a, **k):\n    while True: pass\ndef other(")
    file.write_text(SOUND, encoding="utf-8")
    with watching(file, "--task", "2") as run:
        run.until("Ctrl-C ends it")
        file.write_text(endless, encoding="utf-8")
        run.until("checking subset_data")
        time.sleep(2)
        began = time.monotonic()
        file.write_text(without("subset_data"), encoding="utf-8")
        seen = run.until("Ctrl-C ends it")
        assert "0 of 20 points" in seen[-2]
        assert time.monotonic() - began < 25  # a call may take 30 seconds


@pytest.mark.slow
def test_the_guided_form_is_checked_as_a_whole(folder: Path) -> None:
    file = folder / "guided.ipynb"
    content = json.loads((SAMPLES / "guided-complete.ipynb").read_text(encoding="utf-8"))
    file.write_text(json.dumps(content), encoding="utf-8")
    with watching(file, "--json") as run:
        first: dict[str, Any] = json.loads(run.until("{")[-1])["results"][0]
        assert (first["submission"]["form"], first["score"]) == ("guided", first["max_score"])
        content["cells"].append(
            {"cell_type": "code", "id": "x", "metadata": {}, "execution_count": None, "outputs": [], "source": "1 / 0"}
        )
        put_in_place(file, json.dumps(content))
        second: dict[str, Any] = json.loads(run.until("{")[-1])["results"][0]
        assert {check["id"] for check in second["checks"] if check["status"] != "passed"} == {"cells/run"}


def test_a_file_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "grader", "watch", "none.py"], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stdout, done.stderr) == (
        2,
        "",
        "grader: none.py: there is no such file or folder.\n",
    )


def test_without_the_package_for_it_there_is_one_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "watchfiles", None)
    with pytest.raises(GraderError) as raised, Saves(tmp_path / "solution.py", lambda: None):
        pass
    assert str(raised.value) == (
        "`grader watch` needs the package watchfiles: install it with `pip install watchfiles`."
    )


@pytest.mark.parametrize("save", [put_in_place, take_away_first, truncate_and_write])
def test_saves_are_told_soon_and_those_of_other_files_not(save: Any, tmp_path: Path) -> None:
    file = tmp_path / "solution.py"
    file.write_text("1")
    told = threading.Event()
    with Saves(file, told.set):
        time.sleep(0.5)
        (tmp_path / "other.py").write_text("2")
        assert not told.wait(1.5)
        began = time.monotonic()
        save(file, "3\n")
        assert told.wait(5)
        assert time.monotonic() - began < 3


def test_saves_go_on_where_the_folder_was_away(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    file = folder / "solution.py"
    file.write_text("1")
    told: queue.SimpleQueue[bool] = queue.SimpleQueue()
    with Saves(file, lambda: told.put(file.exists())):
        time.sleep(0.5)
        folder.rename(tmp_path / "away")
        assert told.get(timeout=10) is False
        (tmp_path / "away").rename(folder)
        assert told.get(timeout=10) is True
