"""Where a grey image has the three values that an image in colour has in its channels: frame, ring and middle.

They stay where they are when an image is mirrored or turned, as augmentation does.
"""

from __future__ import annotations

from typing import Any

import numpy as np


def rings(height: int, width: int) -> np.ndarray[Any, Any]:
    """For each pixel 0 in the frame, 1 in the ring and 2 in the middle, each about a third of them; (height, width)."""
    rows, columns = np.arange(height), np.arange(width)
    border = np.minimum.outer(np.minimum(rows, rows[::-1]), np.minimum(columns, columns[::-1]))
    inside = [float(np.mean(border >= depth)) for depth in range(int(border.max()) + 1)]
    ring = min(range(1, len(inside) - 1), key=lambda depth: abs(inside[depth] - 2 / 3))
    middle = min(range(ring + 1, len(inside)), key=lambda depth: abs(inside[depth] - 1 / 3))
    return (border >= ring).astype(np.intp) + (border >= middle)
