"""The interface of an isolation level."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, Final

from grader.sandbox.levels import view

Seen = tuple[tuple[str, ...], tuple[str, ...]]
"""The paths that a submission may read, and the folders below them that it may not.

Only levels that hide files by rules need this.
"""

_PROBE_SECONDS: Final = 20


class Level:
    """An isolation level; a subclass overrides what differs from running unconfined.

    The trusted side uses `why_not`, `command` and `seen`; the forkserver uses `prepare` and `confine`.

    Attributes:
        name: The name in results, options and the course file.
        not_promised: The names of the promises in `host.trials` that this level does not make.
        warning: A message for an instructor whose container offers nothing stronger; empty for the strongest level.
        offers_gpu: Whether a worker can compute on a GPU.
        contains_all: Whether a worker has namespaces of its own, whose end takes its processes and files along.
        scratch: The path that every worker may write to, if it is a file system of its own; empty if each worker is
            given a folder instead.
    """

    name: ClassVar[str]
    not_promised: ClassVar[frozenset[str]] = frozenset()
    warning: ClassVar[str] = ""
    offers_gpu: ClassVar[bool] = True
    contains_all: ClassVar[bool] = False
    scratch: ClassVar[str] = ""

    def why_not(self) -> str:
        """Return why this machine cannot offer the level, as a sentence without its full stop; empty if it can."""
        return ""

    def command(self, code: str, *, gpu: bool) -> list[str]:
        """Return the command that runs the forkserver's code; `gpu` says whether a GPU has to be visible to it."""
        return python(view.PACKAGE.parent, code)

    def seen(self) -> Seen:
        """Return which files a submission may read; only the trusted side knows where the hidden ones are."""
        return (), ()

    def prepare(self, seen: Seen) -> None:
        """Prepare to confine workers; called once, in the forkserver."""

    def confine(self, place: str, *, file_mb: int, pid: int, gpu: bool) -> None:
        """Confine this process, a worker that has just been forked.

        Args:
            place: The folder that it may write to.
            file_mb: How much it may write, in MiB.
            pid: Its number in the current `/proc`; 0 if it has no namespaces of its own.
            gpu: Whether it computes on a GPU.

        Raises:
            OSError: If the kernel refuses.
        """


def python(package: Path, code: str) -> list[str]:
    """Return the command that runs code that imports `grader` from the folder `package`."""
    # `-I` isolates Python from PYTHON* variables, the user's site-packages and the working folder, which may hold
    # submissions.
    return [sys.executable, "-I", "-B", "-c", f"import sys; sys.path.insert(0, {str(package)!r}); {code}"]


def complaint(command: Sequence[str]) -> str:
    """Run a command, and return the last line of its error output, or an empty string if it succeeded."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_PROBE_SECONDS)
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    lines = done.stderr.strip().splitlines()
    return "" if done.returncode == 0 else lines[-1] if lines else f"exit status {done.returncode}"
