"""Describe an exception by its cause, found among the exceptions chained to it and inside its message.

Untrusted side.  Turning an exception into text can run the submission's own code, and the trusted side does not rely on
the result.
"""

from __future__ import annotations

import contextlib
import os
import sys
from typing import Final

from grader.sandbox.inside import paths
from grader.sandbox.wire.causes import first_cause, places_in, sentence

_MOST_LINKS: Final = 10


def told(error: BaseException, file_name: str) -> tuple[str, str]:
    """Return the type and the message of an exception as they are reported.

    If the submission itself raised it from another exception, or while handling another, the message also describes
    the first of these.

    Args:
        error: The exception.
        file_name: The submission's file name in its code objects.
    """
    kind, text = _own(error)
    if isinstance(error, BaseExceptionGroup):
        first = sentence(*_own(error.exceptions[0]))
        return kind, f"{sentence('', text)[2:]}; the first is {first}"
    earlier, link = None, ""
    current = error
    for _ in range(_MOST_LINKS):
        below = current.__cause__ or (None if current.__suppress_context__ else current.__context__)
        if below is None:
            break
        if _raised_in(current, file_name):
            earlier, link = below, "from" if current.__cause__ is not None else "while"
        current = below
    if earlier is None:
        return kind, text
    first_kind, first_text = _own(earlier)
    if (first_kind == kind and first_text == text) or (first_text and first_text in text):
        return kind, text
    first = sentence(first_kind, first_text)
    body = sentence("", text)[2:]
    told_too = f"it came from {first}" if link == "from" else f"it came up while {first} was handled"
    return kind, f"{body}; {told_too}" if body else told_too


def words_of(error: BaseException) -> str:
    """Return an exception's message in one or two sentences without a full stop, or its type if it has no message."""
    kind, text = _own(error)
    return sentence("", text)[2:] or kind


def places_of(error: BaseException, file_name: str) -> list[tuple[int, str]]:
    """Return the lines and functions of the submission that are named in an exception's message."""
    try:
        return places_in(str(error), file_name)
    except BaseException:
        return []


def _own(error: BaseException) -> tuple[str, str]:
    try:
        text = str(error)
    except BaseException:  # `__str__` may be the submission's code
        text = "(an error whose text cannot be had)"
    text = text.encode("utf-8", "replace").decode("utf-8")
    return first_cause(type(error).__name__[:100], text, _folders())


def _folders() -> tuple[str, ...]:
    """Return the folders of the machine that are removed from messages."""
    places = [
        paths.working_folder(),
        sys.prefix,
        sys.base_prefix,
        os.environ.get("HOME", ""),
        os.environ.get("TMPDIR", ""),
    ]
    with contextlib.suppress(OSError):
        places.append(os.getcwd())
    return tuple(place for place in places if len(place) > 1 and place != "/tmp")


def _raised_in(error: BaseException, file_name: str) -> bool:
    """Whether an exception was raised by the submission's own lines, rather than by a library that they call."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return trace is not None and trace.tb_frame.f_code.co_filename == file_name
