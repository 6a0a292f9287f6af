"""Give a guided program the environment it was written for: that of a notebook, and names that libraries have dropped.

Untrusted side.  A program that was right with the versions that it was written for should run here as it did there.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import inspect
import re
import sys
import types
from typing import Any, Final

import keras
import numpy as np

from grader.sandbox.inside import backend, surroundings

DROPPED_ARGUMENTS: Final = frozenset(("workers", "use_multiprocessing", "max_queue_size", "max_q_size", "pickle_safe"))
"""Arguments of `fit`, `evaluate` and `predict` that Keras 3 no longer has."""

_RENAMED_ARGUMENTS: Final = {"nb_epoch": "epochs", "generator": "x", "samples_per_epoch": "steps_per_epoch"}

# Modules of older versions of Keras, each with the module that has their contents now.
_MOVED_MODULES: Final = {
    "layers.core": "layers",
    "layers.convolutional": "layers",
    "layers.pooling": "layers",
    "layers.normalization": "layers",
    "layers.advanced_activations": "layers",
    "layers.embeddings": "layers",
    "layers.noise": "layers",
    "layers.merge": "layers",
    "layers.experimental.preprocessing": "layers",
    "layers.experimental": "layers",
    "engine": "models",
    "engine.topology": "layers",
    "engine.training": "models",
    "utils.np_utils": "utils",
    "utils.vis_utils": "utils",
    "utils.generic_utils": "utils",
    "optimizers.legacy": "optimizers",
    "optimizers.schedules": "optimizers.schedules",
    "preprocessing.image": "preprocessing.image",
}


def install(module: Any) -> None:
    """Restore whatever this environment lacks of what older programs use.

    Args:
        module: The program's module.
    """
    _offer_notebook(module)
    _offer_modules()
    _offer_image_generator()
    _offer_methods()
    _take_old_arguments()
    _offer_numpy_names()
    _take_old_styles()
    _take_whole_floats()
    _offer_sessions()
    backend.offer_old_names()


def modern_fit_arguments(given: dict[str, Any]) -> None:
    """Rename arguments of `fit` that had other names in older versions, and drop those that no longer mean anything."""
    for old, new in _RENAMED_ARGUMENTS.items():
        if old in given:
            given[new] = given.pop(old)
    for name in (*DROPPED_ARGUMENTS, "nb_val_samples", "nb_worker"):
        given.pop(name, None)


def add_old_names(logs: dict[str, Any], source: str) -> None:
    """Add `acc` and `val_acc` to the logs of an epoch if the program uses only these older names."""
    if "val_acc" in re.sub(r"val_accuracy", "", source) and "val_accuracy" not in source:
        for name in ("accuracy", "val_accuracy"):
            if name in logs:
                logs.setdefault(name.replace("accuracy", "acc"), logs[name])


def _offer_notebook(module: Any) -> None:
    import builtins

    def on_display(values: tuple[Any, ...]) -> None:
        import matplotlib.pyplot as plt

        if any(hasattr(value, "savefig") for value in values):
            plt.show()

    surroundings.install(module, on_display)
    builtins.input = lambda *_: ""


def _offer_modules() -> None:
    for root in ("keras", *backend.KERAS_BELOW, "keras._tf_keras.keras"):
        public = "keras" if root == "keras" else "keras._tf_keras.keras"
        if root == backend.KERAS_BELOW[1]:
            _alias(root, public)
            for part in ("layers", "models", "utils", "optimizers", "callbacks", "datasets", "preprocessing"):
                _alias(f"{root}.{part}", f"{public}.{part}")
            _alias(f"{root}.datasets.cifar10", f"{public}.datasets.cifar10")
        for old, new in _MOVED_MODULES.items():
            _alias(f"{root}.{old}", f"{public}.{new}")
    utils = importlib.import_module("keras.utils")
    utils.np_utils = utils  # type: ignore[attr-defined]
    for name in ("keras.layers", "keras._tf_keras.keras.layers"):
        with contextlib.suppress(ImportError):
            layers = importlib.import_module(name)
            experimental = types.ModuleType(f"{name}.experimental")
            experimental.preprocessing = layers  # type: ignore[attr-defined]
            layers.experimental = experimental  # type: ignore[attr-defined]


def _alias(old: str, new: str) -> None:
    if old in sys.modules:
        return
    with contextlib.suppress(ImportError):
        if importlib.util.find_spec(old) is not None:
            return
    with contextlib.suppress(ImportError):
        sys.modules[old] = importlib.import_module(new)


def _offer_image_generator() -> None:
    with contextlib.suppress(ImportError):
        image = importlib.import_module("keras.src.legacy.preprocessing.image")
        public = importlib.import_module("keras.preprocessing.image")
        for name in ("ImageDataGenerator", "NumpyArrayIterator", "DirectoryIterator"):
            if not hasattr(public, name):
                setattr(public, name, getattr(image, name))


def _offer_methods() -> None:
    model = keras.Model

    def fit_generator(self: Any, generator: Any, *args: Any, **kwargs: Any) -> Any:
        names = ("steps_per_epoch", "epochs", "verbose", "callbacks", "validation_data", "validation_steps")
        return self.fit(generator, **dict(zip(names, args, strict=False)), **kwargs)

    def predict_generator(self: Any, generator: Any, *args: Any, **kwargs: Any) -> Any:
        return self.predict(generator, **kwargs)

    def evaluate_generator(self: Any, generator: Any, *args: Any, **kwargs: Any) -> Any:
        return self.evaluate(generator, **kwargs)

    def predict_classes(self: Any, x: Any, *args: Any, **kwargs: Any) -> Any:
        return np.argmax(self.predict(x), axis=-1)

    def predict_proba(self: Any, x: Any, *args: Any, **kwargs: Any) -> Any:
        return self.predict(x)

    for method in (fit_generator, predict_generator, evaluate_generator, predict_classes, predict_proba):
        if not hasattr(model, method.__name__):
            setattr(model, method.__name__, method)


def _take_old_arguments() -> None:
    """Make all optimizers accept the older arguments `lr` and `decay`, and an `epsilon` of `None`."""
    optimizer = keras.optimizers.Optimizer
    for kind in [optimizer, *_subclasses(optimizer)]:
        original = kind.__dict__.get("__init__")
        if original is None:
            continue
        kind.__init__ = _with_old_optimizer_arguments(original)


def _with_old_optimizer_arguments(original: Any) -> Any:
    known = inspect.signature(original).parameters

    @functools.wraps(original)
    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        if "lr" in kwargs:
            kwargs["learning_rate"] = kwargs.pop("lr")
        for name in ("decay", "epsilon"):
            if name in kwargs and (name not in known or kwargs[name] is None):
                kwargs.pop(name)
        original(self, *args, **kwargs)

    return init


def _subclasses(kind: Any) -> list[Any]:
    found = []
    for each in kind.__subclasses__():
        found += [each, *_subclasses(each)]
    return found


def _offer_numpy_names() -> None:
    for name, value in (("float", float), ("int", int), ("bool", bool), ("object", object), ("str", str)):
        if name not in np.__dict__:
            setattr(np, name, value)


def _take_old_styles() -> None:
    import matplotlib.style
    import matplotlib.style.core

    original = matplotlib.style.use

    def use(style: Any) -> None:
        with contextlib.suppress(OSError):
            original(style)
            return
        if isinstance(style, str) and style.startswith("seaborn"):
            with contextlib.suppress(OSError):
                original(style.replace("seaborn", "seaborn-v0_8", 1))

    matplotlib.style.use = use
    import matplotlib.pyplot as plt

    plt.style.use = use


def _take_whole_floats() -> None:
    """Let the number of rows or columns of a grid of axes be a float such as 2.0, as Matplotlib did until 3.4."""
    import matplotlib.figure
    import matplotlib.pyplot as plt

    def with_whole(original: Any) -> Any:
        @functools.wraps(original)
        def call(*args: Any, **kwargs: Any) -> Any:
            whole = [int(each) if isinstance(each, float) and each.is_integer() else each for each in args]
            return original(*whole, **kwargs)

        return call

    plt.subplot = with_whole(plt.subplot)
    plt.subplots = with_whole(plt.subplots)
    figure = matplotlib.figure.Figure
    figure.add_subplot = with_whole(figure.add_subplot)  # type: ignore[method-assign]


def _offer_sessions() -> None:
    """Add functions of TensorFlow 1 for sessions and learning phases, which no longer mean anything and do nothing."""
    for name in ("keras.backend", "keras._tf_keras.keras.backend"):
        with contextlib.suppress(ImportError):
            module = importlib.import_module(name)
            for function in ("set_session", "get_session", "set_learning_phase", "set_image_dim_ordering"):
                if not hasattr(module, function):
                    setattr(module, function, lambda *_args, **_kwargs: None)
