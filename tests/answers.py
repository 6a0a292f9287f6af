"""Tools that answer what a test says, or that are used in a worker of a test."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from grader.checks.common.tools import ExaminerTools, Tools, use_in
from grader.sandbox.host.session import Worker


def answering(answer: Any) -> Tools:
    """Tools each of which gets the same answer from the untrusted side."""

    def use(tool: str, args: tuple[Any, ...], read: Callable[[Any], Any], **limits: Any) -> Any:
        return read(answer)

    return Tools(use)


def examining(worker: Worker) -> ExaminerTools:
    """The tools of the examiner in any worker."""
    return ExaminerTools(partial(use_in, worker))
