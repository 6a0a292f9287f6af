"""Tests with a class in which every fifth submission attacks: all get a result, and the others' do not change.

The default run grades a small class and one task; with `GRADER_WHOLE_CORPUS` it grades forty students, ten attackers
and every task in the profile `quick`, one after another.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest

from grader.course import Course, Settings
from grader.grading.batch import grade_all
from grader.results.scoring import Result
from grader.sandbox.host.launch import why_not
from grader.submissions import discover
from grader.validation.corpus import read_chaffs
from tests.test_attacks import FOLDER, read_attack

HERE: Final = Path(__file__).parent
SLOW: Final = bool(os.environ.get("GRADER_WHOLE_CORPUS"))
STUDENTS: Final = 40 if SLOW else 6
TASKS: Final = range(1, 7) if SLOW else (3,)
ATTACKERS: Final = (
    "kills-everything",
    "leaves-survivors",
    "forks-without-end",
    "worker-taken-over",
    "fills-memory",
    "leaves-files",
    "train-replaces-fit",
    "becomes-another-program",
    "replaces-numpy-and-keras",
    "wire-two-processes-answer",
)[: max(3, STUDENTS // 4)]
WAITS: Final = ("asks-for-input", "endless", "loops", "sleeps", "slow")  # bugs that fail only when time is up


def students() -> dict[str, str]:
    """Return as many sound solutions as solutions with bugs, whose feedback must stay the same too."""
    sound = [file.path.read_text(encoding="utf-8") for file in discover([HERE / "wheats"])]
    chaffs = [c for c in read_chaffs(HERE / "chaffs", HERE / "wheats") if not any(word in c.name for word in WAITS)]
    half = STUDENTS // 2
    buggy = [chaff.source() for chaff in chaffs[:: len(chaffs) // half]]
    return {f"student-{n:02}": text for n, text in enumerate([*sound[:half], *buggy[:half]])}


def graded(folder: Path, sources: dict[str, str], task: int) -> dict[str, Result]:
    folder.mkdir()
    for name, source in sources.items():
        (folder / f"{name}.py").write_text(source, encoding="utf-8")
    settings = Settings(Course(), "quick", frozenset((task,)), "namespaces")
    report = grade_all(discover([folder]), settings, jobs=2, on_graded=lambda _: None)
    return {result.submission.id: result for result in report.results}


def verdict(result: Result) -> list[tuple[Any, ...]]:
    """Return a result without its times."""
    return [msgspec.structs.astuple(msgspec.structs.replace(check, seconds=0.0)) for check in result.checks]


@pytest.mark.skipif(bool(why_not("namespaces")), reason="attacks run where they can do no harm")
@pytest.mark.parametrize("task", TASKS)
def test_attackers_change_nothing_for_the_others(task: int, tmp_path: Path) -> None:
    honest = students()
    attacks = {f"student-{4 * n:02}-attacks": read_attack(FOLDER / f"{a}.py").source for n, a in enumerate(ATTACKERS)}
    alone = graded(tmp_path / "alone", honest, task)
    together = graded(tmp_path / "together", honest | attacks, task)
    assert len(alone) == STUDENTS
    assert set(together) == set(honest) | set(attacks)
    assert {result.status for result in together.values()} == {"graded"}
    for name in honest:
        assert verdict(together[name]) == verdict(alone[name]), name
        assert together[name].score == alone[name].score
    assert any(result.score < result.max_score for result in alone.values()) or not SLOW
