"""The files of this machine that a submission may read, at the levels that hide the rest.

Only the trusted side calls these functions, since the grader's own files cannot be found from inside the sandbox.
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
"""The parts of this package that are visible inside the sandbox: files, and folders with everything in them."""

_HIDDEN: Final = ("grader", "reference", "tests", "submissions")


def environment_folders() -> list[Path]:
    """Return the folders outside `/usr` with this Python and its packages, both as named and with links resolved."""
    prefixes = {Path(p) for p in (sys.prefix, sys.base_prefix, sys.exec_prefix)}
    prefixes |= {p.resolve() for p in prefixes} | {Path(sys.executable).resolve().parent.parent}
    return sorted(p for p in prefixes if not p.is_relative_to("/usr") and p != Path("/"))


def hidden_folders() -> list[Path]:
    """Return the folders of the grader's own packages in this environment, which a submission must not read."""
    places = [Path(entry).resolve() for entry in sys.path if entry and Path(entry).is_dir()]
    return sorted({place / name for place in places for name in _HIDDEN if _is_ours(place / name)})


def _is_ours(folder: Path) -> bool:
    visible = any(folder.is_relative_to(prefix) for prefix in ("/usr", sys.prefix, sys.base_prefix))
    return visible and folder.is_dir()


MACHINE: Final = Path("/sys/devices/system")
"""The folder in which CUDA looks up processors and memory, besides the files of `confine.PROC_OF_GPUS` in `/proc`."""
_GPU_NODES: Final = ("nvidiactl", "nvidia-uvm", "nvidia-uvm-tools", "nvidia-modeset", "nvidia-caps")


def gpu_nodes() -> list[Path]:
    """Return the device nodes that CUDA opens in `/dev`, as far as this machine has them."""
    paths = [*Path("/dev").glob("nvidia[0-9]*"), *(Path("/dev", name) for name in _GPU_NODES)]
    return sorted(path for path in paths if path.exists())
