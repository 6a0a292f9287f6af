"""Tests with the guided corpus in the real sandbox: sound notebooks get full marks, a bug costs only its own task.

The default run grades three sound solutions and seven bugs, spread over the tasks; with `GRADER_WHOLE_CORPUS` it
grades all, which takes about an hour.
"""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
import pytest

from grader.cli.validating import verdict_lines
from grader.course import Course
from grader.grading.slots import Slot
from grader.ground.errors import UsageError
from grader.results.scoring import Outcome, Report, Result, make_result
from grader.submissions import Submission, SubmissionFile
from grader.submissions.forms import checks_of
from grader.validation import matrix
from grader.validation.guided import Case, CaseVerdict, faults_with_case, rate, read_cases, wilson
from grader.validation.validating import Validation, Verdict

HERE = Path(__file__).parent
WHEATS = read_cases(HERE / "guided" / "wheats")
CHAFFS = read_cases(HERE / "guided" / "chaffs")
WHOLE = bool(os.environ.get("GRADER_WHOLE_CORPUS"))

FEW_WHEATS = {
    "n01_inline_255_typed_value",  # a typed name of a checkpoint
    "n04_deutsch",  # another language
    "p02_class_based",  # a script of classes
}
FEW_CHAFFS = {
    "1-layers-never-imported",
    "2-ten-classes-kept",
    "3-no-labels",
    "4-block-defined-never-called",
    "5-no-checkpoint",
    "5-stops-on-training-loss",
    "6-predict-unscaled",
}
CHOSEN_WHEATS = [case for case in WHEATS if WHOLE or case.name in FEW_WHEATS]
CHOSEN_CHAFFS = [case for case in CHAFFS if WHOLE or case.name in FEW_CHAFFS]
TWICE = "5-stops-on-training-loss"

_graded: dict[str, Result] = {}


def result_of(case: Case, quick: Slot) -> Result:
    """Return the result of a case, which is graded only once."""
    if case.name not in _graded:
        _graded[case.name] = quick.grade(case.file).result
    return _graded[case.name]


def named(cases: list[Case]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in cases])


# -- the corpus itself ------------------------------------------------------------------------------------------------


def test_every_sound_solution_says_what_is_special_about_it() -> None:
    assert len(WHEATS) >= 50
    assert {case.task for case in WHEATS} == {None}
    assert all(case.sentence for case in WHEATS)


def test_every_task_has_bugs_and_each_says_what_it_is() -> None:
    assert len(CHAFFS) >= 140
    assert {case.task for case in CHAFFS} == {1, 2, 3, 4, 5, 6}
    assert all(case.name.startswith(f"{case.task}-") and case.sentence for case in CHAFFS)
    assert all(case.task not in case.also for case in CHAFFS)


def test_the_few_that_are_graded_are_there() -> None:
    assert {case.name for case in WHEATS} >= FEW_WHEATS
    assert {case.name for case in CHAFFS} >= FEW_CHAFFS
    assert {case.task for case in CHAFFS if case.name in FEW_CHAFFS} == {1, 2, 3, 4, 5, 6}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("none.py", "import keras\n"),
        ("task.py", "# task: 7\n# bug: it fails\n"),
        ("word.py", "# task: five\n# bug: it fails\n"),
        ("bug.py", "# task: 5\n"),
        ("both.py", "# sound: it runs\n# task: 5\n# bug: it fails\n"),
        ("none.ipynb", '{"metadata": {}, "cells": []}'),
        ("task.ipynb", '{"metadata": {"case": {"task": "5", "bug": "it fails"}}, "cells": []}'),
        ("broken.ipynb", "{"),
        ("list.ipynb", "[]"),
        ("empty.ipynb", "{}"),
    ],
)
def test_a_case_that_does_not_say_what_it_is_is_refused(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(UsageError) as raised:
        read_cases(tmp_path)
    assert name in str(raised.value)


@pytest.mark.parametrize(
    ("right", "tried", "low", "high"),
    [(0, 10, 0.0, 0.2775), (5, 10, 0.2366, 0.7634), (9, 10, 0.5958, 0.9821), (10, 10, 0.7225, 1.0), (0, 0, 0.0, 1.0)],
)
def test_a_rate_has_its_interval(right: int, tried: int, low: float, high: float) -> None:
    assert wilson(right, tried) == pytest.approx((low, high), abs=1e-4)


def test_an_interval_holds_its_rate_and_gets_narrower() -> None:
    for tried in (1, 3, 10, 100, 1000):
        for right in range(0, tried + 1, max(1, tried // 10)):
            low, high = wilson(right, tried)
            assert 0 <= low <= right / tried <= high <= 1
            assert wilson(10 * right, 10 * tried)[1] - wilson(10 * right, 10 * tried)[0] < high - low


def test_there_cannot_be_more_right_than_there_are() -> None:
    with pytest.raises(ValueError, match="3 of 2"):
        wilson(3, 2)


def test_a_rate_is_told_with_its_interval() -> None:
    assert rate([True] * 9 + [False]) == "9 of 10 (90%, 95% interval 60% to 98%)"
    assert rate([]) == "0 of 0 (95% interval 0% to 100%)"


# -- what counts as right ---------------------------------------------------------------------------------------------


def judged(failed: dict[str, str], *, calls: tuple[str, ...] = ("fit",), problem: str = "") -> Result:
    """Return a result in which all checks passed except the given ones: `{check: message}`."""
    submission = Submission("x", Path("x.py"), "", "py", calls=calls)
    checks = checks_of("guided", Course(), "quick")
    outcomes = {
        check.id: Outcome("failed", failed[check.id]) if check.id in failed else Outcome("passed", share=1.0)
        for check in checks
    }
    return make_result(submission, Course(), checks, outcomes, seconds=4.0, problem=problem)


SOUND = Case(SubmissionFile("sound", Path("sound.py")), None, "Nothing special.")
BUGGY = Case(SubmissionFile("5-late", Path("5-late.py")), 5, "it stops too late", (6,))
CAUGHT = judged({"training/early-stopping": "It stops late.", "best/loaded": "It loads another."})


def test_a_sound_case_needs_full_marks_in_its_form() -> None:
    assert faults_with_case(SOUND, judged({})) == ()
    assert faults_with_case(SOUND, judged({"best/loaded": "not loaded"})) == ("best/loaded failed: not loaded",)
    assert faults_with_case(SOUND, judged({}, problem="no disk")) == ("not graded: no disk",)
    assert faults_with_case(SOUND, judged({}, calls=())) == (
        "graded as another form: The file neither loads data nor builds or trains a network.",
    )


def test_a_bug_must_cost_its_own_task_with_words_and_no_other() -> None:
    assert faults_with_case(BUGGY, CAUGHT) == ()
    assert faults_with_case(BUGGY, judged({})) == ("task 5 loses no points",)
    assert faults_with_case(BUGGY, judged({"training/fits": ""})) == ("training/fits fails without a word",)
    assert faults_with_case(BUGGY, judged({"best/loaded": "not loaded"})) == ("task 5 loses no points",)
    assert faults_with_case(BUGGY, judged({"training/fits": "It does not.", "model/softmax": "It has none."})) == (
        "it spreads to model/softmax (failed: It has none.)",
    )


def test_the_matrix_and_the_messages_tell_of_both_forms() -> None:
    plain = Verdict("plain", None, judged({}), ())
    guided = (
        CaseVerdict("sound", SOUND, judged({}), ()),
        CaseVerdict("5-late", BUGGY, CAUGHT, ()),
        CaseVerdict("5-later", BUGGY, judged({}), ("task 5 loses no points",)),
    )
    validation = Validation("quick", "namespaces", 90.0, (plain,), (), guided)
    page = matrix.kill_matrix(validation)
    rates = matrix.rates(validation)
    assert rates == [
        "Form functions: right about 1 of 1 (100%, 95% interval 21% to 100%) sound solutions and about "
        "0 of 0 (95% interval 0% to 100%) bugs.",
        "Form guided: right about 1 of 1 (100%, 95% interval 21% to 100%) sound solutions and about "
        "1 of 2 (50%, 95% interval 9% to 91%) bugs.",
    ]
    assert all(f"- {line}" in page.splitlines() for line in rates)
    assert "| it stops too late | 5 | `training/early-stopping` | `best/loaded` | 4 |" in page
    assert "- `5-later`: task 5 loses no points" in page
    assert "It stops late." in matrix.messages(validation)
    assert verdict_lines(validation).startswith("1 of 1 sound solutions have full marks, 0 of 0 bugs")
    assert not validation.right
    assert msgspec.structs.replace(validation, guided=guided[:2]).right


# -- what the grader makes of it --------------------------------------------------------------------------------------


@named(CHOSEN_WHEATS)
def test_a_sound_notebook_has_full_marks(case: Case, quick: Slot) -> None:
    result = result_of(case, quick)
    assert faults_with_case(case, result) == ()
    assert result.score == result.max_score == 97.0


@named(CHOSEN_CHAFFS)
def test_a_bug_costs_points_in_its_own_task_and_in_no_other(case: Case, quick: Slot) -> None:
    result = result_of(case, quick)
    assert faults_with_case(case, result) == ()
    lost = [check for check in result.checks if check.points < check.max_points]
    assert case.task in {check.task for check in lost}
    assert {check.task for check in lost} <= {case.task, *case.also}
    assert all(check.message for check in lost)


def test_two_gradings_of_one_notebook_are_the_same(quick: Slot) -> None:
    case = next(case for case in CHAFFS if case.name == TWICE)

    def plain(result: Result) -> object:
        checks = [msgspec.structs.replace(check, seconds=0.0) for check in result.checks]
        return result.submission, result.score, result.status, checks

    assert plain(quick.grade(case.file).result) == plain(result_of(case, quick))


def test_the_document_says_the_form_and_the_place_of_each_failure(quick: Slot) -> None:
    case = next(case for case in CHAFFS if case.name == TWICE)
    report = Report("quick", "", 0.0, (result_of(case, quick),))
    (result,) = msgspec.json.decode(msgspec.json.encode(report))["results"]
    assert result["submission"]["form"] == "guided"
    assert result["submission"]["form_reason"].startswith("The file calls ")
    (failed,) = [check for check in result["checks"] if check["status"] != "passed"]
    code = [cell for cell in msgspec.json.decode(case.file.path.read_bytes())["cells"] if cell["cell_type"] == "code"]
    line = "".join(code[failed["cell"] - 1]["source"]).split("\n")[failed["line"] - 1]
    assert failed["task"] == 5
    assert line.strip()
    assert all(check["cell"] is None for check in result["checks"] if check["status"] == "passed")
