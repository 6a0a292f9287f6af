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
_AUTOMAGIC: Final = re.compile(r"^([ \t]*)(?:pip3?|conda|mamba|cd|ls|ll|mkdir|rmdir|cp|mv|rm|cat|pwd)(?:[ \t]+[^=\n]*)?$")
_CELL_MAGIC: Final = re.compile(r"%%(\w+)(?!\w*\?)")


def code_cells(data: bytes, name: str) -> list[str]:
    r"""The texts of a notebook's code cells, of any nbformat version, with `\n` as the only line end.

    The JSON is read without nbformat: of the whole format only the cells' texts are needed, and nbformat's
    conversion refuses old notebooks over keys, such as `outputs`, that are of no account here.

    Raises:
        ReadError: It is not a notebook, or has no code cell.
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
    texts = [_text(cell) for cell in cells if isinstance(cell, dict) and cell.get("cell_type") == "code"]
    if not any(text.strip() for text in texts):
        raise ReadError(f"{name} has no code cells with anything in them.")
    # For each magic IPython reads the whole cell again, about a second for 100,000 characters.
    if sum(len(text) * len(_MAYBE_MAGIC.findall(text)) for text in texts) > 2_000_000:
        raise ReadError(f"{name} holds far too many magics and shell lines; take them out.")
    return texts


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


class Cell(msgspec.Struct, frozen=True):
    """A code cell as Python.

    Attributes:
        text: Plain Python with exactly the cell's lines; all blank if there is nothing to run.
        error: Why it does not parse.
        other_language: The cell magic that takes the cell's text for something other than Python.
    """

    text: str
    error: ParseError | None = None
    other_language: str = ""


def to_python(text: str) -> Cell:
    """Turn a cell into plain Python, with each line where it was.

    Magics, shell lines and help requests become `None`, and what `%time` and the like would run stays.
    """
    nothing = "\n" * text.count("\n")
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
        return Cell(nothing, as_it_is)
    lines = text.split("\n")
    start = 0
    while True:
        while start < len(lines) and not lines[start].strip():
            start += 1
        magic = _CELL_MAGIC.match(lines[start]) if start < len(lines) else None
        if magic is None:
            break
        if magic[1] not in _RUNS_PYTHON:
            return Cell(nothing, None, magic[0])
        lines[start] = ""
    python = "\n".join(lines[:start] + _without_magics(lines[start:]))
    try:
        parse(python)
    except ParseError as error:
        return Cell(nothing, error)
    return Cell(python)


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
    instead = "None"
    timed = re.match(r"run_line_magic\('time', (.*)\)$", arguments)
    if timed:
        code = str(ast.literal_eval(timed[1]))
        try:
            parse(before.strip() + " " + code if "=" in before else code)
            instead = code
        except ParseError:
            pass
    return f"{before}{instead}\n"
