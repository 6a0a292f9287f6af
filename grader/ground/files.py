"""Files that people name, and files that are written whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

from grader.ground.errors import GraderError, UsageError


def read_named(path: Path) -> bytes:
    """What a file holds that somebody named.

    Raises:
        UsageError: It cannot be read.
    """
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise UsageError(f"{path}: there is no such file.") from None
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror}).") from None


def write_whole(path: Path, *content: bytes | memoryview) -> None:
    """Write a file, and the folders above it, so that a reader finds the old content or the new, and never a part.

    Args:
        path: The file.
        content: What it is to hold, one piece after another.

    Raises:
        GraderError: It cannot be written.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with part.open("wb") as file:
                file.writelines(content)
                file.flush()
                # Without this a file may be empty after a power cut, since the new name can reach the disk first.
                os.fsync(file.fileno())
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)  # it is still there where something went wrong
    except OSError as error:
        raise GraderError(f"{path}: cannot be written ({error.strerror}); choose another place.") from error
