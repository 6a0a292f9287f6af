"""The curves with which `plot_history` is tried, and the images with which `predict` is tried."""

from __future__ import annotations

import functools
from typing import Any, Final

import msgspec
import numpy as np
from hypothesis import strategies as st

from grader.checks.common.verdict import Shown
from grader.checks.functions.task5.oracles import Shape, laid_out

Array = np.ndarray[Any, Any]


class CurvesCase(msgspec.Struct, frozen=True):
    """The curves of a training."""

    accuracy: tuple[float, ...]
    val_accuracy: tuple[float, ...]

    @property
    def curves(self) -> dict[str, list[float]]:
        """The dictionary that a History holds, with losses that differ from the accuracies."""
        return {
            "accuracy": list(self.accuracy),
            "loss": [round(2 - value, 2) for value in self.accuracy],
            "val_accuracy": list(self.val_accuracy),
            "val_loss": [round(2.5 - value, 2) for value in self.val_accuracy],
        }


ONE_EPOCH: Final = CurvesCase((0.5,), (0.75,))
"""A training of a single epoch, whose curves are single points."""


@functools.cache  # cases are kept for each strategy, so it must be the same object each time
@st.composite
def curves_cases(draw: st.DrawFn) -> CurvesCase:
    """Draw trainings of two to twelve epochs, whose training and validation accuracies differ."""
    epochs = draw(st.integers(2, 12))
    percents = st.lists(st.integers(50, 99), min_size=epochs, max_size=epochs)
    training = draw(percents)
    validation = draw(percents.filter(lambda values: values != training))
    return CurvesCase(tuple(p / 100 for p in training), tuple(p / 100 for p in validation))


Colours = list[tuple[tuple[int, ...], int]]
"""Images, each given by the levels of its three channels or parts, and by a number that is added to all three."""

_TOLD = 4

# Each image has one brightest channel.  Some are darker or lighter, so that no image can stand for the others.
COLOUR_CASES = st.lists(
    st.tuples(st.permutations((40, 110, 200)), st.sampled_from((-30, 0, 50))), min_size=1, max_size=40
)


def coloured(colours: Colours, shape: Shape) -> Shown:
    """Return images of the given levels: uniform ones in colour, or grey ones with frame, ring and middle."""
    levels = levels_of(colours)
    images = laid_out(levels, shape)
    if shape[2] == 3:
        return Shown(
            images, f'np.ones((1, {shape[0]}, {shape[1]}, 3), "uint8") * {_array(levels)}.reshape(-1, 1, 1, 3)'
        )
    told = f"frame, ring and middle have the levels {levels[:_TOLD].tolist()}{' and so on' * (len(levels) > _TOLD)}"
    return Shown(images, f"...  # grey images of {shape[0]} x {shape[1]}, uint8: {told}")


def levels_of(colours: Colours) -> Array:
    """Return the levels of images, shape (n, 3)."""
    return np.array([[level + light for level in colour] for colour, light in colours])


def _array(levels: Array) -> str:
    return f'np.array({levels.tolist()}, "uint8")'


# These are nearly grey, so that the known network is unsure about them.
GREYS: Colours = [((128 + i % 3, 128 + (i + 1) % 3, 128 + (i + 2) % 3), 20 * i - 60) for i in range(7)]
GREY_LEVELS: Array = levels_of(GREYS).astype(np.float64)

# These are more than one batch of any usual size, up to 512, and not a whole number of batches.  The network is surer
# of some of them than of others.
_ORDERS = ((0, 1, 2), (2, 0, 1), (1, 2, 0))
MANY_COLOURS: Colours = [
    (tuple(60 + (25 + i % 20) * step for step in _ORDERS[i * i % 3]), 5 * (i % 7)) for i in range(601)
]
