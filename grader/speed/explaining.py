"""Why a training is slow: what takes its time, and how much faster it is once one thing is undone.

First the submission trains for a few seconds with a clock beside each callback, layer and validation.  What is found
there is worth a trial each: the submission as it is written, and beside it, in turns, the same with one thing undone
inside its worker, where the program meets Keras.  Whatever else the machine does thus falls on all of them.

Everything a worker says here may be made up, which only changes the advice that its author gets: nothing of it is
worth a point.
"""

from __future__ import annotations

import contextlib
import math
import statistics
from collections.abc import Callable, Sequence
from typing import Annotated, Final

import msgspec

from grader.course import Course
from grader.course.datasets import Dataset
from grader.course.thresholds import VALIDATION_IMAGES
from grader.speed.errors import MeasuringError
from grader.speed.measuring import Pairs, draw_data
from grader.speed.records import Cause, Kind, Measurement
from grader.speed.statistics import gain_between
from grader.speed.timed import TimedTraining
from grader.speed.turns import passes

LIKELY: Final = 0.1
"""What takes less than this share of the time is no likely cause."""

_WORTH_A_TRIAL: Final = 0.04
_MOST_OF_A_KIND: Final = 3
_MOST_TRIALS: Final = 6
_SIDE_BY_SIDE: Final = 3
"""So many trials share one training of the submission as it is written; each of them takes memory."""

STEPS_AT_ONCE: Final = 16
"""What `steps_per_execution` is tried with."""

_EPOCHS: Final = 1000
"""More than there is time for: the trusted side ends a trial."""

_PASSES: Final = 6
"""So many each training should make, beside the first: with fewer there is no interval."""

_FEWEST_PASSES: Final = 2
_PASS_SECONDS: Final = 2.0
_LOOK_SECONDS: Final = 4.0
_TRIAL_SECONDS: Final = 25.0
"""The most that a training has, of its own time, for the passes that count and for what comes before."""

_LONGEST: Final = 12
"""Times that, and a turn that does not end is given up."""

_FEWEST_BATCHES: Final = 8

_Number = Annotated[int, msgspec.Meta(ge=0, le=2**50)]


class _Suspect(msgspec.Struct, frozen=True):
    kind: Kind
    name: Annotated[str, msgspec.Meta(max_length=300)]
    index: Annotated[int, msgspec.Meta(ge=0, le=10_000)]
    share: float


class _Notes(msgspec.Struct, frozen=True):
    """What a trial says at the end of a turn; see `trial.Trial.notes`."""

    marks: Annotated[list[tuple[float, _Number]], msgspec.Meta(max_length=1_000)]
    suspects: Annotated[list[_Suspect], msgspec.Meta(max_length=10_000)]


class Tried(msgspec.Struct, frozen=True):
    """What came of a trial.

    Attributes:
        passes: The logarithms of the seconds that each pass over the images took, without the first.
        problem: Why it failed; empty where it did not.
    """

    passes: tuple[float, ...]
    problem: str


class Explainer:
    """Finds the causes of one submission's slowness.

    Args:
        pairs: Its trainings, which have been measured.
        course: Limits, and what was trained.
        dataset: Where images come from.
        images: How many to train on, as `images_for` has it; those for validation become fewer in proportion.
    """

    def __init__(self, pairs: Pairs, course: Course, dataset: Dataset, images: int) -> None:
        self._pairs = pairs
        seconds = min(course.limits.training_seconds, _LONGEST * _TRIAL_SECONDS)
        limits = msgspec.structs.replace(course.limits, training_seconds=seconds)
        speed = msgspec.structs.replace(course.speed, train_images=images, epochs=_EPOCHS)
        self._course = msgspec.structs.replace(course, speed=speed, limits=limits)
        validation = max(1, round(VALIDATION_IMAGES * images / course.speed.train_images))
        self._split = draw_data(dataset, self._course, course.seed, validation_images=validation)
        self._images = len(self._split.x_train)

    def look(self) -> tuple[Cause, ...]:
        """What takes its time, the largest share first; nothing where that cannot be told."""
        with self.trial(look=True) as training:
            with contextlib.suppress(MeasuringError):
                training.prepare()
                while not training.ended and not self._seen_enough(training):
                    training.turn()
            said = _notes(training)
        suspects = next((each.suspects for each in reversed(said) if each.suspects), [])
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
        """What is worth undoing of what was found, and what only a trial can tell."""
        worth: list[Cause] = []
        for cause in causes:
            alike = sum(each.kind == cause.kind for each in worth)
            if cause.share >= _WORTH_A_TRIAL and alike < _MOST_OF_A_KIND:
                worth.append(cause)
        worth = worth[:_MOST_TRIALS]
        if causes and causes[0].share < LIKELY:  # else these two would not be the advice
            worth.append(Cause("jit"))
            if not any(cause.kind == "callback" for cause in worth):  # which would only be called more seldom
                worth.append(Cause("steps"))
        return tuple(worth)

    def try_all(self, causes: Sequence[Cause]) -> tuple[Cause, ...]:
        """The same causes with what undoing each gains, the largest gain first."""
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
        """Let trials take turns until each has made enough passes; where the first one fails the others are no use.

        Args:
            trials: The submission as it is written, and others.
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
            order.reverse()
        return [Tried(tuple(self._passes(trial)), problems.get(number, "")) for number, trial in enumerate(trials)]

    @staticmethod
    def _attempt(action: Callable[[], object], number: int, problems: dict[int, str]) -> None:
        try:
            action()
        except MeasuringError as error:
            problems[number] = error.problem

    def trial(self, *, look: bool = False, undo: str = "", index: int = 0) -> TimedTraining:
        """A training of the submission as it is written, or with one thing undone; see `trial.Trial`."""
        settings = {"look": look, "undo": undo, "index": index, "steps": STEPS_AT_ONCE}
        settings |= {"batch_size": self._course.speed.batch_size, "images": self._images}
        return self._pairs.trial(self._course, self._split, settings)

    def _passes(self, training: TimedTraining) -> list[float]:
        """The logarithms of the seconds that each pass over the images took, the first left out, which compiles."""
        marks = [mark for note in _notes(training) for mark in note.marks]
        return passes(training.turns, marks, self._images)


def _is_over(training: TimedTraining) -> bool:
    return training.ended or training.undisturbed_seconds > _TRIAL_SECONDS


def judged(cause: Cause, before: Tried, after: Tried) -> Cause:
    """A cause with what undoing it gains, or why that is not known.

    Args:
        cause: What was undone.
        before: The submission as it is written.
        after: The trial beside it.
    """
    problem = before.problem or after.problem
    if not problem and min(len(before.passes), len(after.passes)) < _FEWEST_PASSES:
        problem = f"It does not get through {_FEWEST_PASSES + 1} passes over the images in {_TRIAL_SECONDS:g} s."
    if problem:
        return msgspec.structs.replace(cause, problem=problem)
    return msgspec.structs.replace(cause, gain=gain_between(before.passes, after.passes))


def images_for(measurement: Measurement) -> int:
    """How many images a pass has: all, or where that takes too long only so many that it does not."""
    budget, seconds = measurement.budget, _pass_seconds(measurement)
    share = min(1.0, _PASS_SECONDS / seconds) if seconds > 0 else 1.0
    return min(budget.train_images, max(_FEWEST_BATCHES * budget.batch_size, round(share * budget.train_images)))


def seconds_for(measurement: Measurement, trials: int) -> float:
    """About how long so many trials take."""
    passes_seconds = (1 + _PASSES) * min(_pass_seconds(measurement), _PASS_SECONDS)
    cold = statistics.median(each.cold_seconds for each in measurement.rounds)
    return (trials + math.ceil(trials / _SIDE_BY_SIDE)) * (cold + min(passes_seconds, _TRIAL_SECONDS))


def _pass_seconds(measurement: Measurement) -> float:
    """What an epoch takes with everything in it, the first left out."""
    steady = [epoch for each in measurement.rounds for epoch in each.epochs[1:] or each.epochs]
    return statistics.median(e.train_seconds + e.validation_seconds + e.callback_seconds for e in steady)


def _notes(training: TimedTraining) -> list[_Notes]:
    """What a trial has said, as far as it has the form that it should have."""
    said = []
    for note in training.notes:
        with contextlib.suppress(msgspec.ValidationError):
            said.append(msgspec.convert(note, _Notes, str_keys=False))
    return said
