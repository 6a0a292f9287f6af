"""Files that are written whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

from grader.errors import GraderError


def write_whole(path: Path, content: bytes) -> None:
    """Write a file, and the folders above it, so that a reader finds the old content or the new, and never a part.

    Raises:
        GraderError: It cannot be written.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            part.write_bytes(content)
            part.replace(path)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise GraderError(f"{path}: cannot be written ({error.strerror}); choose another place.") from error
