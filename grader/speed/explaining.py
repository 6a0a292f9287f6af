"""Explain why a training is slow: find what takes its time, and measure how much faster it is with one thing undone.

First the submission trains for a few seconds while each callback, layer and validation is timed.  Each cause found this
way is then tried: the submission trains as it is written, and beside it, in turns, with one thing undone inside its
worker, where the program calls Keras.  So anything else that slows the machine down slows all of them.

A worker may make up everything that it reports here.  That only changes the advice that its author gets, since no point
depends on it.
"""

from __future__ import annotations

import contextlib
import math
import statistics
from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from grader.course import Course
from grader.course.datasets import Dataset
from grader.speed.errors import MeasuringError
from grader.speed.measuring import ROUND_VALIDATION, Pairs, draw_data
from grader.speed.records import Cause, Measurement
from grader.speed.statistics import gain_between
from grader.speed.timed import TimedTraining
from grader.speed.turns import passes

LIKELY: Final = 0.1
"""The share of the time below which something is not a likely cause."""

_WORTH_A_TRIAL: Final = 0.04
_MOST_OF_A_KIND: Final = 3
_MOST_TRIALS: Final = 6
_SIDE_BY_SIDE: Final = 3
"""The number of trials that run beside one training of the submission as it is written; each of them takes memory."""

STEPS_AT_ONCE: Final = 16
"""The value of `steps_per_execution` that is tried."""

_EPOCHS: Final = 1000
"""The number of epochs in a trial: more than there is time for, since the trusted side ends the trial."""

_PASSES: Final = 6
"""The number of passes that each training should make after the first; with fewer there is no interval."""

_FEWEST_PASSES: Final = 2
_PASS_SECONDS: Final = 2.0
_LOOK_SECONDS: Final = 4.0
_TRIAL_SECONDS: Final = 25.0
"""The most of its own time that a training gets, for the passes that count and for what comes before them."""

_LONGEST: Final = 12
"""A training is given up if one of its turns has not ended after this many times `_TRIAL_SECONDS`."""

_FEWEST_BATCHES: Final = 8


class Tried(msgspec.Struct, frozen=True):
    """The result of a trial.

    Attributes:
        passes: The logarithms of the seconds that each pass over the images took, without the first.
        problem: Why it failed; empty if it did not.
    """

    passes: tuple[float, ...]
    problem: str


class Explainer:
    """Finds the causes of one submission's slowness.

    Args:
        pairs: The submission's trainings, which have been measured.
        course: The course, with its limits and what was trained.
        dataset: The data set that the images come from.
        images: The number of training images, from `images_for`; validation images are reduced in proportion.
    """

    def __init__(self, pairs: Pairs, course: Course, dataset: Dataset, images: int) -> None:
        self._pairs = pairs
        # The trusted side normally ends a trial long before; these limits are for a submission that never hands over.
        seconds = min(course.limits.training_seconds, _LONGEST * _TRIAL_SECONDS)
        limits = msgspec.structs.replace(course.limits, training_seconds=seconds)
        speed = msgspec.structs.replace(course.speed, train_images=images, epochs=_EPOCHS)
        self._course = msgspec.structs.replace(course, speed=speed, limits=limits)
        validation = max(1, round(ROUND_VALIDATION * images / course.speed.train_images))
        self._split = draw_data(dataset, self._course, course.seed, validation_images=validation)
        self._images = len(self._split.x_train)

    def look(self) -> tuple[Cause, ...]:
        """Find what takes the training's time, the largest share first; empty if that cannot be told."""
        with self.trial(look=True) as training, contextlib.suppress(MeasuringError):
            training.prepare()
            while not training.ended and not self._seen_enough(training):
                training.turn()
        suspects = next((each.suspects for each in reversed(training.notes) if each.suspects), [])
        causes = [
            Cause(each.kind, each.name, each.index, min(1.0, max(0.0, each.share)))
            for each in suspects
            if math.isfinite(each.share)
        ]
        return tuple(sorted(causes, key=lambda cause: -cause.share))

    def _seen_enough(self, training: TimedTraining) -> bool:
        least = _LOOK_SECONDS if self._passes(training) else _TRIAL_SECONDS
        return training.undisturbed_seconds > least

    def worth_a_trial(self, causes: Sequence[Cause]) -> tuple[Cause, ...]:
        """Select the causes that are worth a trial, and add those that only a trial can reveal."""
        worth: list[Cause] = []
        for cause in causes:
            alike = sum(each.kind == cause.kind for each in worth)
            if cause.share >= _WORTH_A_TRIAL and alike < _MOST_OF_A_KIND:
                worth.append(cause)
        worth = worth[:_MOST_TRIALS]
        if causes and causes[0].share < LIKELY:  # otherwise there is better advice than these two
            worth.append(Cause("jit"))
            # With several steps per execution a callback is called less often, and the gain would be due to that.
            if not any(cause.kind == "callback" for cause in worth):
                worth.append(Cause("steps"))
        return tuple(worth)

    def try_all(self, causes: Sequence[Cause]) -> tuple[Cause, ...]:
        """Measure what undoing each cause gains, and return the causes with the largest gain first."""
        tried: list[Cause] = []
        for start in range(0, len(causes), _SIDE_BY_SIDE):
            tried += self._try(causes[start : start + _SIDE_BY_SIDE])
        return tuple(sorted(tried, key=lambda cause: -cause.gain.factor if cause.gain else 0.0))

    def _try(self, causes: Sequence[Cause]) -> list[Cause]:
        with contextlib.ExitStack() as stack:
            trials = [self.trial(), *(self.trial(undo=cause.kind, index=cause.index) for cause in causes)]
            before, *others = self.side_by_side([stack.enter_context(trial) for trial in trials])
        return [judged(cause, before, after) for cause, after in zip(causes, others, strict=True)]

    def side_by_side(self, trials: Sequence[TimedTraining]) -> list[Tried]:
        """Let trials take turns until each of them has made enough passes.

        Args:
            trials: First the submission as it is written, then the others.  If the first one fails, there is nothing
                to compare the others with, and all of them end.
        """
        problems: dict[int, str] = {}
        order = list(range(len(trials)))
        for number in order:
            self._attempt(trials[number].prepare, number, problems)
        while 0 not in problems:
            running = [number for number in order if number not in problems and not _is_over(trials[number])]
            if all(len(self._passes(trials[number])) >= _PASSES for number in running):
                break
            for number in running:
                self._attempt(trials[number].turn, number, problems)
            order.reverse()  # so that a drift of the machine favours none of them
        return [Tried(tuple(self._passes(trial)), problems.get(number, "")) for number, trial in enumerate(trials)]

    @staticmethod
    def _attempt(action: Callable[[], object], number: int, problems: dict[int, str]) -> None:
        try:
            action()
        except MeasuringError as error:
            problems[number] = error.problem

    def trial(self, *, look: bool = False, undo: str = "", index: int = 0) -> TimedTraining:
        """Make a training of the submission as it is written, or with one thing undone; see `trial.Trial`."""
        settings = {"look": look, "undo": undo, "index": index, "steps": STEPS_AT_ONCE}
        settings |= {"batch_size": self._course.speed.batch_size, "images": self._images}
        return self._pairs.trial(self._course, self._split, settings)

    def _passes(self, training: TimedTraining) -> list[float]:
        """Return the logarithms of the seconds of each pass over the images, without the first, which compiles."""
        marks = [mark for note in training.notes for mark in note.marks]
        return passes(training.turns, marks, self._images)


def _is_over(training: TimedTraining) -> bool:
    return training.ended or training.undisturbed_seconds > _TRIAL_SECONDS


def judged(cause: Cause, before: Tried, after: Tried) -> Cause:
    """Return a cause with what undoing it gains, or with the reason why that is not known.

    Args:
        cause: The cause that was undone.
        before: The result for the submission as it is written.
        after: The result of the trial beside it.
    """
    problem = before.problem or after.problem
    if not problem and min(len(before.passes), len(after.passes)) < _FEWEST_PASSES:
        problem = f"It does not get through {_FEWEST_PASSES + 1} passes over the images in {_TRIAL_SECONDS:g} s."
    if problem:
        return msgspec.structs.replace(cause, problem=problem)
    return msgspec.structs.replace(cause, gain=gain_between(before.passes, after.passes))


def images_for(measurement: Measurement) -> int:
    """Return the number of images in a pass: all of them, or fewer if a pass would take too long."""
    budget, seconds = measurement.budget, _pass_seconds(measurement)
    share = min(1.0, _PASS_SECONDS / seconds) if seconds > 0 else 1.0
    return min(budget.train_images, max(_FEWEST_BATCHES * budget.batch_size, round(share * budget.train_images)))


def seconds_for(measurement: Measurement, trials: int) -> float:
    """Estimate how long a number of trials takes, in seconds."""
    passes_seconds = (1 + _PASSES) * min(_pass_seconds(measurement), _PASS_SECONDS)
    cold = statistics.median(each.cold_seconds for each in measurement.rounds)
    return (trials + math.ceil(trials / _SIDE_BY_SIDE)) * (cold + min(passes_seconds, _TRIAL_SECONDS))


def _pass_seconds(measurement: Measurement) -> float:
    """Return the median time of an epoch with validation and callbacks, in seconds, without the first epoch."""
    steady = [epoch for each in measurement.rounds for epoch in each.epochs[1:] or each.epochs]
    return statistics.median(e.train_seconds + e.validation_seconds + e.callback_seconds for e in steady)
