"""What a hostile submission gains: nothing.  It is graded in time, and the next one is as if it had never been.

Each attack is appended to the sound solution `plain.py`, which is its honest twin.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from grader import contract
from grader.batch import Settings, Slot
from grader.course import Course, Limits
from grader.sandbox.launch import best_level
from grader.scoring import Result
from grader.submissions import SubmissionFile

ATTACKS = sorted((Path(__file__).parent / "attacks").glob("*.py"))
HONEST = Path(__file__).parent / "wheats" / "plain.py"

TASK_OF = {function.name: function.task for function in contract.FUNCTIONS} | {"setup": 1}
ALMOST_NOTHING = 0.5  # of the function's points: what checks that the trick does not touch may still earn


def function_of(attack: Path) -> str:
    """The function that an attack's second line names."""
    return attack.read_text().splitlines()[1].removeprefix("# function: ")


def grade(tmp_path: Path, source: str, task: int | None) -> Result:
    path = tmp_path / "submission.py"
    path.write_text(source)
    limits = Limits(call_seconds=10, load_seconds=10, processes=30)
    tasks = frozenset() if task is None else frozenset((task,))
    with Slot(Settings(Course(limits=limits), "quick", tasks, best_level())) as slot:
        result = slot.grade(SubmissionFile("attack", path)).result
        if best_level() == "namespaces":
            after = slot.grade(SubmissionFile("honest", HONEST)).result
            assert after.status == "graded", after.problem
            assert after.score == after.max_score
    return result


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda path: path.stem)
def test_an_attack_gains_nothing_and_harms_nobody(attack: Path, tmp_path: Path) -> None:
    function = function_of(attack)
    result = grade(tmp_path, f"{HONEST.read_text()}\n\n{attack.read_text()}", TASK_OF[function])
    assert result.status == "graded", result.problem
    about = [check for check in result.checks if check.id.startswith(f"{function}/")]
    earned, worth = sum(check.points for check in about), sum(check.max_points for check in about)
    assert earned <= worth * ALMOST_NOTHING, [(check.id, check.status) for check in about]
    assert all(check.message for check in result.checks if check.status != "passed")


def test_what_looks_for_answers_finds_none(tmp_path: Path) -> None:
    source = f"{HONEST.read_text()}\n\n{(ATTACKS[0].parent / 'looks-for-answers.py').read_text()}"
    result = grade(tmp_path, source, 2)
    if best_level() == "namespaces":
        assert {check.message.split(" (")[0] for check in result.checks} == {"RuntimeError: found:"}
