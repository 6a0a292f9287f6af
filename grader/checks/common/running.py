"""Running the tests of a folder with pytest, in this process and silently."""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Iterator
from pathlib import Path

import pytest


class _Interrupts:
    """The pytest plugin that notices Ctrl-C, and `session.Interrupted`, which pytest keeps to itself."""

    def __init__(self) -> None:
        self.seen: KeyboardInterrupt | None = None

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Notice it; pytest also calls it so where a test cannot be imported."""
        if isinstance(excinfo.value, KeyboardInterrupt) and not isinstance(excinfo.value, pytest.Session.Interrupted):
            self.seen = excinfo.value


def run_pytest(folder: Path, plugin: object, *options: str) -> str:
    """Run the tests of a folder in this process, silently.

    Args:
        folder: The tests.
        plugin: What they get their context from, and what keeps their outcomes.
        options: For pytest, beside those that keep everything out that is not named here.

    Returns:
        Why pytest itself failed; empty where it did not, whatever became of the tests.

    Raises:
        KeyboardInterrupt: It was interrupted.
    """
    interrupts = _Interrupts()
    with _silence() as printed:
        # Only what is named here has a say: no other plugin, no configuration file, no cache.
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
                # Python's own streams are silent already.  Those of the process are somebody else's meanwhile: a bar is
                # drawn on one, and requests may come over another.
                "--capture=no",
                "-q",
                "--no-header",
                "--no-summary",
                "--tb=no",  # nobody reads how pytest shows a failure, which takes it a quarter of a second
                "--assert=plain",  # the checks raise what they find
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
