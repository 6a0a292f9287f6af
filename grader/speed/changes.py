"""Find change points: where in a history of measurements a submission, the reference or the machine changed.

A history is split by binary segmentation.  A change lies where two levels fit the values best.  Whether there is one is
tested with ranks: the largest Mann–Whitney statistic over all places is compared with that of the same values shuffled,
as in E-divisive (Matteson and James, 2014), so nothing is assumed about the distribution of the noise.  Libraries for
this, such as `ruptures`, need a penalty that depends on the noise, and do not say how certain a change is.

What changed follows from which times moved.  The ratio of submission and reference does not depend on the machine.  If
it changes, one of the two has changed: the one whose own seconds moved.  If the reference's seconds change and the
ratio does not, the machine has changed.
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
"""The shortest history, or part of one, in which a change can be distinguished from chance."""

P: Final = 0.004
"""The p-value up to which there is a change: how often a history without one may seem to have one."""

_MACHINE_FACTOR: Final = 1.08
"""The factor above which a change of the machine is reported; smaller ones are ignored, since machines drift."""

_SIDE: Final = 3
"""The fewest measurements on each side of a change."""

_SHUFFLES: Final = 1999

What = Literal["submission", "reference", "machine"]


class Change(msgspec.Struct, frozen=True):
    """A change point in a history of measurements.

    Attributes:
        index: The index of the first measurement after it.
        what: What changed.
        factor: How many times as long a training takes since then: for the submission and the reference relative to
            the other one, for the machine in seconds.
        p: How likely it is that a history without a change seems to have such a one.
    """

    index: int
    what: What
    factor: float
    p: float


class Step(msgspec.Struct, frozen=True):
    """A change of level in one series.

    Attributes:
        index: The index of the first value after it.
        height: The difference between the medians after and before it.
        p: How likely it is that a series without a change seems to have such a one.
    """

    index: int
    height: float
    p: float


def changes(history: Sequence[Measurement]) -> tuple[Change, ...]:
    """Find the changes in a history, earliest first.

    Args:
        history: The measurements of one submission on one device and backend with one budget, oldest first.  Those
            without a ratio are ignored.
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
        # If the submission's file has changed, that decides it.  Otherwise it was the one whose seconds moved more;
        # this was right in only about four of five trials, since the machine's own speed drifts.
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
    """Find where a series goes from one level to another, earliest first."""
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
    """Return where two levels fit the values best, by least squares; outliers are clipped first."""
    low, high = np.quantile(part, [0.05, 0.95])
    drawn = np.clip(part, low, high)
    places = np.arange(_SIDE, len(part) - _SIDE + 1)
    sums = np.cumsum(drawn)
    left = sums[places - 1] / places
    right = (sums[-1] - sums[places - 1]) / (len(part) - places)
    return int(places[np.argmax((left - right) ** 2 * places * (len(part) - places))])


def _p(part: np.ndarray[Any, Any]) -> float:
    """Return how often shuffled values have at least as large a Mann–Whitney statistic somewhere.

    The shuffling is seeded by the number of values, so the result is the same at every call.
    """
    from scipy import stats  # imported here, since it takes half a second and most commands do not need it

    ranks = stats.rankdata(part) - (len(part) + 1) / 2
    rng = np.random.default_rng(len(part))
    rows = np.vstack([ranks, rng.permuted(np.tile(ranks, (_SHUFFLES, 1)), axis=1)])
    places = np.arange(_SIDE, len(part) - _SIDE + 1)
    sums = np.abs(np.cumsum(rows, axis=1)[:, places - 1])
    largest = np.max(sums / np.sqrt(places * (len(part) - places)), axis=1)
    return float(np.mean(largest >= largest[0] - 1e-9))


def _between(step: Step, others: Sequence[Step], count: int) -> tuple[int, int]:
    """Return the range of indices from the previous change to the next one."""
    places = [0, *(other.index for other in others), count]
    place = places.index(step.index)
    return places[place - 1], places[place + 1]


def _height(values: Sequence[float], low: int, place: int, high: int) -> float:
    return statistics.median(values[place:high]) - statistics.median(values[low:place])


def _logs(measurement: Measurement) -> tuple[float, float] | None:
    """Return the logarithms of the ratio and of the reference's seconds, for epochs, or else for whole calls."""
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
