"""The causes of a slow training in words, for the terminal and for a student's page."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from grader.ground.text import clean
from grader.speed.explaining import LIKELY, STEPS_AT_ONCE
from grader.speed.records import Cause, Gain, Kind, Measurement

_NAMES: Final[dict[Kind, str]] = {
    "input": "the input pipeline",
    "batch": "small batches",
    "eager": "eager execution",
    "recompiling": "compiling again and again",
    "validation": "validation",
    "callback": "the callback {}",
    "layer": "the layer {}",
    "precision": "double precision",
    "jit": "no XLA",
    "steps": "one step at a time",
}
_UNDONE: Final[dict[Kind, str]] = {
    "input": "with its images in memory",
    "batch": "with batches as large as `train` is told",
    "eager": "compiled instead of eager",
    "recompiling": "compiled once",
    "validation": "validated once an epoch, in batches as large as `train` is told",
    "callback": "without the callback {}",
    "layer": "without the work of the layer {}",
    "precision": "in single precision",
    "jit": "with `jit_compile=True`",
    "steps": f"with `steps_per_execution={STEPS_AT_ONCE}`",
}
_MOST_LIKELY: Final = 3


def likely(measurement: Measurement) -> str:
    """Return a sentence on what takes the time of a training; empty if nothing stands out."""
    shares = sorted((cause for cause in measurement.causes if cause.share >= LIKELY), key=lambda cause: -cause.share)
    told = [f"{_named(_NAMES, cause)} ({cause.share:.0%})" for cause in shares[:_MOST_LIKELY]]
    return f"Likely causes of its time, the largest share first: {', '.join(told)}." if told else ""


def tried(measurement: Measurement) -> list[Cause]:
    """Return the causes that were undone to measure the gain, or could not be, the largest gain first."""
    return [cause for cause in measurement.causes if cause.gain is not None or cause.problem]


def undone(cause: Cause) -> str:
    """Describe how a cause was undone, as in `without the callback Slow`."""
    return _named(_UNDONE, cause)


def factor(gain: Gain) -> str:
    """Return how many times as fast the training was, with its interval if there is one, as in `1.93 (1.85–2.01)`."""
    if gain.low is None or gain.high is None:
        return f"{gain.factor:.2f}"
    return f"{gain.factor:.2f} ({gain.low:.2f}–{gain.high:.2f})"


def lines(causes: Iterable[Cause]) -> list[str]:
    """Return a line for each cause that was tried."""
    return [
        f"{factor(cause.gain)} times as fast {undone(cause)}"
        if cause.gain is not None
        else f"not known {undone(cause)}: {clean(cause.problem)}"
        for cause in causes
    ]


def _named(words: dict[Kind, str], cause: Cause) -> str:
    return words[cause.kind].format(clean(cause.name, limit=60))
