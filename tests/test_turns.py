"""Tests of a training's own time, and of the work done in each turn, with made-up turns."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from grader.speed.records import Round, Stretch
from grader.speed.statistics import FEWEST_TURNS, log_ratios_of_turns, ratio_to_reference
from grader.speed.turns import OwnTime, Turn, stretches
from tests.measurements import measurement

# Two turns of a second, a second apart; in the second one it waited for a core half of the time.
TURNS = (Turn(10.0, 11.0, ran=1.0, waited=0.0, between=0.0), Turn(12.0, 13.0, ran=0.5, waited=0.5, between=0.0))


def test_outside_of_its_turns_a_training_has_no_time() -> None:
    own = OwnTime(TURNS)
    assert own.at(np.array([10.0, 10.5, 11.0, 11.7, 12.0, 13.0])).tolist() == [0.0, 0.5, 1.0, 1.0, 1.0, 2.0]


def test_moments_before_the_first_turn_and_after_the_last_stay_outside() -> None:
    own = OwnTime(TURNS)
    assert own.at(9.0) == -1.0
    assert own.at(14.0) == 3.0
    assert math.isnan(own.at(math.nan))


def test_waiting_for_a_core_is_left_out_where_that_is_asked_for() -> None:
    assert OwnTime(TURNS, undisturbed=True).at(13.0) == 1.5


def test_what_threads_wait_for_each_other_is_no_disturbance() -> None:
    assert Turn(0.0, 1.0, ran=1.0, waited=3.0, between=0.0).undisturbed == 1.0
    assert Turn(0.0, 1.0, ran=1.0, waited=3.0, between=0.0, cores=4).undisturbed == 0.25
    assert Turn(0.0, 1.0, ran=1.9, waited=0.5, between=0.0).undisturbed == 1.0  # at most the time on the clock


def test_what_ran_between_its_turns_is_charged() -> None:
    charged = (TURNS[0], Turn(12.0, 13.0, ran=1.0, waited=0.0, between=0.4))
    assert OwnTime(charged).at(13.0) == pytest.approx(2.4)


@given(
    st.lists(
        st.tuples(*(st.floats(0, 1) for _ in range(5))),
        min_size=1,
        max_size=8,
    )
)
def test_own_time_never_runs_backwards_nor_faster_than_the_clock(parts: list[tuple[float, ...]]) -> None:
    turns, now = [], 5.0
    for pause, length, ran, waited, _ in parts:
        turns.append(Turn(now + pause, now + pause + length, ran, waited, between=0.0))
        now += pause + length
    moments = np.linspace(4.0, now + 1.0, 200)
    for undisturbed in (False, True):
        own = OwnTime(turns, undisturbed=undisturbed).at(moments)
        steps = np.diff(own)
        assert np.all(steps >= -1e-9)
        assert np.all(steps <= np.diff(moments) + 1e-9)


def test_a_stretch_is_the_steps_of_a_turn() -> None:
    # Two epochs of four steps, 0.25 s each: one in each turn, of which the first does not count.
    epochs = [(10.0, 11.0, 11.0, 11.0), (12.0, 13.0, 13.0, 13.0)]
    stamps = np.array([(began + 0.25 * step, step) for began in (10.0, 12.0) for step in (1, 2, 3, 4)])
    first, second = stretches(TURNS, epochs, stamps)
    assert first == Stretch(0.0, 0.0)
    assert second == Stretch(0.5, 1.0)  # it waited for the other half


def test_an_epoch_that_spans_turns_is_divided() -> None:
    epochs = [(8.0, 9.0, 9.0, 9.0), (10.0, 13.0, 13.0, 13.0)]
    stamps = np.array([(9.0, 1), (10.5, 1), (11.0, 2), (12.5, 3), (13.0, 4)], float)
    turns = (Turn(8.0, 9.0, 1.0, 0.0, 0.0), TURNS[0], Turn(12.0, 13.0, 1.0, 0.0, 0.0))
    assert stretches(turns, epochs, stamps) == (Stretch(0.0, 0.0), Stretch(1.0, 0.5), Stretch(1.0, 0.5))


def test_what_ran_between_turns_is_part_of_the_stretch_that_follows() -> None:
    epochs = [(8.0, 9.0, 9.0, 9.0), (10.0, 13.0, 13.0, 13.0)]
    stamps = np.array([(9.0, 1), (10.5, 1), (11.0, 2), (12.5, 3), (13.0, 4)], float)
    turns = (Turn(8.0, 9.0, 1.0, 0.0, 0.0), TURNS[0], Turn(12.0, 13.0, 1.0, 0.0, between=0.4))
    assert [stretch.seconds for stretch in stretches(turns, epochs, stamps)] == pytest.approx([0.0, 1.0, 1.4])


def test_the_first_epoch_counts_between_its_first_turn_and_its_last_step() -> None:
    # Its first step takes the first turn; the last one may compile again, for a smaller batch.
    epochs = [(10.0, 13.0, 13.0, 13.0)]
    stamps = np.array([(11.0, 1), (12.2, 2), (12.4, 3), (13.0, 4)], float)
    first, second = stretches((TURNS[0], Turn(12.0, 13.0, 1.0, 0.0, 0.0)), epochs, stamps)
    assert first == Stretch(0.0, 0.0)
    assert second.seconds == pytest.approx(0.4)
    assert second.epochs == pytest.approx(0.5)


def test_what_leaves_no_step_to_compare_gives_stretches_without_any() -> None:
    stamps = np.array([(10.5, 1), (11.0, 2)], float)
    assert stretches(TURNS, [(10.0, 11.0, 11.0, 11.0)], stamps) == (Stretch(0.0, 0.0),) * 2


@pytest.mark.parametrize(
    "stamps",
    [
        np.empty((0, 2)),
        np.array([(10.5, 3), (10.7, 2)], float),
        np.array([(10.5, 1), (10.7, math.inf)]),
        np.array([(math.nan, 1), (math.nan, 2)]),
    ],
    ids=["none", "backwards", "infinite", "no moments"],
)
def test_stamps_that_contradict_themselves_give_nothing(
    stamps: np.ndarray[tuple[int, int], np.dtype[np.float64]],
) -> None:
    assert stretches(TURNS[:1], [(10.0, 11.0, 11.0, 11.0)], stamps) == ()


def _round(seconds: list[float]) -> Round:
    """Return a round with a tenth of an epoch done in each turn."""
    return Round(1, 1.0, 1.0, (), 0.8, True, 100.0, stretches=tuple(Stretch(each, 0.1) for each in seconds))


def test_the_ratio_is_that_of_turns_beside_each_other() -> None:
    # The machine is half as fast in every third pair of turns, for both.
    mine = [0.24 * (2 if index % 3 == 0 else 1) for index in range(12)]
    other = [each / 1.2 for each in mine]
    logs = log_ratios_of_turns(_round(mine), _round(other))
    assert len(logs) >= FEWEST_TURNS
    assert logs == pytest.approx([math.log(1.2)] * len(logs))
    assert max(abs(a - b) for a, b in pairwise(logs)) < 1e-9


def test_a_turn_without_steps_is_left_out_with_the_others() -> None:
    mine, other = [0.3] * 10, [0.3] * 10
    other[4] = 0.0
    assert len(log_ratios_of_turns(_round(mine), _round(other))) == 9


def test_a_measurement_with_turns_is_compared_by_them_and_one_without_by_its_epochs() -> None:
    of_epochs = measurement(seconds=[2.0, 2.0], reference=[1.0, 1.0])
    assert ratio_to_reference(of_epochs).value == pytest.approx(2.0)  # type: ignore[union-attr]
    in_turns = replace(
        of_epochs,
        rounds=tuple(replace(each, stretches=_round([0.33] * 10).stretches) for each in of_epochs.rounds),
        reference=tuple(replace(each, stretches=_round([0.3] * 10).stretches) for each in of_epochs.reference),
    )
    assert ratio_to_reference(in_turns).value == pytest.approx(1.1)  # type: ignore[union-attr]
