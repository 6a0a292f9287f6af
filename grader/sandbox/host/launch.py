"""Start a forkserver at an isolation level, and find out which levels this machine offers.

Trusted side.  The levels are defined in `grader.sandbox.levels`; what each of them promises is listed in `trials`.
"""

from __future__ import annotations

import contextlib
import functools
import importlib.util
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from grader.ground.errors import GraderError
from grader.ground.machine import pinned_to
from grader.sandbox import levels
from grader.sandbox.wire import scratch
from grader.sandbox.wire.backends import DEFAULT, environment, on_gpu

LEVELS: Final = tuple(levels.LEVELS)
"""The names of the isolation levels, from the weakest to the strongest."""

_COMPILE_SECONDS: Final = 300


@functools.cache
def why_not(level: str) -> str:
    """Return why this machine cannot offer a level, as a sentence without its full stop; empty if it can."""
    return levels.LEVELS[level].why_not()


def best_level() -> str:
    """Return the strongest level that this machine offers."""
    return next(level for level in reversed(LEVELS) if not why_not(level))


def choose_level(required: str | None) -> str:
    """Return the strongest level that this machine offers, which must be at least the required one.

    Raises:
        GraderError: If this machine does not offer the required level.
    """
    level = best_level()
    if required is not None and LEVELS.index(level) < LEVELS.index(required):
        raise GraderError(f"this machine does not offer the isolation level {required}: {why_not(required)}.")
    return level


@contextlib.contextmanager
def forkserver(
    level: str, *, threads: int, backend: str, device: str, plain: bool = False, pinned: bool = False
) -> Iterator[tuple[socket.socket, int]]:
    """Run a forkserver for the duration of a `with` block, then end it with all of its workers.

    Args:
        level: The isolation level, one of `LEVELS`.
        threads: The number of threads that the backend may use in each worker.
        backend: The Keras backend.
        device: `cpu`, or `gpu:0`, `gpu:1` and so on.
        plain: See `backends.environment`.
        pinned: Whether to pin the forkserver, and the workers that are not told otherwise, to as many cores as it has
            threads, always the same ones.

    Yields:
        The control socket and the process number of the forkserver.

    Raises:
        GraderError: If the program cannot be started.
    """
    compile_once()
    ours, theirs = socket.socketpair()
    chosen = levels.LEVELS[level]
    home = Path(chosen.scratch, "home") if chosen.scratch else Path(tempfile.mkdtemp(prefix="grader-"))
    code = (
        f"from grader.sandbox.inside.forkserver import main; main({theirs.fileno()}, {level!r}, seen={chosen.seen()!r})"
    )
    command = chosen.command(code, gpu=on_gpu(device))
    try:
        # Processes inherit their cores, so pinning this thread while it starts the forkserver pins all workers, too.
        with pinned_to(threads) if pinned else contextlib.nullcontext():
            process = subprocess.Popen(
                command,
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=_environment(home, environment(backend, threads=threads, device=device, plain=plain)),
                start_new_session=True,
            )
    except OSError as error:
        raise GraderError(f"the sandbox cannot be started: {error}.") from error
    finally:
        theirs.close()
    try:
        yield ours, process.pid
    finally:
        ours.close()
        try:
            process.wait(timeout=2)  # the forkserver exits by itself once its control socket is closed
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if not chosen.scratch:
            with contextlib.suppress(OSError):
                scratch.remove(str(home))


def compile_once() -> None:
    """Compile the modules that Keras needs to bytecode if the environment was installed without bytecode files.

    The sandbox sees the environment read-only, so without these files every forkserver would compile TensorFlow
    again when it starts, which takes ten seconds instead of four.
    """
    spec = importlib.util.find_spec("keras")
    if spec is None or spec.origin is None:
        return
    compiled = Path(importlib.util.cache_from_source(spec.origin))
    folder = compiled.parent if compiled.parent.is_dir() else compiled.parent.parent
    if compiled.exists() or not os.access(folder, os.W_OK):
        return
    with tempfile.TemporaryDirectory(prefix="grader-") as home:
        command = [sys.executable, "-I", "-c", "import keras, matplotlib.pyplot"]
        variables = _environment(Path(home), environment(DEFAULT, threads=1, device="cpu"))
        del variables["PYTHONDONTWRITEBYTECODE"]
        subprocess.run(command, env=variables, capture_output=True, timeout=_COMPILE_SECONDS, check=False)


def _environment(home: Path, computing: Mapping[str, str]) -> dict[str, str]:
    """Return all environment variables of the sandbox; none are inherited, so that no secret gets in."""
    return {
        "PATH": "/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "HOME": str(home),
        "TMPDIR": str(home),
        "MPLCONFIGDIR": str(home / "matplotlib"),
        "MPLBACKEND": "agg",
        "KERAS_HOME": str(home / "keras"),
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
        **computing,
    }
