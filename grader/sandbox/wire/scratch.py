"""Folders that workers without a file system of their own may write to.

Both sides import this module, and it imports nothing of `grader`.
"""

from __future__ import annotations

import contextlib
import math
import os
import time
from typing import Final

_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW


class TooMuchError(Exception):
    """There was more in a folder than could be removed in the time for it."""


def remove(folder: str, *, seconds: float = math.inf) -> None:
    """Remove a folder with all that is in it, whatever a submission made there.

    Folders may be nested so deep that their paths are too long, or have modes that refuse their owner; links are
    removed and never followed.  Nothing may write there any more.

    Args:
        folder: The folder.
        seconds: How long it may take.

    Raises:
        TooMuchError: It took longer; what is left can be removed by another call.
    """
    deadline = time.monotonic() + seconds
    with contextlib.suppress(FileNotFoundError):
        os.chmod(folder, 0o700)
        here = os.open(folder, _FOLDER)
        way: list[str] = []
        try:
            while True:
                inner = _clear(here, deadline)
                if inner is None and not way:
                    break
                there = os.open(inner or "..", _FOLDER, dir_fd=here)
                os.close(here)
                here = there
                if inner is None:
                    os.rmdir(way.pop(), dir_fd=here)
                else:
                    way.append(inner)
        finally:
            os.close(here)
        os.rmdir(folder)


def _clear(here: int, deadline: float) -> str | None:
    """Remove what is in an open folder up to the first folder in it; gives that one's name."""
    with os.scandir(here) as entries:
        for entry in entries:
            if time.monotonic() > deadline:
                raise TooMuchError
            if entry.is_dir(follow_symlinks=False):
                os.chmod(entry.name, 0o700, dir_fd=here)
                return entry.name
            os.unlink(entry.name, dir_fd=here)
    return None
