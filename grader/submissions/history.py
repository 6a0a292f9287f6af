"""A notebook as it stands in its kernel: what was executed, each cell once, of each function the last definition."""

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

MAX_INPUTS: Final = 5_000


class Input(msgspec.Struct, frozen=True):
    """What was executed.

    Attributes:
        number: The number in its brackets.
        text: The text, as it was typed.
        cell: Its cell's id, where the front end tells; empty where it does not.
    """

    number: int
    text: str
    cell: str = ""


def read_history(name: str, inputs: Sequence[Input]) -> Submission:
    """Make of what was executed the submission that it is now; `code cell 5` is the one with `[5]` beside it.

    Args:
        name: What it is called.
        inputs: What was executed, in this order.

    Raises:
        GraderError: If the process that parses submissions failed.
    """
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
    """The cells in the order in which each was first executed, as they were executed last.

    Where the front end does not say which cell an input is of, inputs of the same text are one cell.  What does not
    parse was not executed.  Functions and classes that were defined again later, in whatever cell, are left out.
    """
    cells: dict[str, Input] = {}
    for each in inputs:
        if each.text.strip() and to_python(each.text).error is None:
            cells[each.cell or each.text] = each
    last: dict[str, int] = {}
    for each in cells.values():
        for node in _definitions(each.text):
            last[node.name] = max(each.number, last.get(node.name, 0))
    return [_without(each, last) for each in cells.values()]


def holds_code(inputs: Sequence[Input]) -> bool:
    """Whether anything was executed but magics and shell lines."""
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
    """A cell with blank lines for what later ones define again."""
    lines = cell.text.split("\n")
    for node in _definitions(cell.text):
        if last[node.name] > cell.number:
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            for number in range(first, (node.end_lineno or node.lineno) + 1):
                lines[number - 1] = ""
    return msgspec.structs.replace(cell, text="\n".join(lines))


def _renumbered(submission: Submission, numbers: Sequence[int]) -> Submission:
    """A submission whose cells have the numbers in their brackets."""

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
