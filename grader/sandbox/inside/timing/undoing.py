"""Undo one thing that may make a training slow, to see in a trial how much faster the training is without it.

Untrusted side.  The training keeps running, but may learn something else: without the work of a layer, a network is
another one.
"""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable, Mapping
from typing import Any, Final

import keras

from grader.sandbox.inside import backend
from grader.sandbox.inside.timing import feeding

_PASS: Final = 0.9
"""The share of the images that makes a pass, since a last batch that is not full may be left out."""

_MOST_EPOCHS_IN_MEMORY: Final = 4


def parts_of(model: Any) -> list[Any]:
    """Return the layers of a network; a nested network is replaced by its own layers if it has weights to train."""
    parts: list[Any] = []
    for layer in model.layers:
        if isinstance(layer, keras.Model) and layer.trainable_weights:
            parts += parts_of(layer)
        elif not isinstance(layer, keras.layers.InputLayer):
            parts.append(layer)
    return list(dict.fromkeys(parts))  # a layer may be used in several places


class Undoing:
    """Undoes one thing in each `fit` of a network.

    Args:
        model: The network.
        settings: `undo`, the kind of thing to undo; `index`, the index of the callback or of the network's part;
            `batch_size`, the batch size that the program was told to use; `images`, the number of images that it was
            given to train on; `steps`, the `steps_per_execution` to try.
        trained: Returns the number of images that have reached the network so far.
    """

    def __init__(self, model: Any, settings: Mapping[str, Any], trained: Callable[[], int]) -> None:
        self._model = model
        self._kind: str = settings["undo"]
        self._index: int = settings["index"]
        self._batch_size: int = settings["batch_size"]
        self._images: int = settings["images"]
        self._steps: int = settings["steps"]
        self._trained = trained
        self._held: dict[str, Any] | None = None
        self._begun = False

    def apply(self, given: dict[str, Any]) -> None:
        """Undo it, in the arguments of `fit` or in the network.

        Raises:
            ValueError: If it cannot be undone here.
        """
        match self._kind:
            case "input":
                self._hold_in_memory(given)
            case "batch":
                self._enlarge_batches(given)
            case "callback":
                del given["callbacks"][self._index]
        if self._begun:
            return
        self._begun = True
        match self._kind:
            case "eager":
                backend.compile_steps(self._model)
            case "validation":
                self._validate_seldom(given)
            case "layer":
                self._spare_layer()
            case "recompiling":
                object.__setattr__(self._model, "compile", lambda *args, **kwargs: None)
            case "jit":
                self._model.jit_compile = True
            case "steps":
                self._model.steps_per_execution = self._steps
        if self._kind in ("eager", "jit", "steps"):
            self._model.train_function = self._model.test_function = None

    def _hold_in_memory(self, given: dict[str, Any]) -> None:
        if self._held is None:
            self._held = {}
            most = _MOST_EPOCHS_IN_MEMORY * self._images
            if not feeding.in_arrays(given.get("x")):
                steps = given.get("steps_per_epoch")
                parts, rows = feeding.collected(given.get("x"), steps=steps, most=most)
                self._held |= dict(zip(("x", "y", "sample_weight"), parts, strict=False))
                self._held |= {"batch_size": rows, "steps_per_epoch": None}
            if not feeding.in_arrays(given.get("validation_data")):
                steps = given.get("validation_steps")
                parts, rows = feeding.collected(given["validation_data"], steps=steps, most=most)
                self._held |= {"validation_data": tuple(parts), "validation_batch_size": rows, "validation_steps": None}
        given.update(self._held)

    def _enlarge_batches(self, given: dict[str, Any]) -> None:
        rows = given.get("batch_size") or 32
        if not feeding.in_arrays(given.get("x")):
            (first,), _, x = feeding.first_batches(given["x"], 1)
            rows = feeding.rows_in(first)
            given["x"] = feeding.merged(x, max(2, self._batch_size // rows), rows)
        else:
            given["batch_size"] = self._batch_size
        if given.get("steps_per_epoch"):
            given["steps_per_epoch"] = max(1, math.ceil(given["steps_per_epoch"] * rows / self._batch_size))

    def _validate_seldom(self, given: dict[str, Any]) -> None:
        """Validate only once in each pass over the images, and in batches as large as the program was told to use."""
        evaluate = self._model.evaluate
        last: list[tuple[int, Any]] = []
        size = given.get("validation_batch_size") or given.get("batch_size") or 32
        if feeding.in_arrays(given.get("validation_data")):
            given["validation_batch_size"] = max(size, self._batch_size)

        def evaluate_seldom(*args: Any, **kwargs: Any) -> Any:
            trained = self._trained()
            if not last or trained - last[-1][0] >= _PASS * self._images:
                last[:] = [(trained, evaluate(*args, **{**kwargs, "return_dict": True}))]
            logs = last[-1][1]
            if kwargs.get("return_dict"):
                return dict(logs)
            return list(logs.values()) if len(logs) > 1 else next(iter(logs.values()))

        object.__setattr__(self._model, "evaluate", evaluate_seldom)

    def _spare_layer(self) -> None:
        """Replace a layer's computation by one that gives an output of the same shape and does next to nothing."""
        layer = parts_of(self._model)[self._index]
        shape = tuple(layer.output.shape[1:])
        if None in shape:
            raise ValueError(f"the shape of what {layer.name} gives is not known")

        def pass_on(inputs: Any, *_args: Any, **_kwargs: Any) -> Any:
            tensor = keras.ops.cast(keras.tree.flatten(inputs)[0], layer.compute_dtype)
            if tuple(tensor.shape[1:]) == shape:
                return tensor
            wanted = math.prod(shape)
            flat = keras.ops.reshape(tensor, (-1, math.prod(tensor.shape[1:])))
            flat = keras.ops.tile(flat, (1, math.ceil(wanted / flat.shape[1])))
            return keras.ops.reshape(flat[:, :wanted], (-1, *shape))

        object.__setattr__(layer, "call", pass_on)


def keep_to_single_precision() -> None:
    """Make Keras create layers of single precision from now on, even if double precision is asked for."""
    policies = importlib.import_module("keras.src.dtype_policies")
    get = policies.get

    def single(identifier: Any) -> Any:
        policy = get(identifier)
        return get("float32") if getattr(policy, "compute_dtype", "") == "float64" else policy

    policies.get = single  # type: ignore[attr-defined]
    for module in ("keras.src.backend.config", "keras.config", "keras.backend"):
        importlib.import_module(module).set_floatx = lambda value: None  # type: ignore[attr-defined]
