"""The overhead of the grader itself: `tox -e bench`."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from grader.checks.common.student import FUNCTION_NAMES
from grader.course import Course, Settings
from grader.grading.batch import grade_all
from grader.grading.slots import Slot
from grader.sandbox.host.launch import best_level
from grader.sandbox.host.session import Sandbox
from grader.submissions import SubmissionFile

SAMPLE = Path(__file__).parent.parent / "submissions" / "complete-divides.py"
QUICK = Settings(Course(), "quick", frozenset(), best_level())


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """A running forkserver."""
    with Sandbox.start(best_level(), threads=2) as sandbox:
        yield sandbox


def test_start_of_the_sandbox(benchmark: Any) -> None:
    def start() -> None:
        with Sandbox.start(best_level(), threads=2):
            pass

    benchmark.pedantic(start, rounds=3)


def test_fork_to_ready(benchmark: Any, sandbox: Sandbox) -> None:
    """Time a worker from the order to start it to its first answer."""

    def fork() -> None:
        with sandbox.worker(seed=0) as worker:
            worker.load("", ())
            worker_ready.append(time.perf_counter() - began[0])

    worker_ready: list[float] = []
    began = [0.0]

    def setup() -> None:
        began[0] = time.perf_counter()

    benchmark.pedantic(fork, setup=setup, rounds=50, warmup_rounds=2)
    benchmark.extra_info["ready_ms_median"] = float(np.median(worker_ready) * 1000)


def test_small_call(benchmark: Any, sandbox: Sandbox) -> None:
    with sandbox.worker(seed=0) as worker:
        worker.load("def f(x): return x", ("f",))
        assert benchmark(worker.call, "f", 1) == 1


def test_array_of_46_megabytes_there_and_back(benchmark: Any, sandbox: Sandbox) -> None:
    images = np.random.default_rng(0).integers(0, 256, (15000, 32, 32, 3), np.uint8)
    with sandbox.worker(seed=0) as worker:
        worker.load("def f(x): return x", ("f",))
        back = benchmark.pedantic(worker.call, ("f", images), {"max_bytes": 64 * 2**20}, rounds=10, warmup_rounds=1)
        assert np.array_equal(back, images)


def test_one_submission(benchmark: Any) -> None:
    """Time a complete submission in the profile `quick`, and the part that is not spent waiting for the sandbox."""
    with Slot(QUICK) as slot:
        slot.grade(SubmissionFile("warm-up", SAMPLE))
        own: list[float] = []

        def grade() -> None:
            sandbox = slot.sandbox
            assert sandbox is not None
            before, began = sandbox.seconds_in_workers, time.monotonic()
            result = slot.grade(SubmissionFile("sample", SAMPLE)).result
            own.append(time.monotonic() - began - (sandbox.seconds_in_workers - before))
            assert result.score == result.max_score

        benchmark.pedantic(grade, rounds=5)
        benchmark.extra_info["seconds_beyond_the_workers_median"] = float(np.median(own))


@pytest.mark.parametrize("jobs", [1, 2])
def test_twenty_submissions(benchmark: Any, jobs: int) -> None:
    files = [SubmissionFile(f"student{number:02}", SAMPLE) for number in range(20)]

    def grade() -> None:
        report = grade_all(files, QUICK, jobs=jobs, on_graded=lambda graded: None)
        assert all(result.score == result.max_score for result in report.results)

    benchmark.pedantic(grade, rounds=1)


def test_import_of_the_trusted_side(benchmark: Any) -> None:
    import subprocess
    import sys

    command = [sys.executable, "-c", "import grader.cli, grader.checks.functions.conftest"]
    benchmark.pedantic(subprocess.run, (command,), {"check": True}, rounds=5)
    assert FUNCTION_NAMES
