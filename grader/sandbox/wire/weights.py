"""Compare and digest the weights of a network in the same way on both sides."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np


def weights_digest(weights: Sequence[Any]) -> str:
    """Return the SHA-256 digest of a network's weights as hexadecimal digits: of shapes and bytes, in Keras' order.

    Without the shapes, the same bytes could be the weights of another network.
    """
    digest = hashlib.sha256()
    for weight in weights:
        digest.update(repr(np.shape(weight)).encode())
        digest.update(np.ascontiguousarray(weight).tobytes())
    return digest.hexdigest()


def differ(weights: Sequence[Any], before: Sequence[Any]) -> bool:
    """Whether two lists of weights differ in number, shape or value."""
    return len(weights) != len(before) or any(
        not np.array_equal(a, b)
        for a, b in zip(weights, before, strict=True)  # of another shape: not equal
    )
