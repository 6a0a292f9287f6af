"""Tools that answer what a test says, without a worker."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from grader.checks.common.tools import Tools


def answering(answer: Any) -> Tools:
    """Tools each of which gets the same answer from the untrusted side."""

    def use(tool: str, args: tuple[Any, ...], read: Callable[[Any], Any], **limits: Any) -> Any:
        return read(answer)

    return Tools(use)
