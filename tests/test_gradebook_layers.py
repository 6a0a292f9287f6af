"""Tests of the arithmetic of the final score."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.course import Late
from grader.gradebook.layers import days_late, make_entry, penalty
from grader.gradebook.records import Adjustment, Attempt
from grader.ground.text import utc
from tests.results import CONDITIONS, NOON, result_of

DEADLINE = datetime(2026, 6, 1, 12, tzinfo=UTC)
RULE = Late(DEADLINE, grace_minutes=30, percent_per_day=10, cap_percent=35)

POINTS = st.floats(0, 200, allow_nan=False)
DAYS = st.floats(0, 1000, allow_nan=False)
PERCENT = st.floats(0, 100, allow_nan=False)
RULES = st.builds(
    Late, st.just(DEADLINE), grace_minutes=st.floats(0, 10_000), percent_per_day=PERCENT, cap_percent=PERCENT
)
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)).map(lambda moment: moment.replace(tzinfo=UTC))


def attempt(score: float = 80.0, *, submitted_at: str = "", status: str = "graded") -> Attempt:
    measured = msgspec.structs.replace(result_of(), score=score, status=status)
    c = CONDITIONS
    return Attempt(1, NOON, submitted_at, c.course, c.calibration, c.profile, c.tasks, c.isolation, measured, c.grader)


def adjustment(points: float, *, check: str = "", withdrawn_at: str = "") -> Adjustment:
    return Adjustment(1, "ada", check, points, "Why.", "Grace", NOON, withdrawn_at)


@pytest.mark.parametrize(
    ("handed_in", "days", "taken"),
    [
        ("", 0, 0),
        ("2026-06-01T12:00:00Z", 0, 0),
        ("2026-06-01T12:30:00Z", 0, 0),
        ("2026-06-01T14:30:00+02:00", 0, 0),
        ("2026-06-01T12:30:01Z", 1 / 86_400, 8),
        ("2026-06-02T12:30:00Z", 1, 8),
        ("2026-06-02T12:30:01Z", 1 + 1 / 86_400, 16),
        ("2026-06-05T00:30:00Z", 3.5, 28),
        ("2027-06-01T12:30:00Z", 365, 28),
    ],
)
def test_each_day_that_has_begun_costs_up_to_the_cap(handed_in: str, days: float, taken: float) -> None:
    late = days_late(handed_in, RULE)
    assert late == pytest.approx(days)
    assert penalty(80, late, RULE) == taken


def test_without_a_deadline_nothing_is_late() -> None:
    assert days_late("2126-01-01T00:00:00Z", Late()) == 0


@given(MOMENTS, MOMENTS, RULES)
def test_whoever_hands_in_later_is_not_less_late(one: datetime, other: datetime, late: Late) -> None:
    first, second = sorted((one, other))
    assert days_late(utc(first), late) <= days_late(utc(second), late)


@given(MOMENTS, st.floats(0, 10_000), RULES)
def test_grace_moves_the_deadline(moment: datetime, minutes: float, late: Late) -> None:
    with_grace = msgspec.structs.replace(late, grace_minutes=minutes)
    moved = msgspec.structs.replace(late, grace_minutes=0.0, deadline=DEADLINE + timedelta(minutes=minutes))
    assert math.isclose(days_late(utc(moment), with_grace), days_late(utc(moment), moved), abs_tol=1e-9)


@given(POINTS, DAYS, DAYS, RULES)
def test_a_penalty_grows_with_the_days_and_stays_below_the_cap(points: float, a: float, b: float, late: Late) -> None:
    fewer, more = sorted((a, b))
    assert 0 <= penalty(points, fewer, late) <= penalty(points, more, late)
    assert penalty(points, more, late) <= points * late.cap_percent / 100 + 0.005


@given(POINTS, st.integers(1, 10))
def test_days_add_up_before_the_cap(points: float, days: int) -> None:
    late = Late(DEADLINE, percent_per_day=10, cap_percent=100)
    assert penalty(points, days, late) == pytest.approx(points * days / 10, abs=0.0051)


@given(POINTS)
def test_in_time_costs_nothing(points: float) -> None:
    assert penalty(points, 0.0, RULE) == 0


@given(POINTS, st.lists(st.floats(-50, 50)), DAYS, RULES)
def test_a_score_is_never_below_zero_and_nothing_measured_changes(
    score: float, points: list[float], days: float, late: Late
) -> None:
    measured = attempt(score, submitted_at=utc(DEADLINE + timedelta(days=days)))
    entry = make_entry(measured, 1, [adjustment(p) for p in points], late)
    assert entry.score is not None
    assert entry.score >= 0
    assert entry.attempt == measured
    assert entry.score == max(0.0, round(math.fsum([score, -entry.penalty, *points]), 2))


@given(st.lists(st.floats(-50, 50)), st.permutations(range(4)))
def test_the_order_of_points_by_hand_does_not_matter(points: list[float], order: list[int]) -> None:
    made = [adjustment(p, check="train/validates" if i % 2 else "") for i, p in enumerate(points[:4])]
    shuffled = [made[i] for i in order if i < len(made)]
    late = "2026-06-03T00:00:00Z"
    one, other = (make_entry(attempt(submitted_at=late), 1, each, RULE) for each in (made, shuffled))
    assert one.score == other.score


def test_points_for_a_check_are_measured_points_and_points_for_the_total_come_last() -> None:
    late = attempt(80, submitted_at="2026-06-02T00:00:00Z")
    assert make_entry(late, 1, [adjustment(10, check="train/validates")], RULE).score == 81
    assert make_entry(late, 1, [adjustment(8)], RULE).score == 80


def test_withdrawn_points_do_not_count_and_are_not_listed() -> None:
    entry = make_entry(attempt(80), 1, [adjustment(5), adjustment(7, withdrawn_at=NOON)], Late())
    assert (entry.score, [a.points for a in entry.adjustments]) == (85, [5])


def test_what_was_not_graded_has_no_score() -> None:
    late = attempt(80, status="infrastructure_error", submitted_at="2026-06-03T00:00:00Z")
    entry = make_entry(late, 2, [adjustment(5)], RULE)
    assert (entry.score, entry.penalty, entry.attempts) == (None, 0, 2)
    assert entry.days_late == pytest.approx(1.479, abs=0.001)
