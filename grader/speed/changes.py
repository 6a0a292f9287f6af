"""Change points: where in a history of measurements a submission, the reference or the machine changed.

A history is taken apart by binary segmentation.  The place of a change is where two levels fit best; whether there is
one is asked of ranks: the largest Mann–Whitney statistic over all places, compared with what it is once the same values
are shuffled, as in E-divisive (Matteson and James, 2014), so that nothing is assumed of how noise is spread.  Libraries
for this, such as `ruptures`, want a penalty that depends on the noise, and do not tell how sure a change is.

What changed follows from which times moved.  The ratio of submission and reference leaves the machine out: where it
changes, one of the two did, the one whose own seconds moved.  Where the reference's seconds change and the ratio
does not, it was the machine.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from typing import Any, Final, Literal

import msgspec
import numpy as np

from grader.speed.records import Measurement
from grader.speed.statistics import FACTOR, ratio_of_calls, ratio_to_reference, steady_epochs

FEWEST: Final = 14
"""In a shorter history, or part of one, no change could be told from chance."""

P: Final = 0.004
"""How rarely a history without any change may seem to have one."""

_MACHINE_FACTOR: Final = 1.08
"""Machines drift: only what is beyond this factor is told of them."""

_SIDE: Final = 3
"""So many measurements there have to be on both sides of a change."""

_SHUFFLES: Final = 1999

What = Literal["submission", "reference", "machine"]


class Change(msgspec.Struct, frozen=True):
    """A change point.

    Attributes:
        index: The first measurement after it, in the history that was given.
        what: What changed.
        factor: How many times as long it takes since: of submission and reference beside the other's time, of the
            machine in seconds.
        p: How likely a history without a change seems to have such a one.
    """

    index: int
    what: What
    factor: float
    p: float


class Step(msgspec.Struct, frozen=True):
    """Where one series changes: the first place after it, by how much, and how likely that is by chance."""

    index: int
    height: float
    p: float


def changes(history: Sequence[Measurement]) -> tuple[Change, ...]:
    """Where a history changes, earliest first.

    Args:
        history: Measurements of one submission on one device and backend with one budget, oldest first; those without a
            ratio are passed over.
    """
    told = [(index, *logs) for index, each in enumerate(history) if (logs := _logs(each)) is not None]
    if len(told) < FEWEST:
        return ()
    ratios, others = ([each[column] for each in told] for column in (1, 2))
    own = [ratio + other for ratio, other in zip(ratios, others, strict=True)]
    of_ratio = [step for step in steps(ratios) if abs(step.height) > math.log(FACTOR)]
    found = []
    for step in of_ratio:
        low, high = _between(step, of_ratio, len(told))
        moved = abs(_height(own, low, step.index, high)) - abs(_height(others, low, step.index, high))
        before, after = history[told[step.index - 1][0]], history[told[step.index][0]]
        mine = moved >= 0 or before.sha256 != after.sha256
        factor = math.exp(step.height if mine else -step.height)
        found.append(Change(told[step.index][0], "submission" if mine else "reference", factor, step.p))
    explained = {change.index for change in found if change.what == "reference"}
    for step in steps(others):
        index = told[step.index][0]
        if abs(step.height) > math.log(_MACHINE_FACTOR) and not any(abs(index - other) <= 1 for other in explained):
            found.append(Change(index, "machine", math.exp(step.height), step.p))
    return tuple(sorted(found, key=lambda change: change.index))


def steps(values: Sequence[float]) -> list[Step]:
    """Where a series goes from one level to another, earliest first."""
    series = np.asarray(values, np.float64)
    found: list[tuple[int, float]] = []
    waiting = [(0, len(series))]
    while waiting:
        low, high = waiting.pop()
        part = series[low:high]
        if len(part) < FEWEST:
            continue
        p = _p(part)
        if p <= P:
            place = low + _best_place(part)
            found.append((place, p))
            waiting += [(low, place), (place, high)]
    found.sort()
    places = [0, *(place for place, _ in found), len(series)]
    return [
        Step(place, _height(values, places[number], place, places[number + 2]), p)
        for number, (place, p) in enumerate(found)
    ]


def _best_place(part: np.ndarray[Any, Any]) -> int:
    """Where two levels fit best, by least squares of values that are drawn in to what is usual."""
    low, high = np.quantile(part, [0.05, 0.95])
    drawn = np.clip(part, low, high)
    places = np.arange(_SIDE, len(part) - _SIDE + 1)
    sums = np.cumsum(drawn)
    left = sums[places - 1] / places
    right = (sums[-1] - sums[places - 1]) / (len(part) - places)
    return int(places[np.argmax((left - right) ** 2 * places * (len(part) - places))])


def _p(part: np.ndarray[Any, Any]) -> float:
    """How often shuffled values have a Mann–Whitney statistic as large somewhere, the same at every call."""
    from scipy import stats  # takes half a second, and most commands need none

    ranks = stats.rankdata(part) - (len(part) + 1) / 2
    rng = np.random.default_rng(len(part))
    rows = np.vstack([ranks, rng.permuted(np.tile(ranks, (_SHUFFLES, 1)), axis=1)])
    places = np.arange(_SIDE, len(part) - _SIDE + 1)
    sums = np.abs(np.cumsum(rows, axis=1)[:, places - 1])
    largest = np.max(sums / np.sqrt(places * (len(part) - places)), axis=1)
    return float(np.mean(largest >= largest[0] - 1e-9))


def _between(step: Step, others: Sequence[Step], count: int) -> tuple[int, int]:
    """From the change before to the one after."""
    places = [0, *(other.index for other in others), count]
    place = places.index(step.index)
    return places[place - 1], places[place + 1]


def _height(values: Sequence[float], low: int, place: int, high: int) -> float:
    return statistics.median(values[place:high]) - statistics.median(values[low:place])


def _logs(measurement: Measurement) -> tuple[float, float] | None:
    """The logarithms of the ratio and of the reference's seconds: of epochs, else of whole calls."""
    if measurement.status != "measured" or not measurement.reference:
        return None
    ratio = ratio_to_reference(measurement)
    seconds = steady_epochs(measurement.reference)
    if ratio is None or not seconds:
        ratio = ratio_of_calls(measurement)
        seconds = [each.call_seconds for each in measurement.reference]
    if ratio is None or not 0 < ratio.value < math.inf:
        return None
    return math.log(ratio.value), math.log(statistics.median(seconds))
