"""What an isolation level is: all that differs between one and another."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, Final

from grader.sandbox.levels import view

Seen = tuple[tuple[str, ...], tuple[str, ...]]
"""What a submission may read, and folders in there that it may not, for a level that hides files by rules."""

_PROBE_SECONDS: Final = 20


class Level:
    """An isolation level.

    The trusted side asks why it cannot be had and for the command; the forkserver lets it confine each worker.

    Attributes:
        name: What results, options and the course file call it.
        not_promised: The promises of `host.trials` that it does not make.
        warning: What an instructor is told whose container offers nothing stronger; empty for the strongest.
        offers_gpu: Whether a worker can compute on a GPU.
        contains_all: Whether a worker has namespaces of its own, which take its processes and its files along.
        scratch: Where every worker may write, if that is a file system of its own; empty where it is given a folder.
    """

    name: ClassVar[str]
    not_promised: ClassVar[frozenset[str]] = frozenset()
    warning: ClassVar[str] = ""
    offers_gpu: ClassVar[bool] = True
    contains_all: ClassVar[bool] = False
    scratch: ClassVar[str] = ""

    def why_not(self) -> str:
        """What keeps this machine from it, in one sentence without its full stop; empty where nothing does."""
        return ""

    def command(self, code: str, *, gpu: bool) -> list[str]:
        """The command that runs the forkserver's code; `gpu` tells whether it is to find a GPU."""
        return python(view.PACKAGE.parent, code)

    def seen(self) -> Seen:
        """What the trusted side tells the forkserver about files, since only the trusted side knows what is hidden."""
        return (), ()

    def prepare(self, seen: Seen) -> None:
        """Make ready to confine workers, in the forkserver."""

    def confine(self, place: str, *, file_mb: int, pid: int, gpu: bool) -> None:
        """Confine this process, a worker that was just forked.

        Args:
            place: The folder that it may write to.
            file_mb: How much it may write, MiB.
            pid: Its number as the current `/proc` shows it; 0 where it has no namespaces of its own.
            gpu: Whether it computes on a GPU.

        Raises:
            OSError: The kernel refuses.
        """


def python(package: Path, code: str) -> list[str]:
    """The command that runs code of the package that lies in a folder."""
    # Isolated: neither PYTHON* variables, nor the user's site, nor the working folder have a say.
    return [sys.executable, "-I", "-B", "-c", f"import sys; sys.path.insert(0, {str(package)!r}); {code}"]


def complaint(command: Sequence[str]) -> str:
    """Try a command; gives what it complained of last, or nothing."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_PROBE_SECONDS)
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    lines = done.stderr.strip().splitlines()
    return "" if done.returncode == 0 else lines[-1] if lines else f"exit status {done.returncode}"
