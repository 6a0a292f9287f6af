"""Find the GPUs of this machine, and say whether an isolation level can offer a device.

Trusted side.  A device is named `cpu`, or `gpu:0`, `gpu:1` and so on, in the order in which `nvidia-smi` numbers them.
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
"""The folder in which NVIDIA's driver describes itself and its GPUs."""


_QUERY_SECONDS: Final = 20


class Gpu(msgspec.Struct, frozen=True):
    """A GPU.

    Attributes:
        index: The number in its device name, such as 0 for `gpu:0`.
        model: The manufacturer's name for it.
    """

    index: int
    model: str


@functools.cache
def gpus() -> tuple[Gpu, ...]:
    """Return the GPUs that NVIDIA's driver lists on this machine, or none if there is no driver."""
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
    """Parse the output of `nvidia-smi`, which has one line per GPU: index and model, separated by a comma."""
    rows = (line.split(",", 1) for line in text.splitlines() if "," in line)
    return tuple(Gpu(int(index), model.strip()) for index, model in rows if index.strip().isdigit())


def from_driver(folder: Path) -> tuple[Gpu, ...]:
    """Read the GPUs from the driver's folder in `/proc`, where each has a folder named after its PCI bus address."""
    found = []
    for index, path in enumerate(sorted(folder.glob("gpus/*/information"))):
        lines = path.read_text(errors="replace").splitlines()
        models = [line.partition(":")[2].strip() for line in lines if line.startswith("Model:")]
        found.append(Gpu(index, models[0] if models else "NVIDIA GPU"))
    return tuple(found)


def model_of(device: str) -> str:
    """Return the model of a GPU, or an empty string for the processor."""
    return next((gpu.model for gpu in gpus() if device == f"gpu:{gpu.index}"), "")


def why_no_device(device: str, level: str) -> str:
    """Return why an isolation level cannot offer a device, as a sentence without its full stop; empty if it can."""
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
