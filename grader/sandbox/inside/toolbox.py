"""The tools that the trusted side can call in a worker, besides the functions of the submission.

Untrusted side.  Like any call, a tool takes and returns plain data, arrays and handles.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import Any, Final

import keras
import numpy as np

from grader.sandbox.inside import backend, examiner, exporting, figures, models
from grader.sandbox.inside.methods import use_methods_of_class
from grader.sandbox.inside.timing import rates, undoing
from grader.sandbox.inside.timing.clock import Ask, Clock, Turns
from grader.sandbox.inside.timing.tally import Watch
from grader.sandbox.inside.timing.trial import Trial

_MAX_FILE_BYTES: Final = 200 * 2**20
_MAX_EXPORT_BYTES: Final = 100 * 2**20


class Box:
    """An array that stays in the worker, so that the same object can be passed twice and inspected afterwards."""

    def __init__(self, value: Any) -> None:
        self.value = value


def hold(value: Any) -> Box:
    """Keep an array in the worker; every use of the handle then passes the same array object."""
    return Box(np.array(value))


def look(value: Any) -> Any:
    """Return the current content of the object that a handle stands for."""
    return value


def sequential(input_shape: tuple[int, ...]) -> Any:
    """Make a Sequential network that only rescales.

    It needs one layer: `output`, from which some submissions' blocks go on, does not exist in an empty network.
    """
    return keras.Sequential([keras.Input(tuple(input_shape)), keras.layers.Rescaling(1 / 255)])


def with_block(model: Any, returned: Any) -> Any:
    """Append a block to a model, if the submission returned the block instead of adding it itself.

    Args:
        model: The model that the submission was given.
        returned: What it returned: the block as a layer, a list of layers, a network or a tensor, or something else.

    Returns:
        The network with the block, or `None` if `returned` is not a block.
    """
    if isinstance(returned, keras.KerasTensor):
        return keras.Model(model.inputs, returned)
    parts = list(returned) if isinstance(returned, (list, tuple)) else [returned]
    if not parts or returned is model or not all(isinstance(part, keras.layers.Layer) for part in parts):
        return None
    if isinstance(returned, keras.Model) and returned.built:
        return returned
    return keras.Sequential([keras.Input(model.input_shape[1:]), *model.layers, *parts])


def history(curves: dict[str, list[float]]) -> Any:
    """Make a History such as `fit` returns, with the given curves."""
    result = keras.callbacks.History()
    result.set_model(keras.Sequential())
    result.set_params({"epochs": len(curves["loss"]), "steps": 10, "verbose": 0})
    result.on_train_begin()
    for epoch in range(len(curves["loss"])):
        result.on_epoch_end(epoch, {name: values[epoch] for name, values in curves.items()})
    return result


def export_model(model: Any) -> dict[str, Any]:
    """Export a network as data, with facts that only its own process knows.

    Returns:
        A dictionary with `kind` (the name of the class), `model` (whether it is a Keras model) and `sequential`.  For a
        Keras model also `compiled`, `built`, `config` (JSON; see `exporting`), `weights`, and `steps` (the optimizer's
        steps so far, -1 if there is no optimizer).
    """
    facts: dict[str, Any] = {
        "kind": type(model).__name__,
        "model": isinstance(model, keras.Model),
        "sequential": isinstance(model, keras.Sequential),
    }
    if not facts["model"]:
        return facts
    optimizer = getattr(model, "optimizer", None)
    facts["compiled"] = bool(model.compiled)
    facts["built"] = bool(model.built)
    facts["steps"] = -1 if optimizer is None else int(optimizer.iterations)
    use_methods_of_class(model)
    if model.count_params() * 4 > _MAX_EXPORT_BYTES:
        raise ValueError(f"the network has {model.count_params():,} parameters; that is too large to be examined")
    facts["config"] = json.dumps(exporting.tree_of(model))
    facts["weights"] = examiner.weights_of(model)
    return facts


def export_checkpoint(model: Any, path: str) -> dict[str, Any]:
    """Export a network like `export_model`, but with the weights of a checkpoint.

    The examiner cannot read a checkpoint that has custom layers, so the worker has to.
    """
    before = model.get_weights()
    try:
        model.load_weights(path)
        return export_model(model)
    finally:
        model.set_weights(before)


def perturb(model: Any) -> None:
    """Add 1 to every weight of a network, so that a later network that shares weights with it can be recognised."""
    model.set_weights([weight + 1 for weight in model.get_weights()])


def compile_plainly(model: Any) -> None:
    """Compile a network, with its own optimizer if it has one."""
    optimizer = getattr(model, "optimizer", None) or "sgd"
    use_methods_of_class(model)
    model.compile(optimizer=optimizer, loss="categorical_crossentropy", metrics=["accuracy"])


def step(model: Any, x: Any, y: Any) -> dict[str, float]:
    """Run one training step, and return the loss and the metrics by name."""
    use_methods_of_class(model)
    model.run_eagerly = True
    return _plain(model.train_on_batch(x, y, return_dict=True))


def judge(model: Any, x: Any, y: Any) -> dict[str, float]:
    """Return the loss and the metrics of a network on one batch, by name."""
    use_methods_of_class(model)
    model.run_eagerly = True
    model.reset_metrics()
    return _plain(model.test_on_batch(x, y, return_dict=True))


def _plain(logs: dict[str, Any]) -> dict[str, float]:
    return {str(name): float(value) for name, value in logs.items()}


def script_model(
    num_classes: int,
    classes: list[int],
    sureness: list[float],
    validation: Any = None,
    image_shape: models.Shape = models.USUAL_SHAPE,
) -> tuple[Any, Any, Any, Any]:
    """Make a script model, its script, and two callbacks that count epochs; see `models`.

    Args:
        num_classes: The number of classes.
        classes: The class that the model predicts in each epoch.
        sureness: The logit of that class in each epoch.
        validation: Images and labels.  If given, `fit` validates on these, whatever it is given.
        image_shape: Height, width and channels of an image.
    """
    model, script = models.script_model(num_classes, image_shape), models.FollowScript(classes, sureness)
    models.follow(model, script, validation=None if validation is None else tuple(validation))
    models.tell_of_calls(model, script)
    backend.compile_nothing()
    return model, script, models.CountEpochs(script), models.CountEpochs(script)


def epochs_of(callback: Any) -> int:
    """Return the number of epochs that a script or a counting callback has seen."""
    return int(callback.epochs)


def logs_of(script: Any) -> list[dict[str, float]]:
    """Return the logs of `fit` for each epoch that a script has seen."""
    return list(script.logs)


def witness_model(
    num_classes: int, validation: Any = None, image_shape: models.Shape = models.USUAL_SHAPE
) -> tuple[Any, Any]:
    """Make a witness model and a watch on its training; see `models`.

    Args:
        num_classes: The number of classes.
        validation: Images and labels.  If given, `fit` validates on these, whatever it is given.
        image_shape: Height, width and channels of an image.
    """
    model = models.witness_model(num_classes, image_shape)
    watch = Watch(model)
    models.follow(model, watch, validation=None if validation is None else tuple(validation))
    return model, watch


def counts_of(watch: Any) -> dict[str, int]:
    """Return what a watch has counted; see `tally.Watch`."""
    return dict(watch.read())


def seen_by(watch: Any) -> dict[str, Any]:
    """Return the first images that a network was given; see `tally.Watch.images`."""
    return dict(watch.images())


def brightest_channel_model(
    gain: float, shift: int = 0, threshold: float = 0.0, image_shape: models.Shape = models.USUAL_SHAPE
) -> Any:
    """Make a network that predicts the brightest channel of an image; see `models`."""
    model = models.brightest_channel_model(gain, image_shape, shift=shift, threshold=threshold)
    models.answer_at_once(model)
    return model


def frozen_channel_model(gain: float, image_shape: models.Shape = models.USUAL_SHAPE) -> tuple[Any, Any]:
    """Make a brightest channel model that training cannot change, and a watch that keeps the images it is given."""
    model = models.brightest_channel_model(gain, image_shape, frozen=True)
    return model, Watch(model)


def start_clock(model: Any, turn_seconds: float | None = None, *, ask: Ask) -> Any:
    """Make a clock that times a model's `fit`; with `turn_seconds`, the model trains in turns of that length."""
    clock = Clock(model, Turns(ask, turn_seconds) if turn_seconds else None)
    models.follow(model, clock)
    return clock


def start_trial(model: Any, turn_seconds: float, settings: dict[str, Any], *, ask: Ask) -> None:
    """Make a model's `fit` train in turns, and report its passes over the images; see `trial.Trial`."""
    trial = Trial(model, settings)
    turns = Turns(ask, turn_seconds, trial.notes)
    models.before_fit(model, lambda given: trial.prepare(given, turns))


def read_clock(clock: Any) -> dict[str, Any]:
    """Return what a clock has recorded; see `clock.Clock.read`."""
    noted: dict[str, Any] = clock.read()
    return noted


def save_model(model: Any, path: str) -> None:
    """Save a whole network."""
    model.save(path)


def describe_history(returned: Any, model: Any) -> dict[str, Any]:
    """Describe what `train` returned: whether it is a History, whether of this model, and its curves.

    A plain dictionary has curves, too.
    """
    is_history = isinstance(returned, keras.callbacks.History)
    curves = returned.history if is_history else returned if isinstance(returned, dict) else {}
    return {
        "kind": type(returned).__name__,
        "history": is_history,
        "of_model": is_history and getattr(returned, "model", None) in (None, model),
        "curves": {str(name): np.asarray(values, np.float64).reshape(-1).tolist() for name, values in curves.items()},
    }


def describe_figure(figure: Any) -> dict[str, Any] | None:
    """Describe what a figure shows; `None` for anything but a figure.  All open figures are closed."""
    facts = figures.describe_figure(figure)
    figures.close_figures()
    return facts


def drawn_figure(returned: Any) -> Any:
    """Return the figure that a call drew, whatever it returned; `None` if there is none."""
    return figures.drawn_figure(returned)


def render_figure(figure: Any, side: int) -> Any:
    """Return the pixels of a figure, with at most `side` pixels in each direction; `None` for anything but a figure."""
    return figures.render_figure(figure, side)


def file_bytes(path: str) -> bytes | None:
    """Return the content of a regular file, or `None` if there is none.

    Raises:
        ValueError: If it is larger than what may cross.
    """
    if not os.path.isfile(path):
        return None
    if os.path.getsize(path) > _MAX_FILE_BYTES:
        raise ValueError(f"{path} has {os.path.getsize(path):,} bytes; that is too large to be examined")
    with open(path, "rb") as file:
        return file.read()


def files() -> list[str]:
    """Return the names of the files in the working folder."""
    return sorted(os.listdir("."))


TOOLS: Final[dict[str, Callable[..., Any]]] = {
    tool.__name__: tool
    for tool in (
        hold,
        look,
        sequential,
        with_block,
        history,
        export_model,
        export_checkpoint,
        compile_plainly,
        perturb,
        step,
        judge,
        script_model,
        epochs_of,
        logs_of,
        counts_of,
        seen_by,
        witness_model,
        brightest_channel_model,
        frozen_channel_model,
        start_clock,
        start_trial,
        read_clock,
        save_model,
        describe_history,
        describe_figure,
        drawn_figure,
        render_figure,
        file_bytes,
        files,
        backend.device_facts,
        backend.device_memory_mb,
        undoing.keep_to_single_precision,
        rates.measure_rates,
        examiner.rebuild,
        examiner.open_checkpoint,
        examiner.load_weights,
        examiner.describe_network,
        examiner.run_network,
        examiner.weights_of,
    )
}
