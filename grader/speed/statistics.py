"""What measurements say: ratios with intervals, and whether a training became slower or faster.

What is compared is a round's `steady_seconds`, and beside it its whole call of `train`; always as logarithms, so that
twice as long and half as long weigh the same.

Two points in history are compared by rank.  A program that starts beside a training slows down a round or two, which
moves a mean and hardly moves a rank.  The interval is the one that belongs to the Mann–Whitney test: every factor
that the test does not reject.  `FACTOR` and `P` were chosen with `benchmarks/comparing.py`; docs/speed.md has the
figures.
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
"""How often an interval has the truth in it."""

FACTOR: Final = 1.02
"""A change is told only where its whole interval is beyond this factor, or beyond one divided by it."""

P: Final = 0.01
"""And only where the Mann–Whitney test finds it less likely than this without any change."""

FEWEST: Final = 6
"""With fewer rounds on a side no test can tell."""

FEWEST_TURNS: Final = 8
"""With fewer pairs of turns in a round, its steady epochs are compared as a whole."""

Quantity = Literal["ratio", "calls", "seconds", "reference"]
Verdict = Literal["slower", "faster", "unchanged", "unclear"]


class Spread(msgspec.Struct, frozen=True):
    """How epochs are spread, in seconds.

    Attributes:
        median: The median.
        low: The first quartile.
        high: The third quartile; between the two lies the middle half.
        count: How many epochs.
    """

    median: float
    low: float
    high: float
    count: int


class Ratio(msgspec.Struct, frozen=True):
    """How many times as long as the reference a training takes.

    Attributes:
        value: The geometric mean over the rounds; 1 is as fast as the reference, 2 takes twice as long.
        low: Where its 95% interval begins; `None` with one round, which has no interval.
        high: Where it ends, likewise.
        rounds: How many pairs of rounds it comes from.
    """

    value: float
    low: float | None
    high: float | None
    rounds: int


class Reached(msgspec.Struct, frozen=True):
    """When a training reached an accuracy on its validation images.

    Attributes:
        seconds: Of the median round, a round that never got there being the longest; `None` where that one did not.
        reached: Rounds that got there.
        rounds: Rounds there are.
    """

    seconds: float | None
    reached: int
    rounds: int


class Summary(msgspec.Struct, frozen=True):
    """What one measurement says; each is `None` where no round has an epoch, or none of the reference is beside it.

    Attributes:
        epoch: Steady epochs.
        images_per_second: Images trained on in a second of a steady epoch.
        ratio: To the reference.
    """

    epoch: Spread | None
    images_per_second: float | None
    ratio: Ratio | None


class SpeedChange(msgspec.Struct, frozen=True):
    """One quantity at two points in history.

    Attributes:
        quantity: `ratio` to the reference of steady epochs, or of whole `calls` of `train`; `seconds` of the
            submission's steady epochs, or of the `reference`'s.
        factor: How many times the earlier the later is: the median of all pairs of an earlier and a later round.
        low: Where its 95% interval begins; `None` with fewer than `FEWEST` rounds on a side.
        high: Where it ends, likewise.
        p: How likely the Mann–Whitney test finds such a difference without any change; `None` likewise.
        before: Rounds of the earlier.
        after: Rounds of the later.
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
        """Whether it went up (`slower`) or down (`faster`), by more than noise and by more than `FACTOR`."""
        if self.low is None or self.high is None or self.p is None:
            return "unclear"
        if self.p < P and self.low > FACTOR:
            return "slower"
        if self.p < P and self.high < 1 / FACTOR:
            return "faster"
        return "unchanged"


class SpeedComparison(msgspec.Struct, frozen=True):
    """Two measurements of a submission.

    Attributes:
        verdict: Of the first of `changes`: of a ratio to the reference wherever there is one, since what slowed the
            machine down slowed both.  `unclear` without any.  `unchanged` means that no change was found.
        changes: The quantities that may be compared, the one that decides first.
        differing: What else differs: some of `machine`, `backend`, `device`, `budget`.  Seconds are then not compared.
        same_file: Whether the submission is byte by byte the same.
    """

    verdict: Verdict
    changes: tuple[SpeedChange, ...]
    differing: tuple[str, ...]
    same_file: bool


def steady_epochs(rounds: Iterable[Round]) -> list[float]:
    """Training seconds of all epochs but the first of each round, which traces and compiles."""
    seconds = [epoch.train_seconds for each in rounds for epoch in each.epochs[1:] or each.epochs]
    return [each for each in seconds if _is_time(each)]


def spread(seconds: Sequence[float]) -> Spread | None:
    """Median and quartiles; `None` of nothing."""
    if not seconds:
        return None
    low, median, high = np.quantile(seconds, [0.25, 0.5, 0.75]).tolist()
    return Spread(median, low, high, len(seconds))


def ratio_to_reference(measurement: Measurement) -> Ratio | None:
    """How many times as long as the reference a steady epoch takes, from the rounds that stand beside each other.

    The interval is the paired t interval of the logarithms.  One pair has no interval, since nothing tells how far
    another would lie from it.

    Returns:
        The ratio; `None` where no round of the reference stands beside one of the submission.
    """
    return _ratio(log_ratios(measurement))


def ratio_of_calls(measurement: Measurement) -> Ratio | None:
    """Likewise for whole calls of `train`, which the grader's own clock tells and no submission can."""
    return _ratio(_log_ratios_of_calls(measurement))


def _ratio(logs: Sequence[float]) -> Ratio | None:
    if not logs:
        return None
    mean = statistics.fmean(logs)
    if len(logs) == 1:
        return Ratio(math.exp(mean), None, None, 1)
    from scipy import stats  # takes half a second, and most commands compare nothing

    reach = stats.t.ppf((1 + LEVEL) / 2, len(logs) - 1) * statistics.stdev(logs) / math.sqrt(len(logs))
    return Ratio(math.exp(mean), math.exp(mean - reach), math.exp(mean + reach), len(logs))


def gain_between(before: Sequence[float], after: Sequence[float]) -> Gain:
    """How many times as fast the later of two trainings is, by rank as in `compare`.

    Args:
        before: Logarithms of the seconds of passes over the images; at least one.
        after: Likewise.
    """
    told = change("seconds", before, after)
    low, high = (None if end is None else 1 / end for end in (told.high, told.low))
    return Gain(1 / told.factor, low, high)


def summary(measurement: Measurement) -> Summary:
    """What one measurement says."""
    epoch = spread(steady_epochs(measurement.rounds))
    rate = images_an_epoch(measurement) / epoch.median if epoch else None
    return Summary(epoch, rate, ratio_to_reference(measurement))


def images_an_epoch(measurement: Measurement) -> float:
    """The images that a steady epoch trains on: as counted, and in records without a count all there are."""
    steady = (epoch for each in measurement.rounds for epoch in each.epochs[1:] or each.epochs)
    counted = [epoch.images for epoch in steady if epoch.images is not None]
    return float(statistics.median(counted)) if counted else float(measurement.budget.train_images)


def time_to_accuracy(rounds: Sequence[Round], target: float) -> Reached:
    """When trainings reached an accuracy on their validation images, which is the submission's own account.

    Args:
        rounds: The trainings.
        target: The accuracy, 0 to 1.
    """
    times = sorted(_seconds_until(each, target) for each in rounds)
    middle = statistics.median_high(times) if times else math.inf
    return Reached(middle if middle < math.inf else None, sum(time < math.inf for time in times), len(times))


def compare(before: Measurement, after: Measurement) -> SpeedComparison:
    """Compare two points in a submission's history, or two submissions.

    Seconds are compared only where machine, backend, device and budget are the same.  Ratios to the reference are
    always: `Comparison.differing` then says what makes them less certain.
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
    """Compare two samples by rank.

    Args:
        quantity: What they are.
        before: Logarithms of the earlier, one for each round; at least one.
        after: Of the later, likewise.
    """
    earlier, later = np.array(before), np.array(after)
    differences = np.sort(np.subtract.outer(later, earlier), axis=None)
    factor = float(np.exp(np.median(differences)))
    if min(len(before), len(after)) < FEWEST:
        return SpeedChange(quantity, factor, None, None, None, len(before), len(after))
    from scipy import stats

    # Between two neighbouring differences the test says the same of every shift, so one of each is tried.
    shifts = (differences[1:] + differences[:-1]) / 2
    tried = stats.mannwhitneyu(later[:, np.newaxis] - shifts, earlier[:, np.newaxis]).pvalue
    (kept,) = np.nonzero(tried >= 1 - LEVEL)
    low, high = np.exp([differences[kept[0]], differences[kept[-1] + 1]]).tolist()
    p = float(stats.mannwhitneyu(later, earlier).pvalue)
    return SpeedChange(quantity, factor, low, high, p, len(before), len(after))


def log_ratios(measurement: Measurement) -> list[float]:
    """The logarithms of how many times as long as the reference's an epoch takes, one for each round with epochs."""
    pairs = zip(measurement.rounds, measurement.reference, strict=False)
    return [each for mine, others in pairs if (each := log_ratio(mine, others)) is not None]


def log_ratio(mine: Round, others: Round) -> float | None:
    """How many times as long as the other's an epoch of a round takes, as a logarithm; `None` without epochs.

    The median over the pairs of turns, or where there are too few, as in rounds one after the other, of steady epochs.
    """
    turns = log_ratios_of_turns(mine, others)
    if len(turns) >= FEWEST_TURNS:
        return statistics.median(turns)
    one, other = mine.steady_seconds, others.steady_seconds
    return math.log(one / other) if _is_time(one) and _is_time(other) else None


def log_ratios_of_turns(mine: Round, others: Round) -> list[float]:
    """How many times as long as the other's an epoch takes, as logarithms, one for each pair of turns with steps."""
    return [
        math.log(a.seconds / a.epochs / (b.seconds / b.epochs))
        for a, b in zip(mine.stretches, others.stretches, strict=False)
        if min(a.seconds, b.seconds, a.epochs, b.epochs) > 0
    ]


def _log_ratios_of_calls(measurement: Measurement) -> list[float]:
    pairs = zip(measurement.rounds, measurement.reference, strict=False)
    return [math.log(mine.call_seconds / others.call_seconds) for mine, others in pairs]


def _log_seconds(rounds: Iterable[Round]) -> list[float]:
    return [math.log(seconds) for seconds in (each.steady_seconds for each in rounds) if _is_time(seconds)]


def _is_time(seconds: float | None) -> TypeGuard[float]:
    """Whether it can be: a submission that reaches the clock beside it may have written anything."""
    return seconds is not None and 0 < seconds < math.inf


def _seconds_until(training: Round, target: float) -> float:
    """Seconds until the end of the first epoch with that accuracy; infinite where there is none."""
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
    # What follows from these is not told again.
    alike = msgspec.structs.replace(other.machine, backend=one.machine.backend)
    if one.device != other.device:
        alike = msgspec.structs.replace(alike, gpu=one.machine.gpu)
    if one.machine != alike:
        yield "machine"
    if one.budget != other.budget:
        yield "budget"
