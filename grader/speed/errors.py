"""The exception for a training that cannot be measured, and the translation of sandbox failures into it."""

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
    """A training cannot be measured.

    Attributes:
        status: The status of the measurement: `failed`, `out_of_memory`, `no_backend` or `no_device`.
        problem: One sentence that says why.
    """

    def __init__(self, status: Status, problem: str) -> None:
        super().__init__(problem)
        self.status = status
        self.problem = problem


@contextlib.contextmanager
def explained(explain: Callable[[Missing | SubmissionError], str]) -> Iterator[None]:
    """Turn failures of a submission inside a `with` block into a `MeasuringError` with one sentence.

    Args:
        explain: Describes an error that the submission raised, as a sentence without its full stop.

    Raises:
        MeasuringError: If the submission failed.
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
