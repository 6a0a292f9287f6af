"""Paths as they stand in a program that was written elsewhere, taken to a place that this machine has.

Untrusted side.
"""

from __future__ import annotations

import builtins
import contextlib
import functools
import glob
import os
from typing import Any

from grader.sandbox.inside.surroundings import local_path


def redirect_paths() -> None:
    """Let what opens, lists, makes and tests files take paths of other machines, and folders that are not there yet."""

    def redirected(original: Any, *, make: bool = False) -> Any:
        @functools.wraps(original)
        def call(path: Any = ".", *args: Any, **kwargs: Any) -> Any:
            local = local_path(path)
            if make and isinstance(local, str):
                mode = args[0] if args else kwargs.get("mode", "r")
                if isinstance(mode, str) and set(mode) & set("wax"):
                    make_folder(local)
            return original(local, *args, **kwargs)

        return call

    for name in ("makedirs", "listdir", "remove", "stat", "scandir"):
        setattr(os, name, redirected(getattr(os, name)))

    change = os.chdir

    def chdir(path: Any) -> None:
        local = local_path(path)
        if local != path:
            os.makedirs(local, exist_ok=True)
        change(local)

    os.chdir = chdir

    make_one = os.mkdir

    def mkdir(path: Any, *args: Any, **kwargs: Any) -> None:
        local = local_path(path)
        parent = os.path.dirname(os.path.abspath(local))
        if not os.access(parent, os.F_OK):
            mkdir(parent)
        with contextlib.suppress(FileExistsError):  # in the author's session the folder may have been new
            make_one(local)

    os.mkdir = mkdir
    for name in ("exists", "isdir", "isfile", "getctime", "getmtime", "getsize"):
        setattr(os.path, name, redirected(getattr(os.path, name)))
    glob.glob = redirected(glob.glob)
    builtins.open = redirected(builtins.open, make=True)


def make_folder(path: str) -> None:
    """Make the folder that a file is to lie in."""
    folder = os.path.dirname(path)
    if folder:
        with contextlib.suppress(OSError):
            os.makedirs(folder, exist_ok=True)
