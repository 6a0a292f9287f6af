"""The application that every command is added to."""

from __future__ import annotations

import cyclopts

import grader

app = cyclopts.App(
    name="grader",
    help="Grade submissions of the Keras course project.",
    version=grader.__version__,
    version_flags=["--version"],
    result_action="return_value",
)
