"""Tests with the corpus in the real sandbox: sound solutions get full marks, and each bug is caught by its own check.

The default run grades two sound solutions, and one bug for every sixteenth check.  With `GRADER_WHOLE_CORPUS`
it grades one bug for every check, and `tox -e corpus` grades all of them.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

from grader.assignment.contract import CHECKS
from grader.course import Course, Settings
from grader.grading.batch import grade_all
from grader.sandbox.host.launch import best_level
from grader.submissions import discover
from grader.validation.corpus import Chaff, read_chaffs
from grader.validation.validating import Verdict, reached, validate, write_chaff

HERE = Path(__file__).parent
WHEATS = discover([HERE / "wheats"])
CHAFFS = read_chaffs(HERE / "chaffs", HERE / "wheats")
WHOLE = bool(os.environ.get("GRADER_WHOLE_CORPUS"))
QUICK = {check.id for check in CHECKS if check.profile == "quick"}


def one_for_each_check() -> list[Chaff]:
    """Return the first bug for each check that has one."""
    first = {chaff.caught_by[0]: chaff for chaff in reversed(CHAFFS) if chaff.caught_by[0] in QUICK}
    return sorted(first.values(), key=lambda chaff: chaff.name)


CHOSEN_WHEATS = WHEATS[::20]
CHOSEN_CHAFFS = one_for_each_check()[:: 1 if WHOLE else 16]


@pytest.fixture(scope="module")
def verdicts() -> dict[str, Verdict]:
    """The grader's verdict on each chosen solution, by its name."""
    settings = Settings(Course(), "quick", frozenset(), best_level())
    validation = validate(CHOSEN_WHEATS, CHOSEN_CHAFFS, settings, jobs=2)
    return {verdict.name: verdict for verdict in validation.verdicts}


@pytest.mark.parametrize("name", [file.id for file in CHOSEN_WHEATS])
def test_a_sound_solution_has_full_marks(name: str, verdicts: dict[str, Verdict]) -> None:
    assert verdicts[name].faults == ()
    assert verdicts[name].result.score == verdicts[name].result.max_score == 93.0


@pytest.mark.parametrize("name", [chaff.name for chaff in CHOSEN_CHAFFS])
def test_a_bug_is_caught_by_its_own_check(name: str, verdicts: dict[str, Verdict]) -> None:
    assert verdicts[name].faults == ()


def test_a_bug_shows_nothing_in_the_tasks_that_it_is_not_graded_in() -> None:
    settings = Settings(Course(), "quick", frozenset(), best_level())
    last = {chaff.task: chaff for chaff in CHOSEN_CHAFFS if chaff.base is not None}
    chosen = list(last.values())[:: 1 if WHOLE else 5]
    with tempfile.TemporaryDirectory() as folder:
        files = [write_chaff(chaff, Path(folder)) for chaff in chosen]
        report = grade_all(files, settings, jobs=2, on_graded=lambda graded: None)
    for chaff, result in zip(chosen, report.results, strict=True):
        assert reached(chaff, settings) < frozenset(range(1, 7))
        assert {check.task for check in result.checks if check.status != "passed"} <= reached(chaff, settings)


def test_every_check_has_a_bug_that_it_catches() -> None:
    assert {chaff.caught_by[0] for chaff in CHAFFS} == {check.id for check in CHECKS}


def test_every_base_is_a_sound_solution_of_the_corpus() -> None:
    sound = {file.path for file in WHEATS}
    assert {chaff.base for chaff in CHAFFS if chaff.base is not None} <= sound
