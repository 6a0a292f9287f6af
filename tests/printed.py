"""What a command has printed, for tests that compare it."""

from __future__ import annotations


def lines(text: str) -> list[str]:
    """The lines of a text for a terminal of 80 columns without colours, with single blanks."""
    assert "\x1b" not in text
    assert all(len(line) <= 80 for line in text.splitlines()), text
    return [" ".join(line.split()) for line in text.splitlines()]
