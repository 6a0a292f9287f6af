"""Redirect paths of a program that was written on another machine to places that exist here.

Untrusted side.  Folders of Colab, of Kaggle and of the author's own machine are moved below the working folder.
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
"""The parameter names under which functions take their path."""

_home: Final = [os.getcwd()]
"""The working folder at the start of the program, as the only element, so that it can be changed."""


def begin_here() -> None:
    """Remember the current working folder as the one below which foreign folders are moved."""
    _home[0] = os.getcwd()


def working_folder() -> str:
    """Return the working folder at the start of the program."""
    return _home[0]


def local_path(path: Any) -> Any:
    """Return a path for this machine: a foreign path is moved below the working folder, any other is unchanged."""
    text = os.fspath(path) if isinstance(path, (str, os.PathLike)) else path
    home = _home[0]
    own = isinstance(text, str) and text.startswith((home, os.getcwd(), os.environ.get("TMPDIR", "/tmp")))
    if isinstance(text, str) and not own and _FOREIGN_FOLDER.match(text) and not os.access(text, os.F_OK):
        return os.path.join(home, re.sub(r"^[~/]+", "", text))
    return text


def make_folder(path: str) -> None:
    """Create the parent folder of a file that is about to be written."""
    folder = os.path.dirname(path)
    if folder:
        with contextlib.suppress(OSError):
            os.makedirs(folder, exist_ok=True)


def redirect_paths() -> None:
    """Make the functions that find, open and create files and folders, and `os.chdir`, accept foreign paths."""
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
    """Make the functions that save networks accept foreign paths."""
    model, checkpoint = keras.Model, keras.callbacks.ModelCheckpoint
    model.save = _redirected(model.save, 1, make=make_folder)
    model.save_weights = _redirected(model.save_weights, 1, make=make_folder)
    checkpoint.__init__ = _redirected(checkpoint.__init__, 1, make=make_folder)


def forgive_folders() -> None:
    """Let a program write into folders that it did not create in this run, and create one that already exists.

    In the author's own session, an earlier run may have created the folder, or it may have been new.
    """
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
        with contextlib.suppress(FileExistsError):  # the folder may have been new in the author's session
            make_one(local)

    builtins.open = open_somewhere
    os.mkdir = mkdir


def _redirected(
    original: Any, place: int = 0, *, make: Callable[[str], None] | None = None, only_to_write: bool = False
) -> Any:
    """Wrap a function so that it accepts foreign paths.

    Args:
        original: The function.
        place: The position of the path among its arguments.
        make: If given, called with the redirected path before the function is called.
        only_to_write: Whether `make` is called only if the function opens a file for writing.
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
    """Whether `open` would open a file for writing with these arguments."""
    mode = args[1] if len(args) > 1 else kwargs.get("mode", "r")
    return isinstance(mode, str) and bool(set(mode) & set("wax+"))
