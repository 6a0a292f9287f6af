"""Run the tests of a folder with pytest, in this process and without output."""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Iterator
from pathlib import Path

import pytest


class _Interrupts:
    """The pytest plugin that remembers Ctrl-C and `session.Interrupted`, since `pytest.main` does not raise them."""

    def __init__(self) -> None:
        self.seen: KeyboardInterrupt | None = None

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Remember the interrupt.  Pytest also calls this hook if a test cannot be imported, which is not one."""
        if isinstance(excinfo.value, KeyboardInterrupt) and not isinstance(excinfo.value, pytest.Session.Interrupted):
            self.seen = excinfo.value


def run_pytest(folder: Path, plugin: object, *options: str) -> str:
    """Run the tests of a folder in this process, without output.

    Args:
        folder: The folder with the tests.
        plugin: A pytest plugin that gives the tests their context and collects their outcomes.
        options: More options for pytest.

    Returns:
        Why pytest itself failed; empty if it did not, whether or not the tests passed.

    Raises:
        KeyboardInterrupt: If the run was interrupted.
    """
    interrupts = _Interrupts()
    with _silence() as printed:
        # Nothing from outside may influence the run: no other plugin, no configuration file, no cache.
        code = pytest.main(
            [
                str(folder),
                f"--confcutdir={folder}",
                f"--rootdir={folder}",
                "-c",
                os.devnull,
                "--disable-plugin-autoload",
                "-p",
                "no:cacheprovider",
                # Python's streams are redirected above.  Those of the process stay as they are, since others use them
                # meanwhile: a progress bar is drawn on one, and requests may arrive on another.
                "--capture=no",
                "-q",
                "--no-header",
                "--no-summary",
                "--tb=no",  # nobody reads pytest's tracebacks, and rendering one takes a quarter of a second
                "--assert=plain",  # the checks raise exceptions and have no asserts to rewrite
                *options,
            ],
            plugins=[plugin, interrupts],
        )
    if interrupts.seen is not None:
        raise interrupts.seen
    if code not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        return f"pytest ended with {code!r}: {printed.getvalue()[-500:]}"
    return ""


@contextlib.contextmanager
def _silence() -> Iterator[io.StringIO]:
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        yield printed
