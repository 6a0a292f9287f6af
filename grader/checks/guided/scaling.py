"""How the images that a network gets are scaled: before they reach it, and by its own first layers."""

from __future__ import annotations

import itertools
from typing import Final

import numpy as np

from grader.checks.guided.notes import Note, layers_of

TINY: Final = 3 / 255
"""The largest value below which images count as divided by 255 twice."""

RAW: Final = 20
"""The value above which images count as not scaled."""

_NORMALISING: Final = ("BatchNormalization", "Rescaling", "Normalization", "LayerNormalization", "Lambda")


def scaled_wrongly(note: Note) -> bool:
    """Whether images were not scaled, or scaled twice, for a network that does not normalise them itself."""
    largest = largest_within(note)
    return not normalising_layers(note) and (largest < TINY or largest > RAW)


def largest_within(note: Note) -> float:
    """Return the largest value of the images that the first convolution gets, after the layers that rescale."""
    largest = float(np.nanmax(np.abs(note.x)))
    try:
        for kind, settings in itertools.takewhile(lambda layer: _is_early(layer[0]), layers_of(note.config)):
            if kind == "Rescaling":
                scale, offset = (settings.get(name, 1.0) for name in ("scale", "offset"))
                largest = float(np.max(np.abs(np.asarray(scale) * largest + np.asarray(offset))))
    except (TypeError, ValueError):
        pass  # a submission may have written any settings
    return largest


def normalising_layers(note: Note) -> list[str]:
    """Return those of the scaling layers that bring values of any size into one range."""
    config_scales = bool(note.config) and "Rescaling" in note.config
    return [
        layer for layer in scaling_layers(note) if layer != "Rescaling" and not (layer == "Lambda" and config_scales)
    ]


def scaling_layers(note: Note) -> list[str]:
    """Return the layers before the first convolution that change how large the values are."""
    return [layer for layer in itertools.takewhile(_is_early, note.layers) if layer in _NORMALISING]


def _is_early(layer: str) -> bool:
    return "Conv" not in layer and "Dense" not in layer
