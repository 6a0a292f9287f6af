"""Tests of the observed run in the real sandbox, with small programs: what it records, and what cannot deceive it."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.checks.guided import observed
from grader.grading.slots import Slot
from grader.results.scoring import Result
from grader.submissions import SubmissionFile

WHEATS = Path(__file__).parent / "guided" / "wheats"


def graded(quick: Slot, path: Path, text: str) -> Result:
    path.write_text(text, encoding="utf-8")
    return quick.grade(SubmissionFile(path.stem, path)).result


@pytest.mark.slow
def test_a_statement_that_does_not_end_costs_no_more_than_itself(
    tmp_path: Path, quick: Slot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(observed, "STATEMENT_SECONDS", 15.0)
    sound = (WHEATS / "p10_flat_script.py").read_text(encoding="utf-8")
    loop = "\nwhile True:\n    try:\n        pass\n    except Exception:\n        pass\n"
    result = graded(quick, tmp_path / "loops.py", sound + loop)
    assert {check.id: check.message for check in result.checks if check.status != "passed"} == {
        "cells/run": "Every cell should run, but one ended in TookTooLong: it did not end within 15 seconds "
        f"({_place(sound)}: while True:)."
    }


def _place(sound: str) -> str:
    return f"line {sound.count(chr(10)) + 2}"
