"""Help to run a program statement by statement, and to continue where a statement fails or never ends.

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

LAST_SECONDS: Final = 5.0
"""The processor time that each further statement may take once the program has used up its own."""

_WAITING: Final = 240.0
"""The wall-clock time that one statement may take, in seconds.

It is much longer, for machines that other programs keep busy; it ends statements that wait for something.
"""

_USUAL_NAMES: Final = {
    "np": "numpy",
    "plt": "matplotlib.pyplot",
    "keras": "keras",
    **backend.USUAL_NAMES,
    "pd": "pandas",
    **{name: name for name in ("os", "random", "time", "math", "sys", "glob", "re", "json", "itertools", "shutil")},
}

_USUAL_ROOMS: Final = ("layers", "models", "callbacks", "optimizers", "losses", "datasets", "utils")
"""Modules of Keras whose classes programs usually import one by one."""

_USUAL_FUNCTIONS: Final = {
    "to_categorical": "keras.utils:to_categorical",
    "load_model": "keras.models:load_model",
    "cifar10": "keras.datasets.cifar10",
}

_OF_NETWORKS: Final = ("fit", "predict", "summary", "load_weights", "evaluate", "fit_generator", "predict_classes")
"""Methods that are called on a network, and on little else."""


class TookTooLong(BaseException):
    """Ends a statement that takes too long, so that the others can be judged."""


@contextlib.contextmanager
def ended_in_time(seconds: float) -> Iterator[None]:
    """Raise `TookTooLong` inside a `with` block that takes too long, and again each second, in case a loop catches it.

    The limit is one of processor time, since a sound program may take long by the clock where other programs have the
    cores.  A much longer limit of wall-clock time applies, too.

    Args:
        seconds: The processor time that the block may take.
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
    """Find common names that a program uses and never binds, such as `np`, or `Conv2D` for a layer of Keras.

    Returns:
        For each of these names the object that it usually means, and the line that uses it first.
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
                return {}  # a star import may bind any name
        elif isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            bound.add(node.name)
        elif isinstance(node, ast.arg):
            bound.add(node.arg)
    meant = {name: _usually(name) for name in used if name not in bound}
    return {name: (value, used[name]) for name, value in meant.items() if value is not None}


def mistaken_imports(tree: ast.Module) -> list[tuple[ast.alias, str]]:
    """Find imports of a package under the usual name of one of its modules, such as `import matplotlib as plt`.

    Returns:
        Each such alias, and the name of the module that was meant.
    """
    return [
        (alias, meant)
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
        if (meant := _USUAL_NAMES.get(alias.asname or "", "")).startswith(f"{alias.name}.")
    ]


def _usually(name: str) -> Any:
    """Return the object that a name usually means, or `None` if it has no usual meaning or is not installed."""
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
    """Do as much as possible of an import that failed because of one name.

    The other names are imported.  The missing one is taken from another module of the package, or else replaced by the
    name that is spelt most like it.

    Args:
        statement: The import.
        names: The program's global names, to which these are added.
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
    """Return the object of a name in another module of the same package that is already imported, or `None`."""
    package = module.split(".")[0]
    others = sorted((other for other in sys.modules if other.startswith(f"{package}.")), key=len)
    return next((vars(sys.modules[other])[name] for other in others if name in vars(sys.modules[other])), None)


def roles_of(tree: ast.Module) -> dict[str, str]:
    """Find the names that a program uses as a network (`model`) or as what `fit` returns (`history`)."""
    roles: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            if node.attr in _OF_NETWORKS:
                roles.setdefault(node.value.id, "model")
            elif node.attr in ("history", "epoch"):
                roles[node.value.id] = "history"
    return roles


def lines_of(trace: Any) -> list[int]:
    """Return the lines of the program in a traceback, outermost first."""
    found = []
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == FILE_NAME:
            found.append(trace.tb_lineno)
        trace = trace.tb_next
    return found
