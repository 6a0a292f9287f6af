"""Notice when a file is saved, whether the editor writes it in place or replaces it by a new file."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

from grader.ground.errors import GraderError

_TOGETHER_MS: Final = 30
"""Events within this time count as one save, since an editor may empty a file, write it, and rename it."""

# The longest that events are collected before the file is looked at, if they keep coming.
_AT_MOST_MS: Final = 300
_LOOK_MS: Final = 1000
"""How often the file is looked at without an event, because network drives send none."""

Stamp = tuple[int, int, int]


class Saves:
    """A context manager that watches a file in a thread of its own.

    Args:
        path: The file.  It need not exist, but its folder must.
        on_save: Called in that thread when the file was saved, appeared or disappeared.
    """

    def __init__(self, path: Path, on_save: Callable[[], None]) -> None:
        self._path = path.absolute()
        self._on_save = on_save
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="saves", daemon=True)
        self._seen = stamp(self._path)

    @staticmethod
    def require() -> None:
        """Make sure that the package watchfiles is installed.

        Raises:
            GraderError: If it is not.
        """
        try:
            import watchfiles  # noqa: F401
        except ImportError:
            raise GraderError(
                "`grader watch` needs the package watchfiles: install it with `pip install watchfiles`."
            ) from None

    def __enter__(self) -> Saves:
        """Start the thread.

        Raises:
            GraderError: If the package watchfiles is not installed.
        """
        self.require()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End the thread."""
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        from watchfiles import watch

        while not self._ended.is_set():
            try:
                # Watch the folder and not the file, because some editors replace the file at each save.
                for _ in watch(
                    self._path.parent,
                    watch_filter=None,
                    debounce=_AT_MOST_MS,
                    step=_TOGETHER_MS,
                    stop_event=self._ended,
                    rust_timeout=_LOOK_MS,
                    yield_on_timeout=True,
                    raise_interrupt=False,
                    recursive=False,
                ):
                    self._look()
            except Exception:  # no events are available, or the folder has disappeared: look at intervals instead
                self._ended.wait(_LOOK_MS / 1000)
                self._look()

    def _look(self) -> None:
        now = stamp(self._path)
        if now != self._seen:
            self._seen = now
            self._on_save()


def stamp(path: Path) -> Stamp | None:
    """Return modification time, size and inode of a file, which change at a save; `None` if it does not exist."""
    try:
        status = path.lstat()
    except OSError:
        return None
    # The inode too, since a file that replaces another one may have the same time and size.
    return status.st_mtime_ns, status.st_size, status.st_ino
