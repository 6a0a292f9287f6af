"""Notebooks: the code cells of any version, and their IPython magics made harmless line by line."""

from __future__ import annotations

import ast
import json
import re
from typing import Any, Final

import msgspec

from grader.submissions.files import ReadError
from grader.submissions.parsing import ParseError, parse, split_lines

# Cell magics that run the rest of the cell as Python, here and now.  All others (%%bash, %%html, %%writefile, ...)
# do something else with it.
_RUNS_PYTHON: Final = frozenset({"time", "timeit", "capture", "prun"})
# Where a magic may be: only for bounding the work, IPython itself says where one is.
_MAYBE_MAGIC: Final = re.compile(r"^\s*[!%?/,;]|\?\s*$|=\s*[!%]", re.MULTILINE)
# Commands that IPython runs without a `%` or `!` before them, where a line is no Python ("automagic").
_AUTOMAGIC: Final = re.compile(
    r"^([ \t]*)(?:pip3?|conda|mamba|cd|ls|ll|mkdir|rmdir|cp|mv|rm|cat|pwd)(?:[ \t]+[^=\n]*)?$"
)
_MOST_WORK: Final = 2_000_000
_CELL_MAGIC: Final = re.compile(r"%%(\w+)(?!\w*\?)")


class CodeCell(msgspec.Struct, frozen=True):
    r"""A code cell as it was written.

    Attributes:
        text: With `\n` as the only line end.
        language: The language that its metadata names; empty for the notebook's own.
    """

    text: str
    language: str = ""


def code_cells(data: bytes, name: str) -> list[CodeCell]:
    """A notebook's code cells, of any nbformat version.

    The JSON is read without nbformat: of the whole format only the cells' texts are needed, and nbformat's
    conversion refuses old notebooks over keys, such as `outputs`, that are of no account here.

    Raises:
        ReadError: If it is not a notebook, or has no code cell.
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
    # For each magic IPython reads the whole cell again, about a second for 100,000 characters.
    if sum(map(_work_for_magics, texts)) > _MOST_WORK:
        raise ReadError(f"{name} holds far too many magics and shell lines; take them out.")
    return found


def cell_lists(notebook: Any) -> list[list[Any]] | None:
    """The lists that hold a notebook's cells, in order: one, or before nbformat 4 one for each worksheet.

    Args:
        notebook: The notebook's JSON.

    Returns:
        The notebook's own lists, so that changing them changes it; `None` if it has none.
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
    # JSON can spell half of a surrogate pair, which is no character and cannot be written anywhere.
    text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return "\n".join(split_lines(text))


# Where environments write down that a cell is in another language than the notebook: VS Code, Polyglot Notebooks,
# Deepnote, Datalore, Noteable, SoS, and notebooks before nbformat 4.
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
    """The language that a cell's metadata names, if it is not Python."""
    for keys in _LANGUAGE_KEYS:
        value = cell
        for key in keys:
            value = value.get(key) if isinstance(value, dict) else None
        if isinstance(value, str) and not _PYTHON.fullmatch(value.strip()):
            return value.strip()[:30]
    return ""


class Cell(msgspec.Struct, frozen=True):
    """A code cell as Python.

    Attributes:
        text: Plain Python with exactly the cell's lines; all blank if there is nothing to run.
        error: Why it does not parse.
        other_language: Why the cell's text is something other than Python, half a sentence: the cell magic on top,
            or the language in its metadata.
        refused: The text that does not parse, without its magics.
    """

    text: str
    error: ParseError | None = None
    other_language: str = ""
    refused: str = ""


def to_python(text: str, language: str = "") -> Cell:
    """Turn a cell into plain Python, with each line where it was.

    Magics, shell lines and help requests become `None`, and what `%time` and the like would run stays.

    Args:
        text: The cell's.
        language: What its metadata says that it is; see `CodeCell`.
    """
    nothing = "\n" * text.count("\n")
    if language and not _defines_in_python(text):
        return Cell(nothing, None, f"its metadata says that it is {language}")
    try:
        # A cell that parses holds no magics: they are no Python.  So what looks like one inside of a string is
        # safe, and IPython, 0.4 s to import, is seldom needed.
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
    """Whether a text defines functions or classes as no other language does, whatever an editor took it for."""
    try:
        return any(isinstance(node, ast.FunctionDef | ast.ClassDef) for node in parse(text))
    except ParseError:
        return False


def script_to_python(text: str) -> tuple[str, list[int]]:
    """Turn a `.py` that was exported from a notebook, or is one in VS Code's manner, into plain Python.

    A shell line or magic that was left in becomes `None`, and what stands in a text, as in
    `get_ipython().run_cell_magic('time', '', 'x = f()')`, is written out.  A file with neither stays as it is.

    Returns:
        The text, which need not be Python, and for each of its lines the line that it comes from, from 1.
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
    """The code that a statement such as `get_ipython().run_cell_magic('time', '', 'x = 1')` runs; empty for none."""
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
    """What finding the magics of a text costs: for each, IPython reads the whole text again."""
    return len(text) * len(_MAYBE_MAGIC.findall(text))


def _without_automagics(text: str) -> str:
    """A text that does not parse, with `None` for each line that is a command without its `%` or `!`."""
    return "\n".join(_AUTOMAGIC.sub(r"\1None", line) for line in text.split("\n"))


def _without_magics(lines: list[str]) -> list[str]:
    """Have IPython find the magics in some lines, and neutralise each.  The number of lines stays.

    IPython replaces a magic, which may go on over several lines, by one line that calls `get_ipython()`.
    """
    from IPython.core.inputtransformer2 import TransformerManager, classic_prompt, ipython_prompt, leading_indent

    manager: Any = TransformerManager()  # type: ignore[no-untyped-call]
    current = [f"{line}\n" for line in lines]
    transforms: tuple[Any, ...] = (leading_indent, classic_prompt, ipython_prompt)
    for transform in transforms:
        current = transform(current)
    # Each round finds one magic.
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
    """Replace the `get_ipython()` call that IPython put at the end of a line."""
    before, call, arguments = line.rstrip("\n").partition("get_ipython().")
    if not call:
        return line  # the automatic call `/f x`, which has become f(x)
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
