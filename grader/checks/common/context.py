"""The context of a check: the submission, the course, and the sandbox to run the submission in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec
import pytest

from grader.assignment import contract
from grader.checks.common.student import TimeLeft
from grader.course import Course
from grader.course.datasets import Dataset
from grader.results.artefacts import Artefacts
from grader.results.scoring import Outcome
from grader.sandbox.host.session import Sandbox
from grader.sandbox.wire.frames import Limits
from grader.submissions import Submission
from grader.submissions.forms import Form, checks_of, form_of


class Context(msgspec.Struct, frozen=True, eq=False):
    """What is graded, how, and in which sandbox.

    Attributes:
        submission: The submission.
        course: The course, with its points, limits, classes and seed.
        profile: One of `contract.PROFILES`.
        tasks: The tasks to check; empty for all.
        sandbox: Where the submission's code runs.
        dataset: The course's data; `None` in the quick profile, which needs none.
        on_check: Called at the end of each check with its id and outcome.
        only: The ids of the checks to run in this process, out of those of the tasks; `None` for all.
        budget: The time left for all calls of the submission, if several processes share it.
    """

    submission: Submission
    course: Course
    profile: str
    tasks: frozenset[int]
    sandbox: Sandbox
    dataset: Dataset | None = None
    on_check: Callable[[str, Outcome], None] | None = None
    only: frozenset[str] | None = None
    budget: TimeLeft | None = None

    @property
    def limits(self) -> Limits:
        """The limits of a worker."""
        return self.course.limits.of_worker

    @property
    def checks(self) -> tuple[contract.Check, ...]:
        """The checks that run in this process."""
        asked = checks_of(self.form.name, self.course, self.profile, self.tasks)
        return asked if self.only is None else tuple(check for check in asked if check.id in self.only)

    @property
    def form(self) -> Form:
        """The form of the assignment that the submission follows."""
        return form_of(self.submission, self.course.form)


CONTEXT: Final = pytest.StashKey[Context]()
ARTEFACTS: Final = pytest.StashKey[Artefacts]()
