"""The level `process`: resource limits, a process group and the clock, and no more.

A submission can read and write whatever the user can.
"""

from __future__ import annotations

from grader.sandbox.levels.level import Level


class Process(Level):
    """The weakest level, which every machine offers."""

    name = "process"
    not_promised = frozenset(
        (
            *("files_hidden", "names_hidden", "files_kept", "scratch_capped", "no_tcp", "no_udp", "no_unix_sockets"),
            *("processes_hidden", "numbers_hidden", "processes_kept", "no_tracing", "nothing_survives"),
            *("no_privileges", "calls_refused"),
        )
    )
    warning = (
        "For the instructor: this ran at the isolation level process, since the container grants no more. Nothing but "
        "the container itself kept the submission from the grader's files; look at surprising scores."
    )
