"""Text that came from a submission, made safe to show."""

from __future__ import annotations

import unicodedata
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
    return "".join(
        c if c in _KEPT or unicodedata.category(c) not in _HIDDEN_CATEGORIES else "\N{REPLACEMENT CHARACTER}"
        for c in cut
    )


def number(value: float) -> str:
    """Points as people write them: no needless decimals."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def percent(part: float, whole: float) -> str:
    """A share in whole percent, rounded down so that only a full score reads 100 %."""
    return f"{int(100 * part / whole + 1e-9)} %" if whole else "–"
