"""An observed run: the whole program from its first cell to its last, with notes where it meets Keras and Matplotlib.

Untrusted side.  A note is the submission's word, for the submission rules this process.  The trusted side believes a
note only as far as a lie would take the same work as the truth: images are recognised there, networks are opened in
the examiner, and each epoch's weights are committed to before the values of that epoch are told.

Training here is short: `fit` gets everything in, and trains on the first few images of it alone.
"""

from __future__ import annotations

import ast
import contextlib
import functools
import glob
import hashlib
import importlib
import inspect
import os
import re
import sys
import types
import warnings
from collections.abc import Callable, Iterator
from typing import Any, Final

import keras
import numpy as np

from grader.sandbox.inside import backend, legacy, raising, scaling, surroundings
from grader.sandbox.inside.drawn import describe
from grader.sandbox.inside.fed import MAX_ROWS, SIDE, Fed, labels, signatures

Ask = Callable[[Any], Any]
"""Hands an event to the trusted side, and waits for what it says to it."""

FILE_NAME: Final = "solution.py"

_MAX_NOTES: Final = 2000
_MAX_TEXT: Final = 300
_MAX_FILES: Final = 40
_MAX_FILE_BYTES: Final = 60 * 2**20
_TRAINED_IMAGES: Final = 24
_VALIDATED_IMAGES: Final = 8


_USUAL_NAMES: Final = {
    "np": "numpy",
    "plt": "matplotlib.pyplot",
    "keras": "keras",
    **backend.USUAL_NAMES,
    "os": "os",
    "random": "random",
}


class Stop(BaseException):
    """Ends the run; no `except Exception` of a submission catches it."""


class Observer:
    """Runs a program and takes notes.

    Args:
        ask: How the trusted side is asked in the middle of the run.
        scripted: Whether each epoch's accuracies and losses come from the trusted side.
        epochs: In place of what `fit` is given, and `batch_size` likewise; 0 leaves them as they are.
        batch_size: Images a step, in place of the program's.
        shorten: Whether `fit` trains on a few images of what it is given.
        shims: Whether names that newer versions have dropped are there.
    """

    def __init__(
        self,
        ask: Ask,
        *,
        scripted: bool = True,
        epochs: int = 0,
        batch_size: int = 0,
        shorten: bool = True,
        shims: bool = True,
    ) -> None:
        self._ask = ask
        self._scripted = scripted
        self._epochs = epochs
        self._batch_size = batch_size
        self._shorten = shorten
        self._shims = shims
        self._notes: list[dict[str, Any]] = []
        self._errors: list[dict[str, Any]] = []
        self._models: list[Any] = []
        self._frames: dict[int, tuple[int, Any]] = {}
        self._convolutions: dict[int, tuple[Any, list[tuple[str, int]]]] = {}
        self._files: dict[str, tuple[str, bytes]] = {}
        self._patterns: list[str] = []
        self._kept: list[tuple[str, dict[str, float]]] = []
        self._values: dict[str, float] = {}
        self._inside = 0
        self._standing_in = False
        self._last_fitted: Any = None
        self._stand_ins: list[Any] = []
        self._roles: dict[str, str] = {}
        self._images: dict[str, Any] = {}
        self._figures_seen: set[int] = set()
        self._source = ""
        self._module = types.ModuleType("__main__")

    # -- running ------------------------------------------------------------------------------------------------

    def run(self, source: str, starts: list[int], images: dict[str, Any]) -> dict[str, Any]:
        """Run a program statement by statement.

        Args:
            source: The program.
            starts: The first line of each cell, ascending; of a `.py`, none.
            images: `x_train`, `y_train`, `x_test`, `y_test`: what `cifar10.load_data()` gives.

        Returns:
            `notes`, `errors` and `globals`; see `notes.py` on the trusted side for their forms.
        """
        surroundings.begin_here()
        self._source = source
        self._images = images
        self._module.__dict__["__builtins__"] = __builtins__
        self._module.__file__ = FILE_NAME
        sys.modules["__main__"] = self._module
        with contextlib.ExitStack() as stack:
            stack.enter_context(self._patched(images))
            if self._shims:
                legacy.install(self._module)
            try:
                tree = ast.parse(source, FILE_NAME)
                self._import_what_is_missing(tree)
                self._roles = _roles_of(tree)
                self._run_statements(tree.body, starts)
            except Stop:
                pass
            self._look_at_figures("left")
        return {
            "notes": self._notes[:_MAX_NOTES],
            "errors": self._errors[:100],
            "globals": self._arrays_left(),
            "files": [{"path": path[:_MAX_TEXT], "digest": digest} for path, (digest, _) in self._files.items()],
        }

    def _run_statements(self, statements: list[ast.stmt], starts: list[int]) -> None:
        import matplotlib.pyplot as plt

        functions = {name: value for name, value in vars(plt).items() if inspect.isroutine(value)}
        flags = 0
        cells = list(starts)
        for statement in statements:
            while cells and statement.lineno >= cells[0]:
                cells.pop(0)
                self._look_at_figures("cell")
            for name, value in functions.items():  # `plt.xticks = []` is not to break the rest
                if not callable(vars(plt).get(name)):
                    setattr(plt, name, value)
            if isinstance(statement, ast.ImportFrom) and statement.module == "__future__":
                import __future__

                flags |= sum(getattr(__future__, alias.name).compiler_flag for alias in statement.names)
            self._run_statement(statement, flags)

    def _run_statement(self, statement: ast.stmt, flags: int) -> None:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                code = compile(ast.Module([statement], []), FILE_NAME, "exec", flags=flags, dont_inherit=True)
                exec(code, self._module.__dict__)
        except Stop:
            raise
        except BaseException as error:  # a submission may raise anything, SystemExit included
            self._note_error(statement, error)
            self._inside = 0
            if isinstance(error, NameError) and self._stand_in_for(str(error.name)):
                self._run_statement(statement, flags)
                return
            if isinstance(statement, ast.ImportFrom) and isinstance(error, ImportError):
                with contextlib.suppress(Exception):
                    self._import_what_can_be(statement)

    def _import_what_is_missing(self, tree: ast.Module) -> None:
        """Note the usual names of modules that are used and never bound, and go on as if they had been imported."""
        bound: set[str] = set()
        used: dict[str, int] = {}
        for node in ast.walk(tree):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                used.setdefault(node.id, node.lineno)
            elif isinstance(node, ast.Name):
                bound.add(node.id)
            elif isinstance(node, (ast.Import, ast.ImportFrom)):
                bound |= {(alias.asname or alias.name).split(".")[0] for alias in node.names}
                if any(alias.name == "*" for alias in node.names):
                    return  # which may bring anything
            elif isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                bound.add(node.name)
            elif isinstance(node, ast.arg):
                bound.add(node.arg)
        for name, module in _USUAL_NAMES.items():
            if name in used and name not in bound:
                with contextlib.suppress(ImportError):
                    self._module.__dict__[name] = importlib.import_module(module)
                    text = f"name '{name}' is not defined"
                    self._errors.append(_failure(used[name], used[name], "NameError", text, 0, never_imported=True))

    def _import_what_can_be(self, statement: ast.ImportFrom) -> None:
        """Of an import that failed over one name bring the others, and for that one what is spelt most like it."""
        import difflib

        module = importlib.import_module(statement.module or "")
        for alias in statement.names:
            name = alias.name
            if not hasattr(module, name):
                similar = difflib.get_close_matches(name, dir(module), n=1, cutoff=0.8)
                if not similar:
                    continue
                self._module.__dict__.setdefault(similar[0], getattr(module, similar[0]))
                name = similar[0]
            self._module.__dict__[alias.asname or alias.name] = getattr(module, name)

    def _stand_in_for(self, name: str) -> bool:
        """Give a name that was never bound, since an earlier statement failed or is missing, what it should stand for.

        So what comes after it can be judged: a network of the grader's own, or the history of a training.
        """
        role = self._roles.get(name)
        if role is None or name in self._module.__dict__:
            return False
        with contextlib.suppress(Exception):
            if role == "model":
                self._module.__dict__[name] = self._last_fitted or self._stand_in_network()
            else:
                self._module.__dict__[name] = self._stand_in_history()
            return True
        return False

    def _stand_in_network(self) -> Any:
        """A small network, compiled for three classes."""
        layers = keras.layers
        with self._within():
            model = keras.Sequential(
                [
                    keras.Input((SIDE, SIDE, 3)),
                    layers.Conv2D(8, 3, activation="relu"),
                    layers.MaxPooling2D(4),
                    layers.Flatten(),
                    layers.Dense(3, activation="softmax"),
                ]
            )
            model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
        self._stand_ins.append(model)
        return model

    def _stand_in_history(self) -> Any:
        """The history of a training of the grader's own, whose values the trusted side tells as of any other."""
        model = self._last_fitted or self._stand_in_network()
        x = np.asarray(self._images["x_train"][:_TRAINED_IMAGES], np.float32) / 255
        outputs = int(model.output_shape[-1])
        y = np.eye(outputs, dtype=np.float32)[np.arange(len(x)) % outputs]
        stopping = keras.callbacks.EarlyStopping(monitor="val_accuracy", patience=3)
        self._standing_in = True
        try:
            return model.fit(x, y, validation_data=(x, y), epochs=12, callbacks=[stopping])
        finally:
            self._standing_in = False

    def _note_error(self, statement: ast.stmt, error: BaseException) -> None:
        kind, text = raising.told(error, FILE_NAME)
        own = [*_lines_of(error.__traceback__), *(line for line, _ in raising.places_of(error, FILE_NAME))]
        line = own[-1] if own else statement.lineno
        self._errors.append(_failure(line, statement.lineno, kind[:100], text[:2000], len(self._notes)))

    # -- notes --------------------------------------------------------------------------------------------------

    def _note(self, kind: str, **facts: Any) -> dict[str, Any]:
        note = {"kind": kind, "line": self._line(), "stand_in": self._standing_in, **facts}
        note["of_stand_in"] = (
            any(model is self._models[facts["model"]] for model in self._stand_ins)
            if facts.get("model", -1) >= 0
            else False
        )
        if len(self._notes) < _MAX_NOTES:
            self._notes.append(note)
        return note

    def _line(self) -> int:
        """The line of the submission that is running, at the top level where a function was called from there."""
        frame: types.FrameType | None = sys._getframe()
        line = 0
        while frame is not None:
            if frame.f_code.co_filename == FILE_NAME:
                line = line or frame.f_lineno
            frame = frame.f_back
        return line

    def _callers(self) -> list[tuple[str, int]]:
        """The functions of the submission that are running, innermost first, each call with a number of its own."""
        frame: types.FrameType | None = sys._getframe()
        found: list[tuple[str, int]] = []
        while frame is not None:
            if frame.f_code.co_filename == FILE_NAME and frame.f_code.co_name != "<module>":
                name = frame.f_code.co_name
                if name not in ("<listcomp>", "<genexpr>", "<dictcomp>", "<setcomp>"):
                    # The frame is kept, so that no later call takes its place.
                    number, _ = self._frames.setdefault(id(frame), (len(self._frames), frame))
                    found.append((name[:100], number))
            frame = frame.f_back
        return found[:20]

    def _model(self, model: Any) -> int:
        for number, known in enumerate(self._models):
            if known is model:
                return number
        self._models.append(model)
        return len(self._models) - 1

    def _export(self, model: Any) -> dict[str, Any]:
        """A network's parts as data, without its weights."""
        facts: dict[str, Any] = {
            "sequential": isinstance(model, keras.Sequential),
            "built": bool(getattr(model, "built", False)),
            "config": "",
            "layers": [type(layer).__name__[:60] for layer in getattr(model, "layers", [])][:400],
            "blocks": [],
        }
        with contextlib.suppress(Exception):
            import json

            config = json.dumps(scaling.with_rescaling(model, keras.saving.serialize_keras_object(model)))
            facts["config"] = config if len(config) < 200_000 else ""
        calls: dict[str, set[int]] = {}
        for layer in _all_layers(model):
            for name, number in self._convolutions.get(id(layer), (None, []))[1]:
                calls.setdefault(name, set()).add(number)
        facts["blocks"] = [{"name": name, "calls": len(numbers)} for name, numbers in calls.items()][:50]
        facts["convolutions"] = sum(id(layer) in self._convolutions for layer in _all_layers(model))
        return facts

    # -- what is put in place of Keras' and Matplotlib's own -----------------------------------------------------

    @contextlib.contextmanager
    def _patched(self, images: dict[str, Any]) -> Iterator[None]:
        import matplotlib.figure
        import matplotlib.pyplot as plt

        model = keras.Model
        for name in ("compile", "summary", "fit", "evaluate", "predict", "save", "save_weights", "load_weights"):
            setattr(model, name, self._wrapped(getattr(model, name), getattr(self, f"_on_{name}")))
        model.predict_on_batch = self._wrapped(model.predict_on_batch, self._on_predict)
        model.train_on_batch = self._wrapped(model.train_on_batch, self._on_train_on_batch)
        load = self._wrapped(keras.models.load_model, self._on_load_model)
        # `tensorflow.keras.models` is made when it is first imported, from the function's own module.
        for module in ("keras", "keras._tf_keras.keras", "keras.src"):
            for part in ("models", "saving", "saving.saving_api"):
                with contextlib.suppress(ImportError):
                    importlib.import_module(f"{module}.{part}").load_model = load  # type: ignore[attr-defined]
        for module in ("keras.utils", "keras._tf_keras.keras.utils", "keras.src.utils.model_visualization"):
            with contextlib.suppress(ImportError):
                importlib.import_module(module).plot_model = self._on_plot_model  # type: ignore[attr-defined]
        checkpoint = keras.callbacks.ModelCheckpoint
        checkpoint.__init__ = self._wrapped_checkpoint(checkpoint.__init__)
        self._watch_convolutions()
        self._offer_images(images)

        def show(*_args: Any, **_kwargs: Any) -> None:
            self._look_at_figures("shown")

        plt.show = show  # a function, since pyplot gives it attributes
        matplotlib.figure.Figure.show = lambda *_, **__: show()  # type: ignore[method-assign]
        original: Any = matplotlib.figure.Figure.savefig

        def savefig(figure: Any, *args: Any, **kwargs: Any) -> None:
            self._look_at(figure, "saved")
            with contextlib.suppress(OSError):
                original(figure, *args, **kwargs)

        matplotlib.figure.Figure.savefig = savefig  # type: ignore[method-assign,assignment]
        self._redirect_paths()
        yield

    def _wrapped(self, original: Any, instead: Any) -> Any:
        """`original`, which hands over to `instead(original, ...)` where the submission calls it, not Keras itself."""

        @functools.wraps(original)
        def call(*args: Any, **kwargs: Any) -> Any:
            if self._inside:
                return original(*args, **kwargs)
            return instead(original, *args, **kwargs)

        return call

    @contextlib.contextmanager
    def _within(self) -> Iterator[None]:
        self._inside += 1
        try:
            yield
        finally:
            self._inside = max(0, self._inside - 1)

    def _offer_images(self, images: dict[str, Any]) -> None:
        def load_data(*_args: Any, **_kwargs: Any) -> Any:
            self._note("load_data", name="cifar10")
            return (
                (np.array(images["x_train"]), np.array(images["y_train"])),
                (np.array(images["x_test"]), np.array(images["y_test"])),
            )

        for module in ("keras.src.datasets", "keras.datasets", "keras._tf_keras.keras.datasets"):
            for name in ("cifar10", "cifar100", "mnist", "fashion_mnist", "imdb", "reuters"):
                with contextlib.suppress(ImportError):
                    place = importlib.import_module(f"{module}.{name}")
                    if name == "cifar10":
                        place.load_data = load_data  # type: ignore[attr-defined]
                    else:
                        place.load_data = self._other_data(name, place.load_data)  # type: ignore[attr-defined]

    def _other_data(self, name: str, original: Any) -> Any:
        def load_data(*args: Any, **kwargs: Any) -> Any:
            self._note("load_data", name=name)
            return original(*args, **kwargs)

        return load_data

    def _watch_convolutions(self) -> None:
        """Note which calls of the submission's functions make each convolution.

        By `__new__`, since Keras reads the arguments that a layer's `__init__` has off the function itself.
        """
        original = keras.layers.Layer.__new__
        kinds = _convolution_types()

        def new(cls: Any, *args: Any, **kwargs: Any) -> Any:
            layer = original(cls, *args, **kwargs)
            if issubclass(cls, kinds) and not self._inside:
                self._convolutions[id(layer)] = (layer, self._callers())
            return layer

        keras.layers.Layer.__new__ = staticmethod(new)

    def _wrapped_checkpoint(self, original: Any) -> Any:
        @functools.wraps(original)
        def init(callback: Any, filepath: Any = "", *args: Any, **kwargs: Any) -> None:
            asked = str(filepath)
            names = list(inspect.signature(original).parameters)[2:]
            given = dict(zip(names, args, strict=False)) | kwargs
            for name in ("period", "load_weights_on_restart", "options"):
                given.pop(name, None)
            path = self._local(asked)
            ending = ".weights.h5" if given.get("save_weights_only") else ".keras"
            allowed = (".weights.h5",) if given.get("save_weights_only") else (".keras", ".h5")
            if self._shims and not path.endswith(allowed):
                path += ending
            if asked:
                self._patterns.append(path)
            if self._shims and given.get("mode") not in (None, "auto", "min", "max"):
                given.pop("mode")
            original(callback, path, **given)

        return init

    # -- paths --------------------------------------------------------------------------------------------------

    def _local(self, path: Any) -> Any:
        """A path that this machine has: one of Colab or of the author's own is moved below the working folder."""
        return surroundings.local_path(path)

    def _redirect_paths(self) -> None:
        import builtins

        def redirected(original: Any, *, make: bool = False) -> Any:
            @functools.wraps(original)
            def call(path: Any = ".", *args: Any, **kwargs: Any) -> Any:
                local = self._local(path)
                if make and isinstance(local, str):
                    mode = args[0] if args else kwargs.get("mode", "r")
                    if isinstance(mode, str) and set(mode) & set("wax"):
                        self._make_folder(local)
                return original(local, *args, **kwargs)

            return call

        for name in ("makedirs", "listdir", "remove", "stat", "scandir"):
            setattr(os, name, redirected(getattr(os, name)))

        change = os.chdir

        def chdir(path: Any) -> None:
            local = self._local(path)
            if local != path:
                os.makedirs(local, exist_ok=True)
            change(local)

        os.chdir = chdir

        make_one = os.mkdir

        def mkdir(path: Any, *args: Any, **kwargs: Any) -> None:
            local = self._local(path)
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

    @staticmethod
    def _make_folder(path: str) -> None:
        folder = os.path.dirname(path)
        if folder:
            with contextlib.suppress(OSError):
                os.makedirs(folder, exist_ok=True)

    def _resolved(self, path: Any) -> Any:
        """The file that is meant by a name from another session: the best that this run kept under the same pattern.

        A name that does not fit the pattern that the file's own ModelCheckpoint writes stays as it is.
        """
        local = self._local(path)
        if not isinstance(local, str) or os.path.exists(local):
            return local
        for ending in (".keras", ".h5", ".weights.h5"):
            if os.path.exists(local + ending):
                return local + ending
        for pattern in self._patterns:
            if "{" not in pattern:
                continue
            for candidate in (local, local + ".keras", local + ".weights.h5"):
                if not re.fullmatch(_pattern_regex(pattern), candidate.replace("\\", "/")):
                    continue
                best = self._best_kept(pattern)
                if best:
                    return best
        return local

    def _best_kept(self, pattern: str) -> str:
        """The file of a pattern that was kept at the best epoch, or the last one written."""
        fits = re.compile(_pattern_regex(os.path.normpath(pattern)))
        kept = [(path, values) for path, values in self._kept if fits.fullmatch(path.replace("\\", "/"))]
        if not kept:
            return ""
        if "val_loss" in pattern and "acc" not in pattern:
            return min(reversed(kept), key=lambda item: item[1].get("val_loss", 0.0))[0]
        return max(reversed(kept), key=lambda item: item[1].get("val_accuracy", 0.0))[0]

    # -- networks -----------------------------------------------------------------------------------------------

    def _on_compile(self, original: Any, model: Any, *args: Any, **kwargs: Any) -> Any:
        names = list(inspect.signature(original).parameters)[1:]
        given = dict(zip(names, args, strict=False)) | kwargs
        if self._shims:
            given.pop("sample_weight_mode", None)
            given.pop("target_tensors", None)
        self._note(
            "compile",
            model=self._model(model),
            loss=_name_of(given.get("loss")),
            from_logits=bool(getattr(given.get("loss"), "from_logits", False)),
            metrics=[_name_of(metric)[:60] for metric in _flat_list(given.get("metrics"))][:20],
            callers=[name for name, _ in self._callers()],
        )
        with self._within():
            return original(model, **given)

    def _on_summary(self, original: Any, model: Any, *args: Any, **kwargs: Any) -> Any:
        self._note("summary", model=self._model(model), **self._export(model))
        with self._within():
            return original(model, *args, **kwargs)

    def _on_plot_model(self, model: Any = None, *args: Any, **kwargs: Any) -> None:
        self._note("summary", model=self._model(model), **self._export(model))

    def _on_train_on_batch(self, original: Any, model: Any, x: Any, y: Any = None, *args: Any, **kwargs: Any) -> Any:
        self._note("train_on_batch", model=self._model(model), x=signatures(x), y=labels(y))
        with self._within():
            return original(model, x, y, *args, **kwargs)

    def _on_fit(self, original: Any, model: Any, *args: Any, **kwargs: Any) -> Any:
        names = list(inspect.signature(original).parameters)[1:]
        given = dict(zip(names, args, strict=False)) | kwargs
        if self._shims:
            legacy.modern_fit_arguments(given)
        callbacks = [c for c in _flat_list(given.get("callbacks")) if c is not None]
        x, y = given.get("x"), given.get("y")
        validation = given.get("validation_data")
        split = float(given.get("validation_split") or 0)
        fed = Fed(x, y, _count(given.get("steps_per_epoch")))
        held = Fed(*_pair(validation), _count(given.get("validation_steps"))) if validation is not None else None
        facts = {
            "model": self._model(model),
            "x": signatures(fed.x),
            "y": labels(fed.y),
            "how": fed.how,
            "augmented": fed.augmented,
            "validation_split": split,
            "val_x": signatures(held.x) if held else None,
            "val_y": labels(held.y) if held else None,
            "epochs": int(given.get("epochs") or 1),
            "batch_size": int(given.get("batch_size") or 0),
            "callbacks": [_callback_facts(callback) for callback in callbacks][:20],
            "loss": _name_of(getattr(model, "loss", None)),
            "metrics": _metric_names(model),
            "before": digest_of(model),
            "digests": [],
            "names": [],
            "ended": False,
            "error": "",
            "repaired": False,
            **self._export(model),
        }
        note = self._note("fit", **facts)
        script = _Script(self, note)
        given["callbacks"] = [script, *callbacks, _Keeper(self)]
        given["verbose"] = 0
        self._shorten_fit(given, fed, held, split)
        with self._within():
            try:
                history = original(model, **given)
            except Stop:
                raise
            except Exception as error:
                note["error"] = f"{type(error).__name__}: {raising.words_of(error)}"[:_MAX_TEXT]
                history = self._fit_repaired(original, model, given, fed, note)
                if history is None:
                    raise
        note["ended"] = True
        self._last_fitted = model
        note.update(self._export(model))
        self._snapshot_files()
        return history

    def _fit_repaired(self, original: Any, model: Any, given: dict[str, Any], fed: Fed, note: dict[str, Any]) -> Any:
        """Train once more with data of the form that the network takes, where those at hand do not fit it.

        What an earlier task has spoilt is told there; what comes after `fit` is to be judged all the same.
        """
        try:
            outputs = int(model.output_shape[-1])
            rows = np.asarray(fed.x[:_TRAINED_IMAGES], np.float32)
            classes = np.arange(len(rows)) % outputs
            sparse = "sparse" in _name_of(getattr(model, "loss", None)).lower()
            targets = classes if sparse else np.eye(outputs, dtype=np.float32)[classes]
            given = given | {
                "x": rows,
                "y": targets,
                "validation_data": (rows[:_VALIDATED_IMAGES], targets[:_VALIDATED_IMAGES]),
                "validation_split": 0.0,
            }
            for name in ("steps_per_epoch", "validation_steps", "sample_weight", "class_weight"):
                given.pop(name, None)
            note["digests"], note["names"] = [], []
            if model.compiled:
                model.compile_from_config(model.get_compile_config())  # metrics were made for the other labels
            else:
                model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
            history = original(model, **given)
        except Stop:
            raise
        except Exception:
            return None
        note["repaired"] = True
        return history

    def _shorten_fit(self, given: dict[str, Any], fed: Fed, held: Fed | None, split: float) -> None:
        if self._epochs:
            self._keep_to_budget(given, fed)
        if not self._shorten:
            return
        given.pop("initial_epoch", None)
        if fed.how == "arrays":
            count = len(fed.x)
            at = count - int(count * split) if split else count
            rows = _spread(min(at, count), _TRAINED_IMAGES)
            x, y = fed.x, fed.y
            given["x"] = x[rows]
            given["y"] = None if y is None else y[rows]
            if split and held is None:
                after = at + _spread(count - at, _VALIDATED_IMAGES)
                given["validation_data"] = (x[after], y[after])
                given["validation_split"] = 0.0
            weights = given.get("sample_weight")
            if weights is not None:
                given["sample_weight"] = np.asarray(weights)[rows]
            if given.get("steps_per_epoch"):
                given["steps_per_epoch"] = None
        else:
            given["x"], given["y"] = fed.short(), None
            given["steps_per_epoch"] = 1
        if held is not None:
            if held.how == "arrays":
                rows = _spread(len(held.x), _VALIDATED_IMAGES)
                given["validation_data"] = (held.x[rows], held.y[rows])
                given["validation_steps"] = None
            else:
                given["validation_data"] = held.short()
                given["validation_steps"] = 1
        given["epochs"] = 10_000 if self._scripted else given.get("epochs", 1)

    def _keep_to_budget(self, given: dict[str, Any], fed: Fed) -> None:
        """Train for as many steps as the budget has, whichever way the images come, and do not stop before."""
        epochs = self._epochs
        if fed.how == "arrays":
            given["batch_size"] = self._batch_size
        elif fed.x is not None and hasattr(given["x"], "__len__"):
            steps = int(given.get("steps_per_epoch") or 0) or len(given["x"])
            epochs = max(1, round(epochs * len(fed.x) / self._batch_size / max(1, steps)))
        given["epochs"] = epochs
        given.pop("initial_epoch", None)
        given["callbacks"] = [c for c in given["callbacks"] if not isinstance(c, keras.callbacks.EarlyStopping)]

    def _on_evaluate(self, original: Any, model: Any, x: Any = None, y: Any = None, **kwargs: Any) -> Any:
        kwargs = {name: value for name, value in kwargs.items() if name not in legacy.DROPPED_ARGUMENTS}
        fed = Fed(x, y)
        self._note("evaluate", model=self._model(model), x=signatures(fed.x), y=labels(fed.y), digest=digest_of(model))
        kwargs["verbose"] = 0
        with self._within():
            if self._shorten and fed.how != "arrays":
                return original(model, fed.short(), steps=1, **{k: v for k, v in kwargs.items() if k != "steps"})
            return original(model, x, y, **kwargs)

    def _on_predict(self, original: Any, model: Any, x: Any = None, *args: Any, **kwargs: Any) -> Any:
        kwargs = {name: value for name, value in kwargs.items() if name not in legacy.DROPPED_ARGUMENTS}
        if "batch_size" in inspect.signature(original).parameters:
            kwargs["verbose"] = 0
            args = args[:1]
        with self._within():
            answers = original(model, x, *args, **kwargs)
        fed = Fed(x, None)
        values = np.zeros((0, 0), np.float32)
        if isinstance(answers, np.ndarray) and answers.size:
            values = answers[:MAX_ROWS].astype(np.float32).reshape(len(answers[:MAX_ROWS]), -1)
        self._note(
            "predict",
            model=self._model(model),
            x=signatures(fed.x),
            answers=values,
            digest=digest_of(model),
            **self._export(model),
        )
        return answers

    def _on_save(self, original: Any, model: Any, filepath: Any = "model.keras", *args: Any, **kwargs: Any) -> Any:
        path = self._local(filepath)
        kwargs.pop("save_format", None)
        kwargs.pop("include_optimizer", None) if not str(path).endswith(".h5") else None
        if self._shims and isinstance(path, str) and not path.endswith((".keras", ".h5")):
            path += ".keras"
        self._make_folder(str(path))
        with self._within():
            original(model, path, *args, **kwargs)
        self._keep_file(str(path), model)
        self._note("save", model=self._model(model), path=str(filepath)[:_MAX_TEXT], digest=digest_of(model))

    def _on_save_weights(self, original: Any, model: Any, filepath: Any, *args: Any, **kwargs: Any) -> Any:
        path = self._local(filepath)
        kwargs.pop("save_format", None)
        if self._shims and isinstance(path, str) and not path.endswith(".weights.h5"):
            path += ".weights.h5"
        self._make_folder(str(path))
        with self._within():
            original(model, path, *args, **kwargs)
        self._keep_file(str(path), model)
        self._note("save", model=self._model(model), path=str(filepath)[:_MAX_TEXT], digest=digest_of(model))

    def _on_load_model(self, original: Any, filepath: Any, *args: Any, **kwargs: Any) -> Any:
        path = self._resolved(filepath)
        try:
            with self._within():
                model = original(path, *args, **kwargs)
        except Exception as error:
            self._note_load(filepath, error=error)
            return self._last_fitted or self._stand_in_network()  # so that the cells after it can be judged
        self._note_load(filepath, model=model)
        return model

    def _note_load(self, path: Any, *, model: Any = None, error: Exception | None = None) -> None:
        self._note(
            "load",
            model=-1 if model is None else self._model(model),
            path=str(path)[:_MAX_TEXT],
            digest="" if model is None else digest_of(model),
            error="" if error is None else raising.words_of(error)[:_MAX_TEXT],
        )

    def _on_load_weights(self, original: Any, model: Any, filepath: Any, *args: Any, **kwargs: Any) -> Any:
        path = self._resolved(filepath)
        kwargs.pop("by_name", None)
        try:
            with self._within():
                original(model, path, *args, **kwargs)
        except Exception as error:
            self._note_load(filepath, error=error)
            return
        self._note_load(filepath, model=model)

    # -- files --------------------------------------------------------------------------------------------------

    def _keep_file(self, path: str, model: Any) -> None:
        """Remember a file that a network was saved to, as it is now."""
        if len(self._files) >= _MAX_FILES and path not in self._files:
            return
        with contextlib.suppress(OSError):
            if os.path.isfile(path) and os.path.getsize(path) <= _MAX_FILE_BYTES:
                with open(path, "rb") as file:
                    self._files[path] = (digest_of(model), file.read())

    def _snapshot_files(self) -> None:
        """Leave out what was saved and then taken away again."""
        for path in [path for path in self._files if not os.path.exists(path)]:
            del self._files[path]

    def file(self, path: str) -> bytes | None:
        """The bytes of a file that a network was saved to."""
        found = self._files.get(path)
        return found[1] if found else None

    def digest_in_file(self, path: str) -> str:
        """The digest of the network that was saved there."""
        found = self._files.get(path)
        return found[0] if found else ""

    # -- figures ------------------------------------------------------------------------------------------------

    def _look_at_figures(self, how: str) -> None:
        import matplotlib.pyplot as plt

        for number in plt.get_fignums():
            self._look_at(plt.figure(number), how)
        plt.close("all")
        self._figures_seen.clear()

    def _look_at(self, figure: Any, how: str) -> None:
        if id(figure) in self._figures_seen and how != "saved":
            return
        self._figures_seen.add(id(figure))
        with contextlib.suppress(Exception):
            self._note("figure", how=how, **describe(figure))

    # -- what is left -------------------------------------------------------------------------------------------

    def _arrays_left(self) -> list[dict[str, Any]]:
        """The global arrays that may be images or labels, by name."""
        found: list[dict[str, Any]] = []
        for name, value in list(self._module.__dict__.items()):
            if len(found) >= 60 or name.startswith("_"):
                continue
            with contextlib.suppress(Exception):
                if backend.is_tensor(value):
                    value = backend.to_numpy(value)
                if not isinstance(value, np.ndarray) or value.ndim not in (1, 2, 4) or not len(value):
                    continue
                if value.ndim == 4:
                    x = signatures(value)
                    if x is not None:
                        found.append({"name": name[:60], "x": x, "y": None})
                elif value.shape[-1] <= 1000 or value.ndim == 1:
                    y = labels(value)
                    if y is not None:
                        found.append({"name": name[:60], "x": None, "y": y})
        return found


def _roles_of(tree: ast.Module) -> dict[str, str]:
    """The names that are used as a network, or as what `fit` returns."""
    roles: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            if node.attr in (
                "fit",
                "predict",
                "summary",
                "load_weights",
                "evaluate",
                "fit_generator",
                "predict_classes",
            ):
                roles.setdefault(node.value.id, "model")
            elif node.attr in ("history", "epoch"):
                roles[node.value.id] = "history"
    return roles


def _failure(
    line: int, statement: int, kind: str, text: str, at: int, *, never_imported: bool = False
) -> dict[str, Any]:
    """A statement that raised, as `notes.Failure` on the trusted side has it."""
    return {
        "line": line,
        "statement": statement,
        "kind": kind,
        "text": text,
        "at": at,
        "never_imported": never_imported,
    }


class _Script(keras.callbacks.Callback):  # type: ignore[misc]
    """The first of the callbacks: commits to the weights, and puts in what the trusted side then says.

    The values come only once the weights of the epoch are fixed, so that nobody can know which epoch will be the best
    and pretend to have kept it.
    """

    def __init__(self, observer: Observer, note: dict[str, Any]) -> None:
        super().__init__()
        self._observer = observer
        self._note = note

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Commit, and put in what is revealed."""
        observer, note = self._observer, self._note
        logs = logs if logs is not None else {}
        note["digests"].append(digest_of(self.model))
        note["names"] = [str(name)[:60] for name in logs][:30]
        if not observer._scripted:
            observer._values = {
                str(name): float(value) for name, value in logs.items() if isinstance(value, (int, float))
            }
            return
        told = observer._ask(
            {
                "kind": "epoch",
                "fit": sum(earlier["kind"] == "fit" for earlier in observer._notes) - 1,
                "epochs": note["epochs"],
                "epoch": len(note["digests"]) - 1,
                "digest": note["digests"][-1],
            }
        )
        observer._values = dict(told["values"])
        for name in list(logs):
            kind = "accuracy" if "acc" in name else "loss" if name in ("loss", "val_loss") else ""
            if kind:
                logs[name] = told["values"][("val_" if name.startswith("val_") else "") + kind]
        for name in ("accuracy", "val_accuracy"):
            if not any("acc" in known and known.startswith("val_") == name.startswith("val_") for known in logs):
                logs[name] = told["values"][name]  # not tracked, which task 4 tells of; what is plotted later is there
        legacy.add_old_names(logs, observer._source if observer._shims else "")
        if told["last"]:
            self.model.stop_training = True


class _Keeper(keras.callbacks.Callback):  # type: ignore[misc]
    """The last of the callbacks: remembers which files were written at which epoch, as they are."""

    def __init__(self, observer: Observer) -> None:
        super().__init__()
        self._observer = observer
        self._seen: dict[str, tuple[int, int]] = {}

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Look for files that are new or were written anew."""
        observer = self._observer
        # Beside the working folder, each folder that a checkpoint of this run is written to.
        folders = {os.path.dirname(pattern) for pattern in observer._patterns} - {""}
        for folder, _, names in (entry for top in (".", *sorted(folders)) for entry in os.walk(top)):
            for name in names:
                if not name.endswith((".keras", ".h5", ".hdf5")):
                    continue
                path = os.path.normpath(os.path.join(folder, name))
                with contextlib.suppress(OSError):
                    state = os.stat(path)
                    stamp = (state.st_mtime_ns, state.st_size)
                    if self._seen.get(path) != stamp:
                        self._seen[path] = stamp
                        observer._kept.append((path, dict(observer._values)))
                        observer._kept.append((os.path.abspath(path), dict(observer._values)))
                        observer._keep_file(path, self.model)


def digest_of(model: Any) -> str:
    """A digest of a network's weights, in Keras' order; `weights_digest` says the same of weights that were read."""
    with contextlib.suppress(Exception):
        return weights_digest(model.get_weights())
    return ""


def weights_digest(weights: Any) -> str:
    """A digest of weights."""
    digest = hashlib.sha256()
    for weight in weights:
        digest.update(np.ascontiguousarray(weight).tobytes())
    return digest.hexdigest()


def _spread(count: int, most: int) -> Any:
    """So many of `count` places, evenly spread, so that a set that is in order gives images of every class."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).astype(int)) if count > 0 else np.zeros(0, int)


def _count(steps: Any) -> int | None:
    """A number of steps, which programs give as any number; `None` where none is given."""
    return max(1, int(steps)) if isinstance(steps, (int, float, np.number)) and steps else None


def _pair(validation: Any) -> tuple[Any, Any]:
    if isinstance(validation, (tuple, list)) and len(validation) in (2, 3):
        return validation[0], validation[1]
    return validation, None


def _flat_list(value: Any) -> list[Any]:
    if value is None:
        return []
    if isinstance(value, keras.callbacks.CallbackList):
        return list(value.callbacks)
    if isinstance(value, (list, tuple, set)):
        return [each for part in value for each in _flat_list(part)]
    if isinstance(value, dict):
        return [each for part in value.values() for each in _flat_list(part)]
    return [value]


def _name_of(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value[:100]
    return str(getattr(value, "__name__", "") or type(value).__name__)[:100]


def _metric_names(model: Any) -> list[str]:
    with contextlib.suppress(Exception):
        config = model._compile_metrics._user_metrics if model._compile_metrics is not None else []
        return [_name_of(metric) for metric in _flat_list(config)][:20]
    return []


def _callback_facts(callback: Any) -> dict[str, Any]:
    """A callback's kind, and those of its settings that say what it watches."""
    kinds = [kind.__name__ for kind in type(callback).__mro__]
    kind = next((name for name in ("EarlyStopping", "ModelCheckpoint") if name in kinds), type(callback).__name__)
    mode = ""
    operation = getattr(callback, "monitor_op", None)
    if operation is not None:
        mode = "max" if operation in (np.greater, keras.ops.greater) else "min"
    patience = getattr(callback, "patience", 0)
    return {
        "kind": kind[:60],
        "monitor": str(getattr(callback, "monitor", ""))[:60],
        "mode": str(getattr(callback, "mode", "") or mode)[:20],
        "patience": int(patience) if isinstance(patience, (int, float)) else 0,
        "best_only": bool(getattr(callback, "save_best_only", False)),
        "weights_only": bool(getattr(callback, "save_weights_only", False)),
        "restores": bool(getattr(callback, "restore_best_weights", False)),
        "path": str(getattr(callback, "filepath", ""))[:_MAX_TEXT],
    }


def _all_layers(model: Any) -> Iterator[Any]:
    for layer in getattr(model, "layers", ()):
        yield layer
        if hasattr(layer, "layers"):
            yield from _all_layers(layer)


def _convolution_types() -> tuple[Any, ...]:
    layers = keras.layers
    return (layers.Conv2D, layers.SeparableConv2D, layers.DepthwiseConv2D, layers.Conv2DTranspose)


def _pattern_regex(pattern: str) -> str:
    """What fits the name that a ModelCheckpoint writes: any number for each of its fields, with blanks or without."""
    parts = re.split(r"\{[^{}]*\}", pattern.replace("\\", "/"))
    return r"\s*[-+]?\d*\.?\d+\s*".join(re.escape(part).replace(r"\ ", r"\s*") for part in parts)


def _lines_of(trace: Any) -> list[int]:
    found = []
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == FILE_NAME:
            found.append(trace.tb_lineno)
        trace = trace.tb_next
    return found
