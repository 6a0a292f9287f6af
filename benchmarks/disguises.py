"""Disguises of a copied solution, as transformations of its syntax tree, to measure `grader similar` with.

    disguise(cells, "renamed", random.Random(0))  →  the cells of the copy

A solution is a list of code cells; a `.py` file has a single cell.  Each disguise does what a student might do to a
friend's work to hide that it is copied; `all` applies all disguises one after another.  The copies are only compared:
they compile, but are never run.
"""

from __future__ import annotations

import ast
import builtins
import random
import re
from collections.abc import Callable, Iterable
from typing import Final

from grader.assignment.contract import FUNCTIONS

_ASKED: Final = frozenset(function.name for function in FUNCTIONS) | {
    parameter.name for function in FUNCTIONS for parameter in function.parameters
}
_WORDS: Final = (
    "alpha",
    "buf",
    "cur",
    "data",
    "elem",
    "fold",
    "grp",
    "info",
    "kind",
    "lot",
    "mem",
    "num",
    "obj",
    "part",
)
_TALK: Final = (
    "now the next step",
    "this works",
    "see the lecture",
    "shuffle and go on",
    "the result",
    "as the task says",
)
_IDLE: Final = (
    """\
def {0}_mean(values):
    total = 0
    for value in values:
        total = total + value
    return total / len(values)
""",
    """\
def {0}_log(text, depth=0):
    if depth > 3:
        return
    print('-' * depth, text.strip())
""",
    """\
{0}_seen = {{}}
if len({0}_seen) > 5:
    {0}_seen.clear()
""",
    """\
def {0}_clip(value, low=0, high=1):
    if value < low:
        return low
    return high if value > high else value
""",
    """\
class {0}Timer:
    def __init__(self):
        self.laps = []

    def lap(self, now):
        self.laps.append(now)
""",
    """\
def {0}_pairs(first, second):
    return [(a, b) for a in first for b in second if a != b]
""",
)
_IDLE_INSIDE: Final = ("{0}_n = 0", "if False:\n    print('never {0}')", "{0}_t = (1, 2, 3)", "assert True, '{0}'")

Cells = list[str]
Disguise = Callable[[list[ast.Module], random.Random], None]


def disguise(cells: Cells, name: str, chance: random.Random) -> Cells:
    """Return a disguised copy of a solution.

    Args:
        cells: The solution's code cells, plain Python.
        name: A key of `DISGUISES` or `FURTHER`, or `all` for all of `DISGUISES`.
        chance: The random number generator.
    """
    trees = [ast.parse(cell) for cell in cells]
    for each in DISGUISES if name == "all" else (name,):
        (DISGUISES | FURTHER)[each](trees, chance)
    texts = [ast.unparse(ast.fix_missing_locations(tree)) for tree in trees]
    if name in ("comments", "all"):
        texts = [_with_comments(text, chance) for text in texts]
    if name in ("formatting", "all"):
        texts = [_reformatted(text, chance) for text in texts]
    return texts


def _renamed(trees: list[ast.Module], chance: random.Random) -> None:
    """Rename everything that the author has named."""
    nodes = [node for tree in trees for node in ast.walk(tree)]
    imported = {
        (a.asname or a.name).partition(".")[0]
        for n in nodes
        if isinstance(n, ast.Import | ast.ImportFrom)
        for a in n.names
    }
    bound = {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    bound |= {n.arg for n in nodes if isinstance(n, ast.arg)}
    bound |= {n.name for n in nodes if isinstance(n, ast.FunctionDef | ast.ClassDef)}
    keywords = {n.arg for n in nodes if isinstance(n, ast.keyword) and n.arg}
    own = sorted(bound - imported - _ASKED - keywords - set(dir(builtins)) - {"self"})
    own = [
        name
        for name in own
        if not name.startswith("__") and name not in ("call", "on_epoch_end", "get_config", "build")
    ]
    new = {name: f"{chance.choice(_WORDS)}_{place}" for place, name in enumerate(own)}
    for node in nodes:
        match node:
            case ast.Name(name) if name in new:
                node.id = new[name]
            case ast.arg(name) if name in new:
                node.arg = new[name]
            case ast.FunctionDef(name) | ast.ClassDef(name) if name in new:
                node.name = new[name]
            case ast.Attribute(_, name) if name in new and isinstance(node.value, ast.Name) and node.value.id == "self":
                node.attr = new[name]
            case ast.Global(names) | ast.Nonlocal(names):
                node.names = [new.get(name, name) for name in names]


def _reordered(trees: list[ast.Module], chance: random.Random) -> None:
    """Change the order of functions and of methods; classes and statements stay where they are."""
    blocks = [node.body for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    for block in [*blocks, *(tree.body for tree in trees)]:
        places = [i for i, n in enumerate(block) if isinstance(n, ast.FunctionDef) and not n.decorator_list]
        moved = [block[i] for i in places]
        chance.shuffle(moved)
        for place, node in zip(places, moved, strict=True):
            block[place] = node


def _comments(trees: list[ast.Module], chance: random.Random) -> None:
    """Remove docstrings, and add some where there were none.

    Comments are not part of the tree, so they are lost anyway; `_with_comments` adds new ones.
    """
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Module):
                if ast.get_docstring(node) is not None:
                    node.body = node.body[1:] or [ast.Pass()]
                elif chance.random() < 0.6 and isinstance(node, ast.FunctionDef):
                    node.body.insert(0, ast.Expr(ast.Constant(chance.choice(_TALK).capitalize())))


def _with_comments(text: str, chance: random.Random) -> str:
    lines = []
    inside = _lines_of_strings(text)
    for number, line in enumerate(text.split("\n"), 1):
        if number not in inside and line.strip() and chance.random() < 0.3:
            lines.append(f"{re.match(' *', line)[0]}# {chance.choice(_TALK)}")  # type: ignore[index]
        lines.append(line)
    return "\n".join(lines)


class _Loops(ast.NodeTransformer):
    """Turns comprehensions into loops, loops that collect into comprehensions, and other loops into `while` loops."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._count = 0

    def block(self, statements: list[ast.stmt]) -> list[ast.stmt]:
        """Return the transformed statements of a block."""
        done: list[ast.stmt] = []
        for node in statements:
            for field in ("body", "orelse", "finalbody"):
                inner = getattr(node, field, None)
                if isinstance(inner, list) and inner and isinstance(inner[0], ast.stmt):
                    setattr(node, field, self.block(inner))
            for handler in getattr(node, "handlers", ()):
                handler.body = self.block(handler.body)
            done += self._statement(node, done)
        return done

    def _statement(self, node: ast.stmt, before: list[ast.stmt]) -> list[ast.stmt]:
        if isinstance(node, ast.For) and not node.orelse:
            gathered = self._as_comprehension(node, before[-1] if before else None)
            if gathered is not None:
                before.pop()
                return [gathered]
            return self._as_while(node)
        if isinstance(node, ast.Assign | ast.Return | ast.Expr) and node.value is not None:
            hoisted: list[ast.stmt] = []
            node.value = self._without_comprehensions(node.value, hoisted)
            return [*hoisted, node]
        return [node]

    def _name(self, stem: str) -> str:
        self._count += 1
        return f"{stem}{self._count}"

    def _as_while(self, node: ast.For) -> list[ast.stmt]:
        items, at = self._name("items"), self._name("at")
        head = ast.parse(
            f"{items} = list(x)\n{at} = 0\nwhile {at} < len({items}):\n    y = {items}[{at}]\n    {at} += 1"
        ).body
        assert (
            isinstance(head[0], ast.Assign) and isinstance(head[0].value, ast.Call) and isinstance(head[2], ast.While)
        )
        head[0].value.args = [node.iter]
        first = head[2].body[0]
        assert isinstance(first, ast.Assign)
        first.targets = [node.target]
        head[2].body += node.body
        return head

    def _as_comprehension(self, node: ast.For, before: ast.stmt | None) -> ast.stmt | None:
        match before, node.body:
            case (
                ast.Assign([ast.Name(name)], ast.List([])),
                [ast.Expr(ast.Call(ast.Attribute(ast.Name(other), "append"), [item], []))],
            ) if name == other:
                made = ast.ListComp(item, [ast.comprehension(node.target, node.iter, [], 0)])
                return ast.Assign([ast.Name(name, ast.Store())], made)
        return None

    def _without_comprehensions(self, value: ast.expr, hoisted: list[ast.stmt]) -> ast.expr:
        loops = self

        class Hoist(ast.NodeTransformer):
            def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
                return node

            def visit_ListComp(self, node: ast.ListComp) -> ast.AST:
                if len(node.generators) != 1:
                    return node
                each = node.generators[0]
                name = loops._name("found")
                body: ast.stmt = ast.Expr(ast.Call(ast.Attribute(_read(name), "append", ast.Load()), [node.elt], []))
                for test in reversed(each.ifs):
                    body = ast.If(test, [body], [])
                hoisted.append(ast.Assign([ast.Name(name, ast.Store())], ast.List([], ast.Load())))
                hoisted.append(ast.For(each.target, each.iter, [body], []))
                return _read(name)

        found: ast.expr = Hoist().visit(value)
        return found


def _loops(trees: list[ast.Module], chance: random.Random) -> None:
    for tree in trees:
        tree.body = _Loops(chance).block(tree.body)


def _split(trees: list[ast.Module], chance: random.Random) -> None:
    """Move the second half of each longer function, or the statements of a longer cell, into a new function."""
    for number, tree in enumerate(trees):
        made: list[ast.stmt] = []
        for place, node in enumerate(list(tree.body)):
            if isinstance(node, ast.FunctionDef):
                helper = _second_half(node, f"{node.name}_rest_{number}_{place}")
                made += [helper, node] if helper else [node]
            else:
                made.append(node)
        run = next(
            (
                i
                for i, n in enumerate(made)
                if not isinstance(n, ast.Import | ast.ImportFrom | ast.FunctionDef | ast.ClassDef)
            ),
            len(made),
        )
        if (
            len(trees) > 1
            and len(made) - run >= 4
            and not any(isinstance(n, ast.FunctionDef | ast.ClassDef) for n in made[run:])
        ):
            stored = sorted(
                {
                    n.id
                    for s in made[run:]
                    for n in ast.walk(s)
                    if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
                }
            )
            body = ([ast.Global(stored)] if stored else []) + made[run:]
            name = f"step_{number}"
            made[run:] = [_function(name, [], body), ast.Expr(ast.Call(_read(name), [], []))]
        tree.body = made


def _read(name: str) -> ast.Name:
    return ast.Name(name, ast.Load())


def _function(name: str, parameters: Iterable[str], body: list[ast.stmt]) -> ast.FunctionDef:
    arguments = ast.arguments([], [ast.arg(each) for each in parameters], None, [], [], None, [])
    made = ast.parse(f"def {name}(): pass").body[0]
    assert isinstance(made, ast.FunctionDef)
    made.args, made.body = arguments, body
    return made


def _second_half(node: ast.FunctionDef, name: str) -> ast.FunctionDef | None:
    if len(node.body) < 4 or any(isinstance(n, ast.Nonlocal | ast.Global | ast.Yield) for n in ast.walk(node)):
        return None
    half = len(node.body) // 2
    first, second = node.body[:half], node.body[half:]
    known = {a.arg for a in ast.walk(node.args) if isinstance(a, ast.arg)}
    known |= {n.id for s in first for n in ast.walk(s) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    known |= {s.name for s in first if isinstance(s, ast.FunctionDef)}
    used = sorted(known & {n.id for s in second for n in ast.walk(s) if isinstance(n, ast.Name)})
    node.body = [*first, ast.Return(ast.Call(_read(name), [_read(each) for each in used], []))]
    return _function(name, used, second)


def _cells_moved(trees: list[ast.Module], chance: random.Random) -> None:
    """Move definitions, cut cells in two and join others."""
    defining = [n for tree in trees for n in tree.body if isinstance(n, ast.FunctionDef | ast.ClassDef)]
    if len(trees) == 1:
        kept = [n for n in trees[0].body if isinstance(n, ast.Import | ast.ImportFrom)]
        others = [n for n in trees[0].body if n not in kept and n not in defining]
        chance.shuffle(defining)
        trees[0].body = [*kept, *defining, *others]
        return
    for tree in trees:
        tree.body = [n for n in tree.body if n not in defining]
    moved = [ast.Module([n], []) for n in defining]
    chance.shuffle(moved)
    parts: list[ast.Module] = []
    for tree in trees:
        if len(tree.body) >= 2 and chance.random() < 0.5:
            at = chance.randrange(1, len(tree.body))
            parts += [ast.Module(tree.body[:at], []), ast.Module(tree.body[at:], [])]
        elif parts and chance.random() < 0.3:
            parts[-1].body += tree.body
        elif tree.body:
            parts.append(tree)
    trees[:] = [*parts[:1], *moved, *parts[1:]]


def _dead_code(trees: list[ast.Module], chance: random.Random) -> None:
    """Add functions that nobody calls and statements that do nothing, about a quarter of the code."""
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef) and len(node.body) > 2:
                for _ in range(1 + len(node.body) // 5):
                    extra = ast.parse(chance.choice(_IDLE_INSIDE).format(chance.choice(_WORDS))).body
                    at = chance.randrange(1, len(node.body))
                    node.body[at:at] = extra
    for _ in range(4):
        tree = chance.choice(trees)
        first = sum(isinstance(node, ast.ImportFrom) and node.module == "__future__" for node in tree.body)
        at = chance.randint(first, len(tree.body))
        tree.body[at:at] = ast.parse(chance.choice(_IDLE).format(chance.choice(_WORDS))).body


def _formatting(trees: list[ast.Module], chance: random.Random) -> None:
    """Leave the tree as it is; `_reformatted` changes the text."""


def _reformatted(text: str, chance: random.Random) -> str:
    """Change the indentation, the blank lines and the spaces within lines."""
    inside = _lines_of_strings(text)
    width = chance.choice((2, 3, 8))
    lines = []
    for number, line in enumerate(text.split("\n"), 1):
        if number in inside:
            lines.append(line)
            continue
        depth = (len(line) - len(line.lstrip(" "))) // 4
        line = " " * (width * depth) + line.lstrip(" ")
        if not re.search(r"['\"#]", line):
            line = (
                re.sub(r"(?<=\w), (?=\w)", ",", line)
                if chance.random() < 0.5
                else line.replace("(", "( ").replace("( )", "()")
            )
        lines += [line, *[""] * (chance.random() < 0.15)]
    return "\n".join(lines)


def _constants(trees: list[ast.Module], chance: random.Random) -> None:
    """Change every number above 3, every float, and every text that is meant for people."""
    for tree in trees:
        for node in ast.walk(tree):
            match node:
                case ast.Constant(str(text)) if " " in text or text[:1].isupper():
                    node.value = f"{text} {chance.choice(_WORDS)}"
                case ast.Constant(int(number)) if number > 3:
                    node.value = number * chance.choice((2, 3))
                case ast.Constant(float(value)):
                    node.value = value / chance.choice((2, 4))


def _lines_of_strings(text: str) -> set[int]:
    """Return the numbers of the lines that begin inside a string, where no whitespace may be changed."""
    found: set[int] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Constant | ast.JoinedStr):
            found |= set(range(node.lineno + 1, (node.end_lineno or 0) + 1))
    return found


DISGUISES: Final[dict[str, Disguise]] = {
    "renamed": _renamed,
    "reordered": _reordered,
    "comments": _comments,
    "loops": _loops,
    "split": _split,
    "cells": _cells_moved,
    "dead code": _dead_code,
    "formatting": _formatting,
}
"""The disguises by name, each a function that changes the trees of the cells."""

FURTHER: Final[dict[str, Disguise]] = {"constants": _constants}
"""Disguises that change more than the look of a program, and are measured separately."""
