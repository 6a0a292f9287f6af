"""The faults that the grader expects: each is one sentence for a person, and an exit code."""

from __future__ import annotations


class GraderError(Exception):
    """An expected fault on the grader's side.

    Its text is one sentence that says what went wrong, where, and what to try.  Commands print it without a
    traceback and exit with `exit_code`.
    """

    exit_code: int = 3


class UsageError(GraderError):
    """The grader was called, or its course file written, in a way that cannot be meant."""

    exit_code: int = 2
