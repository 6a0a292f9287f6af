"""The fixtures that the checks of every form share.  The `fixtures` module of each form imports them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from grader.checks.common.context import ARTEFACTS, CONTEXT, Context
from grader.checks.common.evidence import Examiner
from grader.checks.common.student import TimeLeft
from grader.results.artefacts import Artefacts


@pytest.fixture(scope="session")
def context(pytestconfig: pytest.Config) -> Context:
    """The submission, the course and the sandbox of this grading."""
    found = pytestconfig.stash.get(CONTEXT, None)
    if found is None:
        pytest.skip("no submission: give --submission FILE")
    return found


@pytest.fixture(scope="session")
def artefacts(pytestconfig: pytest.Config) -> Artefacts:
    """The collection of figures, curves and examples that are kept beside the result."""
    return pytestconfig.stash[ARTEFACTS]


@pytest.fixture(scope="session")
def budget(context: Context) -> TimeLeft:
    """The time that all calls of the submission may take together."""
    return context.budget or TimeLeft(context.course.limits.grading_seconds)


@pytest.fixture(scope="session")
def examiner(context: Context, budget: TimeLeft) -> Iterator[Examiner]:
    """The examiner, a worker that never sees the submission."""
    examiner = Examiner(lambda: context.sandbox.spawn(limits=context.limits), budget)
    yield examiner
    examiner.close()
