"""How a check reports what is wrong: in words, with a hint, and with a call that the student can paste.

A check is a test function marked with `@check("function/statement")`.  It raises `CheckFailed` if the statement does
not hold, and `NotRun` if something that it needs did not work.  Any other exception is a fault of the grader, which
never costs marks.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar

import numpy as np
import pytest

_Test = TypeVar("_Test", bound=Callable[..., Any])
_KNOWN_BY_TEXT: Final = (int, float, str, bool, type(None))


class CheckFailed(Exception):
    """The statement of a check does not hold.

    Attributes:
        message: What was expected and what came instead, for the student.
        hint: Where to look, without giving the answer away.
        example: Code that shows the fault; empty for the last call.
        share: The share of the check's points that is still earned, 0 to 1.
        line: The line of the program that the message is about, in the guided form; 0 if there is none.
    """

    def __init__(self, message: str, *, hint: str = "", example: str = "", share: float = 0.0, line: int = 0) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.example = example
        self.share = share
        self.line = line


class NotRun(Exception):
    """Something that the check needs did not work; the message says what."""


def check(check_id: str) -> Callable[[_Test], _Test]:
    """Mark a test function as the test of the check with this id in the contract."""
    return pytest.mark.check(check_id)


class Shown:
    """An argument of a call, together with the source text that stands for it in an example."""

    def __init__(self, value: Any, text: str) -> None:
        self.value = value
        self.text = text

    def __repr__(self) -> str:
        return self.text


def source_of(value: Any) -> str:
    """Return Python source for a value, with arrays written out with NumPy.

    For a large array there are only its shape and dtype, since nobody reads so many values.
    """
    if isinstance(value, Shown):
        return value.text
    if isinstance(value, np.ndarray):
        if value.size > 64:
            return f"...  # an array of shape {value.shape} and dtype {value.dtype.name}"
        return f'np.array({value.tolist()}, dtype="{value.dtype.name}")'
    if isinstance(value, dict):
        return "{" + ", ".join(f"{source_of(k)}: {source_of(v)}" for k, v in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        inner = ", ".join(source_of(item) for item in value)
        if isinstance(value, list):
            return f"[{inner}]"
        return f"({inner},)" if len(value) == 1 else f"({inner})"
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(value, _KNOWN_BY_TEXT):
        return repr(value)
    return f"<{type(value).__name__}>"


def source_of_call(name: str, parameters: tuple[str, ...], args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
    """Return Python source for a call, in which arrays and other long arguments are first assigned to variables."""
    lines: list[str] = []
    shown: list[str] = []
    for parameter, value in [*zip(parameters, args, strict=False), *kwargs.items()]:
        text = source_of(value)
        long = isinstance(value, Shown) and len(text) > 12 and not text.startswith(parameter)
        if long or isinstance(value, np.ndarray):
            lines.append(f"{parameter} = {text}")
            text = parameter
        shown.append(text if len(shown) < len(args) else f"{parameter}={text}")
    return "\n".join([*lines, f"{name}({', '.join(shown)})"])


def describe(value: Any) -> str:
    """Describe a value in a few words, to follow "but it returned"."""
    if value is None:
        return "None"
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape} and dtype {value.dtype.name}"
    if isinstance(value, (list, tuple)):
        return f"a {type(value).__name__} of {len(value)}"
    if isinstance(value, (int, float, str, bool)):
        return f"{value!r}"[:60]
    kind = getattr(value, "type_name", type(value).__name__)
    article = "an" if kind[:1].lower() in "aeiou" else "a"
    return f"{article} {kind}"


def count_of(number: int, noun: str, plural: str = "") -> str:
    """Return a number with its noun, such as `1 image` or `2 images`."""
    return f"{number} {noun if number == 1 else plural or noun + 's'}"
