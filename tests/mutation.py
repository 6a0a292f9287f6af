"""Making mutants of a module with mutmut, each with one change in one function, and reporting those that survive."""

from __future__ import annotations

import ast
import difflib
import re
from collections.abc import Callable, Sequence
from typing import Final

import msgspec
from mutmut.mutation.file_mutation import mutate_file_contents

_NAME: Final = re.compile(
    r"x_(?P<function>\w+?)__mutmut_(?P<number>\d+)|xǁ(?P<cls>\w+)ǁ(?P<method>\w+?)__mutmut_(?P<n>\d+)"
)

Reasons = Sequence[tuple[str, str, str]]
"""Triples of a function (empty for any), a pattern in the change of a mutant, and why such a mutant is correct."""


class Mutant(msgspec.Struct, frozen=True):
    """A module with one change in one function.

    Attributes:
        name: The mutant's name, such as `function-7` or `Class.method-7`.
        function: The changed function, or `Class.method`.
        change: The changed lines, which begin with `-` and `+`.
        source: The source of the whole module.
    """

    name: str
    function: str
    change: tuple[str, ...]
    source: str


def mutants(source: str) -> list[Mutant]:
    """Return every mutant that mutmut makes of a module."""
    original = ast.parse(source)
    mutated = ast.parse(mutate_file_contents("module.py", source).code)
    return [
        _mutant(source, original, node, match)
        for node in ast.walk(mutated)
        if isinstance(node, ast.FunctionDef) and (match := _NAME.fullmatch(node.name))
    ]


def _mutant(source: str, original: ast.Module, node: ast.FunctionDef, match: re.Match[str]) -> Mutant:
    name = match["function"] or match["method"]
    where: ast.Module | ast.ClassDef = original
    if match["cls"]:
        where = next(one for one in original.body if isinstance(one, ast.ClassDef) and one.name == match["cls"])
    before = next(one for one in where.body if isinstance(one, ast.FunctionDef) and one.name == name)
    node.name, node.decorator_list = name, before.decorator_list
    old, new = (ast.unparse(one).splitlines() for one in (before, node))
    change = tuple(difflib.unified_diff(old, new, n=0, lineterm=""))[3:]
    lines = source.splitlines()
    first = min([before.lineno, *(one.lineno for one in before.decorator_list)])
    assert before.end_lineno is not None
    lines[first - 1 : before.end_lineno] = [" " * before.col_offset + line for line in new]
    function = f"{match['cls']}.{name}" if match["cls"] else name
    return Mutant(f"{function}-{match['number'] or match['n']}", function, change, "\n".join(lines) + "\n")


def reason(mutant: Mutant, sound: Reasons) -> str:
    """Why a mutant that survives is sound; empty where nothing says so."""
    changed = "\n".join(mutant.change)
    known = (why for name, text, why in sound if name in ("", mutant.function) and re.search(text, changed, re.M))
    return next(known, "")


def table(first: str, groups: Sequence[tuple[str, int, int]]) -> list[str]:
    """How many mutants there were and how many lived, as Markdown.

    Args:
        first: What the first column is called.
        groups: Name, mutants, and how many of them lived.
    """
    lines = [f"| {first} | mutants | caught | alive |", "|---|--:|--:|--:|"]
    return lines + [f"| `{name}` | {made} | {made - alive} | {alive} |" for name, made, alive in groups]


def survivors(alive: Sequence[Mutant], why: Callable[[Mutant], str]) -> list[str]:
    """Those that lived, by the reasons, as Markdown."""
    lines = []
    for text in sorted({why(mutant) for mutant in alive}):
        group = [mutant for mutant in alive if why(mutant) == text]
        lines += ["", f"## {text[:1].upper()}{text[1:] or 'No reason known'}: {len(group)}", ""]
        for mutant in group:
            lines += [f"`{mutant.name}`", "", "```diff", *mutant.change, "```", ""]
    return lines
