"""Task 1: everything that the program imports is there, and every cell runs."""

from __future__ import annotations

import re

from grader.checks.common.changes import hint_for_version
from grader.checks.common.verdict import CheckFailed, check
from grader.checks.guided.notes import Failure
from grader.checks.guided.observed import Observed
from grader.course import modules

_BLOCK = 8
"""The number of lines of a `.py` that are searched to find out which task a block that does not parse belongs to."""

_IMPORTING = ("ModuleNotFoundError", "ImportError")
_OF_LATER_TASKS = re.compile(
    r"(three|categorical|one_hot|shuffle|permutation|imshow|subplot|plot|show|Sequential|Conv|model|\.add\b|compile|"
    r"\bfit\b|callback|history|load_model|load_weights|predict|evaluate|checkpoint|\bpreds?\b|\bx_|\by_|label|image)"
)


_HINTS = {
    "FileNotFoundError": "Use what the assignment gives, or hand in the file too: it is not on other machines.",
    "TookTooLong": "Look for a loop that never ends, or for work that should be done once and is done again and again.",
}


@check("cells/imports")
def test_imports(observed: Observed) -> None:
    never = [error for error in observed.errors if error.never_imported]
    if never:
        first = min(never, key=lambda error: error.line)
        more = f", and so {'is' if len(never) == 2 else 'are'} {len(never) - 1} more" if never[1:] else ""
        raise CheckFailed(
            f"What is used should be imported, but there is {observed.explain(first)}{more}.",
            hint="Import it in the first cell; the rest was judged as if it had been.",
            line=first.line,
        )
    for error in observed.errors:
        if error.kind in _IMPORTING:
            raise CheckFailed(
                f"An import should find its module, but there is {observed.explain(error)}.",
                hint=hint_for_version(f"{error.kind}: {error.text}")
                or modules.hint(observed.context.course.modules, error.text),
                line=error.line,
            )


@check("cells/run")
def test_cells_run(observed: Observed) -> None:
    submission = observed.submission
    for note in submission.notes:
        cut_off = re.search(r"never closed|unterminated|EOF|expected an indented block", note.message)
        if note.does_not_parse and not (
            cut_off and _OF_LATER_TASKS.search(_around(observed, note.cell, note.line))  # its own task reports it
        ):
            raise CheckFailed(
                f"{note.place.capitalize()}: {note.message.replace(', so nothing in it counts', '')}",
                hint="Restart the kernel and run all cells: Jupyter shows the same error.",
                line=_line_of(observed, note.cell, note.line),
            )
    for error in observed.errors:
        if error.kind == "NameError" and _is_bound_later(observed, error):
            raise CheckFailed(
                "Every cell should run from the top, but one uses what only a later one makes: "
                f"{observed.explain(error)}.",
                hint="Put the cells into the order in which they have to run, restart the kernel, and run all cells.",
                line=error.line,
            )
    own = [
        error
        for error in observed.errors
        if error.kind not in _IMPORTING
        and not error.never_imported
        and not _counts_elsewhere(observed, error)
        and not submission.finds_no_device(error.line)
    ]
    if own:
        more = f" There {'is' if len(own) == 2 else 'are'} {len(own) - 1} more like it." if own[1:] else ""
        raise CheckFailed(
            f"Every cell should run, but one ended in {observed.explain(own[0])}.{more}",
            hint=hint_for_version(f"{own[0].kind}: {own[0].text}")
            or _HINTS.get(
                own[0].kind,
                "Restart the kernel and run all cells from the top: what only an earlier order of the cells explains "
                "shows then.",
            ),
            line=own[0].line,
        )


def _around(observed: Observed, cell: int | None, line: int) -> str:
    """Return the cell that does not parse; in a `.py`, the lines from there on that may belong to the same block."""
    lines = observed.submission.lines_of(cell)
    return "\n".join(lines if cell is not None else lines[line - 1 : line + _BLOCK])


def _is_bound_later(observed: Observed, error: Failure) -> bool:
    """Whether a later statement at the top level binds the name that an error is about."""
    found = re.search(r"name '(\w+)' is not defined", error.text)
    if found is None:
        return False
    bound = re.compile(rf"^(def |class )?{found[1]}\b\s*(=[^=]|\(|:|,)|^import .*\b{found[1]}$|, *{found[1]} *=[^=]")
    lines = observed.submission.program.split("\n")
    before, after = lines[: error.statement - 1], lines[error.statement :]
    return any(bound.search(line) for line in after) and not any(bound.search(line) for line in before)


def _counts_elsewhere(observed: Observed, error: Failure) -> bool:
    """Whether an error belongs to a later task, whose own checks then report it."""
    if error.kind == "TookTooLong":
        return False
    if observed.errors and error is not observed.errors[0] and error.kind == "NameError":
        return True  # an earlier statement that raised would have defined the name
    return bool(_OF_LATER_TASKS.search(observed.text_of(error)))


def _line_of(observed: Observed, cell: int | None, line: int) -> int:
    for number, place in enumerate(observed.submission.line_map, 1):
        if place == (cell, line):
            return number
    return 0
