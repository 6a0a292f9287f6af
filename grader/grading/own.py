"""Running the checks of a course's own beside the grader's, and finding out beforehand whether they can be run."""

from __future__ import annotations

import contextlib
import importlib
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

import grader
from grader.checks.common.context import Context
from grader.checks.common.running import run_pytest
from grader.course import OwnChecks
from grader.course.own import TESTS
from grader.ground.errors import UsageError

CHECKS: Final = Path(grader.__file__).parent / "checks"
"""Where the grader's checks are, a folder for each form of the assignment."""

_FIXTURES: Final = ("grader.checks.functions.fixtures", "grader.checks.guided.fixtures")


def run_tests(context: Context, plugin: object) -> str:
    """Run the tests of a context's form, and of the course's own checks, in this process.

    Both are one session of pytest, so that evidence is shared.

    Args:
        context: What is graded, and how.
        plugin: What the tests get it from, and what keeps their outcomes.

    Returns:
        Why they could not be run; empty where they could.

    Raises:
        KeyboardInterrupt: It was interrupted.
    """
    folder, own = CHECKS / context.form.name, context.course.own
    if not own.checks:
        return run_pytest(folder, plugin)
    if own.have_changed:
        return f"{own.folder} is not what it was when the grading began, or is not here; grade again."
    with _imported_from(own):
        return run_pytest(folder, plugin, *tests_of(own), *_options(f"grader.checks.{context.form.name}.fixtures"))


def tests_of(own: OwnChecks) -> list[str]:
    """The files with the tests of a course's own checks."""
    return sorted({str(Path(own.folder, file_of(check.place))) for check in own.checks})


def file_of(place: str) -> str:
    """The file's name in `checks/test_own.py: line 12`."""
    return place.partition(": ")[0].rpartition("/")[2]


def require_sound(own: OwnChecks) -> None:
    """Import the tests of a course's own checks, and look whether each can be run, without running any.

    Raises:
        UsageError: One cannot.
    """
    if not own.checks:
        return
    seen = _Seen(own)
    with _imported_from(own):
        trouble = run_pytest(Path(own.folder), seen, "--setup-plan", *_ignored(own), *_options(*_FIXTURES))
    if seen.fault:
        raise UsageError(seen.fault)
    for check in own.checks:
        if check.id not in seen.ids:
            raise UsageError(f"{check.place}: {check.id} has no test that pytest finds; is its name there twice?")
    if trouble:
        raise UsageError(f"{own.folder}: the checks there cannot be run: {trouble}.")


def _options(*fixtures: str) -> list[str]:
    # Fixtures are a plugin's here, which the tests of both folders may use; what else lies beside them has no say.
    return ["--noconftest", *(option for name in fixtures for option in ("-p", name))]


def _ignored(own: OwnChecks) -> list[str]:
    return [f"--ignore={path}" for path in sorted(Path(own.folder).iterdir()) if path.is_dir()]


@contextlib.contextmanager
def _imported_from(own: OwnChecks) -> Iterator[None]:
    """Let tests import what lies beside them, and leave none of it to what this process grades next."""
    before = list(sys.path)
    importlib.invalidate_caches()
    sys.path.insert(0, own.folder)
    try:
        yield
    finally:
        sys.path[:] = before
        for name, module in list(sys.modules.items()):
            file = getattr(module, "__file__", None)
            if file and Path(file).is_relative_to(own.folder):
                del sys.modules[name]


class _Seen:
    """The pytest plugin that keeps which checks have a test, and the first fault."""

    def __init__(self, own: OwnChecks) -> None:
        self._own = own
        self.ids: set[str] = set()
        self.fault = ""

    def pytest_configure(self, config: pytest.Config) -> None:
        """Declare the mark."""
        config.addinivalue_line("markers", "check(id): the check that a test is")

    def pytest_itemcollected(self, item: pytest.Item) -> None:
        """Keep which check a test is of."""
        mark = item.get_closest_marker("check")
        name = mark.args[0] if mark and mark.args else ""
        if name not in self._own.ids:
            self._found(
                f"{self._place(item)}: {item.name} is of no check that is declared; a check is a function at the top "
                f"level of a file {TESTS}, with @check above it."
            )
        self.ids.add(name)

    def pytest_exception_interact(self, node: pytest.Item | pytest.Collector, call: pytest.CallInfo[object]) -> None:
        """Keep what a file raises when it is imported, and what a test asks for that is not there."""
        error = call.excinfo.value if call.excinfo else None
        if isinstance(node, pytest.Item) and isinstance(error, pytest.FixtureLookupError):
            self._found(f"{self._place(node)}: {node.name} asks for {error.argname}, and there is no such fixture.")
        elif error is not None:
            self._found(fault_of(error, self._own))

    def _place(self, item: pytest.Item) -> str:
        return f"{_shown(self._own, item.path)}: line {(item.location[1] or 0) + 1}"

    def _found(self, fault: str) -> None:
        self.fault = self.fault or fault


def fault_of(error: BaseException, own: OwnChecks) -> str:
    """What a check of the course's own raised, with the line of its folder that it came from."""
    cause = error.__cause__ or error
    said = str(cause).partition("\n")[0]
    raised = f"{type(cause).__name__}: {said}" if said else type(cause).__name__
    for frame in reversed(traceback.extract_tb(cause.__traceback__)):
        path = Path(frame.filename)
        if path.is_relative_to(own.folder):
            return f"{_shown(own, path)}: line {frame.lineno}: {raised}"
    return raised


def _shown(own: OwnChecks, path: Path) -> str:
    folder = Path(own.folder)
    return f"{folder.name}/{path.relative_to(folder).as_posix()}" if path.is_relative_to(folder) else str(path)
