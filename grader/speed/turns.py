"""Compute what a training did in each of its turns.

A submission and the reference train at the same time and take turns, each a part of a second long.  Two turns that
follow each other meet the same conditions on the machine, so their ratio is far less noisy than that of whole trainings
one after the other.  The trusted side records when the turns were and how much processor time they had.  When steps
were done in them is reported by the clock beside the submission.
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

TURN_SECONDS: Final = 0.1
"""The length of a turn: a few steps, short enough for equal conditions, and long enough for cheap hand-overs."""

_DIGITS: Final = 7

_LEAST_OF_A_PASS: Final = 0.5


class Turn(msgspec.Struct, frozen=True):
    """One turn of a training.

    Attributes:
        began: When it began, by `time.perf_counter`.
        ended: When it ended, by `time.perf_counter`.
        ran: The seconds for which the training's threads ran in it, summed over all threads.
        waited: The seconds for which they waited for a core in it, summed over all threads.
        between: The seconds for which they had run outside of it, since the turn before.
        cores: The number of cores that they are pinned to.
    """

    began: float
    ended: float
    ran: float
    waited: float
    between: float
    cores: int = 1

    @property
    def length(self) -> float:
        """Its length, in seconds."""
        return self.ended - self.began

    @property
    def undisturbed(self) -> float:
        """Its length in seconds without the time that other programs took from it.

        Usually only one thread has something to do at a time, so the times that threads waited for a core add up, and
        are subtracted.  Where several had something to do at once, they waited for each other, too.  But the turn takes
        at least the time that their computation takes on these cores.
        """
        return min(max(self.length - self.waited, self.ran / self.cores), self.length)


class OwnTime:
    """A training's own time, which stands still while the other training has its turn.

    What a training computes during the other's turn is charged to its own next turn.  An honest input pipeline may read
    ahead there, and a submission could compute there to look faster.

    Args:
        turns: The training's turns, at least one.
        undisturbed: Whether the time also stands still while other programs keep the training from running.  It is not
            known when in a turn that was, so it is spread over the whole turn.
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
        """Convert moments of `time.perf_counter` to the training's own time, in seconds.

        Moments before its first turn are negative.
        """
        before = np.minimum(np.subtract(moments, self._moments[0]), 0.0)
        after = np.maximum(np.subtract(moments, self._moments[-1]), 0.0)
        return np.interp(moments, self._moments, self._shown) + before + after


class Stopwatch:
    """A timer of trainings' own time, for pytest-benchmark, which uses one timer for everything that it measures.

    Attributes:
        stood: How long the trainings that it timed have stood still so far, in seconds.
    """

    __name__ = "own_time"

    def __init__(self) -> None:
        self.stood = 0.0

    def __call__(self) -> float:
        """Return the current time, in seconds."""
        return time.perf_counter() - self.stood


OWN_TIME: Final = Stopwatch()


def stretches(turns: Sequence[Turn], epochs: Sequence[Sequence[float]], stamps: Array) -> tuple[Stretch, ...]:
    """Compute the work that a training did in each turn.

    Only steps count, and neither validation nor what callbacks do at the end of an epoch.  The first turn does not
    count, since it traces and compiles, and neither does the last step of the first epoch, which compiles again if its
    batch is smaller.

    Args:
        turns: The training's turns, at least one.
        epochs: The epochs that `clock.Clock` has recorded, after they were found credible.
        stamps: The stamps that `clock.Clock` has recorded; all times are by `time.perf_counter`.

    Returns:
        A stretch for each turn, in which nothing was done in the first one; none if the stamps contradict themselves.
    """
    pieces = [_done_in(epoch, stamps, index == 0) for index, epoch in enumerate(epochs)]
    steady = [piece for piece in pieces if piece is not None]
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
    edges = own.at(np.array([turn.ended for turn in turns]))
    spent, got = (np.diff(np.interp(edges, knots, np.concatenate(each[1:]))) for each in (seconds, done))
    later = (Stretch(round(float(a), _DIGITS), round(float(b), _DIGITS)) for a, b in zip(spent, got, strict=True))
    return (Stretch(0.0, 0.0), *later)


def _done_in(epoch: Sequence[float], stamps: Array, first: bool) -> tuple[Array, Array] | None:
    """Return moments in an epoch, and the share of it that was done by then, 0 to 1; `None` if that cannot be told."""
    began, trained = epoch[:2]
    inside = stamps[(began <= stamps[:, 0]) & (stamps[:, 0] <= trained)]
    moments, batches = inside[:, 0], inside[:, 1]
    if not first:
        moments, batches = np.append(began, moments), np.append(0.0, batches)
    if len(moments) < 2 or not np.all(np.diff(batches) > 0) or not batches[-1] < np.inf:
        return None
    shares = batches / batches[-1]
    return (moments[:-1], shares[:-1]) if first else (moments, shares)


def passes(turns: Sequence[Turn], marks: Sequence[tuple[float, int]], images: int) -> list[float]:
    """Compute how long each pass over the images took, including validation, callbacks, and the time between epochs.

    A pass ends at the first mark by which enough images were trained on, so one may consist of several short epochs.

    Args:
        turns: The training's turns, at least one.
        marks: Moments of `time.perf_counter`, each with the number of images that had been trained on by then.
        images: The number of images that make a pass.

    Returns:
        The logarithms of the seconds for this many images, without the first pass, which traces and compiles; empty if
        the marks contradict themselves.
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
