"""What a note says of a network and of callbacks: plain values, read off Keras' objects.

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
"""Longer texts are cut."""


def digest_of(model: Any) -> str:
    """The digest of a network's weights; empty where it has none."""
    with contextlib.suppress(Exception):
        return weights_digest(model.get_weights())
    return ""


def flat_list(value: Any) -> list[Any]:
    """What a list, tuple, set or dictionary holds, at any depth, in one list."""
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
    """A loss, metric or function by the name that it has in a program."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value[:100]
    return str(getattr(value, "__name__", "") or type(value).__name__)[:100]


def metric_names(model: Any) -> list[str]:
    """The metrics that a network was compiled with."""
    with contextlib.suppress(Exception):
        config = model._compile_metrics._user_metrics if model._compile_metrics is not None else []
        return [name_of(metric) for metric in flat_list(config)][:20]
    return []


def callback_facts(callback: Any) -> dict[str, Any]:
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
        "min_delta": abs(float(getattr(callback, "min_delta", 0) or 0)),
        "best_only": bool(getattr(callback, "save_best_only", False)),
        "weights_only": bool(getattr(callback, "save_weights_only", False)),
        "restores": bool(getattr(callback, "restore_best_weights", False)),
        "path": str(getattr(callback, "filepath", ""))[:MAX_TEXT],
        "unknown": [name[:60] for name in getattr(callback, "unknown_arguments", ())][:5],
    }


def watch_upwards(callbacks: list[Any]) -> None:
    """Let callbacks watch an accuracy that is not tracked, which task 4 tells of: Keras cannot know which way is up."""
    for callback in callbacks:
        if "acc" in str(getattr(callback, "monitor", "")) and getattr(callback, "mode", "") == "auto":
            callback.mode = "max"


def all_layers(model: Any) -> Iterator[Any]:
    """A network's layers, and those inside of them: of networks, and of layers of a program's own."""
    for layer in getattr(model, "layers", ()) or getattr(model, "_layers", ()):
        yield layer
        yield from all_layers(layer)


def convolution_types() -> tuple[Any, ...]:
    """The layers that count as convolutions."""
    layers = keras.layers
    return (layers.Conv2D, layers.SeparableConv2D, layers.DepthwiseConv2D, layers.Conv2DTranspose)
