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
import importlib
import inspect
import json
import sys
import time
import types
import warnings
from collections.abc import Callable, Iterator
from typing import Any, Final

import keras
import numpy as np

from grader.sandbox.inside import backend, exporting, legacy, paths, raising, scaling, surroundings
from grader.sandbox.inside.clock import Clock, Turns
from grader.sandbox.inside.drawn import describe
from grader.sandbox.inside.facts import (
    MAX_TEXT,
    all_layers,
    callback_facts,
    convolution_types,
    digest_of,
    flat_list,
    metric_names,
    name_of,
    watch_upwards,
)
from grader.sandbox.inside.fed import MAX_ROWS, SIDE, Fed, labels, signatures
from grader.sandbox.inside.kept import KeptFiles
from grader.sandbox.inside.paths import local_path, make_folder
from grader.sandbox.inside.statements import (
    FILE_NAME,
    STATEMENT_SECONDS,
    ended_in_time,
    import_what_can_be,
    lines_of,
    never_imported,
    roles_of,
)
from grader.sandbox.inside.trial import Trial
from grader.sandbox.inside.watched import TRAINED_IMAGES, Commit, Keeper, Shared, spread
from grader.sandbox.wire.weights import differ

Ask = Callable[[Any], Any]
"""Hands an event to the trusted side, and waits for what it says to it."""

_MAX_NOTES: Final = 2000
_VALIDATED_IMAGES: Final = 8
_FEW_IMAGES: Final = 8
"""How many images a shortened training of a large network sees."""

_LONG: Final = 0.025
"""How long a large network computes over one image, in seconds of processor time; one of three blocks takes 0.003."""

_MAX_CONFIG: Final = 400_000
_MAX_CONFIGS: Final = 4_000_000
"""Characters of all configurations of networks in a run: a frame holds no more than twice as many."""


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
        timed: Whether the run is over with its first `fit`, which is timed.
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
        timed: bool = False,
    ) -> None:
        self._ask = ask
        self._scripted = scripted
        self._kept = KeptFiles()
        self._shared = Shared(None, "", self._kept)
        self._epochs = epochs
        self._batch_size = batch_size
        self._shorten = shorten
        self._shims = shims
        self._timed = timed
        self._notes: list[dict[str, Any]] = []
        self._errors: list[dict[str, Any]] = []
        self._models: list[Any] = []
        self._frames: dict[int, tuple[int, Any]] = {}
        self._convolutions: dict[int, tuple[Any, list[tuple[str, int]]]] = {}
        self._inside = 0
        self._said = 0
        self._standing_in = False
        self._last_fitted: Any = None
        self._stand_ins: list[Any] = []
        self._roles: dict[str, str] = {}
        self._images: dict[str, Any] = {}
        self._figures_seen: set[int] = set()
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
        paths.begin_here()
        surroundings.offer_usual_packages()
        self._shared = Shared(self._ask if self._scripted else None, source if self._shims else "", self._kept)
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
                self._import_usual(tree)
                self._roles = roles_of(tree)
                self._run_statements(tree.body, starts)
            except Stop:
                pass
            self._look_at_figures("left")
        return {
            "notes": self._notes[:_MAX_NOTES],
            "errors": self._errors[:100],
            "globals": self._arrays_left(),
            "files": [{"path": path[:MAX_TEXT], "digest": digest} for path, (digest, *_) in self._kept.files.items()],
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
                with ended_in_time(STATEMENT_SECONDS) if self._scripted else contextlib.nullcontext():
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
                    import_what_can_be(statement, self._module.__dict__)

    def _import_usual(self, tree: ast.Module) -> None:
        """Note the usual names that are used and never bound, and go on as if they had been imported."""
        for name, (value, line) in never_imported(tree).items():
            self._module.__dict__[name] = value
            text = f"name '{name}' is not defined"
            self._errors.append(_failure(line, line, "NameError", text, 0, never_imported=True))

    def _stand_in_for(self, name: str) -> bool:
        """Give a name that was never bound, since an earlier statement failed or is missing, what it should stand for.

        So what comes after it can be judged: a network of the grader's own, or the history of a training.
        """
        role = self._roles.get(name)
        if role is None or name in self._module.__dict__:
            return False
        with contextlib.suppress(Exception):
            if role == "model":
                self._module.__dict__[name] = self._network_to_go_on_with()
            else:
                self._module.__dict__[name] = self._stand_in_history()
            return True
        return False

    def _network_to_go_on_with(self) -> Any:
        """In place of a network that cannot be loaded: the last one that was fitted, at its best epoch if none is kept.

        That a training keeps nothing is told in task 5, and task 6 is judged as if it had kept its best epoch.
        """
        model = self._last_fitted
        if model is None:
            return self._stand_in_network()
        if self._kept.files or not self._shared.best_weights:
            return model
        with self._within():
            best = keras.models.clone_model(model)
            best.set_weights(self._shared.best_weights)
        if any(model is each for each in self._stand_ins):
            self._stand_ins.append(best)
        self._note("load", stand_in=True, model=self._model(best), digest=digest_of(best))
        return best

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
        x = np.asarray(self._images["x_train"][:TRAINED_IMAGES], np.float32) / 255
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
        own = [*lines_of(error.__traceback__), *(line for line, _ in raising.places_of(error, FILE_NAME))]
        line = own[-1] if own else statement.lineno
        self._errors.append(_failure(line, statement.lineno, kind[:100], text[:2000], len(self._notes)))

    # -- notes --------------------------------------------------------------------------------------------------

    def _note(self, kind: str, **facts: Any) -> dict[str, Any]:
        note = {"kind": kind, "line": self._line(), "stand_in": self._standing_in} | facts
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
            "layers": _layer_kinds(model)[:400],
            "blocks": [],
        }
        with contextlib.suppress(Exception):
            with self._within():
                config = json.dumps(exporting.tree_of(model))
            if len(config) < _MAX_CONFIG and self._said + len(config) < _MAX_CONFIGS:
                facts["config"] = config
                self._said += len(config)
        calls: dict[str, set[int]] = {}
        for layer in all_layers(model):
            for name, number in self._convolutions.get(id(layer), (None, []))[1]:
                calls.setdefault(name, set()).add(number)
        facts["blocks"] = [{"name": name, "calls": len(numbers)} for name, numbers in calls.items()][:50]
        facts["convolutions"] = sum(id(layer) in self._convolutions for layer in all_layers(model))
        return facts

    # -- what is put in place of Keras' and Matplotlib's own -----------------------------------------------------

    @contextlib.contextmanager
    def _patched(self, images: dict[str, Any]) -> Iterator[None]:
        import matplotlib.figure
        import matplotlib.pyplot as plt

        for name in ("compile", "summary", "fit", "evaluate", "predict", "save", "save_weights", "load_weights"):
            self._wrap_method(name, getattr(self, f"_on_{name}"))
        self._wrap_method("predict_on_batch", self._on_predict)
        self._wrap_method("train_on_batch", self._on_train_on_batch)
        if self._scripted:
            self._run_eagerly()
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
        paths.redirect_paths()
        paths.forgive_folders()
        yield

    def _wrapped(self, original: Any, instead: Any) -> Any:
        """`original`, which hands over to `instead(original, ...)` where the submission calls it, not Keras itself."""

        @functools.wraps(original)
        def call(*args: Any, **kwargs: Any) -> Any:
            if self._inside:
                return original(*args, **kwargs)
            return instead(original, *args, **kwargs)

        return call

    @staticmethod
    def _run_eagerly() -> None:
        """Let networks compute step by step, whatever they were compiled for.

        So few steps take less time than tracing them: 6.6 s of CPU time in place of 10.2 s for a typical notebook with
        batch normalisation, 4.6 s in place of 5.5 s for one without.
        """
        _owner_of("run_eagerly").run_eagerly = property(lambda _: True, lambda _, value: None)

    def _wrap_method(self, name: str, instead: Any) -> None:
        """Wrap a method of networks in the class that defines it.

        Not in `keras.Model`, which inherits most of them: Keras takes a network whose `compile` is not the inherited
        one for one with a `compile` of its own, and leaves it uncompiled when it is loaded.
        """
        owner = _owner_of(name)
        setattr(owner, name, self._wrapped(getattr(owner, name), instead))

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
        kinds = convolution_types()

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
            if self._shims:  # up to Keras 2 it took any name, and made nothing of those that it did not know
                callback.unknown_arguments = [name for name in given if name not in names]
                given = {name: value for name, value in given.items() if name in names}
            path = local_path(asked)
            ending = ".weights.h5" if given.get("save_weights_only") else ".keras"
            allowed = (".weights.h5",) if given.get("save_weights_only") else (".keras", ".h5")
            if self._shims and not path.endswith(allowed):
                path += ending
                self._kept.completed.add(path)
            if asked:
                chooses = given.get("save_best_only")
                self._kept.patterns[path] = str(given.get("monitor", "val_loss")) if chooses else ""
            if self._shims and given.get("mode") not in (None, "auto", "min", "max"):
                given.pop("mode")
            original(callback, path, **given)

        return init

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
            **self._export(model),
            loss=name_of(given.get("loss")),
            from_logits=bool(getattr(given.get("loss"), "from_logits", False)),
            metrics=[name_of(metric)[:60] for metric in flat_list(given.get("metrics"))][:20],
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
        callbacks = [c for c in flat_list(given.get("callbacks")) if c is not None]
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
            "callbacks": [callback_facts(callback) for callback in callbacks][:20],
            "loss": name_of(getattr(model, "loss", None)),
            "metrics": metric_names(model),
            "digests": [],
            "names": [],
            "ended": False,
            "moved": False,
            "error": "",
            "repaired": False,
            **self._export(model),
        }
        note = self._note("fit", **facts)
        script = Commit(self._shared, note, sum(each["kind"] == "fit" for each in self._notes) - 1, fed.x)
        given["callbacks"] = callbacks if self._timed else [script, *callbacks, Keeper(self._shared)]
        given["verbose"] = 0
        self._shorten_fit(model, given, fed, held, split)
        if not any("acc" in name for name in facts["metrics"]):
            watch_upwards(callbacks)
        if self._timed:
            self._time(original, model, given, fed)
        with self._within():
            try:
                history = original(model, **given)
            except Stop:
                raise
            except Exception as error:
                note["error"] = f"{type(error).__name__}: {raising.words_of(error)}"[:MAX_TEXT]
                history = self._fit_repaired(original, model, given, fed, note)
                if history is None:
                    raise
        note["ended"] = True
        self._last_fitted = model
        note.update(self._export(model))
        self._kept.drop_missing()
        return history

    def _time(self, original: Any, model: Any, given: dict[str, Any], fed: Fed) -> None:
        """Train between two stops that the trusted side times, and answer what it then asks."""
        before = model.get_weights()
        told = self._ask({"kind": "ready", "config": self._export(model)["config"]})
        if told["trial"]:
            trial = Trial(model, told["trial"])
            trial.prepare(given, Turns(self._ask, told["turn_seconds"], trial.notes))
            with self._within():
                original(model, **given)
            raise Stop
        clock = Clock(model, Turns(self._ask, told["turn_seconds"]))
        given["callbacks"].append(clock)
        with self._within():
            original(model, **given)
        trained = {
            "kind": "trained",
            "clock": clock.read(),
            "moved": differ(model.get_weights(), before),
            "x": signatures(fed.x),
            "device_mb": backend.device_memory_mb(),
        }
        asked = self._ask(trained)
        with self._within():
            answers = np.asarray(model.predict(asked["images"], verbose=0), np.float32)
        self._ask({"kind": "answers", "answers": answers})
        raise Stop

    def _fit_repaired(self, original: Any, model: Any, given: dict[str, Any], fed: Fed, note: dict[str, Any]) -> Any:
        """Train once more where the program's own way fails: with other data first, and then with other callbacks.

        What has spoilt it is told by its own task; what comes after `fit` is to be judged all the same.
        """
        names = inspect.signature(original).parameters
        known = {name: value for name, value in given.items() if name in names}
        stopping = keras.callbacks.EarlyStopping(monitor="val_accuracy", mode="max", patience=3)
        script, *_, keeper = given["callbacks"]
        for changes in (
            lambda: {"callbacks": given["callbacks"], **self._data_that_fits(model, fed)},
            lambda: {"callbacks": [script, stopping, keeper]},
            lambda: {"callbacks": [script, stopping, keeper], **self._data_that_fits(model, fed)},
        ):
            try:
                note["digests"], note["names"] = [], []
                if not model.compiled:
                    model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
                else:
                    model.compile_from_config(model.get_compile_config())  # metrics were made for the other labels
                history = original(model, **(known | changes()))
            except Stop:
                raise
            except Exception:
                continue
            note["repaired"] = True
            return history
        return None

    @staticmethod
    def _data_that_fits(model: Any, fed: Fed) -> dict[str, Any]:
        """Images of those at hand with labels of the form that a network takes, as arguments of `fit`."""
        outputs = int(model.output_shape[-1])
        rows = np.asarray(fed.x[:TRAINED_IMAGES], np.float32)
        classes = np.arange(len(rows)) % outputs
        sparse = "sparse" in name_of(getattr(model, "loss", None)).lower()
        targets = classes if sparse else np.eye(outputs, dtype=np.float32)[classes]
        return {
            "x": rows,
            "y": targets,
            "validation_data": (rows[:_VALIDATED_IMAGES], targets[:_VALIDATED_IMAGES]),
            "validation_split": 0.0,
            "steps_per_epoch": None,
            "validation_steps": None,
            "sample_weight": None,
            "class_weight": None,
        }

    def _shorten_fit(self, model: Any, given: dict[str, Any], fed: Fed, held: Fed | None, split: float) -> None:
        if self._epochs:
            self._keep_to_budget(given, fed)
        if not self._shorten:
            return
        given.pop("initial_epoch", None)
        if fed.how == "arrays":
            count = len(fed.x)
            at = count - int(count * split) if split else count
            x, y = fed.x, fed.y
            rows = spread(min(at, count), _FEW_IMAGES if self._takes_long(model, x) else TRAINED_IMAGES)
            given["x"] = x[rows]
            given["y"] = None if y is None else y[rows]
            if split and held is None:
                after = at + spread(count - at, _VALIDATED_IMAGES)
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
                rows = spread(len(held.x), _VALIDATED_IMAGES)
                given["validation_data"] = (held.x[rows], held.y[rows])
                given["validation_steps"] = None
            else:
                given["validation_data"] = held.short()
                given["validation_steps"] = 1
        given["epochs"] = 10_000 if self._scripted else given.get("epochs", 1)

    def _takes_long(self, model: Any, images: Any) -> bool:
        """Whether a network is so large that its epochs have to be shorter than others'."""
        with contextlib.suppress(Exception), self._within():
            model(images[:1])
            began = time.process_time()
            model(images[:1])
            return time.process_time() - began > _LONG
        return False

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

    def _on_save(self, original: Any, model: Any, filepath: Any = "model.keras", *args: Any, **kwargs: Any) -> None:
        if not str(filepath).endswith(".h5"):
            kwargs.pop("include_optimizer", None)
        self._save(original, model, filepath, (".keras", ".h5"), *args, **kwargs)

    def _on_save_weights(self, original: Any, model: Any, filepath: Any, *args: Any, **kwargs: Any) -> None:
        self._save(original, model, filepath, (".weights.h5",), *args, **kwargs)

    def _save(
        self, original: Any, model: Any, filepath: Any, endings: tuple[str, ...], *args: Any, **kwargs: Any
    ) -> None:
        """Save under the name that is asked for, with one of the endings that Keras takes now."""
        path = local_path(filepath)
        kwargs.pop("save_format", None)
        if self._shims and isinstance(path, str) and not path.endswith(endings):
            path += endings[0]
            self._kept.completed.add(path)
        make_folder(str(path))
        with self._within():
            original(model, path, *args, **kwargs)
        self._kept.keep(str(path), model)
        self._note("save", model=self._model(model), path=str(filepath)[:MAX_TEXT], digest=digest_of(model))

    def _on_load_model(self, original: Any, filepath: Any, *args: Any, **kwargs: Any) -> Any:
        path = self._kept.resolved(filepath)
        try:
            with self._within():
                model = original(path, *args, **kwargs)
        except Exception as error:
            if self._kept.files:
                self._note_load(filepath, error=error)
            elif self._last_fitted is None:
                with contextlib.suppress(Exception):
                    self._stand_in_history()
            return self._network_to_go_on_with()  # so that the cells after it can be judged
        if any(self._kept.network(path) is each for each in self._stand_ins):
            self._stand_ins.append(model)
        self._note_load(filepath, model=model)
        return model

    def _note_load(self, path: Any, *, model: Any = None, error: Exception | None = None) -> None:
        self._note(
            "load",
            model=-1 if model is None else self._model(model),
            path=str(path)[:MAX_TEXT],
            digest="" if model is None else digest_of(model),
            error="" if error is None else raising.words_of(error)[:MAX_TEXT],
        )

    def _on_load_weights(self, original: Any, model: Any, filepath: Any, *args: Any, **kwargs: Any) -> Any:
        path = self._kept.resolved(filepath)
        kwargs.pop("by_name", None)
        try:
            with self._within():
                original(model, path, *args, **kwargs)
        except Exception as error:
            if self._kept.files or not self._shared.best_weights:
                self._note_load(filepath, error=error)
                return
            with self._within():
                model.set_weights(self._shared.best_weights)
            self._note("load", stand_in=True, model=self._model(model), digest=digest_of(model))
            return
        self._note_load(filepath, model=model)

    def file(self, path: str) -> bytes | None:
        """The bytes of a file that a network was saved to."""
        return self._kept.file(path)

    def weights_in(self, path: str) -> list[Any] | None:
        """The weights in a file that a network was saved to."""
        with self._within():
            return self._kept.weights(path)

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


def _layer_kinds(model: Any) -> list[str]:
    """The kinds of a network's layers; one of the program's own that only scales goes by `Lambda`.

    Behind any other of its own stand the layers inside of it.
    """
    kinds: list[str] = []
    for layer in getattr(model, "layers", ()):
        own = not type(layer).__module__.startswith("keras.")
        kinds.append("Lambda" if own and scaling.only_scales(layer) else type(layer).__name__[:60])
        if own:
            kinds += [type(part).__name__[:60] for part in all_layers(layer)]
    return kinds


def _owner_of(name: str) -> Any:
    """The class of networks that defines a method or property."""
    return next(kind for kind in keras.Model.__mro__ if name in vars(kind))


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


def _count(steps: Any) -> int | None:
    """A number of steps, which programs give as any number; `None` where none is given."""
    return max(1, int(steps)) if isinstance(steps, (int, float, np.number)) and steps else None


def _pair(validation: Any) -> tuple[Any, Any]:
    if isinstance(validation, (tuple, list)) and len(validation) in (2, 3):
        return validation[0], validation[1]
    return validation, None
