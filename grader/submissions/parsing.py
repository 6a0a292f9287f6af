"""Parse code that students wrote, and turn everything that can go wrong into a `ParseError` with a line."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager


class ParseError(Exception):
    """A text that is not valid Python.

    Attributes:
        line: The line of the error, from 1; 0 if the parser does not tell.
        message: The parser's message, without a full stop.
        text: The part that does not parse; empty if it is the whole text.
    """

    def __init__(self, line: int, message: str, text: str = "") -> None:
        """See the class."""
        super().__init__(message)
        self.line = line
        self.message = message
        self.text = text


def split_lines(text: str) -> list[str]:
    r"""Split a text into lines as Python counts them; `str.splitlines` would also split at \f and other characters."""
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


@contextmanager
def parse_errors(first_line: int = 0) -> Iterator[None]:
    """Turn every exception of the parser or compiler into a `ParseError`.

    Args:
        first_line: The line to report if the exception does not tell one.

    Raises:
        ParseError: If the `with` block raises an exception of the parser or compiler.
    """
    try:
        with warnings.catch_warnings():
            # A warning, such as "invalid escape sequence", must never cost points.
            warnings.simplefilter("ignore")
            yield
    except SyntaxError as error:
        message = error.msg or "invalid syntax"
        # "expected an indented block after 'if' statement on line 3" is reported for a later line, so the line that
        # the message names is used.
        blamed = re.search(r" on line (\d+)$", message)
        line = int(blamed[1]) if blamed else error.lineno or first_line
        raise ParseError(line, message) from None
    except (RecursionError, MemoryError):
        raise ParseError(first_line, "it is nested too deeply") from None
    except ValueError as error:  # null bytes in some versions, lone surrogates, absurdly long numbers
        raise ParseError(first_line, str(error)) from None


def parse(text: str) -> list[ast.stmt]:
    """Return the top-level statements of a text.

    Raises:
        ParseError: If the text is not valid Python.
    """
    with parse_errors():
        return ast.parse(text).body


def check_compiles(statement: ast.stmt) -> None:
    """Make sure that a statement compiles on its own, as it will be executed.

    The parser accepts some code that the compiler refuses, such as `return` outside of a function.

    Raises:
        ParseError: If it does not compile.
    """
    with parse_errors(statement.lineno):
        compile(ast.Module([statement], []), "<submission>", "exec", dont_inherit=True)


def recover(text: str) -> tuple[list[str], list[ast.stmt], list[ParseError]]:
    """Blank the top-level blocks that keep a text from parsing.

    Returns:
        The lines, as many as before, which now parse; their statements; and an error for each block that was blanked.

    Raises:
        ParseError: If the text does not parse after a number of blocks was blanked.
    """
    lines = split_lines(text)
    errors: list[ParseError] = []
    # Each attempt parses the whole text again, so large texts get fewer attempts.
    for _ in range(max(2, min(40, 4_000_000 // (len(text) + 1)))):
        try:
            statements = parse("\n".join(lines))
        except ParseError as error:
            first, last = _block_at(lines, error.line) if error.line else _first_broken_block(lines)
            if first == last:
                raise
            errors.append(ParseError(error.line or first + 1, error.message, "\n".join(lines[first:last])))
            lines[first:last] = [""] * (last - first)
        else:
            return lines, statements, errors
    raise errors[0]


def _first_broken_block(lines: list[str]) -> tuple[int, int]:
    """Return the first block that does not parse by itself, as a range of indices; empty if every block parses."""
    last = 0
    while last < len(lines):
        first, last = last, _block_at(lines, last + 1)[1] if lines[last].strip() else last + 1
        try:
            parse("\n".join(lines[first:last]))
        except ParseError:
            return first, last
    return 0, 0


# Beginnings of lines that belong to the statement above although they are not indented.
_CONTINUES = re.compile(r"[)\]}#]|(else|elif|except|finally|case)\b")


def _block_at(lines: list[str], line: int) -> tuple[int, int]:
    """Return the top-level block that contains a line, as a range of indices; empty if the block has no text."""

    def starts(index: int) -> bool:
        text = lines[index]
        return bool(text.strip()) and not text[0].isspace() and not _CONTINUES.match(text)

    first = min(line, len(lines)) - 1
    while first > 0 and not starts(first):
        first -= 1
    last = min(line, len(lines))
    # Decorators belong to the function or class below them; the error may be in either.
    while first > 0 and starts(first - 1) and lines[first - 1].startswith("@"):
        first -= 1
    while last < len(lines) and (not starts(last) or all(lines[i].startswith("@") for i in range(first, last))):
        last += 1
    return (first, last) if any(text.strip() for text in lines[first:last]) else (last, last)
