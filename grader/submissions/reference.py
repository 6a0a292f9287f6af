"""Write the reference solution as a single file, as a student would hand it in."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from grader.ground.errors import GraderError

_MODULES = ("data", "visualize", "model", "training", "prediction")


def write_reference(path: Path) -> None:
    """Write the modules of the package `reference` into one file, as a student would hand it in.

    Raises:
        GraderError: If the reference is not installed.
    """
    # The package is located, not imported, because it imports Keras, which the trusted side must not do.
    spec = importlib.util.find_spec("reference")
    if spec is None or spec.origin is None:
        raise GraderError("the package `reference` is not installed; install the project with `pip install .`.")
    folder = Path(spec.origin).parent
    # The order is that of the tasks; each module has its own imports, so they can simply be joined.
    path.write_text("\n\n".join((folder / f"{name}.py").read_text(encoding="utf-8") for name in _MODULES))
