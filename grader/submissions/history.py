"""Build a submission from the inputs that were executed in a kernel, for `%grade`.

Each cell appears once, as it was executed last, and each function has its last definition.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from grader.submissions.apart import parse_apart
from grader.submissions.notebook import to_python
from grader.submissions.parsing import ParseError, parse
from grader.submissions.records import Submission, SubmissionBytes, SubmissionFile

MAX_INPUTS: Final = 5_000  # of more, only the last ones count


class Input(msgspec.Struct, frozen=True):
    """One input that was executed in a kernel.

    Attributes:
        number: The number that Jupyter shows in its brackets.
        text: The text as it was typed.
        cell: The id of its cell; empty if the front end does not send one.
    """

    number: int
    text: str
    cell: str = ""


def read_history(name: str, inputs: Sequence[Input]) -> Submission:
    """Build the submission that the executed inputs amount to.

    Its cells have the numbers in Jupyter's brackets: `code cell 5` is the one with `[5]` beside it.

    Args:
        name: The name of the notebook.
        inputs: What was executed, in order.

    Raises:
        GraderError: If the process that parses submissions failed.
    """
    # A notebook is made of the inputs, so that they are parsed and cut down exactly like a file.
    cells = as_it_stands(inputs[-MAX_INPUTS:])
    content = {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {},
        "cells": [{"cell_type": "code", "metadata": {}, "outputs": [], "source": cell.text} for cell in cells],
    }
    file = SubmissionFile(name, Path(f"{name}.ipynb"))
    submission = parse_apart(SubmissionBytes(file, msgspec.json.encode(content)))
    return _renumbered(submission, [cell.number for cell in cells])


def as_it_stands(inputs: Sequence[Input]) -> list[Input]:
    """Return the cells in the order in which they were first executed, with the text that was executed last.

    If the front end sends no cell ids, inputs with the same text count as one cell.  Inputs that do not parse are left
    out, since they were not executed.  A function or class that was defined again later, in any cell, is left out of
    the earlier cell.
    """
    cells: dict[str, Input] = {}
    for each in inputs:
        # Assigning to an existing key keeps its position, so a cell that is run again stays at its place.
        if each.text.strip() and to_python(each.text).error is None:
            cells[each.cell or each.text] = each
    last: dict[str, int] = {}
    for each in cells.values():
        for node in _definitions(each.text):
            last[node.name] = max(each.number, last.get(node.name, 0))
    return [_without(each, last) for each in cells.values()]


def holds_code(inputs: Sequence[Input]) -> bool:
    """Whether anything other than magics, shell lines and constants was executed."""
    return any(
        not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
        for each in inputs
        if (cell := to_python(each.text)).error is None
        for node in parse(cell.text)
    )


def _definitions(text: str) -> list[ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]:
    try:
        statements = parse(to_python(text).text)
    except ParseError:
        return []
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return [node for node in statements if isinstance(node, kinds)]


def _without(cell: Input, last: dict[str, int]) -> Input:
    """Return a cell with blank lines in place of the functions and classes that later cells define again."""
    # Lines are blanked, not removed: messages name lines, and these must be those that the student sees.
    lines = cell.text.split("\n")
    for node in _definitions(cell.text):
        if last[node.name] > cell.number:
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            for number in range(first, (node.end_lineno or node.lineno) + 1):
                lines[number - 1] = ""
    return msgspec.structs.replace(cell, text="\n".join(lines))


def _renumbered(submission: Submission, numbers: Sequence[int]) -> Submission:
    """Return a submission with its cells renumbered from their positions to the numbers in Jupyter's brackets."""

    def number(cell: int | None) -> int | None:
        return None if cell is None else numbers[cell - 1]

    cells = [""] * max(numbers, default=0)
    for place, text in zip(numbers, submission.cells, strict=False):
        cells[place - 1] = text
    notes, trains = (
        tuple(msgspec.structs.replace(note, cell=number(note.cell)) for note in some)
        for some in (submission.notes, submission.trains_at_load)
    )
    return msgspec.structs.replace(
        submission,
        line_map=tuple((number(cell), line) for cell, line in submission.line_map),
        notes=notes,
        trains_at_load=trains,
        cells=tuple(cells),
    )
