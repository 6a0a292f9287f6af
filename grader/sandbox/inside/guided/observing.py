"""Run a guided program from its first cell to its last, and take notes of its calls of Keras and Matplotlib.

Untrusted side.  The submission controls this process, so a note is no more than its word.  The trusted side believes a
note only as far as a lie would take the same work as the truth.  It recognises images by their pixels, opens networks
in the examiner, and reveals the values of an epoch only after the worker has committed to that epoch's weights.

Training is shortened here: all arguments of `fit` are recorded, but it trains on a few of the images only, and in a
scripted run for one epoch only.
"""

from __future__ import annotations

import ast
import contextlib
import inspect
import sys
import time
import types
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np

from grader.sandbox.inside import backend, paths, raising, surroundings
from grader.sandbox.inside.facts import MAX_TEXT
from grader.sandbox.inside.guided import legacy
from grader.sandbox.inside.guided.calls import Calls
from grader.sandbox.inside.guided.fed import labels, signatures
from grader.sandbox.inside.guided.fitting import Ask, Fitting, RunOptions, Stop
from grader.sandbox.inside.guided.kept import KeptFiles
from grader.sandbox.inside.guided.recording import MAX_NOTES, Recorder
from grader.sandbox.inside.guided.stand_ins import StandIns
from grader.sandbox.inside.guided.statements import (
    FILE_NAME,
    LAST_SECONDS,
    ended_in_time,
    import_what_can_be,
    lines_of,
    mistaken_imports,
    never_imported,
    roles_of,
)
from grader.sandbox.inside.guided.watched import Shared


class Observer:
    """Runs a program and takes notes of what it does.

    Args:
        ask: Sends an event to the trusted side in the middle of the run, and returns the reply.
        source: The program.
        images: The arrays that `cifar10.load_data()` returns, as `x_train`, `y_train`, `x_test` and `y_test`.
        options: How the program is run.
    """

    def __init__(self, ask: Ask, source: str, images: dict[str, Any], options: RunOptions) -> None:
        self._source = source
        self._options = options
        self._kept = KeptFiles()
        shared = Shared(ask if options.scripted else None, source if options.shims else "", self._kept)
        self._recorder = Recorder()
        fitting = Fitting(self._recorder, shared, ask, options)
        self._stand_ins = StandIns(self._recorder, shared, fitting, images)
        self._calls = Calls(self._recorder, shared, fitting, self._stand_ins, options)
        self._images = images
        self._roles: dict[str, str] = {}
        self._module = types.ModuleType("__main__")
        self._seconds_left = options.program_seconds

    def run(self, starts: list[int]) -> dict[str, Any]:
        """Run the program statement by statement.

        Args:
            starts: The first line of each cell, in ascending order; empty for a `.py` file.

        Returns:
            A dictionary with `notes`, `errors`, `globals` and `files`; `notes.py` on the trusted side defines them.
        """
        paths.begin_here()
        surroundings.offer_usual_packages()
        self._module.__dict__["__builtins__"] = __builtins__
        self._module.__file__ = FILE_NAME
        sys.modules["__main__"] = self._module
        self._calls.put_in_place(self._images)
        if self._options.shims:
            legacy.install(self._module)
        try:
            tree = ast.parse(self._source, FILE_NAME)
            self._import_usual(tree)
            self._roles = roles_of(tree)
            self._run_statements(tree.body, starts)
        except Stop:
            pass
        self._calls.look_at_figures("left")
        return {
            "notes": self._recorder.notes[:MAX_NOTES],
            "errors": self._recorder.errors[:100],
            "globals": self._arrays_left(),
            "files": [{"path": path[:MAX_TEXT], "digest": digest} for path, (digest, *_) in self._kept.files.items()],
        }

    def _run_statements(self, statements: list[ast.stmt], starts: list[int]) -> None:
        import matplotlib.pyplot as plt

        functions = {name: value for name, value in vars(plt).items() if inspect.isroutine(value)}
        flags = 0
        cells = list(starts)
        for statement in statements:
            while cells and statement.lineno >= cells[0]:
                cells.pop(0)
                self._calls.look_at_figures("cell")
            for name, value in functions.items():  # a mistake such as `plt.xticks = []` must not break later figures
                if not callable(vars(plt).get(name)):
                    setattr(plt, name, value)
            if isinstance(statement, ast.ImportFrom) and statement.module == "__future__":
                import __future__

                flags |= sum(getattr(__future__, alias.name).compiler_flag for alias in statement.names)
            self._run_statement(statement, flags)

    @contextlib.contextmanager
    def _in_time(self) -> Iterator[None]:
        """End a statement that takes too long, sooner if the program has already taken long."""
        began = time.process_time()
        try:
            with ended_in_time(min(self._options.statement_seconds, max(self._seconds_left, LAST_SECONDS))):
                yield
        finally:
            self._seconds_left -= time.process_time() - began

    def _run_statement(self, statement: ast.stmt, flags: int) -> None:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                code = compile(ast.Module([statement], []), FILE_NAME, "exec", flags=flags, dont_inherit=True)
                with self._in_time() if self._options.statement_seconds else contextlib.nullcontext():
                    exec(code, self._module.__dict__)
        except Stop:
            raise
        except BaseException as error:  # a submission may raise anything, SystemExit included
            self._note_error(statement, error)
            self._recorder.inside = 0
            if isinstance(error, NameError) and self._stand_in_for(str(error.name)):
                self._run_statement(statement, flags)
                return
            if isinstance(statement, ast.ImportFrom) and isinstance(error, ImportError):
                with contextlib.suppress(Exception):
                    import_what_can_be(statement, self._module.__dict__)

    def _import_usual(self, tree: ast.Module) -> None:
        """Record the common names that the program uses without importing them, and import them for it."""
        for name, (value, line) in never_imported(tree).items():
            self._module.__dict__[name] = value
            text = f"name '{name}' is not defined"
            self._recorder.failed(line, line, "NameError", text, 0, never_imported=True)
        for alias, meant in mistaken_imports(tree):
            text = f"`{alias.asname}` is {alias.name}, not {meant}"
            self._recorder.failed(alias.lineno, alias.lineno, "AttributeError", text, 0, never_imported=True)
            alias.name = meant

    def _stand_in_for(self, name: str) -> bool:
        """Bind a name that an earlier statement should have bound but did not, so that later statements can be judged.

        It gets a network of the grader's own, or the history of training one.

        Returns:
            Whether the name was bound.
        """
        role = self._roles.get(name)
        if role is None or name in self._module.__dict__:
            return False
        with contextlib.suppress(Exception):
            if role == "model":
                self._module.__dict__[name] = self._stand_ins.network_to_go_on_with()
            else:
                self._module.__dict__[name] = self._stand_ins.history()
            return True
        return False

    def _note_error(self, statement: ast.stmt, error: BaseException) -> None:
        kind, text = raising.told(error, FILE_NAME)
        own = [*lines_of(error.__traceback__), *(line for line, _ in raising.places_of(error, FILE_NAME))]
        line = own[-1] if own else statement.lineno
        self._recorder.failed(line, statement.lineno, kind[:100], text[:2000], len(self._recorder.notes))

    def file(self, path: str) -> bytes | None:
        """Return the bytes of a file that a network was saved to, or `None` if there is none of that name."""
        return self._kept.file(path)

    def weights_predicting(self, digest: str) -> list[Any] | None:
        """Return the weights with a digest, of a network that predicted; `None` if none of the last few has it."""
        return self._kept.predicting.get(digest)

    def weights_in(self, path: str) -> list[Any] | None:
        """Return the weights in a file that a network was saved to, or `None` if there is none of that name."""
        with self._recorder.within():
            return self._kept.weights(path)

    def _arrays_left(self) -> list[dict[str, Any]]:
        """Return the names and contents of the program's global arrays that may be images or labels."""
        found: list[dict[str, Any]] = []
        for name, value in list(self._module.__dict__.items()):
            if len(found) >= 60 or name.startswith("_"):
                continue
            with contextlib.suppress(Exception):
                if backend.is_tensor(value):
                    value = backend.to_numpy(value)
                if not isinstance(value, np.ndarray) or value.ndim not in (1, 2, 4) or not len(value):
                    continue
                if value.ndim == 4:
                    x = signatures(value)
                    if x is not None:
                        found.append({"name": name[:60], "x": x, "y": None})
                elif value.shape[-1] <= 1000 or value.ndim == 1:
                    y = labels(value)
                    if y is not None:
                        found.append({"name": name[:60], "x": None, "y": y})
        return found
