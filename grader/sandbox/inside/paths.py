"""Paths as they stand in a program that was written elsewhere, taken to a place that this machine has.

Untrusted side.  Folders of Colab, of Kaggle and of the author's own machine lie below the working folder here.
"""

from __future__ import annotations

import builtins
import contextlib
import functools
import glob
import io
import os
import re
from collections.abc import Callable
from typing import Any, Final

import keras

_FOREIGN_FOLDER: Final = re.compile(r"^(/content|/kaggle|/home|/Users|/mnt|/gdrive|/drive|/data|/workspace|~)")
_ARGUMENTS: Final = ("path", "name", "file", "filepath")
"""How functions call their path, where it is given by its name."""

_home: Final = [os.getcwd()]
"""The working folder that the program began in."""


def begin_here() -> None:
    """Remember the working folder as the one that foreign folders are moved below."""
    _home[0] = os.getcwd()


def working_folder() -> str:
    """The folder that the program began in."""
    return _home[0]


def local_path(path: Any) -> Any:
    """A path that this machine has: one of Colab or of the author's own is moved below the working folder."""
    text = os.fspath(path) if isinstance(path, (str, os.PathLike)) else path
    home = _home[0]
    own = isinstance(text, str) and text.startswith((home, os.getcwd(), os.environ.get("TMPDIR", "/tmp")))
    if isinstance(text, str) and not own and _FOREIGN_FOLDER.match(text) and not os.access(text, os.F_OK):
        return os.path.join(home, re.sub(r"^[~/]+", "", text))
    return text


def make_folder(path: str) -> None:
    """Make the folder that a file is to lie in."""
    folder = os.path.dirname(path)
    if folder:
        with contextlib.suppress(OSError):
            os.makedirs(folder, exist_ok=True)


def redirect_paths() -> None:
    """Let a program look for, open and make files and folders in foreign folders, and change to them."""
    make_folders = os.makedirs

    def make(path: str) -> None:
        make_folders(path, exist_ok=True)

    for name in ("listdir", "remove", "stat", "scandir", "makedirs"):
        setattr(os, name, _redirected(getattr(os, name)))
    os.chdir = _redirected(os.chdir, make=make)
    os.mkdir = _redirected(os.mkdir, make=make_folder)
    for name in ("exists", "isdir", "isfile", "getctime", "getmtime", "getsize"):
        setattr(os.path, name, _redirected(getattr(os.path, name)))
    glob.glob = _redirected(glob.glob)
    builtins.open = io.open = _redirected(builtins.open, make=make_folder, only_to_write=True)


def redirect_saving() -> None:
    """Let a program save networks into foreign folders."""
    model, checkpoint = keras.Model, keras.callbacks.ModelCheckpoint
    model.save = _redirected(model.save, 1, make=make_folder)
    model.save_weights = _redirected(model.save_weights, 1, make=make_folder)
    checkpoint.__init__ = _redirected(checkpoint.__init__, 1, make=make_folder)


def forgive_folders() -> None:
    """Let a program write into folders that it made in another session, and make one that is there already."""
    open_file, make_one = builtins.open, os.mkdir

    @functools.wraps(open_file)
    def open_somewhere(file: Any, *args: Any, **kwargs: Any) -> Any:
        local = local_path(file)
        if isinstance(local, str) and _writes((file, *args), kwargs):
            make_folder(local)
        return open_file(local, *args, **kwargs)

    def mkdir(path: Any, *_args: Any, **_kwargs: Any) -> None:
        local = local_path(path)
        parent = os.path.dirname(os.path.abspath(local))
        if not os.access(parent, os.F_OK):
            mkdir(parent)
        with contextlib.suppress(FileExistsError):  # in the author's session the folder may have been new
            make_one(local)

    builtins.open = open_somewhere
    os.mkdir = mkdir


def _redirected(
    original: Any, place: int = 0, *, make: Callable[[str], None] | None = None, only_to_write: bool = False
) -> Any:
    """A function that takes foreign paths.

    Args:
        original: The function.
        place: Which of its arguments the path is.
        make: Called with what a foreign path has become, before the function is.
        only_to_write: Whether that is so only where a file is opened for writing.
    """

    @functools.wraps(original)
    def call(*args: Any, **kwargs: Any) -> Any:
        by_name = next((name for name in _ARGUMENTS if name in kwargs), None)
        given = args[place] if len(args) > place else kwargs[by_name] if by_name else None
        local = local_path(given)
        if isinstance(given, (str, os.PathLike)) and local != os.fspath(given):
            if make is not None and (not only_to_write or _writes(args, kwargs)):
                make(local)
            if len(args) > place:
                args = (*args[:place], local, *args[place + 1 :])
            else:
                kwargs[str(by_name)] = local
        return original(*args, **kwargs)

    return call


def _writes(args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Whether `open` with these arguments is to write."""
    mode = args[1] if len(args) > 1 else kwargs.get("mode", "r")
    return isinstance(mode, str) and bool(set(mode) & set("wax+"))
