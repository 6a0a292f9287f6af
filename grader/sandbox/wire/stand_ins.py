"""What the grader's own network and training look like, so that both sides recognise them whatever a note says."""

from __future__ import annotations

from typing import Any, Final

import msgspec
import numpy as np

FILTERS: Final = 11
POOL: Final = 4
IMAGES: Final = 24
"""How many images a training of the grader's own gets: the first of the set."""


def is_network(config: str) -> bool:
    """Whether a configuration is that of the grader's own network."""
    try:
        layers = msgspec.json.decode(config)["config"]["layers"]
        found = [(layer["class_name"], layer["config"]) for layer in layers if layer["class_name"] != "InputLayer"]
        if [name for name, _ in found] != ["Conv2D", "MaxPooling2D", "Flatten", "Dense"]:
            return False
        return found[0][1]["filters"] == FILTERS and list(found[1][1]["pool_size"]) == [POOL, POOL]
    except (msgspec.MsgspecError, LookupError, TypeError, AttributeError):
        return False


def targets(count: int, outputs: int) -> Any:
    """Return the labels of a training of the grader's own: the classes in turn, whatever the images show."""
    return np.eye(outputs, dtype=np.float32)[np.arange(count) % outputs]


def is_training(labels: Any, numbers: Any) -> bool:
    """Whether labels and the numbers of training images are those of a training of the grader's own."""
    if labels is None or labels.ndim != 2 or len(labels) != IMAGES or not labels.shape[1]:
        return False
    return np.array_equal(numbers, np.arange(IMAGES)) and np.array_equal(labels, targets(IMAGES, labels.shape[1]))
