"""The speed of a gradebook with 1,000 submissions of 48 checks: `tox -e bench`.

The goal is 50 ms for each query, so that no command and no page has to wait for it.  The entries of a class in which
every student has exceptions should take at most 2 s, since they are computed again after each decision.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from grader.assignment.contract import CHECKS
from grader.course import Course, Late
from grader.gradebook import deciding
from grader.gradebook.deciding import Signed
from grader.gradebook.lists import Share, Wording
from grader.gradebook.records import Conditions
from grader.gradebook.store import Gradebook
from grader.results.scoring import CheckResult, Result, SubmissionInfo

SUBMISSIONS = 1_000
CONDITIONS = Conditions("c" * 64, "", "standard", (), "namespaces", "0.1.0")
NOON = "2026-06-01T12:00:00Z"
DUE = datetime(2026, 5, 28, 22, tzinfo=UTC)
COURSE = Course(late=Late(DUE, late_days=2), groups="names")
EMMY = Signed("Emmy", "ill", NOON)


def result(number: int) -> Result:
    """Return a result in which every seventh check fails, with messages of the usual length."""
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
    """The size of the gradebook's file in MiB; it has no artefacts."""
    return book.path.stat().st_size / 2**20


def test_entries(benchmark: Any, book: Gradebook, megabytes: float) -> None:
    """Read the entries of all students, with every check and its messages."""
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
    """Add one attempt, until it is on the disk."""
    with Gradebook.open(tmp_path / "gradebook.db") as book:
        benchmark(book.add, CONDITIONS, result(0), graded_at=NOON)


@pytest.fixture(scope="module")
def exceptional(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gradebook]:
    """A class of 1,000 in 500 groups, in which everybody is late, has an extension, and is excused or has a comment."""
    path = tmp_path_factory.mktemp("gradebook") / "gradebook.db"
    names = [f"student{number:04}" for number in range(SUBMISSIONS)]
    with Gradebook.open(path, course=COURSE) as book:
        for number in range(0, SUBMISSIONS, 2):
            book.add(CONDITIONS, result(number), graded_at=NOON, submitted_at=NOON)
        shares = [Share(0, names[number - number % 2], name) for number, name in enumerate(names)]
        deciding.put_groups(book, shares, EMMY)
        deciding.put_comments(book, [Wording("late-plot", "No labels.", -2.0, "")], EMMY)
        for number, name in enumerate(names):
            deciding.extend(book, name, DUE + timedelta(days=1 + number % 3), EMMY)
            if number % 10 == 0:
                deciding.excuse(book, name, EMMY)
            else:
                row = {"submission": name, "check_id": "", "points": 0, "reason": "", "made_by": "Emmy"}
                book.insert("adjustments", {**row, "made_at": NOON, "withdrawn_at": "", "comment": "late-plot"})
    with Gradebook.open(path, course=COURSE) as book:
        yield book


def test_entries_with_exceptions(benchmark: Any, exceptional: Gradebook) -> None:
    entries = benchmark(exceptional.entries)
    assert (len(entries), sum(entry.excused for entry in entries)) == (SUBMISSIONS, SUBMISSIONS // 10)
    assert all(entry.group and entry.extended_to for entry in entries)


def test_one_entry_with_exceptions(benchmark: Any, exceptional: Gradebook) -> None:
    assert benchmark(exceptional.entry, "student0501").group == "student0500"


def test_all_that_is_known(benchmark: Any, exceptional: Gradebook) -> None:
    """Read everything that the pages of a class are made from."""
    assert len(benchmark(lambda: list(exceptional.known()))) == SUBMISSIONS
