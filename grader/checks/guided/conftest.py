"""What the checks of the guided form share: one observed run, judged by all of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from grader.checks.evidence import Examiner
from grader.checks.guided.observed import Observed
from grader.checks.student import Budget
from grader.grading import Context


@pytest.fixture(scope="session")
def observed(context: Context, budget: Budget, examiner: Examiner) -> Iterator[Observed]:
    """The submission's run from its first cell to its last."""
    observed = Observed(context, budget, examiner)
    yield observed
    observed.close()
