"""What Jupyter, Colab, Kaggle and VS Code put around a notebook's code: there, harmless, and of no consequence.

Untrusted side.  Programs are written where `get_ipython`, `display` and `google.colab` simply are, and folders such as
`/content/drive` exist.  Here each of them is there too and does nothing, for both forms of the assignment.

Nothing pretends to be Colab: `"google.colab" in sys.modules` stays false until it is imported, and `str(get_ipython())`
is Jupyter's.  Nor does anything pretend that there is a GPU.
"""

from __future__ import annotations

import builtins
import functools
import importlib.abc
import importlib.machinery
import importlib.util
import inspect
import io
import os
import re
import sys
import types
from collections.abc import Callable, Sequence
from typing import Any, Final

import keras

_QUIET_PACKAGES: Final = ("google.colab", "kaggle_datasets", "kaggle_secrets", "ipywidgets", "dbutils")
"""Modules that only such an environment has, with everything below them."""

_USUAL_PACKAGES: Final = frozenset(
    (
        "seaborn",
        "cv2",
        "plotly",
        "skimage",
        "imageio",
        "tqdm",
        "requests",
        "pydot",
        "pydotplus",
        "graphviz",
        "visualkeras",
    )
) | {
    "livelossplot",
    "mlxtend",
    "keras_tuner",
    "kerastuner",
    "tensorflow_addons",
    "tensorboard",
    "wandb",
    "gdown",
    "imgaug",
}
"""What notebooks import beside what a course is about: to draw, to measure, to look at something once more."""

_FOREIGN_FOLDER: Final = re.compile(r"^(/content|/kaggle|/home|/Users|/mnt|/gdrive|/drive|/data|/workspace|~)")

_home: Final = [os.getcwd()]
"""The working folder that the program began in."""

_RUNS_PYTHON: Final = frozenset(("time", "timeit", "capture", "prun"))


class Quiet(str):
    """Nothing, in place of anything: an empty text that has every attribute and takes every call.

    A call with one function gives that function, since then it is a decorator.
    """

    def __new__(cls, *_args: Any, **_kwargs: Any) -> Quiet:
        """Whatever it is made of, it is empty."""
        return str.__new__(cls)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return Quiet()

    def __setattr__(self, name: str, value: Any) -> None:
        pass

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """See the class."""
        return args[0] if len(args) == 1 and not kwargs and inspect.isfunction(args[0]) else Quiet()

    def __getitem__(self, key: Any) -> Any:
        return Quiet()

    def __setitem__(self, key: Any, value: Any) -> None:
        pass

    def __enter__(self) -> Quiet:
        return self

    def __exit__(self, *_args: Any) -> None:
        pass


class _QuietModule(types.ModuleType):
    """A module in which every name is a `Quiet`."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return dict if name == "upload" else Quiet()  # what `files.upload()` gives is a dictionary


class Shell:
    """What `get_ipython()` gives: takes every call that a notebook makes of it, and does nothing.

    Args:
        names: The program's names, which cell magics that hold code work on.
    """

    def __init__(self, names: dict[str, Any]) -> None:
        self.user_ns = names
        self.config: dict[str, Any] = {}
        self.execution_count = 1

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return Quiet()

    def __str__(self) -> str:
        return "<ipykernel.zmqshell.ZMQInteractiveShell object>"

    __repr__ = __str__

    def getoutput(self, *_args: Any, **_kwargs: Any) -> list[str]:
        """The lines that a command prints: none."""
        return []

    def run_cell_magic(self, magic: str, _line: str = "", cell: str = "") -> Any:
        """Run the code of `%%time` and the like, and nothing else."""
        if magic in _RUNS_PYTHON and isinstance(cell, str):
            exec(compile(cell, "<cell>", "exec", dont_inherit=True), self.user_ns)

    def run_line_magic(self, magic: str, line: str = "", *_args: Any, **_kwargs: Any) -> Any:
        """Run the code of `%time`, and nothing else."""
        if magic == "time" and isinstance(line, str):
            exec(compile(line, "<line>", "exec", dont_inherit=True), self.user_ns)

    magic = run_line_magic


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds what only such an environment has, and changes modules of IPython's as they are imported."""

    def __init__(self, changes: dict[str, Callable[[Any], None]]) -> None:
        self._changes = changes

    def find_spec(self, name: str, path: Sequence[str] | None = None, target: Any = None) -> Any:
        """See `importlib`."""
        if name in self._changes:
            spec = importlib.machinery.PathFinder.find_spec(name, path)
            if spec is not None and spec.loader is not None:
                spec.loader = _Changed(spec.loader, self._changes[name])
            return spec
        if name == "google" and importlib.machinery.PathFinder.find_spec(name) is None:
            return importlib.machinery.ModuleSpec(name, self, is_package=True)
        if any(name == known or name.startswith(f"{known}.") for known in _QUIET_PACKAGES):
            top = name.partition(".")[0]
            if top != "google" and importlib.machinery.PathFinder.find_spec(top) is not None:
                return None  # the real one is installed
            return importlib.machinery.ModuleSpec(name, self, is_package=True)
        return None

    def create_module(self, spec: Any) -> types.ModuleType:
        """See `importlib`."""
        return _QuietModule(spec.name)

    def exec_module(self, module: types.ModuleType) -> None:
        """See `importlib`."""


class _Changed(importlib.abc.Loader):
    """Loads a module as its own loader does, and then changes it."""

    def __init__(self, loader: Any, change: Callable[[Any], None]) -> None:
        self._loader = loader
        self._change = change

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)

    def create_module(self, spec: Any) -> Any:
        """See `importlib`."""
        return self._loader.create_module(spec)

    def exec_module(self, module: Any) -> None:
        """See `importlib`."""
        self._loader.exec_module(module)
        self._change(module)


def install(module: Any, on_display: Callable[[tuple[Any, ...]], None] = lambda values: None) -> None:
    """Put everything in place.

    Args:
        module: The program's module.
        on_display: Told of what `display` is given.
    """
    shell = Shell(module.__dict__)
    begin_here()

    def get_ipython() -> Shell:
        return shell

    def display(*values: Any, **kwargs: Any) -> Any:
        on_display(values)
        return Quiet() if kwargs.get("display_id") else None

    def nothing(*_args: Any, **_kwargs: Any) -> None:
        return None

    places: dict[str, Any] = {"get_ipython": get_ipython, "display": display}
    for name in ("displayHTML", "interact"):  # Databricks, ipywidgets under %pylab
        places[name] = Quiet()
    places |= {"In": [""], "Out": {}, "_ih": [""], "_oh": {}, "_dh": ["."], "_": "", "__": "", "___": ""}
    for name, value in places.items():
        if not hasattr(builtins, name) or name in ("get_ipython", "display"):
            setattr(builtins, name, value)

    def change_display(place: Any) -> None:
        place.display = display
        place.clear_output = nothing

    changes: dict[str, Callable[[Any], None]] = {
        "IPython.core.getipython": lambda place: setattr(place, "get_ipython", get_ipython),
        "IPython.core.display_functions": change_display,
        "IPython.core.display": change_display,  # where older versions have it
    }
    sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, _Finder)]
    sys.meta_path.insert(0, _Finder(changes))
    for name, change in changes.items():
        if name in sys.modules:
            change(sys.modules[name])


class _UsualFinder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds usual packages that are not installed here, as modules that do nothing."""

    def find_spec(self, name: str, path: Sequence[str] | None = None, target: Any = None) -> Any:
        """See `importlib`."""
        if name.partition(".")[0] in _USUAL_PACKAGES:
            return importlib.machinery.ModuleSpec(name, self, is_package=True)
        return None

    def create_module(self, spec: Any) -> types.ModuleType:
        """See `importlib`."""
        module = _QuietModule(spec.name)
        module.__version__ = "0"  # type: ignore[attr-defined]
        if spec.name.partition(".")[0] == "tqdm":  # what goes through it has to come out of it
            module.tqdm = module.trange = _unchanged  # type: ignore[attr-defined]
        return module

    def exec_module(self, module: types.ModuleType) -> None:
        """See `importlib`."""


def _unchanged(values: Any = (), *_args: Any, **_kwargs: Any) -> Any:
    return range(values) if isinstance(values, int) else values


def offer_usual_packages() -> None:
    """Let a program import usual packages that are not installed here: what it draws or measures with them is left out.

    They come after all that is installed, and after what the program brings along itself.
    """
    sys.meta_path.append(_UsualFinder())


# -- folders ------------------------------------------------------------------------------------------------------


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


def offer_folders() -> None:
    """Let a program change to the folders of Colab and Kaggle, make others in them, and save there."""

    def redirected(original: Any, place: int, *, make: Callable[[str], None] | None = None) -> Any:
        @functools.wraps(original)
        def call(*args: Any, **kwargs: Any) -> Any:
            if len(args) > place:
                given = args[place]
                local = local_path(given)
                if isinstance(given, (str, os.PathLike)) and local != os.fspath(given):
                    if make is not None and (original is not builtins_open or _writes(args, kwargs)):
                        make(local)
                    args = (*args[:place], local, *args[place + 1 :])
            return original(*args, **kwargs)

        return call

    builtins_open = builtins.open
    make_folders = os.makedirs

    def make(path: str) -> None:
        make_folders(path, exist_ok=True)

    def make_parent(path: str) -> None:
        make_folders(os.path.dirname(path) or ".", exist_ok=True)

    for name in ("listdir", "remove", "stat", "scandir", "makedirs"):
        setattr(os, name, redirected(getattr(os, name), 0))
    os.chdir = redirected(os.chdir, 0, make=make)
    os.mkdir = redirected(os.mkdir, 0, make=make_parent)
    for name in ("exists", "isdir", "isfile"):
        setattr(os.path, name, redirected(getattr(os.path, name), 0))
    builtins.open = io.open = redirected(builtins_open, 0, make=make_parent)
    model, checkpoint = keras.Model, keras.callbacks.ModelCheckpoint
    model.save = redirected(model.save, 1, make=make_parent)
    model.save_weights = redirected(model.save_weights, 1, make=make_parent)
    checkpoint.__init__ = redirected(checkpoint.__init__, 1, make=make_parent)


def _writes(args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    mode = args[1] if len(args) > 1 else kwargs.get("mode", "r")
    return isinstance(mode, str) and bool(set(mode) & set("wax+"))
