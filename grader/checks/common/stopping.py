"""The rule by which Keras' EarlyStopping stops, against which both forms of the assignment are judged."""

from __future__ import annotations

import math
from collections.abc import Iterable


def epochs_until_stop(values: Iterable[float], patience: int, *, sign: int = 1, min_delta: float = 0.0) -> int | None:
    """Return after how many epochs EarlyStopping stops, or `None` if it does not stop within the values.

    Args:
        values: The monitored quantity, one value an epoch.
        patience: How many epochs without a better value it waits; less than one counts as one.
        sign: 1 if higher values are better, -1 if lower values are.
        min_delta: By how much a value has to be better to count.
    """
    best, waited = -math.inf, 0
    for epoch, value in enumerate(values):
        if sign * value - min_delta > best:
            best, waited = sign * value, 0
            continue
        waited += 1
        if waited >= max(patience, 1):
            return epoch + 1
    return None
