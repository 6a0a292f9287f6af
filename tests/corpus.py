"""The corpus the grader is judged on: sound solutions, and solutions with one bug each.

*Wheats* (`tests/wheats/`) are complete solutions, as different as students are, that satisfy every clause of the
contract: the grader must give each of them full marks.  *Chaffs* (`tests/chaffs/`) hold one bug each: the grader
must catch it, and a check named in the chaff's header must be among those that fail.

A chaff file holds only what differs from the wheat it builds on.  It begins with a docstring of one sentence, the
bug as a teacher would say it, and is followed by header comments:

    # base: plain.py                  the wheat it builds on
    # caught by: function/statement   ids of `grader.contract.CHECKS`, comma-separated, the primary one first
    # remove: predict                 optional: top-level functions that the base loses, comma-separated
    # whole file                      instead of a base: the file is complete as it is

`Chaff.source` puts the complete solution together: the base, less what is removed, then the chaff, whose later
definitions override the earlier ones.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

WHEATS: Final = Path(__file__).parent / "wheats"
"""Folder of the sound solutions."""

CHAFFS: Final = Path(__file__).parent / "chaffs"
"""Folder of the solutions with one bug each."""

_NAME: Final = re.compile(r"task(?P<task>[1-6])-(?P<function>[a-z_]+)-(?P<bug>[a-z0-9-]+)")
_HEADER: Final = re.compile(r"^# (?P<key>base|caught by|remove): (?P<value>.+?)\s*$", re.MULTILINE)
_WHOLE_FILE: Final = re.compile(r"^# whole file\s*$", re.MULTILINE)
_SENTENCE: Final = re.compile(r'\A"""(?P<sentence>.+?)"""', re.DOTALL)


@dataclass(frozen=True)
class Chaff:
    """A solution with a single bug.

    Attributes:
        path: The chaff's own file.
        name: The file's name without `.py`: `taskN-function-bug`.
        task: Number of the task that the bug is in.
        base: The wheat it builds on, or `None` where the file is complete as it is.
        caught_by: Ids of the checks that may catch it, the primary one first.
        sentence: The bug, as a teacher would say it.
        removed: Top-level functions that the base loses.
    """

    path: Path
    name: str
    task: int
    base: Path | None
    caught_by: tuple[str, ...]
    sentence: str
    removed: tuple[str, ...] = ()

    def source(self) -> str:
        """The complete solution's source: the base, less what is removed, then this chaff.

        Raises:
            ValueError: A function to remove is not a top-level function of the base.
        """
        own = self.path.read_text(encoding="utf-8")
        if self.base is None:
            return own
        base = _without_functions(self.base.read_text(encoding="utf-8"), self.removed)
        return f"{base.rstrip()}\n\n\n{own}"


def wheats() -> list[Path]:
    """The sound solutions, Python files and notebooks, in order of their names."""
    return sorted(path for path in WHEATS.iterdir() if path.suffix in {".py", ".ipynb"})


def chaffs() -> list[Chaff]:
    """The solutions with one bug each, in order of their names.

    Raises:
        ValueError: A file's name or header is not as this module's docstring says.
    """
    return [_read_chaff(path) for path in sorted(CHAFFS.glob("*.py"))]


def _read_chaff(path: Path) -> Chaff:
    """Read one chaff's name and header.

    Raises:
        ValueError: The name or the header is not as this module's docstring says.
    """
    name = _NAME.fullmatch(path.stem)
    if name is None:
        raise ValueError(f"{path.name}: the name is not of the form taskN-function-bug.py")
    text = path.read_text(encoding="utf-8")
    sentence = _SENTENCE.match(text)
    if sentence is None:
        raise ValueError(f"{path.name}: the first line is not a docstring that says the bug")
    header = {match["key"]: match["value"] for match in _HEADER.finditer(text)}
    if "caught by" not in header:
        raise ValueError(f"{path.name}: no line '# caught by: CHECK'")
    whole_file = _WHOLE_FILE.search(text) is not None
    if whole_file == ("base" in header):
        raise ValueError(f"{path.name}: needs either '# base: WHEAT' or '# whole file'")
    base = None if whole_file else WHEATS / header["base"]
    if base is not None and not base.is_file():
        raise ValueError(f"{path.name}: there is no wheat {header['base']}")
    return Chaff(
        path=path,
        name=path.stem,
        task=int(name["task"]),
        base=base,
        caught_by=_names(header["caught by"]),
        sentence=" ".join(sentence["sentence"].split()),
        removed=_names(header.get("remove", "")),
    )


def _names(value: str) -> tuple[str, ...]:
    """Split a header's comma-separated value."""
    return tuple(part.strip() for part in value.split(",") if part.strip())


def _without_functions(source: str, names: tuple[str, ...]) -> str:
    """Drop some top-level functions, decorators included, from a module's source.

    Raises:
        ValueError: A name is not a top-level function of the module.
    """
    lines = source.splitlines(keepends=True)
    found = {node.name: node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)}
    for name in names:
        node = found.get(name)
        if node is None:
            raise ValueError(f"no top-level function {name} to remove")
        first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
        # Emptied rather than deleted, so that the lines of the others keep their numbers.
        lines[first - 1 : node.end_lineno] = ["\n"] * ((node.end_lineno or first) - first + 1)
    return "".join(lines)
