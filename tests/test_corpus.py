"""The kill matrix: every sound solution has full marks, and every bug is caught by the check that is about it.

Two processes grade the corpus in the real sandbox, in the quick profile.  The default run takes every third sound
solution and one bug for each check; `tox -e corpus` takes all of them.
"""

from __future__ import annotations

import concurrent.futures
import multiprocessing
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader import batch
from grader.batch import Settings
from grader.contract import CHECKS
from grader.course import Course
from grader.sandbox.launch import best_level
from grader.scoring import Graded
from grader.submissions import SubmissionFile
from tests import corpus

WHEATS = corpus.wheats()
QUICK = {check.id for check in CHECKS if check.profile == "quick"}
CHAFFS = [chaff for chaff in corpus.chaffs() if chaff.caught_by[0] in QUICK]  # the others need a training

# Bugs that must spread to other tasks, with the reason: nothing else may.
SPREADS = {
    "setup": "a function that is missing, or cannot be called as the contract says, fails where it is called",
    "predict/scales-as-train-does": "compares `predict` with `train`, and so fails, or is not run, for a bug in either",
}


def one_for_each_check() -> list[corpus.Chaff]:
    """The first bug for each check that any is about."""
    first = {chaff.caught_by[0]: chaff for chaff in reversed(CHAFFS)}
    return sorted(first.values(), key=lambda chaff: chaff.name)


def everything() -> bool:
    """Whether the whole corpus was asked for."""
    return bool(os.environ.get("GRADER_WHOLE_CORPUS"))


CHOSEN_WHEATS = WHEATS if everything() else WHEATS[::3]
CHOSEN_CHAFFS = CHAFFS if everything() else one_for_each_check()


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, concurrent.futures.Future[Graded]]]:
    """The result of each chosen solution, by its name, as it comes."""
    folder = tmp_path_factory.mktemp("chaffs")
    files = [SubmissionFile(path.stem, path) for path in CHOSEN_WHEATS]
    for chaff in CHOSEN_CHAFFS:
        path = folder / f"{chaff.name}.py"
        path.write_text(chaff.source(), encoding="utf-8")
        files.append(SubmissionFile(chaff.name, path))
    settings = Settings(Course(), "quick", frozenset(), best_level())
    context = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(2, context, batch.start_slot, (settings,)) as pool:
        yield {file.id: pool.submit(batch.grade_in_slot, file) for file in files}
        pool.shutdown(cancel_futures=True)


@pytest.mark.parametrize("path", CHOSEN_WHEATS, ids=lambda path: path.stem)
def test_a_sound_solution_has_full_marks(path: Path, results: dict[str, concurrent.futures.Future[Graded]]) -> None:
    result = results[path.stem].result().result
    assert result.status == "graded", result.problem
    assert [(check.id, check.message) for check in result.checks if check.status != "passed"] == []
    assert result.score == result.max_score == 93.0


@pytest.mark.parametrize("chaff", CHOSEN_CHAFFS, ids=lambda chaff: chaff.name)
def test_a_bug_is_caught_by_its_own_check(
    chaff: corpus.Chaff, results: dict[str, concurrent.futures.Future[Graded]]
) -> None:
    result = results[chaff.name].result().result
    assert result.status == "graded", result.problem
    wrong = {check.id: check for check in result.checks if check.status != "passed"}
    assert chaff.caught_by[0] in wrong, f"caught by {sorted(wrong)}"
    assert wrong[chaff.caught_by[0]].status != "not_run"
    assert wrong[chaff.caught_by[0]].message
    if chaff.task == 1:
        return  # see SPREADS
    elsewhere = {name for name, check in wrong.items() if check.task != chaff.task} - set(chaff.caught_by)
    assert elsewhere - set(SPREADS) == set()


def test_every_check_has_a_bug_that_it_catches() -> None:
    assert {chaff.caught_by[0] for chaff in CHAFFS} == QUICK
