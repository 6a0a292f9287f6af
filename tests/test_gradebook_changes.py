"""Tests of comparing two attempts."""

from __future__ import annotations

import msgspec

from grader.assignment.contract import checks_of
from grader.gradebook.changes import compare
from grader.gradebook.records import Attempt
from grader.results.scoring import CheckResult, Result
from tests.results import CONDITIONS, NOON, result_of


def attempt(measured: Result | None) -> Attempt | None:
    if measured is None:
        return None
    c = CONDITIONS
    return Attempt(1, NOON, "", c.course, c.calibration, c.profile, c.tasks, c.isolation, measured, c.grader)


def changed(before: Result | None, after: Result | None) -> list[tuple[str, float | None, float | None]]:
    """Return for each changed check its id, the points before and the points after."""

    def points(check: CheckResult | None) -> float | None:
        return None if check is None else check.points

    changes = compare("ada", attempt(before), attempt(after)).changes
    return [(change.check, points(change.before), points(change.after)) for change in changes]


def test_the_same_is_no_change() -> None:
    assert changed(result_of(failing=["train/validates"]), result_of(failing=["train/validates"])) == []


def test_what_was_mended_and_what_was_broken() -> None:
    before, after = result_of(failing=["train/validates"]), result_of(failing=["setup/loads"])
    assert changed(before, after) == [("setup/loads", 2, 0), ("train/validates", 0, 2)]


def test_other_words_or_seconds_are_no_change() -> None:
    before = result_of(failing=["setup/loads"])
    checks = tuple(msgspec.structs.replace(check, message="Else.", seconds=9.0) for check in before.checks)
    assert changed(before, msgspec.structs.replace(before, checks=checks)) == []


def test_a_check_that_is_now_worth_more_is_a_change() -> None:
    before = result_of()
    first = msgspec.structs.replace(before.checks[0], max_points=3.0)
    assert changed(before, msgspec.structs.replace(before, checks=(first, *before.checks[1:]))) == [
        ("setup/loads", 2, 2)
    ]


def test_what_only_one_of_them_asked_for_is_a_change() -> None:
    wide, narrow = result_of(checks=checks_of("standard")), result_of(checks=checks_of("quick"))
    assert changed(narrow, wide) == [("accuracy/unseen-images", None, 7)]
    assert changed(wide, narrow) == [("accuracy/unseen-images", 7, None)]
    assert len(changed(None, narrow)) == len(narrow.checks)
