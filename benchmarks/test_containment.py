"""The overhead of isolation: one submission is graded in the profile `quick` at each isolation level, in turns.

The levels alternate within a run (A B C, C B A, …), so that other work of the machine affects all of them alike.
The goal is that the median of `namespaces` is at most 1.05 times that of `process`.
"""

from __future__ import annotations

import contextlib
import statistics
import time
from pathlib import Path
from typing import Any

import pytest

from grader.course import Course, Settings
from grader.grading.slots import Slot
from grader.sandbox.host.launch import LEVELS, why_not
from grader.submissions import SubmissionFile

SAMPLE = Path(__file__).parent.parent / "submissions" / "complete-divides.py"
TURNS = 4


def test_quick_at_each_level(benchmark: Any) -> None:
    """Grade one submission at every level in each round; `extra_info` has the medians and their ratios."""
    levels = [level for level in LEVELS if not why_not(level)]
    if len(levels) == 1:
        pytest.skip("this machine offers one level only")
    seconds: dict[str, list[float]] = {level: [] for level in levels}
    with contextlib.ExitStack() as stack:
        slots = {level: stack.enter_context(Slot(Settings(Course(), "quick", frozenset(), level))) for level in levels}
        for slot in slots.values():
            slot.grade(SubmissionFile("warm-up", SAMPLE))

        def turn() -> None:
            order = levels if len(seconds[levels[0]]) % 2 == 0 else levels[::-1]
            for level in order:
                began = time.perf_counter()
                result = slots[level].grade(SubmissionFile("sample", SAMPLE)).result
                seconds[level].append(time.perf_counter() - began)
                assert result.score == result.max_score, result.problem

        benchmark.pedantic(turn, rounds=TURNS)
    medians = {level: statistics.median(taken) for level, taken in seconds.items()}
    benchmark.extra_info["seconds_median"] = medians
    benchmark.extra_info["ratio_to_process"] = {level: medians[level] / medians["process"] for level in levels}
