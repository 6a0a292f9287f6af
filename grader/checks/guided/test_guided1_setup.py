"""Task 1: what is imported is there, and every cell runs."""

from __future__ import annotations

import re

from grader.checks.common.verdict import CheckFailed, check, count_of
from grader.checks.guided.notes import Failure
from grader.checks.guided.observed import Observed

_IMPORTING = ("ModuleNotFoundError", "ImportError")
_OF_LATER_TASKS = re.compile(
    r"\b(get_three|to_categorical|imshow|subplot|plot|show|Sequential|add|compile|fit|callback|history|"
    r"load_model|load_weights|predict|evaluate|h\b)"
)


@check("cells/imports")
def test_imports(observed: Observed) -> None:
    for error in observed.errors:
        if error.kind in _IMPORTING or error.never_imported:
            raise CheckFailed(
                f"An import should find its module, but there is {observed.explain(error)}.",
                hint="Import what the course uses: Keras, TensorFlow, NumPy and Matplotlib.",
                line=error.line,
            )


@check("cells/run")
def test_cells_run(observed: Observed) -> None:
    submission = observed.submission
    for note in submission.notes:
        if note.does_not_parse:
            raise CheckFailed(
                f"{note.place.capitalize()}: {note.message}",
                hint="Restart the kernel and run all cells: Jupyter shows the same error.",
                line=_line_of(observed, note.cell, note.line),
            )
    own = [
        error
        for error in observed.errors
        if error.kind not in _IMPORTING and not error.never_imported and not _counts_elsewhere(observed, error)
    ]
    if own:
        more = f" There {'is' if len(own) == 2 else 'are'} {count_of(len(own) - 1, 'more')} like it." if own[1:] else ""
        raise CheckFailed(
            f"Every cell should run, but one ended in {observed.explain(own[0])}.{more}",
            hint="Restart the kernel and run all cells from the top: what only an earlier order of the cells explains "
            "shows then.",
            line=own[0].line,
        )


def _counts_elsewhere(observed: Observed, error: Failure) -> bool:
    """Whether an error is about a later task, whose own checks then tell of it."""
    if observed.errors and error is not observed.errors[0] and error.kind == "NameError":
        return True  # what an earlier statement would have defined
    lines = observed.submission.program.split("\n")
    text = "\n".join(lines[error.statement - 1 : max(error.line, error.statement)])
    return bool(_OF_LATER_TASKS.search(text))


def _line_of(observed: Observed, cell: int | None, line: int) -> int:
    for number, place in enumerate(observed.submission.line_map, 1):
        if place == (cell, line):
            return number
    return 0
