"""Keras' rule for EarlyStopping, which both forms of the assignment are judged by."""

from __future__ import annotations

import math
from collections.abc import Iterable


def epochs_until_stop(values: Iterable[float], patience: int, *, sign: int = 1, min_delta: float = 0.0) -> int | None:
    """How many epochs EarlyStopping lets pass; `None` where it does not stop within the values.

    Args:
        values: What it watches, one value an epoch.
        patience: How many epochs without a better value it waits for; less than one counts as one.
        sign: 1 where higher values are better, -1 where lower ones are.
        min_delta: By how much a value has to be better.
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
