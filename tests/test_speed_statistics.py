"""Tests of the statistics of measurements: against SciPy, against cases checked by hand, and with arbitrary times."""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from benchmarks.comparing import Trials, judged, noise_of, simulated, trials
from grader.speed.records import Measurement, Round
from grader.speed.statistics import (
    FACTOR,
    FEWEST,
    Ratio,
    Reached,
    Spread,
    change,
    compare,
    ratio_to_reference,
    spread,
    steady_epochs,
    summary,
    time_to_accuracy,
)
from tests.measurements import BUDGET, MACHINE, measurement, rounds

QUIET = (1.0, 1.01, 0.99, 1.005, 0.995, 1.002, 0.998, 1.001)
NOISY = (1.0, 1.2, 0.8, 1.1, 0.9, 1.05, 0.95, 1.5)
TIMES = st.lists(st.floats(0.1, 100), min_size=FEWEST, max_size=10)


def alike(one: msgspec.Struct | None, other: msgspec.Struct | None) -> bool:
    """Whether two records are equal up to rounding."""
    return bool(msgspec.to_builtins(one) == pytest.approx(msgspec.to_builtins(other)))


def times(seconds: Sequence[float], factor: float) -> list[float]:
    return [factor * each for each in seconds]


# One measurement


def test_the_ratio_is_the_paired_t_interval_of_the_logarithms() -> None:
    mine, others = (1.0, 1.2, 1.1, 1.4), (0.5, 0.55, 0.6, 0.65)
    found = ratio_to_reference(measurement("ada", mine, others))
    expected = stats.ttest_rel(np.log(mine), np.log(others)).confidence_interval(0.95)
    assert found is not None
    assert found.value == pytest.approx(stats.gmean(np.divide(mine, others)))
    assert (found.low, found.high) == pytest.approx((math.exp(expected.low), math.exp(expected.high)))
    assert found.rounds == 4


def test_one_round_has_a_ratio_and_no_interval_and_none_has_neither() -> None:
    assert alike(ratio_to_reference(measurement("ada", [3.0], [2.0])), Ratio(1.5, None, None, 1))
    assert ratio_to_reference(measurement("ada", [3.0])) is None
    assert ratio_to_reference(measurement("ada")) is None


def test_the_first_epoch_of_a_round_is_left_out_unless_it_is_the_only_one() -> None:
    assert steady_epochs(rounds([1.0, 3.0])) == [1, 1, 1, 3, 3, 3]
    alone = [msgspec.structs.replace(each, epochs=each.epochs[:1]) for each in rounds([1.0, 3.0])]
    assert steady_epochs(alone) == [2, 6]
    assert steady_epochs([msgspec.structs.replace(each, epochs=()) for each in rounds([1.0])]) == []


def test_the_spread_has_the_quartiles() -> None:
    assert spread([5.0, 1.0, 2.0, 4.0, 3.0]) == Spread(3, 2, 4, 5)
    assert spread([7.0]) == Spread(7, 7, 7, 1)
    assert spread([]) is None


def test_images_a_second_are_those_of_the_median_steady_epoch() -> None:
    found = summary(measurement("ada", [0.5, 1.0, 2.0], [1.0, 1.0, 1.0]))
    assert found.images_per_second == BUDGET.train_images / 1.0
    assert found.epoch == Spread(1, 0.5, 2, 9)
    nothing = summary(measurement("ada", status="failed"))
    assert (nothing.epoch, nothing.images_per_second, nothing.ratio) == (None, None, None)


@pytest.mark.parametrize("impossible", [0.0, -1.0, math.nan, math.inf])
def test_times_that_cannot_be_are_left_out(impossible: float) -> None:
    honest = measurement("ada", [3.0, 3.0], [2.0, 2.0])
    forged = [msgspec.structs.replace(epoch, train_seconds=impossible) for epoch in honest.rounds[0].epochs]
    first = msgspec.structs.replace(honest.rounds[0], epochs=tuple(forged))
    odd = msgspec.structs.replace(honest, rounds=(first, honest.rounds[1]))
    assert alike(ratio_to_reference(odd), Ratio(1.5, None, None, 1))
    assert summary(odd).epoch == Spread(3, 3, 3, 3)
    found = compare(odd, odd).changes
    assert [(each.quantity, each.before) for each in found] == [
        ("ratio", 1),
        ("calls", 2),
        ("seconds", 1),
        ("reference", 2),
    ]


def test_the_time_to_an_accuracy_ends_with_the_epoch_that_has_it() -> None:
    # Epochs take 2.11, 1.11, 1.11 and 1.11 times a round's seconds, and have 60, 80, 87 and 90 % of 0.8.
    three = rounds([1.0, 10.0, 2.0])
    assert alike(time_to_accuracy(three, 0.48), Reached(4.22, 3, 3))
    assert alike(time_to_accuracy(three, 0.6), Reached(2 * (2.11 + 1.11), 3, 3))
    assert time_to_accuracy(three, 0.9) == Reached(None, 0, 3)
    assert time_to_accuracy((), 0.5) == Reached(None, 0, 0)


def test_a_round_that_never_got_there_is_the_longest() -> None:
    never = rounds([1.0], accuracy=0.1)
    assert alike(time_to_accuracy((*rounds([1.0, 2.0]), *never), 0.6), Reached(2 * 3.22, 2, 3))
    assert time_to_accuracy((*rounds([1.0]), *never), 0.6) == Reached(None, 1, 2)
    silent = [msgspec.structs.replace(e, val_accuracy=None) for e in never[0].epochs]
    told_nothing = msgspec.structs.replace(never[0], epochs=tuple(silent))
    assert time_to_accuracy((told_nothing,), 0.0) == Reached(None, 0, 1)


# Two measurements


def test_the_interval_is_what_the_test_does_not_reject() -> None:
    # Hollander, Wolfe: from the 14th smallest to the 14th largest of the 64 differences, for eight and eight.
    before, after = np.log(QUIET), np.log(NOISY)
    found = change("seconds", before.tolist(), after.tolist())
    differences = np.sort(np.subtract.outer(after, before), axis=None)
    assert found.factor == pytest.approx(np.exp(np.median(differences)))
    assert (found.low, found.high) == pytest.approx((np.exp(differences[13]), np.exp(differences[-14])))
    assert found.p == stats.mannwhitneyu(NOISY, QUIET).pvalue


def test_ten_percent_more_is_slower_and_ten_percent_less_is_faster() -> None:
    then = measurement("ada", QUIET, QUIET[::-1])
    slower, faster = (measurement("ada", times(QUIET[::-1], factor), QUIET) for factor in (1.1, 0.9))
    assert compare(then, slower).verdict == "slower"
    assert compare(then, faster).verdict == "faster"
    assert [each.quantity for each in compare(then, slower).changes] == ["ratio", "calls", "seconds", "reference"]
    assert compare(then, slower).changes[0].factor == pytest.approx(1.1, rel=0.01)


def test_noise_is_no_change_and_neither_is_less_than_the_factor() -> None:
    then = measurement("ada", QUIET, QUIET[::-1])
    assert compare(then, measurement("ada", NOISY, QUIET)).verdict == "unchanged"
    little = 1 + (FACTOR - 1) / 2
    assert compare(then, measurement("ada", times(QUIET, little), QUIET[::-1])).verdict == "unchanged"


def test_a_machine_that_is_slower_for_both_changes_nothing() -> None:
    then, now = measurement("ada", QUIET, QUIET[::-1]), measurement("ada", times(QUIET, 1.5), times(QUIET[::-1], 1.5))
    found = compare(then, now)
    assert found.verdict == "unchanged"
    assert [each.verdict for each in found.changes] == ["unchanged", "unchanged", "slower", "slower"]


def test_fewer_than_six_rounds_tell_nothing() -> None:
    few, many = measurement("ada", QUIET[:5], QUIET[:5]), measurement("ada", times(QUIET, 2), QUIET)
    found = compare(few, many)
    assert found.verdict == "unclear"
    assert (found.changes[0].low, found.changes[0].high, found.changes[0].p) == (None, None, None)
    assert (found.changes[0].before, found.changes[0].after) == (5, 8)
    assert found.changes[0].factor == pytest.approx(2, rel=0.02)


def test_without_a_reference_seconds_decide() -> None:
    found = compare(measurement("reference", QUIET), measurement("reference", times(QUIET, 1.1)))
    assert (found.verdict, [each.quantity for each in found.changes]) == ("slower", ["seconds"])


def changed(of: Measurement, **machine: object) -> Measurement:
    return msgspec.structs.replace(of, machine=msgspec.structs.replace(MACHINE, **machine))


@pytest.mark.parametrize(
    ("other", "differing"),
    [
        (changed(measurement("ada", QUIET, QUIET), cpu="Arm Neoverse-N1"), ("machine",)),
        (changed(measurement("ada", QUIET, QUIET), versions={"keras": "3.16.0"}), ("machine",)),
        (changed(measurement("ada", QUIET, QUIET), backend="jax"), ("backend",)),
        (changed(measurement("ada", QUIET, QUIET, device="gpu:0"), gpu="NVIDIA H100"), ("device",)),
        (
            msgspec.structs.replace(
                changed(measurement("ada", QUIET, QUIET), gpu="NVIDIA H100", cores=8),
                budget=msgspec.structs.replace(BUDGET, epochs=2),
            ),
            ("machine", "budget"),
        ),
    ],
)
def test_seconds_are_compared_only_under_the_same_conditions(other: Measurement, differing: tuple[str, ...]) -> None:
    found = compare(measurement("ada", QUIET, QUIET), other)
    assert (found.differing, [each.quantity for each in found.changes]) == (differing, ["ratio", "calls"])
    without = msgspec.structs.replace(other, reference=())
    assert compare(measurement("ada", QUIET, QUIET), without).verdict == "unclear"


def test_it_is_told_whether_the_file_changed() -> None:
    one = measurement("ada", QUIET, QUIET)
    assert compare(one, one).same_file
    assert not compare(one, msgspec.structs.replace(one, sha256="1" * 64)).same_file


# Any times at all


@settings(max_examples=50, deadline=None)
@given(TIMES, TIMES, st.floats(0.01, 100))
def test_another_unit_changes_no_ratio(before: list[float], after: list[float], unit: float) -> None:
    length = min(len(before), len(after))
    ratio = ratio_to_reference(measurement("ada", after[:length], before[:length]))
    scaled = ratio_to_reference(measurement("ada", times(after[:length], unit), times(before[:length], unit)))
    assert alike(scaled, ratio)
    then, now = measurement("ada", before), measurement("ada", after)
    factor = compare(then, now).changes[0].factor
    assert compare(_scaled(then, unit), _scaled(now, unit)).changes[0].factor == pytest.approx(factor)


def _scaled(of: Measurement, unit: float) -> Measurement:
    return msgspec.structs.replace(of, rounds=rounds([unit * (each.steady_seconds or 0) for each in of.rounds]))


@settings(max_examples=50, deadline=None)
@given(TIMES, TIMES)
def test_swapping_sides_inverts(before: list[float], after: list[float]) -> None:
    there, back = change("ratio", before, after), change("ratio", after, before)
    assert there.low is not None and there.high is not None and back.low is not None and back.high is not None
    assert 1 / there.factor == pytest.approx(back.factor)
    assert (1 / there.high, 1 / there.low) == pytest.approx((back.low, back.high))
    assert there.p == pytest.approx(back.p)
    assert there.low <= there.factor <= there.high
    opposite = {"slower": "faster", "faster": "slower", "unchanged": "unchanged"}
    assert opposite[there.verdict] == back.verdict
    length = min(len(before), len(after))
    one = ratio_to_reference(measurement("ada", after[:length], before[:length]))
    other = ratio_to_reference(measurement("ada", before[:length], after[:length]))
    assert one is not None and other is not None and one.high is not None
    assert (1 / one.value, 1 / one.high) == pytest.approx((other.value, other.low))


@settings(max_examples=30, deadline=None)
@given(st.permutations(QUIET), st.permutations(NOISY))
def test_the_order_of_rounds_does_not_matter(before: list[float], after: list[float]) -> None:
    assert change("seconds", before, after) == change("seconds", sorted(before), sorted(after))


def test_without_epochs_whole_calls_decide() -> None:
    empty: tuple[Round, ...] = tuple(msgspec.structs.replace(each, epochs=()) for each in rounds(QUIET))
    blank = msgspec.structs.replace(measurement("ada"), rounds=empty, reference=empty)
    found = compare(blank, blank)
    assert (found.verdict, [each.quantity for each in found.changes]) == ("unchanged", ["calls"])


# How often it is right


def test_eight_rounds_see_ten_percent_and_raise_no_false_alarm() -> None:
    rng = np.random.default_rng(0)
    sides = [(simulated(rng, 8, 0.02, 0.0), simulated(rng, 8, 0.02, 0.0)) for _ in range(100)]
    found = judged(sides)
    assert found.comparisons == 100
    assert found.false_alarms <= 0.01
    assert found.power >= 0.95


def test_recorded_rounds_are_compared_window_by_window() -> None:
    pairs = simulated(np.random.default_rng(0), 18, 0.01, 0.0)
    mine, others = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    assert trials(mine, others) == Trials(6, 0.0, 1.0)
    assert 0.005 < noise_of(mine, others) < 0.02
    with pytest.raises(ValueError, match="15 rounds are too few for two windows of 8"):
        trials(mine[:15], others[:15])
