"""Read files that a user named, and write files atomically."""

from __future__ import annotations

import os
from pathlib import Path

from grader.ground.errors import GraderError, UsageError


def read_named(path: Path) -> bytes:
    """Return the content of a file that a user named.

    Raises:
        UsageError: If the file does not exist or cannot be read.
    """
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise UsageError(f"{path}: there is no such file.") from None
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror}).") from None


def write_whole(path: Path, *content: bytes | memoryview) -> None:
    """Write a file atomically: a reader finds the old content or the new, never a part of it.

    Missing folders are created.

    Args:
        path: The file.
        content: The new content, in pieces that are written one after another.

    Raises:
        GraderError: If the file cannot be written.
    """
    # The temporary file is in the same folder, since a rename is atomic only within one file system.
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with part.open("wb") as file:
                file.writelines(content)
                file.flush()
                # Otherwise the file may be empty after a power cut, because the rename can reach the disk first.
                os.fsync(file.fileno())
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)  # it still exists if something went wrong
    except OSError as error:
        raise GraderError(f"{path}: cannot be written ({error.strerror}); choose another place.") from error
