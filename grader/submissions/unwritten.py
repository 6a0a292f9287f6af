"""Functions that are still to be written, told from the text alone: nothing has to be started to find that out."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Sequence

import msgspec

_DYNAMIC = frozenset(("exec", "eval", "globals", "locals", "vars", "setattr", "__import__", "sys", "__dict__"))


class Unwritten(msgspec.Struct, frozen=True):
    """A function that does nothing but raise `NotImplementedError`, as the starter's do.

    Attributes:
        name: The function.
        line: Of the `raise`, in the submission's source.
        text: What is raised with it.
    """

    name: str
    line: int
    text: str


def unwritten_functions(statements: Sequence[ast.stmt], names: Collection[str]) -> tuple[Unwritten, ...]:
    """Those of some functions that are certainly still to be written.

    Where there is any doubt, such as another value of the same name or names that are bound while the program runs,
    none is told: it is called then, and its own exception says the same.
    """
    nodes = [node for statement in statements for node in ast.walk(statement)]
    bound = [name for node in nodes for name in _bound(node)]
    spoken = {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    used = {node.id for node in nodes if isinstance(node, ast.Name)}
    used |= {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    if "*" in bound or "NotImplementedError" in bound or used & _DYNAMIC:
        return ()
    found = []
    for statement in statements:
        if isinstance(statement, ast.FunctionDef) and statement.name in names:
            told = _told(statement)
            if told is not None and bound.count(statement.name) == 1 and statement.name not in spoken:
                found.append(told)
    return tuple(found)


def _bound(node: ast.AST) -> Iterator[str]:
    """The names that a node binds, at whatever place: who binds one twice is not looked at closely."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        yield node.name
    elif isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
        yield node.id
    elif isinstance(node, ast.alias):
        yield (node.asname or node.name).split(".")[0]
    elif isinstance(node, (ast.Global, ast.Nonlocal)):
        yield from node.names
    elif isinstance(node, (ast.MatchAs, ast.MatchStar)) and node.name:
        yield node.name
    elif isinstance(node, ast.MatchMapping) and node.rest:
        yield node.rest
    elif isinstance(node, ast.ExceptHandler) and node.name:
        yield node.name


def _told(function: ast.FunctionDef) -> Unwritten | None:
    """What a function says that only raises, and whose definition cannot fail; `None` of any other."""
    arguments = function.args
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
    annotated = function.returns is not None or any(each is not None and each.annotation is not None for each in every)
    defaults = [value for value in (*arguments.defaults, *arguments.kw_defaults) if value is not None]
    if function.decorator_list or annotated or not all(_is_literal(value) for value in defaults):
        return None
    body = function.body[1:] if ast.get_docstring(function, clean=False) is not None else function.body
    if len(body) != 1 or not isinstance(body[0], ast.Raise) or body[0].cause is not None:
        return None
    raised, text = body[0].exc, ""
    if isinstance(raised, ast.Call):
        first = raised.args[0] if len(raised.args) == 1 and not raised.keywords else None
        if isinstance(first, ast.Constant) and isinstance(first.value, str):
            text = first.value
        elif raised.args or raised.keywords:
            return None
        raised = raised.func
    if not isinstance(raised, ast.Name) or raised.id != "NotImplementedError":
        return None
    return Unwritten(function.name, body[0].lineno, text)


def _is_literal(value: ast.expr) -> bool:
    try:
        ast.literal_eval(value)
    except (ValueError, TypeError, SyntaxError):
        return False
    return True
