"""Tests of the CSV file with nbgrader's columns."""

from __future__ import annotations

import io

import msgspec
import pandas as pd

from grader.exports import Choices, nbgrader
from tests.results import entries, renamed, result_of


def test_scores_before_and_after_the_penalty() -> None:
    first, second, third = entries(
        result_of("ada"), result_of("grace", problem="the disk is full"), renamed(result_of(), "=1+1")
    )
    late = msgspec.structs.replace(first, score=80.5, penalty=12.5)
    made = nbgrader.write([late, second, third], Choices("Course project"))
    frame = pd.read_csv(io.BytesIO(made.content))
    assert tuple(frame.columns) == nbgrader.COLUMNS
    assert list(frame["student_id"]) == ["ada", "grace", "'=1+1"]
    assert list(frame["raw_score"].fillna(-1)) == [93, -1, 93]
    assert list(frame["late_submission_penalty"].fillna(-1)) == [12.5, -1, 0]
    assert list(frame["score"].fillna(-1)) == [80.5, -1, 93]
    assert set(frame["max_score"]) == {93}
    assert set(frame["assignment"]) == {"Course project"}
    assert made.notes == ("Not graded, so without points: grace.",)
