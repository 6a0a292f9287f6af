"""Running a program statement by statement: what of it can be had where a statement fails or never ends.

Untrusted side.
"""

from __future__ import annotations

import ast
import builtins
import contextlib
import difflib
import importlib
import pkgutil
import signal
import sys
from collections.abc import Iterator
from typing import Any, Final

from grader.sandbox.inside import backend

FILE_NAME: Final = "solution.py"

STATEMENT_SECONDS: Final = 90.0
"""How long one statement of a watched run may compute; a whole program takes about ten seconds."""

_WAITING: Final = 240.0
"""How long it may take in all, on a machine that others keep busy, or where it waits for something."""

_USUAL_NAMES: Final = {
    "np": "numpy",
    "plt": "matplotlib.pyplot",
    "keras": "keras",
    **backend.USUAL_NAMES,
    "pd": "pandas",
    **{name: name for name in ("os", "random", "time", "math", "sys", "glob", "re", "json", "itertools", "shutil")},
}

_USUAL_ROOMS: Final = ("layers", "models", "callbacks", "optimizers", "losses", "datasets", "utils")
"""Modules of Keras whose classes are usually imported one by one."""

_USUAL_FUNCTIONS: Final = {
    "to_categorical": "keras.utils:to_categorical",
    "load_model": "keras.models:load_model",
    "cifar10": "keras.datasets.cifar10",
}

_OF_NETWORKS: Final = ("fit", "predict", "summary", "load_weights", "evaluate", "fit_generator", "predict_classes")
"""What is called on a network, and on little else."""


class TookTooLong(BaseException):
    """Ends a statement, so that the others can be judged."""


@contextlib.contextmanager
def ended_in_time(seconds: float) -> Iterator[None]:
    """Raise in the middle of what computes for longer, and again each second, for a loop may catch everything.

    A clock on the wall would make a sound program fail where other programs have the cores, so that it is asked last.
    """

    def end(number: int, _: object) -> None:
        most = seconds if number == signal.SIGPROF else _WAITING
        raise TookTooLong(f"it did not end within {most:g} seconds")

    clocks = {signal.SIGPROF: (signal.ITIMER_PROF, seconds), signal.SIGALRM: (signal.ITIMER_REAL, _WAITING)}
    before = {number: signal.signal(number, end) for number in clocks}
    for timer, most in clocks.values():
        signal.setitimer(timer, most, 1.0)
    try:
        yield
    finally:
        for timer, _ in clocks.values():
            signal.setitimer(timer, 0)
        for number, handler in before.items():
            signal.signal(number, handler)


def never_imported(tree: ast.Module) -> dict[str, tuple[Any, int]]:
    """What a program uses under its usual name and never binds: what the name stands for, and the first line.

    Modules have usual names, and so have the layers of Keras, its callbacks and the like.
    """
    bound: set[str] = set()
    used: dict[str, int] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            used.setdefault(node.id, node.lineno)
        elif isinstance(node, ast.Name):
            bound.add(node.id)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            bound |= {(alias.asname or alias.name).split(".")[0] for alias in node.names}
            if any(alias.name == "*" for alias in node.names):
                return {}  # which may bring anything
        elif isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            bound.add(node.name)
        elif isinstance(node, ast.arg):
            bound.add(node.arg)
    meant = {name: _usually(name) for name in used if name not in bound}
    return {name: (value, used[name]) for name, value in meant.items() if value is not None}


def mistaken_imports(tree: ast.Module) -> list[tuple[ast.alias, str]]:
    """Where a package gets the usual name of a module in it, as in `import matplotlib as plt`, and that module."""
    return [
        (alias, meant)
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
        if (meant := _USUAL_NAMES.get(alias.asname or "", "")).startswith(f"{alias.name}.")
    ]


def _usually(name: str) -> Any:
    """What a name usually stands for; `None` where it has no usual meaning, or that is not installed."""
    if name in vars(builtins) or name.startswith("_"):
        return None
    place = (_USUAL_NAMES | _USUAL_FUNCTIONS).get(name)
    places = [place] if place else [f"keras.{name}"] if name in _USUAL_ROOMS else []
    if name[0].isupper():
        places += [f"keras.{room}:{name}" for room in _USUAL_ROOMS]
    for each in places:
        with contextlib.suppress(ImportError, AttributeError):
            return pkgutil.resolve_name(each)
    return None


def import_what_can_be(statement: ast.ImportFrom, names: dict[str, Any]) -> None:
    """Of an import that failed over one name bring the others, and for that one what is spelt most like it.

    Args:
        statement: The import.
        names: The program's names, which get them.
    """
    module = importlib.import_module(statement.module or "")
    for alias in statement.names:
        name = alias.name
        if not hasattr(module, name):
            elsewhere = _found_beside(module.__name__, name)
            if elsewhere is not None:
                names[alias.asname or name] = elsewhere
                continue
            similar = difflib.get_close_matches(name, dir(module), n=1, cutoff=0.8)
            if not similar:
                continue
            names.setdefault(similar[0], getattr(module, similar[0]))
            name = similar[0]
        names[alias.asname or alias.name] = getattr(module, name)


def _found_beside(module: str, name: str) -> Any:
    """What goes by a name in another module of the same package that is there already; `None` where nothing does."""
    package = module.split(".")[0]
    others = sorted((other for other in sys.modules if other.startswith(f"{package}.")), key=len)
    return next((vars(sys.modules[other])[name] for other in others if name in vars(sys.modules[other])), None)


def roles_of(tree: ast.Module) -> dict[str, str]:
    """The names that are used as a network, or as what `fit` returns."""
    roles: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            if node.attr in _OF_NETWORKS:
                roles.setdefault(node.value.id, "model")
            elif node.attr in ("history", "epoch"):
                roles[node.value.id] = "history"
    return roles


def lines_of(trace: Any) -> list[int]:
    """The lines of the program in a traceback, the outermost first."""
    found = []
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == FILE_NAME:
            found.append(trace.tb_lineno)
        trace = trace.tb_next
    return found
