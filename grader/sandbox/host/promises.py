"""What each isolation level promises of a submission; tests, `grader doctor` and the docs all derive from here."""

from __future__ import annotations

from typing import Final

import msgspec


class Promises(msgspec.Struct, frozen=True, kw_only=True):
    """What holds at a level, whatever a submission does; what is False may hold, or not."""

    files_hidden: bool
    names_hidden: bool
    files_kept: bool
    scratch_fresh: bool
    scratch_capped: bool
    no_tcp: bool
    no_udp: bool
    no_unix_sockets: bool
    processes_hidden: bool
    numbers_hidden: bool
    processes_kept: bool
    no_tracing: bool
    nothing_survives: bool
    no_privileges: bool
    calls_refused: bool
    environment_clean: bool
    descriptors_clean: bool
    wall_time: bool
    processor_time: bool
    memory: bool
    process_count: bool
    file_size: bool
    open_files: bool
    output: bool


SENTENCES: Final = {
    "files_hidden": "reads no home folder, data, other file or check",
    "names_hidden": "cannot tell whether such a file exists",
    "files_kept": "writes and deletes nothing outside its scratch",
    "scratch_fresh": "starts with an empty scratch, which is removed",
    "scratch_capped": "cannot fill the disk with many files",
    "no_tcp": "has no TCP",
    "no_udp": "has no UDP",
    "no_unix_sockets": "reaches no Unix socket, named or abstract",
    "processes_hidden": "can neither list nor look into other processes",
    "numbers_hidden": "cannot tell which process numbers are in use",
    "processes_kept": "cannot signal, slow or limit other processes",
    "no_tracing": "cannot trace others or read their memory",
    "nothing_survives": "leaves nothing running",
    "no_privileges": "has no privilege and can gain none",
    "calls_refused": "cannot mount, enter namespaces, or hide memory",
    "environment_clean": "sees none of your environment variables",
    "descriptors_clean": "inherits no open file but its wire and log",
    "wall_time": "ends when its time is up",
    "processor_time": "ends at the limit of processor time",
    "memory": "ends at the limit of memory",
    "process_count": "ends at the limit of processes",
    "file_size": "ends at the limit of a file's size",
    "open_files": "ends at the limit of open files",
    "output": "cannot flood the grader with output",
}
"""Each promise as the end of a sentence that begins "A submission …"."""

_EVERYWHERE: Final = {
    "scratch_fresh": True,
    "environment_clean": True,
    "descriptors_clean": True,
    "wall_time": True,
    "processor_time": True,
    "memory": True,
    "process_count": True,
    "file_size": True,
    "open_files": True,
    "output": True,
}
_NOTHING: Final = dict.fromkeys(Promises.__struct_fields__, False)

PROMISES: Final = {
    "process": Promises(**_NOTHING | _EVERYWHERE),
    "landlock": Promises(
        **dict.fromkeys(Promises.__struct_fields__, True)
        | {
            "names_hidden": False,  # Landlock rules reading, not asking for a file's size or times
            "numbers_hidden": False,  # a signal to a number in use is refused in another way than to one that is not
            "scratch_capped": False,  # one file's size is, and their number is not
        }
    ),
    "namespaces": Promises(**dict.fromkeys(Promises.__struct_fields__, True)),
}


def promised(level: str, name: str) -> bool:
    """Whether a level makes a promise."""
    return bool(getattr(PROMISES[level], name))


def markdown_table() -> str:
    """The table of promises as `docs/design.md` has it."""
    levels = tuple(reversed(PROMISES))
    lines = [f"| a submission … | {' | '.join(f'`{level}`' for level in levels)} |", "|---|" + ":-:|" * len(levels)]
    for name, sentence in SENTENCES.items():
        marks = " | ".join("yes" if promised(level, name) else "–" for level in levels)
        lines.append(f"| {sentence} | {marks} |")
    return "\n".join(lines)
