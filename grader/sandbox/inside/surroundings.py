"""What Jupyter, Colab, Kaggle and VS Code put around a notebook's code: there, harmless, and of no consequence.

Untrusted side.  Programs are written where `get_ipython`, `display` and `google.colab` simply are, and folders such as
`/content/drive` exist.  Here each of them is there too and does nothing, for both forms of the assignment.

Nothing pretends to be Colab: `"google.colab" in sys.modules` stays false until it is imported, and `str(get_ipython())`
is Jupyter's.  Nor does anything pretend that there is a GPU.
"""

from __future__ import annotations

import builtins
import importlib.abc
import importlib.machinery
import importlib.util
import inspect
import sys
import types
from collections.abc import Callable, Sequence
from typing import Any, Final

from grader.sandbox.inside import paths

_QUIET_PACKAGES: Final = ("google.colab", "kaggle_datasets", "kaggle_secrets", "ipywidgets", "dbutils")
"""Modules that only such an environment has, with everything below them."""

_USUAL_PACKAGES: Final = (
    *("cv2", "gdown", "graphviz", "imageio", "imgaug", "keras_tuner", "kerastuner", "livelossplot", "mlxtend"),
    *("plotly", "pydot", "pydotplus", "requests", "seaborn", "skimage", "tensorboard", "tensorflow_addons", "tqdm"),
    *("visualkeras", "wandb"),
)
"""What notebooks import beside what a course is about: to draw, to measure, to look at something once more."""

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


class _QuietLoader(importlib.abc.Loader):
    """Makes modules that do nothing."""

    def create_module(self, spec: Any) -> types.ModuleType:
        """See `importlib`."""
        return _QuietModule(spec.name)

    def exec_module(self, module: types.ModuleType) -> None:
        """See `importlib`."""


class _Finder(importlib.abc.MetaPathFinder, _QuietLoader):
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
    paths.begin_here()

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


class _UsualFinder(importlib.abc.MetaPathFinder, _QuietLoader):
    """Finds usual packages that are not installed here, as modules that do nothing."""

    def find_spec(self, name: str, path: Sequence[str] | None = None, target: Any = None) -> Any:
        """See `importlib`."""
        if name.partition(".")[0] in _USUAL_PACKAGES:
            return importlib.machinery.ModuleSpec(name, self, is_package=True)
        return None

    def create_module(self, spec: Any) -> types.ModuleType:
        """See `importlib`."""
        module = super().create_module(spec)
        module.__version__ = "0"  # type: ignore[attr-defined]
        if spec.name.partition(".")[0] == "tqdm":  # what goes through it has to come out of it
            module.tqdm = module.trange = _unchanged  # type: ignore[attr-defined]
        return module


def _unchanged(values: Any = (), *_args: Any, **_kwargs: Any) -> Any:
    return range(values) if isinstance(values, int) else values


def offer_usual_packages() -> None:
    """Let a program import usual packages that are not installed here: what it draws or measures with them is left out.

    They come after all that is installed, and after what the program brings along itself.
    """
    sys.meta_path.append(_UsualFinder())
