"""Tests of a machine's description, and of the lock that keeps others off it while times are measured."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from grader.ground.errors import GraderError
from grader.ground.machine import cores, machine_lock, pinned_to, spare_cores
from grader.speed.machine import cpu_model, this_machine
from grader.speed.records import Machine

VERSIONS = {"python": "3.11.7", "keras": "3.15.1", "numpy": "2.4.6", "tensorflow": "2.21.0"}
MACHINE = Machine("Model A", 2, 2, "", "tensorflow", VERSIONS, "namespaces")


def test_this_machine_is_described() -> None:
    found = this_machine(threads=3, backend="jax", device="cpu", isolation="process", versions=VERSIONS)
    assert (found.threads, found.backend, found.isolation, found.gpu) == (3, "jax", "process", "")
    assert found.versions == VERSIONS
    assert found.cpu
    assert 1 <= found.cores == cores() <= (os.cpu_count() or 1)


def test_spare_cores_are_others_than_those_that_are_pinned_to(tmp_path: Path) -> None:
    for count in range(1, cores() // 2 + 1):
        spare = spare_cores(count, tmp_path / "none are threads of one")
        with pinned_to(count):
            assert len(spare) == count
            assert os.sched_getaffinity(0).isdisjoint(spare)
    assert spare_cores(cores()) == ()


@pytest.mark.parametrize(
    ("told", "expected"),
    [("3", (2,)), ("2-3", (1,)), ("0-3", ()), ("1,3", (2,)), ("0,2-3", (1,)), ("nonsense", (2,))],
)
def test_a_spare_core_is_no_thread_of_a_core_in_use(
    told: str, expected: tuple[int, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1, 2, 3})
    folder = tmp_path / "cpu3" / "topology"
    folder.mkdir(parents=True)
    (folder / "thread_siblings_list").write_text(f"{told}\n")
    assert spare_cores(1, tmp_path) == expected


def test_what_is_started_while_pinned_keeps_to_those_cores() -> None:
    before = os.sched_getaffinity(0)
    with pinned_to(1):
        told = subprocess.run(
            [sys.executable, "-c", "import os; print(*os.sched_getaffinity(0))"], capture_output=True, check=True
        )
    assert told.stdout.split() == [str(max(before)).encode()]
    assert os.sched_getaffinity(0) == before
    with pinned_to(1000):
        assert os.sched_getaffinity(0) == before


def test_a_processor_has_the_name_that_the_kernel_gives_it(tmp_path: Path) -> None:
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text("processor\t: 0\nmodel\t\t: 1\nmodel name\t: Some CPU @ 3.00GHz\nmodel name\t: Another\n")
    assert cpu_model(cpuinfo) == "Some CPU @ 3.00GHz"
    cpuinfo.write_text("processor\t: 0\n")  # as on AArch64
    assert cpu_model(cpuinfo) == cpu_model(tmp_path / "absent") != ""


@pytest.mark.parametrize(
    "change",
    [
        {"cpu": "Model B"},
        {"gpu": "Model C"},
        {"threads": 1},
        {"backend": "jax"},
        {"versions": VERSIONS | {"keras": "3.15.2"}},
    ],
)
def test_machines_that_differ_have_different_names(change: dict[str, object]) -> None:
    same = msgspec.structs.replace(MACHINE, versions=dict(reversed(VERSIONS.items())))
    assert same.id == MACHINE.id
    assert msgspec.structs.replace(MACHINE, **change).id != MACHINE.id


def refuse(sentence: str) -> None:
    """Raise an error with what would be waited for."""
    raise TimeoutError(sentence)


_HOLD = """
import sys, time
from pathlib import Path
from grader.ground.machine import machine_lock
with machine_lock("grader bench", alone=sys.argv[2] == "alone", waiting=print, path=Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(600)
"""


def hold(path: Path, how: str) -> subprocess.Popen[str]:
    """Start another process that holds the lock until it is ended."""
    command = [sys.executable, "-c", _HOLD, str(path), how]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parent.parent)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def end(process: subprocess.Popen[str], number: int) -> None:
    process.send_signal(number)
    process.wait()
    assert process.stdout is not None
    process.stdout.close()


def test_measuring_waits_for_another_and_a_killed_one_leaves_no_lock(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    other = hold(path, "alone")
    try:
        for alone in (True, False):
            message = rf"^waiting for `grader bench` \(process {other.pid}, since [-0-9: ]{{19}}\) to end\.$"
            with (
                pytest.raises(TimeoutError, match=message),
                machine_lock("grader grade", alone=alone, waiting=refuse, path=path),
            ):
                pass
    finally:
        end(other, signal.SIGKILL)
    with machine_lock("grader bench", alone=True, waiting=refuse, path=path):
        pass


def test_gradings_share_and_keep_a_measuring_out(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    other = hold(path, "shared")
    try:
        with machine_lock("grader check", alone=False, waiting=refuse, path=path):
            pass
        with (
            pytest.raises(TimeoutError, match="waiting for `grader check`"),
            machine_lock("grader bench", alone=True, waiting=refuse, path=path),
        ):
            pass
    finally:
        end(other, signal.SIGKILL)


def test_one_who_waits_is_told_once_and_goes_on_when_the_other_ends(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    other = hold(path, "alone")
    told = []

    def end_the_other(sentence: str) -> None:
        told.append(sentence)
        end(other, signal.SIGTERM)

    with machine_lock("grader grade", alone=False, waiting=end_the_other, path=path):
        assert len(told) == 1


def test_a_lock_file_that_is_none_is_refused_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    for path in (tmp_path / "link", tmp_path):
        lock = machine_lock("grader grade", alone=False, waiting=refuse, path=path)
        with pytest.raises(GraderError, match=r"cannot be locked \(.+\); remove it and try again\.$"), lock:
            pass
    assert not (tmp_path / "elsewhere").exists()


def test_a_grading_waits_while_times_are_measured(tmp_path: Path) -> None:
    submission = tmp_path / "solution.py"
    submission.write_text("def setup(: pass")
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    other = hold(tmp_path / f"keras-course-grader-{os.getuid()}.lock", "alone")
    command = [sys.executable, "-m", "grader", "check", str(submission), "--task", "1"]
    grading = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=environment)
    assert grading.stderr is not None
    try:
        said = next(line for line in grading.stderr if "waiting" in line)
    finally:
        end(other, signal.SIGKILL)
    assert said.startswith(f"grader: waiting for `grader bench` (process {other.pid}, since")
    assert grading.wait() == 1
    grading.stderr.close()
