"""Files that are written whole or not at all."""

from __future__ import annotations

from pathlib import Path

from grader.errors import GraderError, UsageError


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that a reader finds the old content or the new, and never a part.

    Raises:
        UsageError: Its folder is not there.
        GraderError: It cannot be written.
    """
    part = path.with_name(f".{path.name}.part")
    try:
        try:
            part.write_bytes(content)
            part.replace(path)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
    except FileNotFoundError:
        raise UsageError(f"{path}: there is no folder {path.parent}; make it first.") from None
    except OSError as error:
        raise GraderError(f"{path}: cannot be written ({error.strerror}); choose another place.") from error
