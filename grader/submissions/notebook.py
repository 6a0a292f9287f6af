"""Read the code cells of notebooks of any nbformat version, and replace IPython magics line by line."""

from __future__ import annotations

import ast
import json
import re
from typing import Any, Final

import msgspec

from grader.submissions.files import ReadError
from grader.submissions.parsing import ParseError, parse, split_lines

# Cell magics that run the rest of the cell as Python.  All others (%%bash, %%html, %%writefile, ...) do something else
# with it.
_RUNS_PYTHON: Final = frozenset({"time", "timeit", "capture", "prun"})
# Where a magic may be.  This only limits the work; IPython decides where a magic is.
_MAYBE_MAGIC: Final = re.compile(r"^\s*[!%?/,;]|\?\s*$|=\s*[!%]", re.MULTILINE)
# Commands that IPython runs without a `%` or `!` before them if the line is not Python ("automagic").
_AUTOMAGIC: Final = re.compile(
    r"^([ \t]*)(?:pip3?|conda|mamba|cd|ls|ll|mkdir|rmdir|cp|mv|rm|cat|pwd)(?:[ \t]+[^=\n]*)?$"
)
_MOST_WORK: Final = 2_000_000  # characters that IPython may read in all; see `_work_for_magics`
_CELL_MAGIC: Final = re.compile(r"%%(\w+)(?!\w*\?)")


class CodeCell(msgspec.Struct, frozen=True):
    r"""A code cell as the student wrote it.

    Attributes:
        text: Its text, with `\n` as the only line end.
        language: The language that its metadata names, if it is not Python; else empty.
    """

    text: str
    language: str = ""


def code_cells(data: bytes, name: str) -> list[CodeCell]:
    """Return the code cells of a notebook of any nbformat version.

    The JSON is read without nbformat.  Only the texts of the cells are needed, and nbformat's conversion refuses old
    notebooks because of keys, such as `outputs`, that do not matter here.

    Args:
        data: The content of the file.
        name: The name of the file, for messages.

    Raises:
        ReadError: If it is not a notebook, has no code, or has so many magics that reading it would take minutes.
    """
    try:
        notebook = json.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise ReadError(f"{name} is not UTF-8 text; save the notebook again in Jupyter.") from None
    except json.JSONDecodeError as error:
        raise ReadError(
            f"{name} is not a notebook: it stops being JSON at line {error.lineno}; save it again in Jupyter."
        ) from None
    except (RecursionError, ValueError):
        raise ReadError(f"{name} is not a notebook: its JSON is nested too deeply or has absurd numbers.") from None
    lists = cell_lists(notebook)
    if lists is None:
        raise ReadError(f"{name} is JSON, but not a notebook: it has no list of cells.")
    cells = [cell for cells in lists for cell in cells]
    if not cells:
        raise ReadError(f"{name} has no cells.")
    found = [
        CodeCell(_text(cell), _language(cell))
        for cell in cells
        if isinstance(cell, dict) and cell.get("cell_type") == "code"
    ]
    texts = [cell.text for cell in found]
    if not any(text.strip() for text in texts):
        raise ReadError(f"{name} has no code cells with anything in them.")
    # For each magic, IPython reads the whole cell again, which takes about a second for 100,000 characters.
    if sum(map(_work_for_magics, texts)) > _MOST_WORK:
        raise ReadError(f"{name} holds far too many magics and shell lines; take them out.")
    return found


def cell_lists(notebook: Any) -> list[list[Any]] | None:
    """Return the lists that hold a notebook's cells: one list, or before nbformat 4 one for each worksheet.

    Args:
        notebook: The decoded JSON of the notebook.

    Returns:
        The lists themselves and not copies, so that changing them changes the notebook; `None` if there are none.
    """
    if not isinstance(notebook, dict):
        return None
    cells = notebook.get("cells")
    if cells is None and isinstance(notebook.get("worksheets"), list):
        sheets = [sheet.get("cells") for sheet in notebook["worksheets"] if isinstance(sheet, dict)]
        return [cells for cells in sheets if isinstance(cells, list)]
    return [cells] if isinstance(cells, list) else None


def _text(cell: dict[str, Any]) -> str:
    text = cell.get("source", cell.get("input", ""))  # `input` before nbformat 4
    if isinstance(text, list):
        text = "".join(line for line in text if isinstance(line, str))
    if not isinstance(text, str):
        return ""
    # JSON can contain half of a surrogate pair, which is not a character and cannot be encoded as UTF-8.
    text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return "\n".join(split_lines(text))


# The keys under which environments store that a cell is in a language other than the notebook's: VS Code, Polyglot
# Notebooks, Deepnote, Datalore, Noteable, SoS, and notebooks before nbformat 4.
_LANGUAGE_KEYS: Final = (
    ("metadata", "vscode", "languageId"),
    ("metadata", "polyglot_notebook", "kernelName"),
    ("metadata", "dotnet_interactive", "language"),
    ("metadata", "deepnote_cell_type"),
    ("metadata", "datalore", "type"),
    ("metadata", "noteable", "cell_type"),
    ("metadata", "kernel"),
    ("metadata", "language"),
    ("language",),
)
_PYTHON: Final = re.compile(r"(magic-|i)?py(thon|kernel)?[\d.]*|code|sos|vscode|", re.IGNORECASE)


def _language(cell: Any) -> str:
    """Return the language that a cell's metadata names, if it is not Python; else an empty text."""
    for keys in _LANGUAGE_KEYS:
        value = cell
        for key in keys:
            value = value.get(key) if isinstance(value, dict) else None
        if isinstance(value, str) and not _PYTHON.fullmatch(value.strip()):
            return value.strip()[:30]
    return ""


class Cell(msgspec.Struct, frozen=True):
    """A code cell as plain Python.

    Attributes:
        text: Plain Python with as many lines as the cell; all of them are blank if there is nothing to run.
        error: Why it does not parse; `None` if it does.
        other_language: Why it is not Python, as half a sentence that names the cell magic at its top or the language
            in its metadata; empty if it is Python.
        refused: The text that does not parse, with its magics replaced; empty if it parses.
    """

    text: str
    error: ParseError | None = None
    other_language: str = ""
    refused: str = ""


def to_python(text: str, language: str = "") -> Cell:
    """Turn a cell into plain Python, keeping every line at its place.

    Magics, shell lines and help requests become `None`; the code that `%time` and similar magics run stays.

    Args:
        text: The text of the cell.
        language: The language in its metadata; see `CodeCell`.
    """
    nothing = "\n" * text.count("\n")
    if language and not _defines_in_python(text):
        return Cell(nothing, None, f"its metadata says that it is {language}")
    try:
        # Magics are not Python, so a cell that parses has none.  What looks like one inside of a string is therefore
        # left alone, and IPython, which takes 0.4 s to import, is rarely needed.
        parse(text)
        return Cell(text)
    except ParseError as error:
        as_it_is = error
    text = _without_automagics(text)
    try:
        parse(text)
        return Cell(text)
    except ParseError:
        pass
    if not re.search(r"[%!?]|^\s*([/,;>]|In \[|\.\.\.)", text, re.MULTILINE) and not text[:1].isspace():
        return Cell(nothing, as_it_is, refused=text)
    lines = text.split("\n")
    start = 0
    while True:
        while start < len(lines) and not lines[start].strip():
            start += 1
        magic = _CELL_MAGIC.match(lines[start]) if start < len(lines) else None
        if magic is None:
            break
        if magic[1] not in _RUNS_PYTHON:
            return Cell(nothing, None, f"it starts with `{magic[0]}`")
        lines[start] = ""
    python = "\n".join(lines[:start] + _without_magics(lines[start:]))
    try:
        parse(python)
    except ParseError as error:
        return Cell(nothing, error, refused=python)
    return Cell(python)


def _defines_in_python(text: str) -> bool:
    """Whether a text defines functions or classes in Python, so that another language in the metadata is a mistake."""
    try:
        return any(isinstance(node, ast.FunctionDef | ast.ClassDef) for node in parse(text))
    except ParseError:
        return False


def script_to_python(text: str) -> tuple[str, list[int]]:
    """Turn a `.py` that was exported from a notebook, or has cells in VS Code's style, into plain Python.

    Shell lines and magics become `None`.  Code that is given as a string, as in
    `get_ipython().run_cell_magic('time', '', 'x = f()')`, takes the place of the call.  A file without any of these
    is not changed.

    Returns:
        The text, which may still not parse, and for each of its lines the number of the line that it comes from.
    """
    try:
        statements = parse(text)
    except ParseError:
        if _work_for_magics(text) > _MOST_WORK or not re.search(r"^\s*[!%]|=\s*[!%]", text, re.MULTILINE):
            text = _without_automagics(text)
        else:
            text = "\n".join(_without_magics(_without_automagics(text).split("\n")))
        try:
            statements = parse(text)
        except ParseError:
            return text, list(range(1, text.count("\n") + 2))
    lines = text.split("\n")
    origins = list(range(1, len(lines) + 1))
    # From the last statement to the first, so that replacing lines does not move those that are still to come.
    for place in range(len(statements) - 1, -1, -1):
        node = statements[place]
        code = _code_in_magic(node)
        first, last = node.lineno, node.end_lineno or node.lineno
        alone = not any(
            other.lineno <= last and (other.end_lineno or other.lineno) >= first
            for other in statements[max(0, place - 1) : place + 2]
            if other is not node
        )
        if code and alone:
            part = to_python(code).text.split("\n")
            lines[first - 1 : last] = part
            origins[first - 1 : last] = [first] * len(part)
    return "\n".join(lines), origins


def _code_in_magic(node: ast.stmt) -> str:
    """Return the code in a statement such as `get_ipython().run_cell_magic('time', '', 'x = 1')`; else empty."""
    match node:
        case ast.Expr(
            ast.Call(
                ast.Attribute(ast.Call(ast.Name("get_ipython")), "run_cell_magic"),
                [ast.Constant(str(magic)), ast.Constant(str()), ast.Constant(str(code))],
            )
        ) if magic in _RUNS_PYTHON:
            return code.rstrip("\n")
        case ast.Expr(
            ast.Call(
                ast.Attribute(ast.Call(ast.Name("get_ipython")), "run_line_magic"),
                [ast.Constant("time"), ast.Constant(str(code))],
            )
        ):
            return code
    return ""


def _work_for_magics(text: str) -> int:
    """Estimate the cost of finding the magics of a text: for each of them IPython reads the whole text again."""
    return len(text) * len(_MAYBE_MAGIC.findall(text))


def _without_automagics(text: str) -> str:
    """Replace each line that is a shell command without a `%` or `!` by `None`."""
    return "\n".join(_AUTOMAGIC.sub(r"\1None", line) for line in text.split("\n"))


def _without_magics(lines: list[str]) -> list[str]:
    """Have IPython find the magics in some lines, and replace each by harmless code; the number of lines stays.

    IPython replaces a magic, which may extend over several lines, by a single line that calls `get_ipython()`.
    """
    from IPython.core.inputtransformer2 import TransformerManager, classic_prompt, ipython_prompt, leading_indent

    # Not `TransformerManager.transform_cell`, which does not tell which lines a magic came from.
    manager: Any = TransformerManager()  # type: ignore[no-untyped-call]
    current = [f"{line}\n" for line in lines]
    transforms: tuple[Any, ...] = (leading_indent, classic_prompt, ipython_prompt)
    for transform in transforms:
        current = transform(current)
    # IPython transforms one magic at each call.
    for _ in range(len(_MAYBE_MAGIC.findall("".join(current))) + 5):
        try:
            changed, after = manager.do_one_token_transform(current)
        except (SyntaxError, RecursionError):
            break
        if not changed:
            break
        at = next((i for i, (a, b) in enumerate(zip(current, after, strict=False)) if a != b), len(after) - 1)
        filler = ["\n"] * (len(current) - len(after))
        current = [*after[:at], _neutral(after[at]), *filler, *after[at + 1 :]]
    return [line.rstrip("\n") for line in current]


def _neutral(line: str) -> str:
    """Replace the call of `get_ipython()` that IPython put at the end of a line by harmless code."""
    before, call, arguments = line.rstrip("\n").partition("get_ipython().")
    if not call:
        return line  # `/f x`, which IPython has turned into f(x)
    # `files = !ls` gives a list of lines, so an empty list takes its place; all other magics give `None`.
    instead = "[]" if arguments.startswith("getoutput(") else "None"
    if arguments.startswith("run_line_magic('pylab'"):
        return f"{before}from pylab import *; import numpy as np; import matplotlib.pyplot as plt\n"
    timed = re.match(r"run_line_magic\('time', (.*)\)$", arguments)
    if timed:
        code = str(ast.literal_eval(timed[1]))
        try:
            parse(before.strip() + " " + code if "=" in before else code)
            instead = code
        except ParseError:
            pass
    return f"{before}{instead}\n"
