"""What of a submission some of its functions need: whatever else changes, they stay as they were."""

from __future__ import annotations

import ast
from collections.abc import Collection

import msgspec

from grader.submissions.parsing import parse, split_lines
from grader.submissions.slicing import slice_module


class Need(msgspec.Struct, frozen=True):
    """The part of a module that some functions need.

    Attributes:
        code: What runs, the same wherever it stands and whatever comments are in it.
        lines: Its lines as they were written, each with its number, from 1.
    """

    code: str
    lines: tuple[tuple[int, str], ...]


def need_of(source: str, functions: Collection[str]) -> Need:
    """What some functions of a module need.

    Args:
        source: The module.
        functions: Their names.

    Raises:
        ParseError: If it is not Python.
        ReadError: If it is far more code than the assignment takes.
    """
    kept = slice_module(split_lines(source), parse(source), functions).lines
    lines = tuple((number, line) for number, line in enumerate(kept, 1) if line.strip())
    return Need(code_of("\n".join(kept)), lines)


def code_of(source: str) -> str:
    """What runs of a module: the same for two that differ in comments, blank lines and line breaks alone.

    Raises:
        ParseError: If it is not Python.
    """
    return "\n".join(ast.dump(statement) for statement in parse(source))
