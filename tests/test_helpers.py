"""Tests of grading the tasks of a submission side by side: the results, their order and their texts are the same."""

from __future__ import annotations

import socket
import time
from pathlib import Path

import msgspec
import pytest

from grader.assignment.contract import CHECKS, checks_of
from grader.checks.common.student import TimeLeft
from grader.checks.common.tools import tools_in
from grader.course import Course, Settings
from grader.grading.helpers import MOST, divided, parts_of
from grader.grading.slots import Slot
from grader.results.scoring import Graded
from grader.sandbox.host.launch import best_level
from grader.sandbox.host.session import Sandbox, SandboxError
from grader.submissions import discover, read_submission

SAMPLES = Path(__file__).parents[1] / "submissions"
SETTINGS = Settings(Course(), "quick", frozenset(), best_level())


@pytest.mark.parametrize("processes", [1, 2, 3, 8])
def test_each_check_is_run_by_one_process(processes: int) -> None:
    checks = checks_of("quick")
    parts = divided(checks, processes)
    assert len(parts) == min(processes, MOST)
    assert sorted(name for part in parts for name in part) == sorted(check.id for check in checks)


def test_a_check_that_compares_with_training_is_run_where_training_is() -> None:
    _, training = divided(CHECKS, 2)
    assert {"train/validates", "predict/scales-as-train-does"} <= training
    assert "predict/in-order" not in training


def test_one_task_alone_needs_no_other_process() -> None:
    checks = checks_of("quick", frozenset({5}))
    assert divided(checks, 3) == [frozenset(check.id for check in checks)]


def test_time_that_processes_share_is_spent_by_all_of_them() -> None:
    class Shared:
        value = 10.0

        def get_lock(self) -> socket.socket:
            return socket.socket()  # any context will do

    shared = Shared()
    one, other = (TimeLeft(10.0, shared) for _ in range(2))  # type: ignore[arg-type]
    with one.spend():
        time.sleep(0.01)
    assert other.left == one.left < 10.0


def _plain(graded: Graded) -> object:
    checks = [msgspec.structs.replace(check, seconds=0.0) for check in graded.result.checks]
    return graded.result.status, graded.result.score, checks, sorted((a.check, a.name) for a in graded.artefacts)


def test_side_by_side_gives_the_same_results_in_the_same_words() -> None:
    (file,) = discover([SAMPLES / "three-bugs.py"])
    settings = msgspec.structs.replace(SETTINGS, tasks=frozenset({2, 4}))  # without training, which takes longest
    with Slot(settings) as alone:
        expected = alone.grade(file)
        assert alone.helpers is None
    told: list[str] = []
    with Slot(settings, processes=3) as slot:
        found = slot.grade(file, lambda name, _: told.append(name))
        assert slot.helpers is not None
        slot.helpers.processes[0].kill()
        slot.helpers.processes[0].join()
        again = slot.grade(file)  # a helper that has ended costs the submission nothing
    assert expected.result.score < expected.result.max_score
    assert _plain(found) == _plain(expected) == _plain(again)
    assert sorted(told) == sorted(check.id for check in found.result.checks)


def test_nothing_is_started_beside_for_what_is_still_to_be_written() -> None:
    checks = checks_of("quick")
    assert len(divided(checks, 3, {"train"})) == 2
    assert len(divided(checks, 3, {"train", "add_conv_block", "build_model"})) == 1


def test_a_guided_notebook_and_a_timed_training_have_the_machine_to_themselves() -> None:
    guided = read_submission(discover([SAMPLES / "guided-three-bugs.ipynb"])[0])
    functions = read_submission(discover([SAMPLES / "three-bugs.py"])[0])
    full = Settings(Course(), "full", frozenset(), SETTINGS.level)
    assert len(parts_of(SETTINGS, guided, 2)) == 1
    assert len(parts_of(full, functions, 2)) == 1
    assert len(parts_of(SETTINGS, functions, 2)) == 2


def test_workers_of_one_that_joined_end_with_it() -> None:
    with Sandbox.start(SETTINGS.level, threads=1) as sandbox:
        ours, theirs = socket.socketpair()
        sandbox.let_join(theirs)
        joined = Sandbox(SETTINGS.level, ours, 0, 1001)
        assert joined.versions == sandbox.versions
        with sandbox.worker(seed=0) as own, joined.worker(seed=0) as other:
            assert (own.number, other.number) == (1, 1001)
            assert tools_in(own).files() == tools_in(other).files()
        assert (set(sandbox.exits), set(joined.exits)) == ({1}, {1001})
        left = joined.spawn(seed=0)
        assert tools_in(left).files() == []
        ours.close()
        with sandbox.worker(seed=0) as another:  # the forkserver still takes orders
            assert tools_in(another).files() == []
        with pytest.raises(SandboxError):
            left.close()
