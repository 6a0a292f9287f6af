"""Tests that the verdict is the same every time: five submissions are graded twenty times each, several at once.

This takes about ten minutes on two cores, so it runs only with `GRADER_WHOLE_CORPUS`; `tests/test_samples.py` grades
one of them twice.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import msgspec
import pytest

from grader.course import Course, Settings
from grader.grading.batch import grade_all
from grader.results.scoring import CheckResult, Graded
from grader.sandbox.host.launch import best_level
from grader.submissions import SubmissionFile
from grader.validation.corpus import read_chaffs
from grader.validation.validating import write_chaff

HERE: Final = Path(__file__).parent
SAMPLES: Final = HERE.parent / "submissions"
WHEATS: Final = HERE / "wheats"
CHAFF: Final = "task5-train-shuffles-labels"
TIMES: Final = 20
SLOTS: Final = 2

Checks = tuple[CheckResult, ...]


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Checks]]:
    """The results of the checks for each submission and each time, without the seconds that they took."""
    (chaff,) = (chaff for chaff in read_chaffs(HERE / "chaffs", WHEATS) if chaff.name == CHAFF)
    paths = {
        "bugs": SAMPLES / "three-bugs.py",
        "starter": SAMPLES / "starter.py",
        "sound": WHEATS / "plain.py",
        "notebook": WHEATS / "magics.ipynb",
        "chaff": write_chaff(chaff, tmp_path_factory.mktemp("chaff")).path,
    }
    said: dict[str, list[Checks]] = {name: [] for name in paths}

    def on_graded(graded: Graded) -> None:
        assert graded.result.status == "graded", graded.result.problem
        name = graded.result.submission.id.partition("-")[0]
        said[name].append(tuple(msgspec.structs.replace(check, seconds=0.0) for check in graded.result.checks))

    files = [SubmissionFile(f"{name}-{time}", path) for time in range(TIMES) for name, path in paths.items()]
    settings = Settings(Course(), "quick", frozenset(), best_level())
    grade_all(files, settings, jobs=SLOTS, on_graded=on_graded)
    return said


@pytest.mark.skipif(not os.environ.get("GRADER_WHOLE_CORPUS"), reason="takes ten minutes")
@pytest.mark.slow
@pytest.mark.parametrize("name", ["bugs", "starter", "sound", "notebook", "chaff"])
def test_every_time_gives_the_same_verdicts_points_and_messages(name: str, graded: dict[str, list[Checks]]) -> None:
    assert len(graded[name]) == TIMES
    for checks in graded[name][1:]:
        assert checks == graded[name][0]
