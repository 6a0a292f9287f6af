"""Read the facts about networks and callbacks that notes contain, as plain values, from Keras' objects.

Untrusted side.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any, Final

import keras
import numpy as np

from grader.sandbox.wire.weights import weights_digest

MAX_TEXT: Final = 300
"""The most characters of a text; longer ones are truncated."""


def digest_of(model: Any) -> str:
    """Return the digest of a network's weights, or an empty string if it has none."""
    with contextlib.suppress(Exception):
        return weights_digest(model.get_weights())
    return ""


def flat_list(value: Any) -> list[Any]:
    """Return all values in nested lists, tuples, sets and dictionaries as one list."""
    if value is None:
        return []
    if isinstance(value, keras.callbacks.CallbackList):
        return list(value.callbacks)
    if isinstance(value, (list, tuple, set)):
        return [each for part in value for each in flat_list(part)]
    if isinstance(value, dict):
        return [each for part in value.values() for each in flat_list(part)]
    return [value]


def name_of(value: Any) -> str:
    """Return the name of a loss, metric or function."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value[:100]
    name = str(getattr(value, "__name__", "") or type(value).__name__)
    own = getattr(value, "__module__", "") == "__main__"  # its name proves nothing
    return f"own {name}"[:100] if own else name[:100]


def loss_name(loss: Any) -> str:
    """Return the name of a loss: that of the program's own function if Keras' tables were changed to hold one."""
    if isinstance(loss, str):
        with contextlib.suppress(Exception):  # Keras knows no such loss
            found = keras.losses.get(loss)
            return loss[:100] if found.__module__.startswith("keras.") else name_of(found)
    return name_of(loss)


def metric_name(metric: Any) -> str:
    """Return the name of a metric, with `()` if it is an object.

    Keras takes the text `"Accuracy"` for the accuracy that fits the labels, but not an object of the class `Accuracy`.
    """
    return f"{name_of(metric)}()" if isinstance(metric, keras.metrics.Metric) else name_of(metric)


def metric_names(model: Any) -> list[str]:
    """Return the names of the metrics that a network was compiled with, as `metric_name` gives them."""
    with contextlib.suppress(Exception):
        config = model._compile_metrics._user_metrics if model._compile_metrics is not None else []
        return [metric_name(metric) for metric in flat_list(config)][:20]
    return []


def callback_facts(callback: Any) -> dict[str, Any]:
    """Return a callback's kind, and the settings that say what it watches and keeps."""
    kinds = [kind.__name__ for kind in type(callback).__mro__ if kind.__module__.startswith("keras.")]
    # A class of the program may have any name, so only the names of Keras' own classes count.
    own = "" if kinds[:1] == [type(callback).__name__] else "own "
    kind = next((name for name in ("EarlyStopping", "ModelCheckpoint") if name in kinds), own + type(callback).__name__)
    mode = ""
    operation = getattr(callback, "monitor_op", None)
    if operation is not None:
        mode = "max" if operation in (np.greater, keras.ops.greater) else "min"
    patience = getattr(callback, "patience", 0)
    return {
        "kind": kind[:60],
        "own": _acts_on_its_own(callback),
        "monitor": str(getattr(callback, "monitor", ""))[:60],
        "mode": str(getattr(callback, "mode", "") or mode)[:20],
        "patience": int(patience) if isinstance(patience, (int, float)) else 0,
        "min_delta": abs(float(getattr(callback, "min_delta", 0) or 0)),
        "start": min(max(0, int(getattr(callback, "start_from_epoch", 0) or 0)), 100_000),
        "best_only": bool(getattr(callback, "save_best_only", False)),
        "weights_only": bool(getattr(callback, "save_weights_only", False)),
        "restores": bool(getattr(callback, "restore_best_weights", False)),
        "path": str(getattr(callback, "filepath", ""))[:MAX_TEXT],
        "unknown": [name[:60] for name in getattr(callback, "unknown_arguments", ())][:5],
    }


def _acts_on_its_own(callback: Any) -> bool:
    """Whether a callback does something else than its class in Keras: its class is another, or a method of its own."""
    return not type(callback).__module__.startswith("keras.") or any(name.startswith("on_") for name in vars(callback))


def watch_upwards(callbacks: list[Any], metrics: list[str]) -> None:
    """Make callbacks that watch an accuracy which the network does not track treat higher values as better.

    Keras reads the direction off the network's metrics, and cannot do so here.  That the program does not track
    accuracy costs points in task 4, and should not cost any in another one; and `val_acc` is an older name.
    """
    for callback in callbacks:
        watched = str(getattr(callback, "monitor", ""))
        unknown = "acc" in watched and watched.removeprefix("val_") not in metrics
        if unknown and getattr(callback, "mode", "") == "auto":
            callback.mode = "max"


def all_layers(model: Any) -> Iterator[Any]:
    """Yield a network's layers, and the layers inside nested networks and custom layers."""
    for layer in getattr(model, "layers", ()) or getattr(model, "_layers", ()):
        yield layer
        yield from all_layers(layer)


def convolution_types() -> tuple[Any, ...]:
    """Return the classes of layers that count as convolutions."""
    layers = keras.layers
    return (layers.Conv2D, layers.SeparableConv2D, layers.DepthwiseConv2D, layers.Conv2DTranspose)
