"""The scripts that `train` is tried with: some drawn by Hypothesis, and some that are always the same."""

from __future__ import annotations

import functools
from typing import Final

import msgspec
from hypothesis import strategies as st

SCRIPT_CLASSES: Final = 8


class ScriptCase(msgspec.Struct, frozen=True):
    """A training whose validation accuracy follows a script.

    Attributes:
        ranks: For each epoch, from 1 to `SCRIPT_CLASSES`; a higher rank is a higher validation accuracy.  The
            last one stays for as long as training goes on.
        patience: What `train` is given.
        epochs: Likewise.
        callbacks: Whether it is given callbacks, too.
        batches: How many batches either set makes.
        default_patience: Whether `train` is not told the patience, which then is what its default is to be.
    """

    ranks: tuple[int, ...]
    patience: int
    epochs: int
    callbacks: bool = False
    batches: int = 1
    default_patience: bool = False


@functools.cache  # the same strategy each time, whose cases are drawn once
@st.composite
def script_cases(draw: st.DrawFn) -> ScriptCase:
    """Scripts of up to seven epochs."""
    ranks = draw(st.lists(st.integers(1, SCRIPT_CLASSES), min_size=2, max_size=6))
    return ScriptCase(tuple(ranks), draw(st.integers(1, 4)), draw(st.integers(1, 7)))


# Cases that tell apart what is often confused: another patience, an equal epoch, a small rise, a rise that is not to
# the best, and the last epoch.  All are trained without further callbacks, so that those which an earlier training
# has left in a default show; the second in two batches, since one of the validation set is not all of it.
# Hypothesis adds others.
RISES_AND_FALLS = ScriptCase((3, 7, 4, 8, 8, 5, 6, 7, 7), 3, 9)
STOPS_EARLY = ScriptCase((4, 6, 5, 7), 1, 4, batches=2)
WITH_CALLBACKS = msgspec.structs.replace(STOPS_EARLY, callbacks=True)
