"""Text for people: text from submissions made safe to show, points, and dates."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime
from typing import Final

_KEPT: Final = "\n\t"
# Unicode categories of control, format, surrogate and private-use characters, and of line and paragraph separators.
# "Cf" includes the bidirectional overrides, which can make a text look like another one.
_HIDDEN_CATEGORIES: Final = ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")


def clean(text: str, *, limit: int = 4000) -> str:
    """Replace control, bidirectional and other invisible characters, and shorten a text that is too long.

    Args:
        text: A text from a submission, such as a message, a name or a line of code.
        limit: The maximum length of the result, in characters.
    """
    cut = text if len(text) <= limit else f"{text[: limit - 1]}…"
    if cut.isprintable():
        return cut  # the common case, and fast to find out
    return "".join(
        c if c in _KEPT or unicodedata.category(c) not in _HIDDEN_CATEGORIES else "\N{REPLACEMENT CHARACTER}"
        for c in cut
    )


def number(value: float) -> str:
    """Format points with at most two decimals and without trailing zeros."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def moment(utc: str) -> str:
    """Format a timestamp of the gradebook for people: `2026-06-30 21:59 UTC`."""
    return f"{utc[:10]} {utc[11:16]} UTC"


def utc(moment: datetime) -> str:
    """Format a date and time for the gradebook: `2026-06-30T21:59:00Z`.

    Always UTC and whole seconds, so that sorting the texts sorts the moments.
    """
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
