"""Tests that a guided submission gains nothing by deceiving the notes that are taken of its run.

Each file in `tests/guided/attacks/` is a whole submission.  Its first line is a comment that says what it tries, and
the header has

    # without: 90         the most points that the same file gets without the trick, in the profile `quick`
    # open: text          why the trick still works; then the test only asserts that the file is graded

By default a few are tried; with `GRADER_WHOLE_CORPUS` all are.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec
import pytest

from grader.course import Course, Settings
from grader.grading.judging import grade
from grader.grading.slots import Slot
from grader.sandbox.host.launch import why_not
from grader.submissions import SubmissionFile, read_submission

FOLDER: Final = Path(__file__).parent / "guided" / "attacks"
ATTACKS: Final = sorted(FOLDER.glob("*.py"))
LEVEL: Final = "namespaces"
SLOW: Final = bool(os.environ.get("GRADER_WHOLE_CORPUS"))
A_FEW: Final = ("answers-the-wire", "forges-the-answers-shown", "weights-stand-still")
"""The attacks that the default run tries."""

SEED: Final = 5128947234981723
"""A course's seed that no attack knows."""


class Attack(msgspec.Struct, frozen=True):
    """One file in `tests/guided/attacks/`."""

    sentence: str
    without: float
    open: str


def read_attack(path: Path) -> Attack:
    text = path.read_text(encoding="utf-8")
    sentence = re.match(r"# (Tries: .+\.)\n", text)
    header = dict(re.findall(r"^# (without|open): (.+)$", text, re.MULTILINE))
    assert sentence is not None, path
    return Attack(sentence[1], float(header["without"]), header.get("open", ""))


@pytest.fixture(scope="module")
def slot() -> Iterator[Slot]:
    """One sandbox for all attacks."""
    if why_not(LEVEL):
        pytest.skip(f"attacks run where they can do no harm: {why_not(LEVEL)}")
    with Slot(Settings(Course(seed=SEED), "quick", frozenset(), LEVEL)) as slot:
        yield slot


@pytest.mark.parametrize(
    "path", [path for path in ATTACKS if SLOW or path.stem in A_FEW], ids=lambda path: str(path.stem)
)
def test_an_attack_gains_nothing(path: Path, slot: Slot) -> None:
    attack = read_attack(path)
    result = grade(slot.context(read_submission(SubmissionFile("attack", path)))).result
    assert result.status == "graded", result.problem
    assert result.checks
    assert result.checks[0].id.startswith("cells/"), "it was taken for the other form"
    said = [(check.id, check.points, check.message) for check in result.checks if check.status != "passed"]
    assert attack.open or result.score <= attack.without, said
    assert all(check.message for check in result.checks if check.status != "passed")


def test_every_attack_says_what_it_tries() -> None:
    assert len(ATTACKS) >= 15
    assert set(A_FEW) <= {path.stem for path in ATTACKS}
    for path in ATTACKS:
        assert 0 <= read_attack(path).without <= 97, path
