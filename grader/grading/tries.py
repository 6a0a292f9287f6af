"""How many times the grader tries to grade one submission, and how long that may take.

A sandbox may fail, and so may the process around it or its machine; whatever failed is started again.  A submission
with which every try fails is set aside, so that the others get their grades.
"""

from __future__ import annotations

from typing import Final

from grader.course import Settings

SANDBOXES: Final = 2
"""The most sandboxes that one process starts for one submission."""

PLACES: Final = 3
"""The most processes, or workers of a cluster, that one submission is sent to."""

_START_SECONDS: Final = 180.0
"""The time allowed for starting a sandbox.  It takes about 5 s, but importing Keras from a network drive took 2 min."""


def longest_seconds(settings: Settings) -> float:
    """Return the seconds within which a process must have graded a submission, in however many sandboxes."""
    limits = settings.course.limits
    training = 0.0 if settings.profile == "quick" else limits.training_seconds
    if settings.profile == "full":
        training = max(training, settings.course.full.training_seconds)
    return SANDBOXES * (_START_SECONDS + limits.grading_seconds + training)
