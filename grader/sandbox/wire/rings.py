"""Three concentric regions of a grey image (frame, ring and middle), which stand in for the channels of a colour image.

The regions map onto themselves when augmentation mirrors or turns an image.
"""

from __future__ import annotations

from typing import Any

import numpy as np


def rings(height: int, width: int) -> np.ndarray[Any, Any]:
    """Number the region of each pixel: 0 for the frame, 1 for the ring, 2 for the middle.

    Each region has about a third of the pixels.

    Returns:
        Integers of shape (height, width).
    """
    rows, columns = np.arange(height), np.arange(width)
    border = np.minimum.outer(np.minimum(rows, rows[::-1]), np.minimum(columns, columns[::-1]))
    inside = [float(np.mean(border >= depth)) for depth in range(int(border.max()) + 1)]
    ring = min(range(1, len(inside) - 1), key=lambda depth: abs(inside[depth] - 2 / 3))
    middle = min(range(ring + 1, len(inside)), key=lambda depth: abs(inside[depth] - 1 / 3))
    return (border >= ring).astype(np.intp) + (border >= middle)
