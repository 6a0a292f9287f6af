"""Which functions of a program may make its convolutions, from its text."""

from __future__ import annotations

import ast
from typing import Final

_CALLED_BY_KERAS: Final = ("build", "call")
"""Methods of a layer or a model that a program defines and never calls by name."""


def makers_of_convolutions(program: str) -> set[str] | None:
    """Return the functions that may make a convolution, from the text of the program; `None` if it cannot be parsed.

    These are the functions that mention one in their own text, or in the text of a function that they call by name, and
    that are mentioned themselves anywhere else.  A note that names another function is forged.
    """
    try:
        tree = ast.parse(program)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    functions: dict[str, list[ast.AST]] = {}
    bound: dict[str, list[ast.AST]] = {}
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            functions.setdefault(node.name, []).append(node)
        elif isinstance(node, ast.Lambda):
            functions.setdefault("<lambda>", []).append(node)
        elif isinstance(node, (ast.Assign, ast.AnnAssign, ast.NamedExpr)) and node.value is not None:
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                for name in _words_of(target):
                    bound.setdefault(name, []).append(node.value)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            for alias in node.names:
                bound.setdefault(alias.asname or alias.name, []).append(ast.Name(alias.name))
    words = {
        name: set().union(*(_words_of(node) for node in nodes)) for name, nodes in [*bound.items(), *functions.items()]
    }
    makers = {name for name, own in words.items() if any("conv" in word.lower() for word in own)}
    grown = True
    while grown:
        more = {name for name, own in words.items() if own & makers} - makers
        makers |= more
        grown = bool(more)
    return {name for name in makers & set(functions) if name == "<lambda>" or _is_used(name, functions[name], tree)}


def _is_used(name: str, defined: list[ast.AST], tree: ast.AST) -> bool:
    """Whether a function or class is mentioned outside its own text, decorated, or called by Python or Keras itself."""
    if name.startswith("__") or any(getattr(node, "decorator_list", ()) for node in defined):
        return True
    inside = sum(_mentions(name, node) for node in defined)
    return _mentions(name, tree) > inside or (name in _CALLED_BY_KERAS and _is_method_in_use(name, tree))


def _is_method_in_use(name: str, tree: ast.AST) -> bool:
    """Whether a class that is in use has a method of this name."""
    classes = [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    return any(
        isinstance(part, ast.FunctionDef)
        and part.name == name
        and _mentions(kind.name, tree) > _mentions(kind.name, kind)
        for kind in classes
        for part in kind.body
    )


def _mentions(name: str, tree: ast.AST) -> int:
    """Return how often a part of a program mentions a name, as a variable or as an attribute."""
    return sum(name in (getattr(node, "id", None), getattr(node, "attr", None)) for node in ast.walk(tree))


def _words_of(tree: ast.AST) -> set[str]:
    """Return the names, attributes and strings in a part of a program, but no names of its functions or parameters."""
    found: set[str] = set()
    parameters = {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            found.add(node.id)
        elif isinstance(node, ast.Attribute):
            found.add(node.attr)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.add(node.value)
    return found - parameters
