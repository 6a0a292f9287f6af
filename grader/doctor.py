"""What this machine offers, and whether the sandbox holds."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import socket
import sys
import tempfile
from pathlib import Path
from typing import Final

import msgspec
import psutil
from rich.console import Console
from rich.table import Table
from rich.text import Text

import grader
from grader.datasets import cache_directory
from grader.reports.text import clean
from grader.sandbox import launch
from grader.sandbox.session import Sandbox, SandboxError, SubmissionError, WorkerGone

_PROBE_SECONDS: Final = 20.0

# Runs in the sandbox, as a submission would.
_PROBE: Final = """
import os, socket

def can_read(path):
    try:
        return bool(os.listdir(path) if os.path.isdir(path) else open(path, "rb").read(1))
    except OSError:
        return False

def can_write(path):
    try:
        with open(os.path.join(path, "probe"), "w") as file:
            file.write("x")
        os.unlink(os.path.join(path, "probe"))
        return True
    except OSError:
        return False

def can_connect(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=2).close()
        return True
    except OSError:
        return False

def sees_process(pid):
    return os.path.isdir(f"/proc/{pid}") or pid in [int(p) for p in os.listdir("/proc") if p.isdigit()]

def environment():
    return sorted(os.environ)
"""


class Finding(msgspec.Struct, frozen=True):
    """One line of the examination."""

    topic: str
    text: str
    fine: bool = True


def examine() -> list[Finding]:
    """Look at the machine, and try the sandbox from inside."""
    memory = psutil.virtual_memory().total / 2**30
    findings = [
        Finding("grader", f"{grader.__version__} on Python {platform.python_version()}"),
        Finding("machine", f"{platform.system()} {platform.release()}, {os.cpu_count()} cores, {memory:.0f} GiB"),
        Finding("libraries", ", ".join(f"{name} {_version(name)}" for name in ("tensorflow", "keras", "numpy"))),
        _data(),
    ]
    why = launch.why_no_namespaces()
    level = launch.best_level()
    findings.append(Finding("isolation", f"{level}{f': {why}' if why else ''}", level == "namespaces"))
    try:
        with Sandbox.start(level, threads=1) as sandbox:
            findings.append(Finding("sandbox", f"started; Keras {sandbox.versions['keras']} inside"))
            findings += _try_from_inside(sandbox)
    except SandboxError as error:
        findings.append(Finding("sandbox", str(error), False))
    return findings


def _version(distribution: str) -> str:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return "(missing)"


def _data() -> Finding:
    folder = cache_directory()
    names = sorted(path.name for path in folder.glob("*") if path.is_file()) if folder.is_dir() else []
    return Finding("data", f"in the cache: {', '.join(names)}" if names else "none in the cache yet: run `grader data`")


def _try_from_inside(sandbox: Sandbox) -> list[Finding]:
    """What a submission can reach; each finding is fine where it cannot."""
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        tempfile.NamedTemporaryFile(dir=Path.home(), prefix=".grader-doctor-") as marker,
        sandbox.worker(seed=0) as worker,
    ):
        marker.write(b"x")
        marker.flush()
        worker.load(_PROBE, ("can_read",), seconds=_PROBE_SECONDS)
        tries = (
            ("home folder", "can_read", marker.name),
            ("grader's files", "can_read", str(Path(launch.__file__).parent.parent / "checks")),
            ("this folder", "can_read", str(Path.cwd())),
            ("system, writing", "can_write", "/usr"),
            ("environment, writing", "can_write", sys.prefix),
            ("network", "can_connect", server.getsockname()[1]),
            ("other processes", "sees_process", os.getpid()),
        )
        findings = []
        for topic, function, argument in tries:
            try:
                reached = bool(worker.call(function, argument, seconds=_PROBE_SECONDS))
            except (SubmissionError, WorkerGone) as error:
                findings.append(Finding(topic, f"could not be tried: {error}", False))
                continue
            findings.append(Finding(topic, "within reach of a submission" if reached else "out of reach", not reached))
    return findings


def show(console: Console, findings: list[Finding]) -> None:
    """Print the findings as a table."""
    table = Table.grid(padding=(0, 2, 0, 0))
    for finding in findings:
        symbol = Text("✓", "green") if finding.fine else Text("!", "bold yellow")
        table.add_row(symbol, Text(finding.topic, "bold"), Text(clean(finding.text)))
    console.print(table)
