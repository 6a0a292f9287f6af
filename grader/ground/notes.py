"""What is said to people beside the results: one line each, to standard error."""

from __future__ import annotations

import sys

from grader.ground.text import clean


def say(text: str) -> None:
    """Say something; whatever of it comes from a submission is made safe to show."""
    print(f"grader: {clean(text)}", file=sys.stderr, flush=True)


def note(text: str) -> None:
    """Say what was made good, or may surprise."""
    say(f"note: {text}")


def warn(text: str) -> None:
    """Say what should not stay as it is."""
    say(f"warning: {text}")
