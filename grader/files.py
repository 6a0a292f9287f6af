"""Writing files so that none is ever half there."""

from __future__ import annotations

import os
from pathlib import Path

from grader.errors import GraderError


def write_whole(path: Path, data: bytes) -> None:
    """Write a file, and the folders above it, in one step: others see the old content or the new, nothing between.

    Raises:
        GraderError: It cannot be written.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            part.write_bytes(data)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise GraderError(f"{path}: cannot be written ({error.strerror or error}).") from error
