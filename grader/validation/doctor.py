"""Examine this machine for `grader doctor`: what it offers, and whether each isolation level keeps its promises."""

from __future__ import annotations

import os
import platform
from typing import Final

import msgspec
import psutil
from rich.console import Console
from rich.table import Table
from rich.text import Text

import grader
from grader.course import load_course
from grader.course.datasets import cache_directory
from grader.course.modules import missing
from grader.ground.machine import versions_of
from grader.ground.text import clean
from grader.sandbox.host import launch
from grader.sandbox.host.session import Sandbox, SandboxError, SubmissionError, WorkerGone
from grader.sandbox.host.trials import PROMISES, Outside, Trial, outside, promised
from grader.sandbox.wire import backends

_ONLY_OWN: Final = ": for your own code, not for submissions of others"
_OWN_PYTHON: Final = ".".join(platform.python_version_tuple()[:2])
_NEWER_PYTHON: Final = (
    f"submissions in the syntax of Python {_OWN_PYTHON} and older; for one in newer syntax install the grader with a "
    "newer Python, as in `python3.13 -m venv NAME && NAME/bin/pip install .`, and grade with NAME/bin/grader"
)
_HOLDS, _BROKEN, _NOT_TRIED, _NOT_PROMISED = "holds", "broken", "not tried", "not promised"
_SYMBOLS: Final = {
    _HOLDS: Text("✓", "green"),
    _BROKEN: Text("✗", "bold red"),
    _NOT_TRIED: Text("(✓)", "dim"),
    _NOT_PROMISED: Text("–", "dim"),
}


class Finding(msgspec.Struct, frozen=True):
    """One line of the examination.

    Attributes:
        topic: What it is about.
        text: What was found.
        fine: Whether submissions of others can be graded with that.
    """

    topic: str
    text: str
    fine: bool = True


class LevelFound(msgspec.Struct, frozen=True):
    """The examination of one isolation level.

    Attributes:
        level: The name of the level.
        absent: Why the machine does not offer the level, or why its sandbox does not start; empty if it does.
        promises: By the name of each promise: `holds`, `broken`, `not tried` (it takes long), or `not promised`.
    """

    level: str
    absent: str
    promises: dict[str, str]

    @property
    def fine(self) -> bool:
        """Whether no promise of the level was found broken."""
        return _BROKEN not in self.promises.values()


class Examination(msgspec.Struct, frozen=True):
    """What the machine offers, and whether its isolation levels keep their promises.

    Attributes:
        schema_version: The version of this record in JSON.
        findings: What the machine offers.
        levels: The isolation levels, the strongest first.
    """

    schema_version: int
    findings: list[Finding]
    levels: list[LevelFound]

    @property
    def fine(self) -> bool:
        """Whether submissions of others can be graded here."""
        return all(finding.fine for finding in self.findings) and all(level.fine for level in self.levels)


def examine() -> Examination:
    """Examine the machine, and try the promises of each isolation level from inside its sandbox."""
    memory = psutil.virtual_memory().total / 2**30
    best = launch.best_level()
    levels = [_try_level(level) for level in reversed(launch.LEVELS)]
    used = next(found for found in levels if found.level == best)
    libraries = (backends.DEFAULT, "keras", "numpy")
    versions = versions_of(libraries)
    findings = [
        Finding("grader", f"{grader.__version__} on Python {platform.python_version()}"),
        Finding("python", _NEWER_PYTHON),
        Finding("machine", f"{platform.system()} {platform.release()}, {os.cpu_count()} cores, {memory:.0f} GiB"),
        Finding("libraries", ", ".join(f"{name} {versions.get(name, '(missing)')}" for name in libraries)),
        _modules(),
        _data(),
        Finding(
            "isolation", f"{best}{': no submissions of others here' if best == 'process' else ''}", best != "process"
        ),
        Finding("sandbox", used.absent or "starts", not used.absent),
    ]
    return Examination(1, findings, levels)


def _try_level(level: str) -> LevelFound:
    """Try the promises of a level, if the machine offers it."""
    if reason := launch.why_not(level):
        return LevelFound(level, reason, {})
    found: dict[str, str] = {}
    try:
        # Each trial attacks something harmless outside of the sandbox that `outside` provides, such as a file.
        with outside() as aims, Sandbox.start(level, threads=1) as sandbox:
            for name, promise in PROMISES.items():
                if not promised(level, name):
                    found[name] = _NOT_PROMISED
                elif promise.slow:
                    found[name] = _NOT_TRIED
                else:
                    found[name] = _HOLDS if _holds(promise.trial, sandbox, aims) else _BROKEN
    except SandboxError as error:
        return LevelFound(level, str(error).rstrip("."), found)
    return LevelFound(level, "", found)


def _holds(trial: Trial, sandbox: Sandbox, aims: Outside) -> bool:
    try:
        return trial(sandbox, aims)
    except (SubmissionError, WorkerGone):
        return False  # a trial that was cut short has not shown that the promise holds


def _modules() -> Finding:
    """Find out whether all modules are installed that submissions may import."""
    listed = load_course().modules
    if lacking := missing(listed):
        return Finding("modules", f"of those that submissions may import, missing: {', '.join(lacking)}", False)
    return Finding("modules", f"submissions may import {', '.join(listed)}, and Python's own")


def _data() -> Finding:
    folder = cache_directory()
    names = sorted(path.name for path in folder.glob("*") if path.is_file()) if folder.is_dir() else []
    return Finding("data", f"in the cache: {', '.join(names)}" if names else "none in the cache yet: run `grader data`")


def show(console: Console, examination: Examination) -> None:
    """Print an examination: the findings, and a table of the promises of each level."""
    table = Table.grid(padding=(0, 2, 0, 0))
    for finding in examination.findings:
        symbol = Text("✓", "green") if finding.fine else Text("!", "bold yellow")
        table.add_row(symbol, Text(finding.topic, "bold"), Text(clean(finding.text)))
    console.print(table)
    there = [found for found in examination.levels if found.promises]
    if there:
        console.print()
        console.print(_promises(there))
        legend = "✓ holds   (✓) promised, and too slow to try here   – not promised"
        broken = "" if all(found.fine for found in there) else "   ✗ promised, and broken"
        console.print(Text(f"{legend}{broken}", "dim"))
    for found in examination.levels:
        if found.absent:
            console.print(Text(f"{found.level} is not offered here: {clean(found.absent)}."))


def _promises(levels: list[LevelFound]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False)
    table.add_column("A submission …", header_style="bold")
    for found in levels:
        table.add_column(found.level, justify="center", header_style="bold")
    for name, promise in PROMISES.items():
        table.add_row(promise.sentence, *(_SYMBOLS[found.promises.get(name, _NOT_TRIED)] for found in levels))
    return table
