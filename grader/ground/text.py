"""Text for people: what came from a submission made safe to show, points, and moments."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime
from typing import Final

_KEPT: Final = "\n\t"
_HIDDEN_CATEGORIES: Final = ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")


def clean(text: str, *, limit: int = 4000) -> str:
    """Replace control, bidirectional and other invisible characters, and cut what is too long.

    Args:
        text: From a submission: a message, a name, a line of code.
        limit: The most characters that are kept.
    """
    cut = text if len(text) <= limit else f"{text[: limit - 1]}…"
    if cut.isprintable():
        return cut  # nothing of the sort in it, which is soon known
    return "".join(
        c if c in _KEPT or unicodedata.category(c) not in _HIDDEN_CATEGORIES else "\N{REPLACEMENT CHARACTER}"
        for c in cut
    )


def number(value: float) -> str:
    """Points as people write them: no needless decimals."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def moment(utc: str) -> str:
    """A moment of the gradebook as people write it: `2026-06-30 21:59 UTC`."""
    return f"{utc[:10]} {utc[11:16]} UTC"


def utc(moment: datetime) -> str:
    """A moment as the gradebook writes it: `2026-06-30T21:59:00Z`, whole seconds, so that they sort as text."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
