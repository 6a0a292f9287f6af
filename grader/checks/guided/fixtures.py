"""The fixtures of the checks of the guided form, which all judge the same observed run."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from grader.checks.common.context import Context
from grader.checks.common.evidence import Examiner
from grader.checks.common.fixtures import artefacts, budget, context, examiner
from grader.checks.common.student import TimeLeft
from grader.checks.guided.observed import Observed

__all__ = ["artefacts", "budget", "context", "examiner"]  # fixtures, which pytest finds by their names


@pytest.fixture(scope="session")
def observed(context: Context, budget: TimeLeft, examiner: Examiner) -> Iterator[Observed]:
    """The observed run of the submission, from its first cell to its last."""
    observed = Observed(context, budget, examiner)
    yield observed
    observed.close()
