"""Statistics of speed measurements: ratios with intervals, and whether a training became slower or faster.

Training steps are compared, and also whole calls of `train`.  All of it is computed with logarithms, so that twice as
long and half as long weigh the same.

Two measurements are compared by rank.  Another program that starts meanwhile slows down a round or two, which moves a
mean but hardly a rank.  The interval is the one that belongs to the Mann–Whitney test: all factors that the test does
not reject.  `FACTOR` and `P` were chosen with `benchmarks/comparing.py`; docs/speed.md has the figures.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, Literal, TypeGuard

import msgspec
import numpy as np

from grader.speed.records import Gain, Measurement, Round

LEVEL: Final = 0.95
"""The confidence level of intervals."""

FACTOR: Final = 1.015
"""A change is reported only if its whole interval lies above this factor, or below 1 divided by it."""

P: Final = 0.02
"""A change is reported only if the p-value of the Mann–Whitney test is below this, too."""

FEWEST: Final = 6
"""The fewest rounds of each measurement for a test; with fewer, a comparison is unclear."""

FEWEST_TURNS: Final = 8
"""The fewest pairs of turns in a round for comparing by turns; with fewer, steady epochs are compared as a whole."""

Quantity = Literal["ratio", "calls", "seconds", "reference"]
Verdict = Literal["slower", "faster", "unchanged", "unclear"]


class Spread(msgspec.Struct, frozen=True):
    """The distribution of the times of epochs, in seconds.

    Attributes:
        median: The median.
        low: The first quartile.
        high: The third quartile.
        count: The number of epochs.
    """

    median: float
    low: float
    high: float
    count: int


class Ratio(msgspec.Struct, frozen=True):
    """How many times as long as the reference a training takes.

    Attributes:
        value: The geometric mean over the rounds: 1 if it is as fast as the reference, 2 if it takes twice as long.
        low: The lower end of its 95% interval; `None` if there is only one round, which has no interval.
        high: The upper end of its 95% interval; `None` if there is only one round.
        rounds: The number of pairs of rounds.
    """

    value: float
    low: float | None
    high: float | None
    rounds: int


class Reached(msgspec.Struct, frozen=True):
    """When a training reached an accuracy on its validation images.

    Attributes:
        seconds: The time of the median round, where rounds that never reached it count as the longest; `None` if the
            median round is one of these.
        reached: The number of rounds that reached it.
        rounds: The number of all rounds.
    """

    seconds: float | None
    reached: int
    rounds: int


class Summary(msgspec.Struct, frozen=True):
    """The statistics of one measurement.

    Attributes:
        epoch: The times of steady epochs; `None` if no round has an epoch.
        images_per_second: The number of images trained on per second of a steady epoch; `None` if no round has an
            epoch.
        ratio: The ratio to the reference; `None` if no rounds of the two can be compared.
    """

    epoch: Spread | None
    images_per_second: float | None
    ratio: Ratio | None


class SpeedChange(msgspec.Struct, frozen=True):
    """The change of one quantity between two measurements.

    Attributes:
        quantity: `ratio`, the ratio to the reference of steps in turns; `calls`, that of whole calls of `train`;
            `seconds`, the time of the submission's steady epochs; or `reference`, that of the reference's.
        factor: The later value divided by the earlier one: the median over all pairs of an earlier and a later round.
        low: The lower end of its 95% interval; `None` if a measurement has fewer than `FEWEST` rounds.
        high: The upper end of its 95% interval; `None` if a measurement has fewer than `FEWEST` rounds.
        p: The p-value of the Mann–Whitney test; `None` if a measurement has fewer than `FEWEST` rounds.
        before: The number of rounds in the earlier measurement.
        after: The number of rounds in the later measurement.
    """

    quantity: Quantity
    factor: float
    low: float | None
    high: float | None
    p: float | None
    before: int
    after: int

    @property
    def verdict(self) -> Verdict:
        """Whether the quantity rose (`slower`) or fell (`faster`) by more than noise and by more than `FACTOR`."""
        if self.low is None or self.high is None or self.p is None:
            return "unclear"
        if self.p < P and self.low > FACTOR:
            return "slower"
        if self.p < P and self.high < 1 / FACTOR:
            return "faster"
        return "unchanged"


class SpeedComparison(msgspec.Struct, frozen=True):
    """The comparison of two measurements.

    Attributes:
        verdict: The verdict of the first of `changes`, or `unclear` if there is none.  This is the change of a ratio to
            the reference if there is one, since whatever slowed the machine down slowed both.  `unchanged` means that
            no change was found.
        changes: The quantities that can be compared, the one that decides first.
        differing: What else differs between the two: some of `machine`, `backend`, `device`, `budget`.  If anything
            does, seconds are not compared.
        same_file: Whether the submission's file is the same, byte by byte.
    """

    verdict: Verdict
    changes: tuple[SpeedChange, ...]
    differing: tuple[str, ...]
    same_file: bool


def steady_epochs(rounds: Iterable[Round]) -> list[float]:
    """Return the training seconds of all epochs except the first of each round, which traces and compiles.

    If a round has only one epoch, that one is included.
    """
    seconds = [epoch.train_seconds for each in rounds for epoch in each.epochs[1:] or each.epochs]
    return [each for each in seconds if _is_time(each)]


def spread(seconds: Sequence[float]) -> Spread | None:
    """Return the median and the quartiles of some times; `None` if there are none."""
    if not seconds:
        return None
    low, median, high = np.quantile(seconds, [0.25, 0.5, 0.75]).tolist()
    return Spread(median, low, high, len(seconds))


def ratio_to_reference(measurement: Measurement) -> Ratio | None:
    """Return how many times as long as the reference's an epoch's steps take, from the pairs of rounds.

    The interval is the paired t interval of the logarithms.  A single pair has no interval, since nothing shows how far
    another one would lie from it.

    Returns:
        The ratio, or `None` if no pair of rounds can be compared.
    """
    return _ratio(log_ratios(measurement))


def ratio_of_calls(measurement: Measurement) -> Ratio | None:
    """Return how many times as long as the reference's a whole call of `train` takes, with its paired t interval.

    Calls are timed by the grader's own clock, which no submission can reach.

    Returns:
        The ratio, or `None` if there is no pair of rounds.
    """
    return _ratio(_log_ratios_of_calls(measurement))


def _ratio(logs: Sequence[float]) -> Ratio | None:
    if not logs:
        return None
    mean = statistics.fmean(logs)
    if len(logs) == 1:
        return Ratio(math.exp(mean), None, None, 1)
    from scipy import stats  # imported here, since it takes half a second and most commands compare nothing

    reach = stats.t.ppf((1 + LEVEL) / 2, len(logs) - 1) * statistics.stdev(logs) / math.sqrt(len(logs))
    return Ratio(math.exp(mean), math.exp(mean - reach), math.exp(mean + reach), len(logs))


def gain_between(before: Sequence[float], after: Sequence[float]) -> Gain:
    """Return how many times as fast the second of two trainings is, compared by rank as in `compare`.

    Args:
        before: The logarithms of the seconds of the first training's passes over the images; at least one.
        after: Those of the second training; at least one.
    """
    told = change("seconds", before, after)
    low, high = (None if end is None else 1 / end for end in (told.high, told.low))
    return Gain(1 / told.factor, low, high)


def summary(measurement: Measurement) -> Summary:
    """Compute the statistics of one measurement."""
    epoch = spread(steady_epochs(measurement.rounds))
    rate = images_an_epoch(measurement) / epoch.median if epoch else None
    return Summary(epoch, rate, ratio_to_reference(measurement))


def images_an_epoch(measurement: Measurement) -> float:
    """Return the number of images that a steady epoch trains on; in records without a count, all training images."""
    steady = (epoch for each in measurement.rounds for epoch in each.epochs[1:] or each.epochs)
    counted = [epoch.images for epoch in steady if epoch.images is not None]
    return float(statistics.median(counted)) if counted else float(measurement.budget.train_images)


def time_to_accuracy(rounds: Sequence[Round], target: float) -> Reached:
    """Return when trainings reached an accuracy on their validation images, by the submission's own account.

    Args:
        rounds: The trainings.
        target: The accuracy, 0 to 1.
    """
    times = sorted(_seconds_until(each, target) for each in rounds)
    middle = statistics.median_high(times) if times else math.inf
    return Reached(middle if middle < math.inf else None, sum(time < math.inf for time in times), len(times))


def compare(before: Measurement, after: Measurement) -> SpeedComparison:
    """Compare two measurements of a submission, or of two submissions.

    Seconds are compared only if machine, backend, device and budget are the same.  Ratios to the reference are always
    compared; `SpeedComparison.differing` then says what makes them less certain.
    """
    differing = tuple(_differing(before, after))
    pairs: list[tuple[Quantity, list[float], list[float]]] = [
        ("ratio", log_ratios(before), log_ratios(after)),
        ("calls", _log_ratios_of_calls(before), _log_ratios_of_calls(after)),
    ]
    if not differing:
        pairs.append(("seconds", _log_seconds(before.rounds), _log_seconds(after.rounds)))
        pairs.append(("reference", _log_seconds(before.reference), _log_seconds(after.reference)))
    changes = tuple(change(quantity, then, now) for quantity, then, now in pairs if then and now)
    verdict = changes[0].verdict if changes else "unclear"
    return SpeedComparison(verdict, changes, differing, before.sha256 == after.sha256)


def change(quantity: Quantity, before: Sequence[float], after: Sequence[float]) -> SpeedChange:
    """Compare two samples of a quantity by rank.

    Args:
        quantity: The quantity.
        before: The logarithms of the earlier values, one for each round; at least one.
        after: The logarithms of the later values, one for each round; at least one.
    """
    earlier, later = np.array(before), np.array(after)
    differences = np.sort(np.subtract.outer(later, earlier), axis=None)
    factor = float(np.exp(np.median(differences)))
    if min(len(before), len(after)) < FEWEST:
        return SpeedChange(quantity, factor, None, None, None, len(before), len(after))
    from scipy import stats

    # The test gives the same result for every shift between two neighbouring differences, so one of each is tried.
    shifts = (differences[1:] + differences[:-1]) / 2
    tried = stats.mannwhitneyu(later[:, np.newaxis] - shifts, earlier[:, np.newaxis]).pvalue
    (kept,) = np.nonzero(tried >= 1 - LEVEL)
    low, high = np.exp([differences[kept[0]], differences[kept[-1] + 1]]).tolist()
    p = float(stats.mannwhitneyu(later, earlier).pvalue)
    return SpeedChange(quantity, factor, low, high, p, len(before), len(after))


def log_ratios(measurement: Measurement) -> list[float]:
    """Return the logarithms of the ratios of an epoch to the reference's, one for each pair of rounds with epochs."""
    pairs = zip(measurement.rounds, measurement.reference, strict=False)
    return [each for mine, others in pairs if (each := log_ratio(mine, others)) is not None]


def log_ratio(mine: Round, others: Round) -> float | None:
    """Return the logarithm of the ratio of an epoch in one round to an epoch in another; `None` without epochs.

    This is the median over the pairs of turns.  If there are too few, as in rounds that ran one after the other, it is
    the ratio of steady epochs.
    """
    turns = log_ratios_of_turns(mine, others)
    if len(turns) >= FEWEST_TURNS:
        return statistics.median(turns)
    one, other = mine.steady_seconds, others.steady_seconds
    return math.log(one / other) if _is_time(one) and _is_time(other) else None


def log_ratios_of_turns(mine: Round, others: Round) -> list[float]:
    """Return the logarithms of the ratios of an epoch to the other round's, one for each pair of turns with steps."""
    # Not strict: once one training has ended, the other goes on alone and has more turns.
    return [
        math.log(a.seconds / a.epochs / (b.seconds / b.epochs))
        for a, b in zip(mine.stretches, others.stretches, strict=False)
        if min(a.seconds, b.seconds, a.epochs, b.epochs) > 0
    ]


def _log_ratios_of_calls(measurement: Measurement) -> list[float]:
    pairs = zip(measurement.rounds, measurement.reference, strict=False)
    return [
        math.log(mine.call_seconds / others.call_seconds)
        for mine, others in pairs
        if _is_time(mine.call_seconds) and _is_time(others.call_seconds)
    ]


def _log_seconds(rounds: Iterable[Round]) -> list[float]:
    return [math.log(seconds) for seconds in (each.steady_seconds for each in rounds) if _is_time(seconds)]


def _is_time(seconds: float | None) -> TypeGuard[float]:
    """Whether a number of seconds is possible; a submission that reaches into the clock can write anything."""
    return seconds is not None and 0 < seconds < math.inf


def _seconds_until(training: Round, target: float) -> float:
    """Return the seconds until the end of the first epoch with that accuracy; infinite if there is none."""
    taken = 0.0
    for epoch in training.epochs:
        taken += epoch.train_seconds + epoch.validation_seconds + epoch.callback_seconds
        if epoch.val_accuracy is not None and epoch.val_accuracy >= target:
            return taken
    return math.inf


def _differing(one: Measurement, other: Measurement) -> Iterator[str]:
    if one.machine.backend != other.machine.backend:
        yield "backend"
    if one.device != other.device:
        yield "device"
    # A difference in the machine that follows from another backend or device is not listed again.
    alike = msgspec.structs.replace(other.machine, backend=one.machine.backend)
    if one.device != other.device:
        alike = msgspec.structs.replace(alike, gpu=one.machine.gpu)
    if one.machine != alike:
        yield "machine"
    if one.budget != other.budget:
        yield "budget"
