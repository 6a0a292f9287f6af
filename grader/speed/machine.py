"""Describe the machine that a time is measured on."""

from __future__ import annotations

import platform
from pathlib import Path
from typing import Final

from grader.ground.machine import cores
from grader.sandbox.host.devices import model_of
from grader.speed.records import Machine

_CPUINFO: Final = Path("/proc/cpuinfo")


def this_machine(*, threads: int, backend: str, device: str, isolation: str, versions: dict[str, str]) -> Machine:
    """Describe this machine, and the settings that the sandbox was started with.

    Args:
        threads: The number of threads that the backend may use.
        backend: The Keras backend.
        device: `cpu`, or `gpu:0`, `gpu:1` and so on.
        isolation: The isolation level.
        versions: The versions that the sandbox reports; empty if none was started.
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
    """Return the processor's model, or its architecture if nothing more specific is known."""
    try:
        lines = cpuinfo.read_text(errors="replace").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.partition(":")[0].strip() == "model name"]
    return names[0] if names else platform.processor() or platform.machine()
