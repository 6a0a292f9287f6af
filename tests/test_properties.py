"""Tests that cases are drawn once for all checks of a strategy, and again only to shrink one that fails."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import strategies as st

from grader.checks.common.properties import drawn, for_all
from grader.checks.common.running import run_pytest
from grader.checks.common.student import Missing
from grader.checks.common.verdict import CheckFailed
from grader.checks.functions.task2.cases import subset_cases

_NUMBERS = st.integers(0, 1000)


class Asked:
    """Evidence that counts how often it is asked for."""

    def __init__(self, seed: int = 0) -> None:
        self.seed = seed
        self.cases: list[int] = []
        self.example = ""

    def ask(self, case: int) -> None:
        self.cases.append(case)
        self.example = f"f({case})"


def test_a_strategy_is_the_same_one_each_time() -> None:
    assert subset_cases() is subset_cases()


def test_cases_are_drawn_once_for_all_tests() -> None:
    @for_all(_NUMBERS, examples=5)
    def first(asked: Asked, case: int) -> None:
        asked.ask(case)

    @for_all(_NUMBERS, examples=5)
    def second(asked: Asked, case: int) -> None:
        asked.ask(case)

    drawn.cache_clear()
    one, other = Asked(), Asked()
    first(asked=one)
    second(asked=other)
    assert len(one.cases) == 5
    assert one.cases == other.cases
    assert drawn.cache_info().misses == 1
    another = Asked(seed=1)
    first(asked=another)
    assert another.cases != one.cases


def test_the_smallest_case_that_fails_is_told() -> None:
    @for_all(_NUMBERS, examples=20)
    def small(asked: Asked, case: int) -> None:
        asked.ask(case)
        if case >= 17:
            raise CheckFailed(f"{case} is too large.")

    with pytest.raises(CheckFailed, match=r"^17 is too large\.$") as failed:
        small(asked=Asked())
    assert failed.value.example == "f(17)"


def test_what_fails_only_once_has_failed() -> None:
    @for_all(_NUMBERS, examples=5)
    def once(asked: Asked, case: int) -> None:
        asked.ask(case)
        if len(asked.cases) == 3:
            raise CheckFailed("this time.")

    asked = Asked()
    with pytest.raises(CheckFailed, match="this time"):
        once(asked=asked)
    assert len(asked.cases) > 3


def test_nothing_more_is_asked_where_a_function_is_missing() -> None:
    @for_all(_NUMBERS, examples=5)
    def missing(asked: Asked, case: int) -> None:
        asked.ask(case)
        raise Missing("f", "")

    asked = Asked()
    with pytest.raises(Missing):
        missing(asked=asked)
    assert len(asked.cases) == 1


def test_nobody_waits_for_how_pytest_shows_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "test_fails.py").write_text("def test_fails():\n    raise ValueError('no')\n")
    looked_up: list[object] = []
    monkeypatch.setattr("_pytest._code.code.getstatementrange_ast", lambda *args, **_: looked_up.append(args))
    assert run_pytest(tmp_path, object()) == ""
    assert not looked_up
