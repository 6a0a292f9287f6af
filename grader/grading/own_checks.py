"""Running a course's own checks together with the grader's, and finding out beforehand whether they can be run."""

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
from grader.course.own_checks import TESTS
from grader.ground.errors import UsageError

CHECKS: Final = Path(grader.__file__).parent / "checks"
"""The folder of the grader's checks, with a subfolder for each form of the assignment."""

_FIXTURES: Final = ("grader.checks.functions.fixtures", "grader.checks.guided.fixtures")


def run_tests(context: Context, plugin: object) -> str:
    """Run the tests for the context's form of the assignment, and the course's own, in this process.

    They run in one pytest session, so that both use the same evidence.

    Args:
        context: What is graded, and how.
        plugin: The pytest plugin that gives the context to the tests and records their outcomes.

    Returns:
        Why the tests could not be run; empty if they could.

    Raises:
        KeyboardInterrupt: If grading was interrupted.
    """
    folder, own = CHECKS / context.form.name, context.course.own
    if not own.checks:
        return run_pytest(folder, plugin)
    if own.have_changed:
        return f"{own.folder} is not what it was when the grading began, or is not here; grade again."
    with _imported_from(own):
        return run_pytest(folder, plugin, *tests_of(own), *_options(f"grader.checks.{context.form.name}.fixtures"))


def tests_of(own: OwnChecks) -> list[str]:
    """Return the paths of the files with a course's own checks."""
    return sorted({str(Path(own.folder, file_of(check.place))) for check in own.checks})


def file_of(place: str) -> str:
    """Return the file's name in a place such as `checks/test_own.py: line 12`."""
    return place.partition(": ")[0].rpartition("/")[2]


def require_sound(own: OwnChecks) -> None:
    """Import a course's own checks and make sure that each of them can be run, without running any.

    Raises:
        UsageError: If one of them cannot be run.
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
    # The fixtures are loaded as plugins, so that the tests of both folders can use them.  `conftest.py` files are
    # ignored, since nothing else in the course's folder may change how the checks run.
    return ["--noconftest", *(option for name in fixtures for option in ("-p", name))]


def _ignored(own: OwnChecks) -> list[str]:
    return [f"--ignore={path}" for path in sorted(Path(own.folder).iterdir()) if path.is_dir()]


@contextlib.contextmanager
def _imported_from(own: OwnChecks) -> Iterator[None]:
    """Let the course's tests import modules from their own folder, and unload those modules afterwards.

    Otherwise they would remain imported when this process grades with another course.
    """
    before = list(sys.path)
    importlib.invalidate_caches()  # files may have been added to the folder since this process last looked
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
    """The pytest plugin that records which checks have a test, and the first fault that it finds."""

    def __init__(self, own: OwnChecks) -> None:
        self._own = own
        self.ids: set[str] = set()
        self.fault = ""

    def pytest_configure(self, config: pytest.Config) -> None:
        """Register the marker `check`."""
        config.addinivalue_line("markers", "check(id): the check that a test is")

    def pytest_itemcollected(self, item: pytest.Item) -> None:
        """Record the check that a test belongs to, or a fault if it belongs to none."""
        mark = item.get_closest_marker("check")
        name = mark.args[0] if mark and mark.args else ""
        if name not in self._own.ids:
            self._found(
                f"{self._place(item)}: {item.name} is of no check that is declared; a check is a function at the top "
                f"level of a file {TESTS}, with @check above it."
            )
        self.ids.add(name)

    def pytest_exception_interact(self, node: pytest.Item | pytest.Collector, call: pytest.CallInfo[object]) -> None:
        """Record what a file raises when it is imported, or that a test asks for a fixture that does not exist."""
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
    """Describe what one of the course's own checks raised, with the line in the course's folder that raised it."""
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
