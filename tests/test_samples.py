"""Tests of the samples that a plain `tox` grades: their scores, and that grading again gives the same result."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from grader.grading.slots import Slot
from grader.results.scoring import Result
from grader.submissions import discover

SAMPLES = Path(__file__).parent.parent / "submissions"


@pytest.fixture(scope="module")
def graded(quick: Slot) -> Callable[[str], Result]:
    """Return the result of a sample, which is graded once."""

    @functools.cache
    def grade(name: str) -> Result:
        return grade_now(quick, name)

    return grade


def grade_now(quick: Slot, name: str) -> Result:
    (file,) = discover([SAMPLES / name])
    return quick.grade(file).result


@pytest.mark.parametrize(
    ("name", "score", "wrong"),
    [
        ("complete-notebook.ipynb", 93.0, []),
        ("complete-divides.py", 93.0, []),
        (
            "three-bugs.py",
            84.0,
            ["subset_data/columns-follow-classes", "train/checkpoint-best-epoch", "predict/scales-as-train-does"],
        ),
    ],
)
def test_a_sample_has_its_score(graded: Callable[[str], Result], name: str, score: float, wrong: list[str]) -> None:
    result = graded(name)
    assert result.status == "graded", result.problem
    assert [check.id for check in result.checks if check.status != "passed"] == wrong
    assert (result.score, result.max_score) == (score, 93.0)


def test_the_unfinished_sample_has_the_points_of_the_set_up(graded: Callable[[str], Result]) -> None:
    result = graded("starter.py")
    assert result.score == 5.0
    later = {check.id: check for check in result.checks if check.task > 1}
    compared = later.pop("predict/scales-as-train-does")  # compares with `train`, which is not written either
    assert (compared.status, compared.message) == ("not_run", "Not run: `train` did not work.")
    assert {check.status for check in later.values()} == {"error"}
    assert {check.hint for check in later.values()} == {"This function is still to be written."}


def test_grading_again_gives_the_same_checks_points_and_messages(quick: Slot, graded: Callable[[str], Result]) -> None:
    def plain(result: Result) -> object:
        checks = [msgspec.structs.replace(check, seconds=0.0) for check in result.checks]
        return result.score, result.status, checks

    assert plain(grade_now(quick, "three-bugs.py")) == plain(graded("three-bugs.py"))
