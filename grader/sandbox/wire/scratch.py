"""Removal of the scratch folders that workers without a file system of their own may write to.

Both sides import this module, and it imports nothing from `grader`.
"""

from __future__ import annotations

import contextlib
import math
import os
import time
from typing import Final

_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW


class TooMuchError(Exception):
    """A folder held more than could be removed in the time allowed."""


def remove(folder: str, *, seconds: float = math.inf) -> None:
    """Remove a folder and everything in it, whatever a submission has put there.

    Folders may be nested so deeply that their paths are too long, or have a mode that locks out their owner.  Links are
    removed and never followed.  No process may still be writing there.

    Args:
        folder: The folder.
        seconds: How long it may take.

    Raises:
        TooMuchError: If it took longer; another call can remove what is left.
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
                # Each step is relative to an open folder, so that no path grows too long, and only one is open at once.
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
    """Remove the entries of an open folder until the first subfolder, and return its name, or None if there is none."""
    with os.scandir(here) as entries:
        for entry in entries:
            if time.monotonic() > deadline:
                raise TooMuchError
            if entry.is_dir(follow_symlinks=False):
                os.chmod(entry.name, 0o700, dir_fd=here)
                return entry.name
            os.unlink(entry.name, dir_fd=here)
    return None
