"""Tests of faults on the grader's side: each gives a clear message, and none is blamed on the student."""

from __future__ import annotations

import ast
import json
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import grader
from grader.course import Course, Settings
from grader.grading.judging import grade
from grader.grading.slots import Slot
from grader.sandbox.host.launch import best_level
from grader.sandbox.host.session import Sandbox, SandboxError
from grader.sandbox.wire.frames import Limits
from grader.submissions import SubmissionFile, read_submission

HONEST = Path(__file__).parent / "wheats" / "plain.py"
SOURCE = Path(grader.__file__).parent
ENDED = "the sandbox ended unexpectedly; grade the submission again."


@pytest.fixture
def own() -> Iterator[Sandbox]:
    """A sandbox for one test, which may break it."""
    with Sandbox.start(best_level(), threads=1) as sandbox:
        yield sandbox


def test_a_forkserver_that_is_killed_in_a_call_is_the_graders_fault(own: Sandbox) -> None:
    worker = own.spawn(seed=0)
    worker.load("import time\ndef f():\n    time.sleep(600)", ("f",))
    killer = threading.Timer(0.2, os.kill, (own.pid, signal.SIGKILL))
    killer.start()
    with pytest.raises(SandboxError, match=f"^{ENDED}$"):
        worker.call("f", seconds=60)
    with pytest.raises(SandboxError, match=f"^{ENDED}$"):
        own.spawn(seed=0)
    with pytest.raises(SandboxError):
        worker.close()
    killer.join()


def test_a_sandbox_that_is_lost_costs_a_second_try_and_no_marks(tmp_path: Path) -> None:
    with Slot(Settings(Course(), "quick", frozenset((2,)), best_level())) as slot:
        lost: list[int] = []

        def lose(*_: object) -> None:
            if not lost and slot.sandbox is not None:
                lost.append(slot.sandbox.pid)
                os.kill(slot.sandbox.pid, signal.SIGKILL)

        result = slot.grade(SubmissionFile("honest", HONEST), lose).result
        assert slot.sandbox is not None
        assert slot.sandbox.pid not in lost
    assert len(lost) == 1
    assert (result.status, result.score) == ("graded", result.max_score)


def test_a_sandbox_that_is_lost_in_grading_is_an_infrastructure_error(own: Sandbox) -> None:
    context = Slot(Settings(Course(), "quick", frozenset((2,)), best_level()))
    context.sandbox = own
    os.kill(own.pid, signal.SIGKILL)
    result = grade(context.context(read_submission(SubmissionFile("honest", HONEST)))).result
    assert result.status == "infrastructure_error"
    assert ENDED in result.problem
    assert {check.status for check in result.checks} == {"not_run"}
    assert {check.message for check in result.checks} == {"The grader could not run this check."}


def test_a_worker_that_cannot_be_confined_is_the_graders_fault(own: Sandbox) -> None:
    # A scratch folder of size 0 cannot be mounted, so confining fails before any line of a submission runs.
    message = r"^a worker did not start; `grader doctor` tells what this machine offers\.$"
    impossible = own.worker(seed=0, limits=Limits(file_mb=-1))
    with pytest.raises(SandboxError, match=message), impossible as worker:
        worker.load("def f(): pass", ("f",))
    with own.worker(seed=0) as worker:
        worker.load("def f(): return 1", ("f",))
        assert worker.call("f") == 1


def test_a_sandbox_that_does_not_start_is_said_in_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    level = best_level()
    monkeypatch.setattr(sys, "executable", "/bin/false")
    start = Sandbox.start(level, threads=1)
    with pytest.raises(SandboxError, match=r"^the sandbox did not start; `grader doctor` tells"), start:
        pass


@pytest.mark.parametrize(
    ("options", "said"),
    [(["--no-gradebook"], "cannot be written"), ([], "gradebook.db: the disk reports an error; look at the disk")],
)
def test_a_full_disk_is_said_and_leaves_no_half_a_report(tmp_path: Path, options: list[str], said: str) -> None:
    """A limit on the size of files stands in for a full disk: writing fails at the same place, with another errno."""
    out = tmp_path / "out"
    command = [sys.executable, "-m", "grader", "grade", str(HONEST), "--profile", "quick", "--task", "2"]
    command += ["-o", str(out), *options]

    def no_room() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (64, hard))

    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, preexec_fn=no_room, env=environment())
    assert done.returncode == 3, done.stderr
    assert "Traceback" not in done.stderr
    assert said in done.stderr
    assert [path for path in out.rglob("*") if path.is_file()] == []


def class_being_graded(folder: Path, *options: str) -> subprocess.Popen[str]:
    """Start `grader grade` on a class of twenty in a session of its own, and wait for the first result."""
    for student in range(20):
        (folder / f"student{student:02}.py").write_text(HONEST.read_text() + f"# {student}\n")
    process = subprocess.Popen(
        [sys.executable, "-m", "grader", "grade", str(folder), "--profile", "quick", "--task", "2", *options],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        cwd=folder,
        start_new_session=True,
        env=environment(),
    )
    assert process.stderr is not None
    assert process.stderr.readline().startswith("[1/20] ")
    return process


@pytest.mark.parametrize(("number", "jobs"), [(signal.SIGINT, 1), (signal.SIGTERM, 1), (signal.SIGTERM, 2)])
def test_being_told_to_end_keeps_what_is_finished_and_leaves_nothing(tmp_path: Path, number: int, jobs: int) -> None:
    process = class_being_graded(tmp_path, "-o", str(tmp_path / "out"), "--jobs", str(jobs))
    process.send_signal(number)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 3, errors
    kept = json.loads((tmp_path / "out" / "results.json").read_text())["results"]
    assert 1 <= len(kept) < 20
    assert {result["status"] for result in kept} == {"graded"}
    assert f"grader: stopped; {len(kept)} of 20 submissions were graded." in errors
    assert not list((tmp_path / "out").rglob("*.part"))
    wait_for_the_group_to_end(process.pid)


def test_grading_processes_end_when_the_one_that_started_them_is_killed(tmp_path: Path) -> None:
    process = class_being_graded(tmp_path, "--jobs", "2")
    process.kill()
    process.wait()
    wait_for_the_group_to_end(process.pid)
    assert process.stderr is not None
    process.stderr.close()


def environment() -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(SOURCE.parent)}


def wait_for_the_group_to_end(group: int) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return
        time.sleep(0.05)
    pytest.fail("processes were left behind")


def test_no_time_limit_depends_on_the_clock_on_the_wall() -> None:
    """Setting the system clock neither ends nor prolongs a call, since the grader only uses `time.monotonic`.

    `time.clock_gettime` is allowed for the clock of a process; `time.CLOCK_REALTIME` would be reported by its name.
    """
    allowed = ("monotonic", "sleep", "perf_counter", "process_time", "clock_gettime")
    used = {
        f"{path.relative_to(SOURCE)}: {node.attr}"
        for path in SOURCE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "time"
        if node.attr not in allowed
    }
    assert used == set()
