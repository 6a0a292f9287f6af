"""What of this machine's files a submission may read, at the levels that hide the rest.

The trusted side asks: inside, the grader's own files are not there to be found.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

import grader

PACKAGE: Final = Path(grader.__file__).resolve().parent

SYSTEM: Final = tuple(Path("/", name) for name in ("usr", "bin", "sbin", "lib", "lib32", "lib64"))

ETC: Final = tuple(
    Path("/etc", name)
    for name in ("ld.so.cache", "alternatives", "fonts", "localtime", "passwd", "group", "nsswitch.conf")
)

SEEN_INSIDE: Final = ("__init__.py", *(f"sandbox/{name}" for name in ("__init__.py", "wire", "levels", "inside")))
"""What of this package is there inside: files, and folders with all that they hold."""

_HIDDEN: Final = ("grader", "reference", "tests", "submissions")


def environment_folders() -> list[Path]:
    """Where this Python and its packages lie outside of `/usr`: as named, and at the place that links lead to."""
    prefixes = {Path(p) for p in (sys.prefix, sys.base_prefix, sys.exec_prefix)}
    prefixes |= {p.resolve() for p in prefixes} | {Path(sys.executable).resolve().parent.parent}
    return sorted(p for p in prefixes if not p.is_relative_to("/usr") and p != Path("/"))


def hidden_folders() -> list[Path]:
    """The grader's own packages wherever the environment has them: not for a submission to read."""
    places = [Path(entry).resolve() for entry in sys.path if entry and Path(entry).is_dir()]
    return sorted({place / name for place in places for name in _HIDDEN if _is_ours(place / name)})


def _is_ours(folder: Path) -> bool:
    visible = any(folder.is_relative_to(prefix) for prefix in ("/usr", sys.prefix, sys.base_prefix))
    return visible and folder.is_dir()


MACHINE: Final = Path("/sys/devices/system")
"""Where CUDA asks for processors and memory, beside what it reads in `/proc` (`confine.PROC_OF_GPUS`)."""
_GPU_NODES: Final = ("nvidiactl", "nvidia-uvm", "nvidia-uvm-tools", "nvidia-modeset", "nvidia-caps")


def gpu_nodes() -> list[Path]:
    """What CUDA opens in `/dev`, as far as this machine has it."""
    paths = [*Path("/dev").glob("nvidia[0-9]*"), *(Path("/dev", name) for name in _GPU_NODES)]
    return sorted(path for path in paths if path.exists())
