"""Tests of Gradescope's results.json: it has the documented keys, and no score if there is none."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from grader.course import Ranked
from grader.exports import Choices, gradescope
from grader.gradebook.records import Adjustment
from grader.ground.errors import UsageError
from grader.results.artefacts import Measured
from tests.results import HOSTILE, QUICK, entries, result_of

VISIBILITIES = {"hidden", "after_due_date", "after_published", "visible"}
TOP = {
    "score",
    "execution_time",
    "output",
    "output_format",
    "test_output_format",
    "test_name_format",
    "visibility",
    "stdout_visibility",
    "extra_data",
    "tests",
    "leaderboard",
}
TEST = {
    "score",
    "max_score",
    "status",
    "name",
    "name_format",
    "number",
    "output",
    "output_format",
    "tags",
    "visibility",
}


def document(*arguments: Any, **options: Any) -> Any:
    made = gradescope.write(entries(result_of(*arguments, **options)), Choices(hidden=frozenset({"train/validates"})))
    assert made.notes == ()
    found = json.loads(made.content)
    assert set(found) <= TOP
    assert {found["visibility"], found["stdout_visibility"]} <= VISIBILITIES
    for test in found["tests"]:
        assert set(test) <= TEST
        assert test["visibility"] in VISIBILITIES
        assert test["output_format"] == test["name_format"] == "text"
        assert test.get("status") in ("passed", "failed", None)
    return found


def test_a_graded_submission() -> None:
    found = document("ada", {"subset_data/seeded": "failed", "train/validates": "timeout"})
    assert (found["score"], found["execution_time"]) == (90.0, 11)
    assert found["output"] == "90 of 93 points, profile quick."
    assert found["stdout_visibility"] == "hidden"
    assert sum(test["score"] for test in found["tests"]) == 90.0
    assert sum(test["max_score"] for test in found["tests"]) == 93.0
    assert len(found["tests"]) == len(QUICK)
    (seeded,) = [test for test in found["tests"] if "Same seed" in test["name"]]
    assert seeded == {
        "name": "subset_data: Same seed, same order; other seeds and None, others",
        "name_format": "text",
        "number": "2",
        "status": "failed",
        "output": "Column 0 means label 1.\n    subset_data(x, y)\n    # two lines\nHint: Look at the columns.",
        "output_format": "text",
        "tags": ["task 2", "failed"],
        "visibility": "visible",
        "score": 0.0,
        "max_score": 1.0,
    }
    hidden = [test["name"] for test in found["tests"] if test["visibility"] != "visible"]
    assert hidden == ["train: Validates on the validation set (time-out)"]


def test_where_the_grader_failed_there_is_no_score_but_what_is_known() -> None:
    found = document("ada", {"subset_data/seeded": "failed"}, problem="/srv/grader: the disk is full")
    assert "score" not in found
    assert not any("score" in test or "max_score" in test for test in found["tests"])
    assert found["output"] == (
        "The autograder could not grade this, so there is no score.\n"
        "It costs no marks. Your instructor can run the autograder again."
    )
    *tests, note = found["tests"]
    assert len(tests) == len(QUICK)
    assert (note["visibility"], note["output"]) == ("hidden", "What failed: /srv/grader: the disk is full")
    assert not any("/srv/grader" in test["output"] for test in tests)


def test_a_weaker_isolation_is_told_to_the_instructor_alone() -> None:
    (entry,) = entries(result_of())
    weaker = msgspec.structs.replace(entry, attempt=msgspec.structs.replace(entry.attempt, isolation="process"))
    note = gradescope.document(weaker)["tests"][-1]
    assert note["visibility"] == "hidden"
    assert note["output"].startswith("For the instructor: this ran at the isolation level process, since the container")
    assert len(gradescope.document(entry)["tests"]) == len(QUICK)


def test_points_by_hand_and_penalties_are_in_the_score_and_said() -> None:
    (entry,) = entries(result_of())
    change = Adjustment(1, "ada", "", 1.0, "Well explained.", "bo", "2026-06-01T12:00:00Z")
    changed = msgspec.structs.replace(entry, adjustments=(change,), penalty=4.0, days_late=2.0, score=90.0)
    found = gradescope.document(changed)
    assert found["score"] == 90.0
    assert found["output"].splitlines()[1:] == ["+1 by hand: Well explained.", "−4 for being 2 days late"]


def test_hostile_text_is_cleaned_and_cut() -> None:
    found = document("eve", {"subset_data/seeded": "failed"}, message=HOSTILE + "x" * 100_000)
    (seeded,) = [test for test in found["tests"] if "Same seed" in test["name"]]
    assert not {"\x1b", "\u202e", "\x07", "\x00"} & set(seeded["output"])
    assert len(seeded["output"]) <= 8000


MEASURED = Measured(0.84567, 0.67, 51.0, 800)
ACCURACY = {"name": "Accuracy (%)", "value": 84.6, "order": "desc"}
SCORE = {"name": "Score", "value": 93.0, "order": "desc"}


@pytest.mark.parametrize(
    ("allowed", "hidden", "measured", "shown"),
    [
        (("accuracy", "score"), (), MEASURED, [ACCURACY, SCORE]),
        (("score", "accuracy"), (), MEASURED, [SCORE, ACCURACY]),
        (("accuracy", "score"), (), None, [SCORE]),
        (("score",), (), MEASURED, [SCORE]),
        # Nothing that would reveal a hidden check is shown too early.
        (("accuracy", "score"), ("train/validates",), MEASURED, [ACCURACY]),
        (("accuracy", "score"), ("accuracy/unseen-images",), MEASURED, []),
    ],
)
def test_the_leaderboard_shows_what_the_course_allows(
    allowed: tuple[Ranked, ...], hidden: tuple[str, ...], measured: Measured | None, shown: list[dict[str, Any]]
) -> None:
    (entry,) = entries(result_of())
    found = gradescope.document(entry, hidden=frozenset(hidden), leaderboard=allowed, measured=measured)
    assert found["leaderboard"] == shown


def test_without_leave_or_without_a_score_there_is_no_leaderboard() -> None:
    (entry,) = entries(result_of())
    assert "leaderboard" not in gradescope.document(entry, measured=MEASURED)
    (failed,) = entries(result_of(problem="the disk is full"))
    assert "leaderboard" not in gradescope.document(failed, leaderboard=("score",), measured=MEASURED)


def test_the_export_shows_the_score_where_the_course_allows_it() -> None:
    made = gradescope.write(entries(result_of()), Choices(leaderboard=("accuracy", "score")))
    assert json.loads(made.content)["leaderboard"] == [SCORE]


@pytest.mark.parametrize("count", [0, 2])
def test_it_is_for_one_submission(count: int) -> None:
    with pytest.raises(UsageError) as caught:
        gradescope.write(entries(*[result_of(str(number)) for number in range(count)]), Choices())
    assert str(caught.value) == (
        f"a results.json of Gradescope is for one submission, and there are {count}; choose with --submission."
    )
