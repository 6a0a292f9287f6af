"""What the gradebook costs for 1,000 submissions of 48 checks: `tox -e bench`.

The goal is 50 ms for each question, so that no command and no page has to wait for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from grader.assignment.contract import CHECKS
from grader.gradebook.records import Conditions
from grader.gradebook.store import Gradebook
from grader.results.scoring import CheckResult, Result, SubmissionInfo

SUBMISSIONS = 1_000
CONDITIONS = Conditions("c" * 64, "", "standard", (), "namespaces", "0.1.0")
NOON = "2026-06-01T12:00:00Z"


def result(number: int) -> Result:
    """A result in which each seventh check fails, with messages as long as they usually are."""
    lines = []
    for place, check in enumerate(CHECKS):
        fails = (number + place) % 7 == 0
        texts = ("m" * 180, "h" * 80, "e" * 150) if fails else ("", "", "")
        points = 0.0 if fails else check.points
        status = "failed" if fails else "passed"
        lines.append(CheckResult(check.id, check.task, check.function, status, points, check.points, *texts, 0.12))  # type: ignore[arg-type]
    score = sum(line.points for line in lines)
    info = SubmissionInfo(f"student{number:04}", f"submissions/student{number:04}.py", f"{number:064}", "py")
    return Result(info, "graded", score, 100.0, 60.0, tuple(lines))


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gradebook]:
    path = tmp_path_factory.mktemp("gradebook") / "gradebook.db"
    with Gradebook.open(path) as book:
        for number in range(SUBMISSIONS):
            book.add(CONDITIONS, result(number), graded_at=NOON)
    with Gradebook.open(path) as book:
        yield book


@pytest.fixture
def megabytes(book: Gradebook) -> float:
    """Size of the file without artefacts."""
    return book.path.stat().st_size / 2**20


def test_entries(benchmark: Any, book: Gradebook, megabytes: float) -> None:
    """What counts for everybody, with every check and its messages."""
    benchmark.extra_info["file_mb"] = megabytes
    assert len(benchmark(book.entries)) == SUBMISSIONS


def test_one_entry(benchmark: Any, book: Gradebook) -> None:
    assert benchmark(book.entry, "student0500").attempts == 1


def test_attempts_of_one(benchmark: Any, book: Gradebook) -> None:
    assert len(benchmark(book.attempts, "student0500")) == 1


def test_find_graded(benchmark: Any, book: Gradebook) -> None:
    assert benchmark(book.find_graded, "student0500", f"{500:064}", CONDITIONS) is not None


def test_who_does_not_pass(benchmark: Any, book: Gradebook) -> None:
    assert 142 <= sum(benchmark(lambda: [e.misses("train/early-stopping") for e in book.entries()])) <= 143


def test_add(benchmark: Any, tmp_path: Path) -> None:
    """One attempt, on the disk before it is announced."""
    with Gradebook.open(tmp_path / "gradebook.db") as book:
        benchmark(book.add, CONDITIONS, result(0), graded_at=NOON)
