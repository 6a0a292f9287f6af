"""Replacements for functions and methods of Keras and Matplotlib in an observed run.

Untrusted side.  Each of them calls the original, and takes a note of what the program asked for.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import inspect
from typing import Any, Final

import keras
import numpy as np

from grader.sandbox.inside import backend, paths, raising
from grader.sandbox.inside.facts import MAX_TEXT, digest_of, flat_list, loss_name, metric_name
from grader.sandbox.inside.guided import legacy
from grader.sandbox.inside.guided.drawn import describe
from grader.sandbox.inside.guided.fed import MAX_ROWS, Fed, labels, signatures
from grader.sandbox.inside.guided.fitting import Fitting, RunOptions
from grader.sandbox.inside.guided.kept import KeptFiles
from grader.sandbox.inside.guided.recording import Recorder
from grader.sandbox.inside.guided.stand_ins import StandIns
from grader.sandbox.inside.guided.watched import TRAINED_IMAGES, Shared
from grader.sandbox.inside.paths import local_path, make_folder

_MOST_EVALUATED: Final = 100
"""The most images that `evaluate` is given in a shortened run: all of the three classes in a usual test set."""

_PREDICTED_AT_ONCE: Final = 128
"""The batch size of `predict`: 27 % less processor time than with 32."""


class Calls:
    """The functions and methods that are watched, apart from `fit`.

    Args:
        recorder: Takes the notes.
        shared: The state that the callbacks of all trainings share.
        fitting: The replacement for `fit`.
        stand_ins: Makes the networks and histories that stand in for missing ones.
        options: How the program is run.
    """

    def __init__(
        self, recorder: Recorder, shared: Shared, fitting: Fitting, stand_ins: StandIns, options: RunOptions
    ) -> None:
        self._recorder = recorder
        self._shared = shared
        self._kept: KeptFiles = shared.kept
        self._fitting = fitting
        self._stand_ins = stand_ins
        self._options = options
        self._figures_seen: set[int] = set()

    def put_in_place(self, images: dict[str, Any]) -> None:
        """Replace the functions and methods for the rest of this process' life.

        Args:
            images: The arrays that `cifar10.load_data()` returns; see `Observer`.
        """
        import matplotlib.figure
        import matplotlib.pyplot as plt

        for name in ("compile", "summary", "evaluate", "predict", "save", "save_weights", "load_weights"):
            self._wrap_method(name, getattr(self, f"_on_{name}"))
        self._wrap_method("fit", self._fitting.fit)
        self._wrap_method("predict_on_batch", self._on_predict)
        keras.Model.__call__ = self._recorder.wrapped(keras.Model.__call__, self._on_call)
        self._wrap_method("train_on_batch", self._on_train_on_batch)
        if self._options.scripted:
            self._run_eagerly()
        load = self._recorder.wrapped(keras.models.load_model, self._on_load_model)
        # The function is replaced where it is defined, too: `tensorflow.keras.models` takes it from there when it is
        # first imported.
        for module in ("keras", "keras._tf_keras.keras", "keras.src"):
            for part in ("models", "saving", "saving.saving_api"):
                with contextlib.suppress(ImportError):
                    importlib.import_module(f"{module}.{part}").load_model = load  # type: ignore[attr-defined]
        for module in ("keras.utils", "keras._tf_keras.keras.utils", "keras.src.utils.model_visualization"):
            with contextlib.suppress(ImportError):
                importlib.import_module(module).plot_model = self._on_plot_model  # type: ignore[attr-defined]
        checkpoint = keras.callbacks.ModelCheckpoint
        checkpoint.__init__ = self._wrapped_checkpoint(checkpoint.__init__)
        self._recorder.watch_convolutions()
        self._offer_images(images)

        def show(*_args: Any, **_kwargs: Any) -> None:
            self.look_at_figures("shown")

        plt.show = show  # must be a plain function, since pyplot sets attributes on it
        matplotlib.figure.Figure.show = lambda *_, **__: show()  # type: ignore[method-assign]
        original: Any = matplotlib.figure.Figure.savefig

        def savefig(figure: Any, *args: Any, **kwargs: Any) -> None:
            self._look_at(figure, "saved")
            with contextlib.suppress(OSError):
                original(figure, *args, **kwargs)

        matplotlib.figure.Figure.savefig = savefig  # type: ignore[method-assign,assignment]
        paths.redirect_paths()
        paths.forgive_folders()

    @staticmethod
    def _run_eagerly() -> None:
        """Make networks run eagerly, however they were compiled.

        The run has so few steps that tracing them would take longer: a typical notebook takes 4.4 s of processor time
        instead of 9.0 s with batch normalisation, and 4.6 s instead of 6.5 s without.
        """
        _owner_of("run_eagerly").run_eagerly = property(lambda _: True, lambda _, value: None)

    def _wrap_method(self, name: str, instead: Any) -> None:
        """Replace a method of networks, in the class that defines it.

        Not in `keras.Model`, which inherits most of them.  If `keras.Model` had a `compile` other than the inherited
        one, Keras would treat every network as one with a custom `compile`, and would not compile it when loading it.
        """
        owner = _owner_of(name)
        setattr(owner, name, self._recorder.wrapped(getattr(owner, name), instead))

    def _offer_images(self, images: dict[str, Any]) -> None:
        def load_data(*_args: Any, **_kwargs: Any) -> Any:
            self._recorder.note("load_data", name="cifar10")
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
            self._recorder.note("load_data", name=name)
            return original(*args, **kwargs)

        return load_data

    def _wrapped_checkpoint(self, original: Any) -> Any:
        @functools.wraps(original)
        def init(callback: Any, filepath: Any = "", *args: Any, **kwargs: Any) -> None:
            asked = str(filepath)
            names = list(inspect.signature(original).parameters)[2:]
            given = dict(zip(names, args, strict=False)) | kwargs
            for name in ("period", "load_weights_on_restart", "options"):
                given.pop(name, None)
            if self._options.shims:  # up to Keras 2, a ModelCheckpoint accepted and ignored unknown arguments
                callback.unknown_arguments = [name for name in given if name not in names]
                given = {name: value for name, value in given.items() if name in names}
            path = local_path(asked)
            ending = ".weights.h5" if given.get("save_weights_only") else ".keras"
            allowed = (".weights.h5",) if given.get("save_weights_only") else (".keras", ".h5")
            if self._options.shims and not path.endswith(allowed):
                path += ending
                self._kept.completed.add(path)
            if asked:
                chooses = given.get("save_best_only")
                self._kept.patterns[path] = str(given.get("monitor", "val_loss")) if chooses else ""
            if self._options.shims and given.get("mode") not in (None, "auto", "min", "max"):
                given.pop("mode")
            original(callback, path, **given)

        return init

    def _on_compile(self, original: Any, model: Any, *args: Any, **kwargs: Any) -> Any:
        names = list(inspect.signature(original).parameters)[1:]
        given = dict(zip(names, args, strict=False)) | kwargs
        if self._options.shims:
            given.pop("sample_weight_mode", None)
            given.pop("target_tensors", None)
        self._recorder.note(
            "compile",
            model=self._recorder.number_of(model),
            **self._recorder.export(model),
            loss=loss_name(given.get("loss")),
            from_logits=bool(getattr(given.get("loss"), "from_logits", False)),
            metrics=[
                metric_name(metric)[:60] for metric in flat_list([given.get("metrics"), given.get("weighted_metrics")])
            ][:20],
            callers=[name for name, *_ in self._recorder.callers()],
        )
        with self._recorder.within():
            return original(model, **given)

    def _on_summary(self, original: Any, model: Any, *args: Any, **kwargs: Any) -> Any:
        self._recorder.note("summary", model=self._recorder.number_of(model), **self._recorder.export(model))
        with self._recorder.within():
            return original(model, *args, **kwargs)

    def _on_plot_model(self, model: Any = None, *args: Any, **kwargs: Any) -> None:
        self._recorder.note("summary", model=self._recorder.number_of(model), **self._recorder.export(model))

    def _on_train_on_batch(self, original: Any, model: Any, x: Any, y: Any = None, *args: Any, **kwargs: Any) -> Any:
        self._recorder.note("train_on_batch", model=self._recorder.number_of(model), x=signatures(x), y=labels(y))
        with self._recorder.within():
            return original(model, x, y, *args, **kwargs)

    def _on_evaluate(self, original: Any, model: Any, x: Any = None, y: Any = None, *args: Any, **kwargs: Any) -> Any:
        kwargs |= dict(zip(list(inspect.signature(original).parameters)[3:], args, strict=False))
        kwargs = {name: value for name, value in kwargs.items() if name not in legacy.DROPPED_ARGUMENTS}
        fed = Fed(x, y)
        self._recorder.note(
            "evaluate",
            model=self._recorder.number_of(model),
            x=signatures(fed.x),
            y=labels(fed.y),
            digest=digest_of(model),
        )
        kwargs["verbose"] = 0
        with self._recorder.within():
            if self._options.shorten and fed.how != "arrays":
                kwargs["steps"] = 1
                return original(model, fed.short(TRAINED_IMAGES), **kwargs)
            if self._options.shorten and fed.x is not None and "sample_weight" not in kwargs:
                x, y = fed.x[:_MOST_EVALUATED], None if fed.y is None else fed.y[:_MOST_EVALUATED]
            return original(model, x, y, **kwargs)

    def _on_predict(self, original: Any, model: Any, x: Any = None, *args: Any, **kwargs: Any) -> Any:
        kwargs = {name: value for name, value in kwargs.items() if name not in legacy.DROPPED_ARGUMENTS}
        if "batch_size" in inspect.signature(original).parameters:
            kwargs["verbose"] = 0
            args = args[:1]
            if self._options.shorten and isinstance(x, np.ndarray) and "steps" not in kwargs:
                kwargs["batch_size"], args = _PREDICTED_AT_ONCE, ()
        with self._recorder.within():
            answers = original(model, x, *args, **kwargs)
        self._note_prediction(model, Fed(x, None).x, answers)
        return answers

    def _on_call(self, original: Any, model: Any, *args: Any, **kwargs: Any) -> Any:
        """Note a call of the network itself as a prediction if it is about images, and not a part of training."""
        images = None
        with contextlib.suppress(Exception):  # symbolic tensors have no values
            x = args[0] if args else kwargs.get("inputs")
            images = backend.to_numpy(x) if backend.is_tensor(x) else np.asarray(x)
        if images is None or images.ndim != 4 or images.dtype.kind not in "biuf" or kwargs.get("training"):
            return original(model, *args, **kwargs)
        with self._recorder.within():
            answers = original(model, *args, **kwargs)
        with contextlib.suppress(Exception):
            self._note_prediction(model, images, backend.to_numpy(answers))
        return answers

    def _note_prediction(self, model: Any, x: Any, answers: Any) -> None:
        values = np.zeros((0, 0), np.float32)
        if isinstance(answers, np.ndarray) and answers.size:
            values = answers[:MAX_ROWS].astype(np.float32).reshape(len(answers[:MAX_ROWS]), -1)
        self._recorder.note(
            "predict",
            model=self._recorder.number_of(model),
            x=signatures(x),
            answers=values,
            digest=self._kept.predicts(model),
            **self._recorder.export(model),
        )

    def _on_save(self, original: Any, model: Any, filepath: Any = "model.keras", *args: Any, **kwargs: Any) -> None:
        if not str(filepath).endswith(".h5"):
            kwargs.pop("include_optimizer", None)
        self._save(original, model, filepath, (".keras", ".h5"), *args, **kwargs)

    def _on_save_weights(self, original: Any, model: Any, filepath: Any, *args: Any, **kwargs: Any) -> None:
        self._save(original, model, filepath, (".weights.h5",), *args, **kwargs)

    def _save(
        self, original: Any, model: Any, filepath: Any, endings: tuple[str, ...], *args: Any, **kwargs: Any
    ) -> None:
        """Save a network under the name that the program gives, adding an ending that Keras 3 accepts if necessary."""
        path = local_path(filepath)
        kwargs.pop("save_format", None)
        if self._options.shims and isinstance(path, str) and not path.endswith(endings):
            path += endings[0]
            self._kept.completed.add(path)
        make_folder(str(path))
        with self._recorder.within():
            original(model, path, *args, **kwargs)
        self._kept.keep(str(path), model)
        self._recorder.note(
            "save", model=self._recorder.number_of(model), path=str(filepath)[:MAX_TEXT], digest=digest_of(model)
        )

    def _on_load_model(self, original: Any, filepath: Any, *args: Any, **kwargs: Any) -> Any:
        path = self._kept.resolved(filepath)
        try:
            with self._recorder.within():
                model = original(path, *args, **kwargs)
        except Exception as error:
            if self._kept.files:
                self._note_load(filepath, error=error)
            elif self._fitting.last_fitted is None:
                with contextlib.suppress(Exception):
                    self._stand_ins.history()
            return self._stand_ins.network_to_go_on_with()  # so that the cells after it can be judged
        if any(self._kept.network(path) is each for each in self._recorder.stand_ins):
            self._recorder.stand_ins.append(model)
        self._note_load(filepath, model=model)
        return model

    def _note_load(self, path: Any, *, model: Any = None, error: Exception | None = None) -> None:
        self._recorder.note(
            "load",
            model=-1 if model is None else self._recorder.number_of(model),
            path=str(path)[:MAX_TEXT],
            digest="" if model is None else digest_of(model),
            error="" if error is None else raising.words_of(error)[:MAX_TEXT],
        )

    def _on_load_weights(self, original: Any, model: Any, filepath: Any, *args: Any, **kwargs: Any) -> Any:
        path = self._kept.resolved(filepath)
        kwargs.pop("by_name", None)
        try:
            with self._recorder.within():
                original(model, path, *args, **kwargs)
        except Exception as error:
            if self._kept.files or not self._shared.best_weights:
                self._note_load(filepath, error=error)
                return
            with self._recorder.within():
                model.set_weights(self._shared.best_weights)
            self._recorder.note("load", stand_in=True, model=self._recorder.number_of(model), digest=digest_of(model))
            return
        self._note_load(filepath, model=model)

    def look_at_figures(self, how: str) -> None:
        """Record the open figures, and close them.

        Args:
            how: `shown` if the program shows them, `cell` if they were left open at the end of a cell, or `left` if
                they were left open at the end of the program.
        """
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
            self._recorder.note("figure", how=how, **describe(figure))


def _owner_of(name: str) -> Any:
    """Return the base class of `keras.Model` (or `keras.Model` itself) that defines a method or property."""
    return next(kind for kind in keras.Model.__mro__ if name in vars(kind))
