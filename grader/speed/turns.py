"""What a training got done in each of its turns, where another one waited meanwhile.

A submission and the reference train at the same time and take turns, each a part of a second.  Two turns that follow
each other meet the same machine, so their ratio is far less noisy than that of whole trainings, one after the other.
When the turns were, and what they had of the processor, the trusted side tells; when steps were done in them is what
the clock beside the submission says.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from typing import Any, Final

import msgspec
import numpy as np

from grader.speed.records import Stretch

Array = np.ndarray[Any, np.dtype[np.float64]]

TURN_SECONDS: Final = 0.3
"""How long a turn is: a few steps, so that both trainings meet the same machine, and handing over costs nothing."""

_DIGITS: Final = 7

_LEAST_OF_A_PASS: Final = 0.5


class Turn(msgspec.Struct, frozen=True):
    """One turn of a training.

    Attributes:
        began: When, by `time.perf_counter`.
        ended: Likewise.
        ran: For how many seconds its threads ran in it, all together.
        waited: For how many seconds they were kept waiting for a core, likewise.
        between: For how many seconds they had run before it, while the other training had its turn.
        cores: How many cores they are kept to.
    """

    began: float
    ended: float
    ran: float
    waited: float
    between: float
    cores: int = 1

    @property
    def length(self) -> float:
        """How long it was, in seconds."""
        return self.ended - self.began

    @property
    def undisturbed(self) -> float:
        """How long it was without what other programs took from it.

        As a rule one thread after the other has something to do, so that their waits add up.  Where several had at
        once, they waited for each other too; but what they ran together takes its time on so many cores.
        """
        return min(max(self.length - self.waited, self.ran / self.cores), self.length)


class OwnTime:
    """The time of one training, which stands still while the other one has its turn.

    What it computes all the same meanwhile, such as reading ahead, is charged to its next turn; so is what a submission
    would do there to look faster.

    Args:
        turns: Its turns, at least one.
        undisturbed: Whether it stands still, too, while other programs keep the training from running.  Within a turn
            nothing tells when that was, so that it is spread over the whole of it.
    """

    def __init__(self, turns: Sequence[Turn], *, undisturbed: bool = False) -> None:
        moments, shown = [], []
        total = 0.0
        for turn in turns:
            begun = total + turn.between
            total = begun + (turn.undisturbed if undisturbed else turn.length)
            moments += [turn.began, turn.ended]
            shown += [begun, total]
        self._moments, self._shown = np.array(moments), np.array(shown)

    def at(self, moments: Any) -> Any:
        """What its own clock shows at moments of `time.perf_counter`, in seconds; before its first turn less than 0."""
        before = np.minimum(np.subtract(moments, self._moments[0]), 0.0)
        after = np.maximum(np.subtract(moments, self._moments[-1]), 0.0)
        return np.interp(moments, self._moments, self._shown) + before + after


class Stopwatch:
    """Counts a training's own time, for pytest-benchmark, which wants one timer for everything that it measures.

    Attributes:
        stood: How long trainings that it timed have stood still so far, in seconds.
    """

    __name__ = "own_time"

    def __init__(self) -> None:
        self.stood = 0.0

    def __call__(self) -> float:
        """Seconds."""
        return time.perf_counter() - self.stood


OWN_TIME: Final = Stopwatch()


def stretches(turns: Sequence[Turn], epochs: Sequence[Sequence[float]], stamps: Array) -> tuple[Stretch, ...]:
    """What was got done in each turn.

    Only steps count, and no validation, nor what callbacks do at the end of an epoch; and only epochs after the first,
    which traces and compiles.

    Args:
        turns: Its turns, at least one.
        epochs: As `clock.Clock` has noted them, and found to be credible.
        stamps: Likewise; both by `time.perf_counter`.

    Returns:
        A stretch for each turn; none where the stamps contradict themselves.
    """
    pieces = [_done_in(epoch, stamps, index == 0) for index, epoch in enumerate(epochs)]
    steady = [piece for piece in (pieces[1:] or pieces) if piece is not None]
    if not steady:
        return ()
    own = OwnTime(turns, undisturbed=True)
    moments, seconds, done = [], [np.zeros(1)], [np.zeros(1)]
    for at, shares in steady:
        own_at = own.at(at)
        moments.append(own_at)
        seconds.append(own_at - own_at[0] + seconds[-1][-1])
        done.append(shares - shares[0] + done[-1][-1])
    knots = np.concatenate(moments)
    if not np.all(np.diff(knots) >= 0):
        return ()
    edges = own.at(np.array([turns[0].began, *(turn.ended for turn in turns)]))
    spent, got = (np.diff(np.interp(edges, knots, np.concatenate(each[1:]))) for each in (seconds, done))
    return tuple(Stretch(round(float(a), _DIGITS), round(float(b), _DIGITS)) for a, b in zip(spent, got, strict=True))


def _done_in(epoch: Sequence[float], stamps: Array, first: bool) -> tuple[Array, Array] | None:
    """At which moments which share of an epoch was done, 0 to 1; `None` where there is no telling."""
    began, trained = epoch[:2]
    inside = stamps[(began <= stamps[:, 0]) & (stamps[:, 0] <= trained)]
    moments, batches = inside[:, 0], inside[:, 1]
    if not first:
        moments, batches = np.append(began, moments), np.append(0.0, batches)
    if len(moments) < 2 or not np.all(np.diff(batches) > 0) or not batches[-1] < np.inf:
        return None
    return moments, batches / batches[-1]


def passes(turns: Sequence[Turn], marks: Sequence[tuple[float, int]], images: int) -> list[float]:
    """How long each pass over the images took, everything included: validation, callbacks, and what is between epochs.

    Where an epoch is a part of a pass, or the images are fewer than there are, the next mark counts.

    Args:
        turns: The training's, at least one.
        marks: Moments of `time.perf_counter`, and the images that had been trained on by then.
        images: How many make a pass.

    Returns:
        The logarithms of the seconds for so many images, the first pass left out, since it traces and compiles; nothing
        where the marks contradict themselves.
    """
    if not marks or not turns:
        return []
    moments, counts = np.array(marks, np.float64).T
    if not (np.all(np.isfinite(moments)) and np.all(np.diff(moments) >= 0) and np.all(np.diff(counts) >= 0)):
        return []
    at = OwnTime(turns, undisturbed=True).at(moments)
    cuts = [0]
    for place in range(len(counts)):
        if counts[place] - counts[cuts[-1]] >= _LEAST_OF_A_PASS * images:
            cuts.append(place)
    took, trained = np.diff(at[cuts])[1:], np.diff(counts[cuts])[1:]
    return [math.log(a / b * images) for a, b in zip(took, trained, strict=True) if a > 0]
