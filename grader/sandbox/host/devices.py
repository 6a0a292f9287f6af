"""Which processors and GPUs there are, and what of the machine a GPU needs inside the sandbox.

Trusted side.  A device is named `cpu`, or `gpu:0` and on, as `nvidia-smi` counts.
"""

from __future__ import annotations

import functools
import shutil
import subprocess
from pathlib import Path
from typing import Final

import msgspec

from grader.sandbox.levels import LEVELS
from grader.sandbox.wire import backends

DRIVER: Final = Path("/proc/driver/nvidia")
"""Where NVIDIA's driver tells of itself."""


_QUERY_SECONDS: Final = 20


class Gpu(msgspec.Struct, frozen=True):
    """A GPU.

    Attributes:
        index: As in `gpu:0`.
        model: Its maker's name for it.
    """

    index: int
    model: str


@functools.cache
def gpus() -> tuple[Gpu, ...]:
    """The GPUs of this machine that its driver knows; none where there is no driver."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return from_driver(DRIVER)
    command = [program, "--query-gpu=index,name", "--format=csv,noheader"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_QUERY_SECONDS, check=True)
    except (OSError, subprocess.SubprocessError):
        return from_driver(DRIVER)
    return from_table(done.stdout)


def from_table(text: str) -> tuple[Gpu, ...]:
    """GPUs from what `nvidia-smi` prints: a line each, index and model with a comma between."""
    rows = (line.split(",", 1) for line in text.splitlines() if "," in line)
    return tuple(Gpu(int(index), model.strip()) for index, model in rows if index.strip().isdigit())


def from_driver(folder: Path) -> tuple[Gpu, ...]:
    """GPUs from the driver's folder in `/proc`: a folder each, named by its place on the bus."""
    found = []
    for index, path in enumerate(sorted(folder.glob("gpus/*/information"))):
        lines = path.read_text(errors="replace").splitlines()
        models = [line.partition(":")[2].strip() for line in lines if line.startswith("Model:")]
        found.append(Gpu(index, models[0] if models else "NVIDIA GPU"))
    return tuple(found)


def model_of(device: str) -> str:
    """The model of a GPU; empty for the processor."""
    return next((gpu.model for gpu in gpus() if device == f"gpu:{gpu.index}"), "")


def why_no_device(device: str, level: str) -> str:
    """Why a device cannot be had at an isolation level, in one sentence without its full stop; empty where it can."""
    if not backends.on_gpu(device):
        return ""
    known = [f"gpu:{gpu.index}" for gpu in gpus()]
    if device not in known:
        there = f"there are {', '.join(known)}" if known else "NVIDIA's driver shows none"
        return f"this machine has no device {device} ({there})"
    if not LEVELS[level].offers_gpu:
        others = " and ".join(name for name in reversed(LEVELS) if LEVELS[name].offers_gpu)
        return f"the isolation level {level} offers no GPU; {others} do"
    return ""
