"""The faults that the grader expects: each is one sentence for a person, and an exit code."""

from __future__ import annotations

import difflib
from collections.abc import Sequence


class GraderError(Exception):
    """An expected fault on the grader's side.

    Its text is one sentence that says what went wrong, where, and what to try.  Commands print it without a
    traceback and exit with `exit_code`.
    """

    exit_code: int = 3


class UsageError(GraderError):
    """The grader was called, or its course file written, in a way that cannot be meant."""

    exit_code: int = 2


def in_words(message: str) -> str:
    """A message of msgspec as half a sentence with the path first: `accuracy.epochs: expected int, got str`."""
    text, _, path = message.replace("`", "").replace(" | null", "").partition(" - at $.")
    return f"{path}: {text[0].lower()}{text[1:]}" if path else text


def nearest(name: str, known: Sequence[str]) -> str:
    """The end of a sentence about an unknown name: the nearest known one, else all of them where they are few."""
    matches = difflib.get_close_matches(name, known, n=1)
    if matches:
        return f"; did you mean {matches[0]}?"
    return f" (known: {', '.join(known)})." if len(known) < 12 else "."
