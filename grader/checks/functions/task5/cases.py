"""The scripts with which `train` is tried: some are drawn by Hypothesis, and some are fixed."""

from __future__ import annotations

import functools
from typing import Final

import msgspec
from hypothesis import strategies as st

SCRIPT_CLASSES: Final = 8


class ScriptCase(msgspec.Struct, frozen=True):
    """A training whose validation accuracy follows a script.

    Attributes:
        ranks: The rank of each epoch, from 1 to `SCRIPT_CLASSES`: a higher rank is a higher validation accuracy.  Any
            further epochs have the last rank.
        patience: The argument `patience`.
        epochs: The argument `epochs`.
        callbacks: Whether callbacks are given as well.
        batches: How many batches the training set makes, and the validation set.
        default_patience: Whether `train` is called without `patience`, whose default should then be `patience`.
    """

    ranks: tuple[int, ...]
    patience: int
    epochs: int
    callbacks: bool = False
    batches: int = 1
    default_patience: bool = False


@functools.cache  # cases are kept for each strategy, so it must be the same object each time
@st.composite
def script_cases(draw: st.DrawFn) -> ScriptCase:
    """Draw scripts of up to seven epochs."""
    ranks = draw(st.lists(st.integers(1, SCRIPT_CLASSES), min_size=2, max_size=6))
    return ScriptCase(tuple(ranks), draw(st.integers(1, 4)), draw(st.integers(1, 7)))


# Cases that tell apart what is often confused: another patience, an epoch that only equals the best, a small rise, a
# rise to less than the best, and the last epoch.  The first two have no further callbacks, so that callbacks show which
# an earlier training has left in a default.  The second has two batches, so that a validation on one batch shows.
# Hypothesis adds other cases.
RISES_AND_FALLS = ScriptCase((3, 7, 4, 8, 8, 5, 6, 7, 7), 3, 9)
STOPS_EARLY = ScriptCase((4, 6, 5, 7), 1, 4, batches=2)
WITH_CALLBACKS = msgspec.structs.replace(STOPS_EARLY, callbacks=True)
