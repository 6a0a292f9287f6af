"""A submission's feedback inside the student's own notebook, in a text cell below each function that it is about.

The notebook is read and written as plain JSON, so that everything else in it, including outputs and unknown keys, stays
as it is.  The inserted cells have a mark in their metadata, so that a second run replaces them.  A notebook that is
handed in again with these cells is graded as if they were not there, since text cells are never read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any, Final

from grader.assignment import contract
from grader.ground.text import number
from grader.reports.markdown import check_lines, escape, score, to_mend
from grader.reports.text import by_task
from grader.results.scoring import Report, Result, points_of
from grader.submissions import Submission
from grader.submissions.names import effects
from grader.submissions.notebook import cell_lists
from grader.submissions.parsing import parse

MARK: Final = "keras_course_grader"
"""The key in a cell's metadata that marks the cell as feedback."""

_MOST_INDENT: Final = 8  # keeping an indentation of thousands of spaces would make a file of gigabytes


def annotated(data: bytes, submission: Submission, report: Report, result: Result, *, more_from: str = "") -> bytes:
    """Return a notebook with the feedback in it.

    Args:
        data: The notebook, of any nbformat version.
        submission: The submission that was parsed from these bytes, without a `problem`.
        report: The report that the result is part of.
        result: The submission's result.
        more_from: See `markdown.score`.

    Returns:
        The notebook, with a summary at the top, which also has the checks of functions that are not in the file, and a
        text cell below each code cell that defines functions.
    """
    text = data.decode("utf-8-sig")
    notebook = json.loads(text)
    lists = cell_lists(notebook)
    assert lists, "a submission without a problem has cells"
    for cells in lists:
        cells[:] = [cell for cell in cells if not _is_feedback(cell)]
    places = defining_cells(submission)
    make = _Maker(notebook, lists)
    code_cell = 0
    for cells in lists:
        after: list[Any] = []
        for cell in cells:
            after.append(cell)
            if isinstance(cell, dict) and cell.get("cell_type") == "code":
                code_cell += 1
                names = [name for name, place in places.items() if place == code_cell]
                parts = [part for name in names if (part := _function_part(result, name))]
                about = [check for check in result.checks if check.cell == code_cell and not check.function]
                if about:
                    parts.append("\n".join(check_lines(about)))
                if parts:
                    after.append(make.cell(names[0] if names else f"cell-{code_cell}", "\n\n".join(parts)))
        cells[:] = after
    lists[0].insert(0, make.cell("summary", _summary(report, result, places, more_from)))
    return _written(notebook, text)


def defining_cells(submission: Submission) -> dict[str, int]:
    """Return the number, from 1, of the code cell that defines each of the contract's functions.

    If several cells define a function, it is the last one, whose definition is in force.
    """
    names = {function.name for function in contract.FUNCTIONS}
    places = {}
    for statement in parse(submission.source):
        cell, _ = submission.locate(statement.lineno)
        if cell is not None:
            places.update(dict.fromkeys(effects(statement, {}).binds & names, cell))
    return {function.name: places[function.name] for function in contract.FUNCTIONS if function.name in places}


def _is_feedback(cell: Any) -> bool:
    """Whether a cell was inserted by an earlier run; a code cell never is, whatever its metadata says."""
    if not isinstance(cell, dict) or cell.get("cell_type") == "code":
        return False
    metadata = cell.get("metadata")
    return isinstance(metadata, dict) and MARK in metadata


def _function_part(result: Result, name: str) -> str:
    """Return the feedback for a function, which goes below its cell; empty if it has no checks."""
    checks = [check for check in result.checks if check.function == name]
    if not checks:
        return ""
    earned, worth = points_of(checks)
    symbol = "✓" if all(check.status == "passed" for check in checks) else "✗"
    return "\n".join([f"**{symbol} `{name}`: {number(earned)} of {number(worth)} points**", "", *check_lines(checks)])


def _summary(report: Report, result: Result, places: Iterable[str], more_from: str) -> str:
    """Return the cell at the top, with the score, the tasks and the checks of functions that have no cell."""
    lines = [
        f"# Feedback: {escape(result.submission.id)}",
        "",
        score(report, result, more_from=more_from),
        "",
        *to_mend(result),
    ]
    lines += ["| task | points |", "|---|--:|"]
    for each in by_task(result):
        of = f"{number(each.points)} of {number(each.max_points)}"
        lines.append(f"| {each.task.number} – {each.task.title} | {of} |")
    left = [check for check in result.checks if check.function not in places and (check.function or check.cell is None)]
    if left:
        lines += ["", *check_lines(left)]
    if any(check.function in places for check in result.checks):
        lines += ["", "More stands below the cells that define the functions."]
    elif any(check.cell is not None for check in result.checks):
        lines += ["", "More stands below the cells that it is about."]
    return "\n".join(lines)


class _Maker:
    """Makes text cells in the form that a notebook's version requires."""

    def __init__(self, notebook: dict[str, Any], lists: Sequence[Sequence[Any]]) -> None:
        version = (notebook.get("nbformat"), notebook.get("nbformat_minor"))
        # Cell ids were introduced in nbformat 4.5; earlier versions do not allow them.
        self._with_ids = all(isinstance(part, int) for part in version) and version >= (4, 5)
        self._taken = {str(cell.get("id")) for cells in lists for cell in cells if isinstance(cell, dict)}

    def cell(self, name: str, text: str) -> dict[str, Any]:
        """Return a text cell; `name` becomes part of its id if the version has ids."""
        cell: dict[str, Any] = {"cell_type": "markdown"}
        if self._with_ids:
            cell["id"] = self._new_id(f"feedback-{name}")
        # The source is a list of lines, as Jupyter writes it.
        return {**cell, "metadata": {MARK: {"feedback": True}}, "source": text.splitlines(keepends=True)}

    def _new_id(self, wanted: str) -> str:
        chosen, count = wanted, 2
        while chosen in self._taken:
            chosen, count = f"{wanted}-{count}", count + 1
        self._taken.add(chosen)
        return chosen


def _written(notebook: Any, before: str) -> bytes:
    """Return a notebook as JSON, with the indentation and the final newline of the original file."""
    indented = re.match(r"\s*\{\r?\n( +|\t)", before)
    indent = None if indented is None else "\t" if indented[1] == "\t" else min(len(indented[1]), _MOST_INDENT)
    end = "\n" if before.endswith("\n") else ""
    try:
        return (json.dumps(notebook, indent=indent, ensure_ascii=False) + end).encode()
    except UnicodeEncodeError:  # a lone surrogate, which JSON can only express as an escape
        return (json.dumps(notebook, indent=indent) + end).encode()
