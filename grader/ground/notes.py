"""Messages to people that are not results: one line each, on standard error."""

from __future__ import annotations

import sys

from grader.ground.text import clean


def say(text: str) -> None:
    """Print a message to standard error, with control characters replaced, since parts may come from a submission."""
    print(f"grader: {clean(text)}", file=sys.stderr, flush=True)


def note(text: str) -> None:
    """Print a note about something that was corrected or may surprise."""
    say(f"note: {text}")


def warn(text: str) -> None:
    """Print a warning about something that should be changed."""
    say(f"warning: {text}")
