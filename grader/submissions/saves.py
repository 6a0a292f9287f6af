"""Noticing that a file is saved, however an editor does that: in place, or by putting a new file in its place."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

from grader.ground.errors import GraderError

_TOGETHER_MS: Final = 30
"""Events of so little time are one: an editor empties a file, writes it, and puts it in place."""

_AT_MOST_MS: Final = 300
_LOOK_MS: Final = 1000
"""How often the file is looked at where no event came: network drives have none."""

Stamp = tuple[int, int, int]


class Saves:
    """Watches one file in a thread of its own; a context.

    Args:
        path: The file; it need not be there, its folder must be.
        on_save: Called in that thread when the file was saved, came back or is gone.
    """

    def __init__(self, path: Path, on_save: Callable[[], None]) -> None:
        self._path = path.absolute()
        self._on_save = on_save
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="saves", daemon=True)
        self._seen = stamp(self._path)

    @staticmethod
    def require() -> None:
        """Make sure that the package for it is there.

        Raises:
            GraderError: If it is missing.
        """
        try:
            import watchfiles  # noqa: F401
        except ImportError:
            raise GraderError(
                "`grader watch` needs the package watchfiles: install it with `pip install watchfiles`."
            ) from None

    def __enter__(self) -> Saves:
        """Begin to watch.

        Raises:
            GraderError: If the package for it is missing.
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
                # The folder and not the file: that is another one after each save of some editors.
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
            except Exception:  # no events to be had, or the folder is gone: look from time to time
                self._ended.wait(_LOOK_MS / 1000)
                self._look()

    def _look(self) -> None:
        now = stamp(self._path)
        if now != self._seen:
            self._seen = now
            self._on_save()


def stamp(path: Path) -> Stamp | None:
    """What differs after each save of a file; `None` where there is no such file."""
    try:
        status = path.lstat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino
