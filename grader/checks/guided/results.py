"""What the checks of task 6 share: the training whose results are judged, and where something failed."""

from __future__ import annotations

from grader.checks.common.verdict import NotRun
from grader.checks.guided.notes import Note
from grader.checks.guided.observed import Observed, Told


def judged_training(observed: Observed) -> tuple[Note, Told]:
    """Return the training whose results are judged.

    Raises:
        NotRun: If there is none.
    """
    judged = observed.fit(stand_ins=True)
    if judged is None:
        raise NotRun("fit is never called, so there is nothing to show of a training.")
    if not judged[1].digests:
        raise NotRun("no training came to the end of an epoch, so there is nothing to show of it.")
    return judged


def failing_line(observed: Observed, *words: str) -> int:
    """Return the line of the first statement with one of some words that raised; 0 if there is none."""
    error = observed.failure_in(*words)
    return error.line if error else 0
