"""How often grading one submission is tried, and how long that may take.

A sandbox may fail, and so may the process around it, or its machine: whatever failed is started anew.  A submission
that makes all of them fail is set aside, so that the others get their grades.
"""

from __future__ import annotations

from typing import Final

from grader.course import Settings

SANDBOXES: Final = 2
"""Sandboxes that one process starts for one submission."""

PLACES: Final = 3
"""Processes, or workers of a cluster, that one submission is sent to."""

_START_SECONDS: Final = 180.0
"""A sandbox starts in about 5 s; on a file system in the network, importing Keras has taken two minutes."""


def longest_seconds(settings: Settings) -> float:
    """Seconds after which a process must have graded a submission, with every sandbox that it may start for it."""
    limits = settings.course.limits
    training = 0.0 if settings.profile == "quick" else limits.training_seconds
    if settings.profile == "full":
        training = max(training, settings.course.full.training_seconds)
    return SANDBOXES * (_START_SECONDS + limits.grading_seconds + training)
