"""Folders that workers without a file system of their own may write to.

Both sides import this module, and it imports nothing of `grader`.
"""

from __future__ import annotations

import contextlib
import os


def remove(folder: str) -> None:
    """Remove a folder with all that is in it, whatever a submission made there.

    Folders may be nested so deep that their paths are too long, or have modes that refuse their owner; links are
    removed and never followed.  Nothing may write there any more.
    """
    lifted = 0
    with contextlib.suppress(FileNotFoundError):
        os.chmod(folder, 0o700)
        while entries := list(os.scandir(folder)):
            for entry in entries:
                if not entry.is_dir(follow_symlinks=False):
                    os.unlink(entry.path)
                    continue
                os.chmod(entry.path, 0o700)
                for inner in list(os.scandir(entry.path)):
                    if inner.is_dir(follow_symlinks=False):
                        os.chmod(inner.path, 0o700)  # to move a folder is to write to it
                        while os.path.lexists(place := os.path.join(folder, f"lifted-{lifted}")):
                            lifted += 1
                        os.rename(inner.path, place)
                    else:
                        os.unlink(inner.path)
                os.rmdir(entry.path)
        os.rmdir(folder)
