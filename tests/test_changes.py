"""Tests of finding change points in histories of measurements, with recorded noise and made-up changes."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
import pytest

from grader.speed.changes import FEWEST, changes, steps
from grader.speed.records import Measurement
from tests.measurements import measurement

RECORD: Final = Path(__file__).parent.parent / "benchmarks" / "records" / "turns.json"
ROUNDS: Final = 6
LENGTH: Final = 24
SLOWER: Final = math.log(1.1)
NOISE: Final = 0.025
"""The standard deviation of a measurement's ratio in these histories.

In the record it is 0.085, on a machine that was busy.  The noise keeps the shape of the record, with its outliers and
drifts, but has the size that is usual on a machine suited to measuring.
"""

Array = np.ndarray[Any, Any]


def pairs() -> Array:
    """Return the logarithms of the recorded seconds, with a row for each turn of both networks."""
    logs: Array = np.log(np.array(json.loads(RECORD.read_text())["pairs"], np.float64))
    logs -= logs.mean(axis=0)
    ratios = (logs[:, 0] - logs[:, 1])[: len(logs) // ROUNDS * ROUNDS].reshape(-1, ROUNDS).mean(axis=1)
    return logs * (NOISE / float(ratios.std()))


def recorded(count: int, seed: int = 0) -> Iterator[Array]:
    """Yield histories of mean logarithms, shape (LENGTH, 2); each measurement is six successive turns from anywhere."""
    logs, rng = pairs(), np.random.default_rng(seed)
    for _ in range(count):
        starts = rng.integers(0, len(logs) - ROUNDS, LENGTH)
        yield np.stack([logs[start : start + ROUNDS].mean(axis=0) for start in starts])


def history(logs: Array, **names: Any) -> list[Measurement]:
    """Return measurements with the given seconds of steady epochs, the submission's in the first column."""
    return [measurement("ada", [math.exp(mine)] * 2, [math.exp(other)] * 2, **names) for mine, other in logs]


def test_a_step_of_a_tenth_is_found_where_it_is() -> None:
    found = 0
    for number, logs in enumerate(recorded(200)):
        ratios = logs[:, 0] - logs[:, 1]
        place = 6 + number % (LENGTH - 12)
        ratios[place:] += SLOWER if number % 2 else -SLOWER
        found += any(abs(step.index - place) <= 1 for step in steps(ratios.tolist()))
    assert found >= 180


def test_a_flat_history_raises_one_false_alarm_in_a_hundred_or_fewer() -> None:
    assert sum(bool(changes(history(logs))) for logs in recorded(100)) <= 1


def test_who_changed_is_told_apart() -> None:
    for shift, what, factor in (((SLOWER, 0), "submission", 1.1), ((0, SLOWER), "reference", 1.1)):
        right = 0
        for logs in recorded(40):
            changed = logs.copy()
            changed[12:] += shift
            told = [each for each in changes(history(changed)) if each.what == what]
            right += bool(told) and abs(told[0].index - 12) <= 1 and told[0].factor == pytest.approx(factor, rel=0.08)
        # Which side has changed is less certain than that the ratio has, since in the record the machine drifts a lot.
        assert right >= 28, what


def test_a_machine_is_told_by_the_reference_alone() -> None:
    right = 0
    for logs in recorded(40):
        changed = logs.copy()
        changed[12:] += math.log(1.5)
        told = changes(history(changed))
        right += [each.what for each in told] == ["machine"] and abs(told[0].index - 12) <= 1
    assert right >= 36


def test_a_file_that_is_another_one_is_what_changed() -> None:
    rng = np.random.default_rng(1)
    logs = rng.normal(0, 0.01, (20, 2))
    logs[10:, 1] += SLOWER
    before, after = history(logs[:10]), history(logs[10:], sha256="1" * 64)
    assert [each.what for each in changes(history(logs))] == ["reference"]
    (told,) = [each for each in changes([*before, *after]) if each.what != "machine"]
    assert (told.what, told.index) == ("submission", 10)


def test_several_changes_are_told_apart_and_a_single_bad_day_is_none() -> None:
    rng = np.random.default_rng(2)
    values = rng.normal(0, 0.01, 40)
    values[12:] += 0.1
    values[27:] -= 0.2
    assert [step.index for step in steps(values.tolist())] == [12, 27]
    assert [round(step.height, 1) for step in steps(values.tolist())] == [0.1, -0.2]
    flat = rng.normal(0, 0.01, 40)
    flat[20] += 1.0
    assert steps(flat.tolist()) == []


def test_a_short_history_and_one_without_a_reference_have_no_changes() -> None:
    logs = np.zeros((FEWEST - 1, 2))
    logs[4:] += 1
    assert changes(history(logs)) == ()
    alone = [msgspec.structs.replace(each, reference=()) for each in history(np.vstack([logs, logs]))]
    assert changes(alone) == ()


def test_what_could_not_be_measured_is_passed_over() -> None:
    rng = np.random.default_rng(3)
    logs = rng.normal(0, 0.01, (20, 2))
    logs[10:, 0] += SLOWER
    measured = history(logs)
    measured.insert(5, measurement("ada", status="failed"))
    (told,) = changes(measured)
    assert (told.index, told.what) == (11, "submission")
