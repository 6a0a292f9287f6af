"""Measure how often comparing two measurements raises a false alarm, and how often it detects a slower training.

`python -m benchmarks.comparing` uses simulated rounds; `python -m benchmarks.comparing gradebook.db 12` uses the rounds
of measurement 12, which should have many, such as 32.  A measurement is compared with another one of the same training
(A/A), and with one whose epochs take 10 % longer.  The goal with eight rounds is at most 1 % false alarms, and 95 % of
the slower trainings detected.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from itertools import combinations
from pathlib import Path
from typing import Final

import msgspec
import numpy as np

from grader.gradebook.store import Gradebook
from grader.speed.records import Epoch, Measurement, Round
from grader.speed.statistics import compare, log_ratios
from tests.measurements import measurement, rounds

WINDOW: Final = 8
SLOWER: Final = 1.10
_TRIALS: Final = 200

Pair = tuple[Round, Round]
"""A round of the submission, and the round of the reference that ran beside it."""


class Trials(msgspec.Struct, frozen=True):
    """The outcome of comparing one training with itself.

    Attributes:
        comparisons: The number of pairs of windows that were compared.
        false_alarms: The share of them that was called slower or faster, 0 to 1.
        power: The share that was called slower when the later one's epochs took longer, 0 to 1.
    """

    comparisons: int
    false_alarms: float
    power: float


def trials(mine: Sequence[Round], reference: Sequence[Round], *, window: int = WINDOW) -> Trials:
    """Compare all pairs of windows of recorded rounds that do not overlap.

    Args:
        mine: The rounds of a submission, in the order in which they were run.
        reference: The reference's rounds beside them.
        window: The number of rounds in a window.

    Raises:
        ValueError: If there are too few rounds for two windows.
    """
    pairs = list(zip(mine, reference, strict=True))
    starts = range(len(pairs) - window + 1)
    apart = [(one, other) for one, other in combinations(starts, 2) if other - one >= window]
    if not apart:
        raise ValueError(f"{len(pairs)} rounds are too few for two windows of {window}")
    return judged((pairs[one : one + window], pairs[other : other + window]) for one, other in apart)


def noise_of(mine: Sequence[Round], reference: Sequence[Round]) -> float:
    """Return the standard deviation of each round's own noise, in logarithms, as in `simulated`.

    Noise that both rounds of a pair share cancels out.

    Args:
        mine: The rounds of a submission, with epochs; at least two.
        reference: The reference's rounds beside them.
    """
    ratios = log_ratios(measured(list(zip(mine, reference, strict=True))))
    return float(np.std(ratios, ddof=1) / np.sqrt(2))


def judged(sides: Iterable[tuple[Sequence[Pair], Sequence[Pair]]]) -> Trials:
    """Compare pairs of measurements as they are, and again with the later one's epochs taking longer."""
    alarms, seen = [], []
    for before, after in sides:
        later = [(slowed(mine, SLOWER), others) for mine, others in after]
        alarms.append(compare(measured(before), measured(after)).verdict != "unchanged")
        seen.append(compare(measured(before), measured(later)).verdict == "slower")
    return Trials(len(alarms), float(np.mean(alarms)), float(np.mean(seen)))


def measured(pairs: Sequence[Pair]) -> Measurement:
    """Return a measurement with the given rounds."""
    mine, reference = zip(*pairs, strict=True)
    return msgspec.structs.replace(measurement(), rounds=mine, reference=reference)


def slowed(each: Round, factor: float) -> Round:
    """Return a round with the training of every epoch taking `factor` times as long."""
    replace = msgspec.structs.replace
    epochs = tuple(replace(epoch, train_seconds=factor * epoch.train_seconds) for epoch in each.epochs)
    stretches = tuple(replace(stretch, seconds=factor * stretch.seconds) for stretch in each.stretches)
    return replace(each, epochs=epochs, stretches=stretches)


def simulated(rng: np.random.Generator, count: int, noise: float, burst: float) -> list[Pair]:
    """Simulate rounds on a machine that other programs use too.

    In addition to the noise below there is 5 % between one measurement and another and 2 % from pair to pair, both
    shared by a pair, and 1 % from epoch to epoch.

    Args:
        rng: The random number generator.
        count: The number of rounds of the submission, each followed by one of the reference.
        noise: The standard deviation of each round's own noise, in logarithms: 0.03 is 3 %.
        burst: The probability that another program starts at an epoch.  It makes the epoch half as long again, and
            continues into each next epoch with a probability of one half.
    """
    epochs = 4
    drift = rng.normal(0, 0.05) + np.cumsum(rng.normal(0, 0.02, count))
    logs = drift[:, None, None] + rng.normal(0, noise, (count, 2, 1)) + rng.normal(0, 0.01, (count, 2, epochs))
    disturbed = False
    for place in np.ndindex(logs.shape):  # in the order in which they are run
        disturbed = (disturbed and rng.random() < 0.5) or rng.random() < burst
        logs[place] += np.log(1.5) * disturbed
    (template,) = rounds([1.0])
    return [
        (_with_times(template, mine.tolist()), _with_times(template, others.tolist())) for mine, others in np.exp(logs)
    ]


def _with_times(template: Round, seconds: Sequence[float]) -> Round:
    return msgspec.structs.replace(template, epochs=tuple(Epoch(each, 0.0, 0.0, 1) for each in seconds))


def main() -> None:
    """Print false alarms and power for recorded or simulated rounds."""
    print("rounds  noise  bursts  comparisons  false alarms   power")
    if len(sys.argv) == 3:
        with Gradebook.open(Path(sys.argv[1]), must_exist=True) as book:
            recorded = book.measurement(int(sys.argv[2])).measurement
        found = trials(recorded.rounds, recorded.reference)
        noise = noise_of(recorded.rounds, recorded.reference)
        print(f"{WINDOW:6}{noise:7.1%}       –{found.comparisons:13}{found.false_alarms:14.1%}{found.power:8.1%}")
        return
    for count in (6, WINDOW, 12):
        for burst in (0.0, 0.01):
            for noise in (0.01, 0.02, 0.03, 0.04, 0.05, 0.13):
                rng = np.random.default_rng([count, round(100 * burst), round(100 * noise)])
                found = judged(
                    (simulated(rng, count, noise, burst), simulated(rng, count, noise, burst)) for _ in range(_TRIALS)
                )
                print(
                    f"{count:6}{noise:7.0%}{burst:8.0%}{found.comparisons:13}{found.false_alarms:14.1%}{found.power:8.1%}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
