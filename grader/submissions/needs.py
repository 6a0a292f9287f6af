"""Find the part of a submission that some of its functions need; changes elsewhere make no difference to them.

`grader watch` and `grader validate` use this to decide which checks have to be repeated.
"""

from __future__ import annotations

import ast
from collections.abc import Collection

import msgspec

from grader.submissions.parsing import parse, split_lines
from grader.submissions.slicing import slice_module


class Need(msgspec.Struct, frozen=True):
    """The part of a module that some functions need.

    Attributes:
        code: The code in a form that does not depend on comments or on where it is in the file, for comparisons.
        lines: Its lines as they were written, each with its number, from 1.
    """

    code: str
    lines: tuple[tuple[int, str], ...]


def need_of(source: str, functions: Collection[str]) -> Need:
    """Return the part of a module that some functions need.

    Args:
        source: The text of the module.
        functions: The names of the functions.

    Raises:
        ParseError: If the module is not valid Python.
        ReadError: If it is far more code than the assignment takes.
    """
    kept = slice_module(split_lines(source), parse(source), functions).lines
    lines = tuple((number, line) for number, line in enumerate(kept, 1) if line.strip())
    return Need(code_of("\n".join(kept)), lines)


def code_of(source: str) -> str:
    """Return a module in a form that is the same for two that differ only in comments, blank lines and line breaks.

    Raises:
        ParseError: If the module is not valid Python.
    """
    # Without line numbers, so that moving code makes no difference.
    return "\n".join(ast.dump(statement) for statement in parse(source))
