"""What a time is measured on."""

from __future__ import annotations

import platform
from pathlib import Path
from typing import Final

from grader.ground.machine import cores
from grader.sandbox.host.devices import model_of
from grader.speed.records import Machine

_CPUINFO: Final = Path("/proc/cpuinfo")


def this_machine(*, threads: int, backend: str, device: str, isolation: str, versions: dict[str, str]) -> Machine:
    """What is measured here is measured on.

    Args:
        threads: As the sandbox was started with, and so for the next three.
        backend: The Keras backend.
        device: `cpu`, or `gpu:0` and on.
        isolation: The level.
        versions: As the sandbox reports them; empty where none was started.
    """
    return Machine(
        cpu=cpu_model(),
        cores=cores(),
        threads=threads,
        gpu=model_of(device),
        backend=backend,
        versions=versions,
        isolation=isolation,
    )


def cpu_model(cpuinfo: Path = _CPUINFO) -> str:
    """The processor's model; its architecture where nothing more is said."""
    try:
        lines = cpuinfo.read_text(errors="replace").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.partition(":")[0].strip() == "model name"]
    return names[0] if names else platform.processor() or platform.machine()
