"""The cyclopts application that every command module adds its commands to."""

from __future__ import annotations

from typing import Any

import cyclopts

import grader


def _default_worth_showing(value: Any) -> str | None:
    """Return a default value as the help shows it, or `None` for a default that means "not given"."""
    return None if value in (None, False, "", ()) else str(value)


app = cyclopts.App(
    name="grader",
    help="Grade submissions of the Keras course project.",
    version=grader.__version__,
    version_flags=["--version"],
    default_parameter=cyclopts.Parameter(show_default=_default_worth_showing),
    result_action="return_value",
)
