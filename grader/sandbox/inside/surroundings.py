"""Harmless stand-ins for the environment that Jupyter, Colab, Kaggle and VS Code give a notebook.

Untrusted side.  Notebooks are written where `get_ipython`, `display` and `google.colab` exist.  Here they exist, too,
and do nothing, for both forms of the assignment.  Folders such as `/content/drive` are the business of `paths`.

Nothing pretends to be Colab: `"google.colab" in sys.modules` is false until a program imports it, and
`str(get_ipython())` is that of Jupyter.  Nothing pretends that there is a GPU, either.
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
"""Packages, with all of their submodules, that exist only in such an environment."""

_USUAL_PACKAGES: Final = (
    *("cv2", "gdown", "graphviz", "imageio", "imgaug", "keras_tuner", "kerastuner", "livelossplot", "mlxtend"),
    *("plotly", "pydot", "pydotplus", "requests", "seaborn", "skimage", "tensorboard", "tensorflow_addons", "tqdm"),
    *("visualkeras", "wandb"),
)
"""Packages that notebooks import for purposes other than the assignment, such as drawing, progress bars or logging."""

_RUNS_PYTHON: Final = frozenset(("time", "timeit", "capture", "prun"))


class Quiet(str):
    """An empty string that has every attribute and accepts every call, to stand in for any object.

    A call with one function as its only argument returns that function, since it is then used as a decorator.
    """

    def __new__(cls, *_args: Any, **_kwargs: Any) -> Quiet:
        """Make an empty string, whatever the arguments."""
        return str.__new__(cls)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return Quiet()

    def __setattr__(self, name: str, value: Any) -> None:
        pass

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Return the function that it decorates, or another `Quiet`."""
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
        return dict if name == "upload" else Quiet()  # `files.upload()` of Colab returns a dictionary


class Shell:
    """The object that `get_ipython()` returns: it accepts every call, and only magics that hold code do anything.

    Args:
        names: The program's global names, for the code in magics.
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
        """Return the lines that a shell command prints: none."""
        return []

    def run_cell_magic(self, magic: str, _line: str = "", cell: str = "") -> Any:
        """Run the code in a cell of `%%time` and similar magics, and do nothing for any other."""
        if magic in _RUNS_PYTHON and isinstance(cell, str):
            exec(compile(cell, "<cell>", "exec", dont_inherit=True), self.user_ns)

    def run_line_magic(self, magic: str, line: str = "", *_args: Any, **_kwargs: Any) -> Any:
        """Run the code in a line of `%time`, and do nothing for any other magic."""
        if magic == "time" and isinstance(line, str):
            exec(compile(line, "<line>", "exec", dont_inherit=True), self.user_ns)

    magic = run_line_magic


class _QuietLoader(importlib.abc.Loader):
    """Creates modules that do nothing."""

    def create_module(self, spec: Any) -> types.ModuleType:
        """See `importlib`."""
        return _QuietModule(spec.name)

    def exec_module(self, module: types.ModuleType) -> None:
        """See `importlib`."""


class _Finder(importlib.abc.MetaPathFinder, _QuietLoader):
    """Finds packages that only such an environment has, and changes some modules of IPython when they are imported."""

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
    """Install the stand-ins for the rest of this process' life.

    Args:
        module: The program's module.
        on_display: Called with the values that `display` is given.
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
        "IPython.core.display": change_display,  # the module in older versions
    }
    sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, _Finder)]
    sys.meta_path.insert(0, _Finder(changes))
    for name, change in changes.items():
        if name in sys.modules:
            change(sys.modules[name])


class _UsualFinder(importlib.abc.MetaPathFinder, _QuietLoader):
    """Finds common packages that are not installed here, as modules that do nothing."""

    def find_spec(self, name: str, path: Sequence[str] | None = None, target: Any = None) -> Any:
        """See `importlib`."""
        if name.partition(".")[0] in _USUAL_PACKAGES:
            return importlib.machinery.ModuleSpec(name, self, is_package=True)
        return None

    def create_module(self, spec: Any) -> types.ModuleType:
        """See `importlib`."""
        module = super().create_module(spec)
        module.__version__ = "0"  # type: ignore[attr-defined]
        if spec.name.partition(".")[0] == "tqdm":  # a progress bar must still yield what it is given
            module.tqdm = module.trange = _unchanged  # type: ignore[attr-defined]
        return module


def _unchanged(values: Any = (), *_args: Any, **_kwargs: Any) -> Any:
    return range(values) if isinstance(values, int) else values


def offer_usual_packages() -> None:
    """Let a program import common packages that are not installed here; whatever it does with them has no effect.

    Packages that are installed, and modules that the program itself brings along, take precedence.
    """
    sys.meta_path.append(_UsualFinder())
