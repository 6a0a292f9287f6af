"""A training that cannot be measured, and why."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Final

from grader.checks.common.student import Missing
from grader.checks.common.verdict import CheckFailed
from grader.sandbox.host.session import SubmissionError, WorkerGone
from grader.speed.records import Status

_OUT_OF_MEMORY: Final = ("ResourceExhaustedError", "OutOfMemoryError", "MemoryError", "RESOURCE_EXHAUSTED")


class MeasuringError(Exception):
    """A training that cannot be measured.

    Attributes:
        status: `out_of_memory` or `failed`.
        problem: Why, one sentence.
    """

    def __init__(self, status: Status, problem: str) -> None:
        super().__init__(problem)
        self.status = status
        self.problem = problem


@contextlib.contextmanager
def explained(explain: Callable[[Missing | SubmissionError], str]) -> Iterator[None]:
    """Turn what a submission may do into one sentence.

    Args:
        explain: What an error of the submission's own means, without its full stop.

    Raises:
        MeasuringError: In place of what is raised inside.
    """
    try:
        yield
    except (Missing, SubmissionError) as error:
        out_of_memory = isinstance(error, SubmissionError) and any(
            word in f"{error.type_name} {error.text}" for word in _OUT_OF_MEMORY
        )
        raise MeasuringError("out_of_memory" if out_of_memory else "failed", f"{explain(error)}.") from None
    except WorkerGone as error:
        raise MeasuringError(
            "out_of_memory" if error.reason == "memory" else "failed", f"The code {error.detail}."
        ) from None
    except CheckFailed as error:
        raise MeasuringError("failed", error.message) from None
