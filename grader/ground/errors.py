"""The errors that the grader expects.  Each has a one-sentence message for people and an exit code."""

from __future__ import annotations

import difflib
from collections.abc import Sequence


class GraderError(Exception):
    """An expected error on the grader's side, such as a file that cannot be written.

    The text is one sentence that says what went wrong, where, and what to try.  Commands print it without a
    traceback and exit with `exit_code`.
    """

    exit_code: int = 3


class UsageError(GraderError):
    """An invalid call of the grader, or an invalid course file."""

    exit_code: int = 2


def in_words(message: str) -> str:
    """Rephrase an error message of msgspec, with the path first: `accuracy.epochs: expected int, got str`."""
    # msgspec writes "Expected `int`, got `str` - at `$.accuracy.epochs`".
    text, _, path = message.replace("`", "").replace(" | null", "").partition(" - at $.")
    return f"{path}: {text[0].lower()}{text[1:]}" if path else text


def nearest(name: str, known: Sequence[str]) -> str:
    """Return the end of a sentence about an unknown name, with a suggestion.

    Args:
        name: The unknown name.
        known: The names that exist.

    Returns:
        The most similar known name as a question.  If none is similar, all known names if they are fewer than 12, else
        only a full stop.
    """
    matches = difflib.get_close_matches(name, known, n=1)
    if matches:
        return f"; did you mean {matches[0]}?"
    return f" (known: {', '.join(known)})." if len(known) < 12 else "."
