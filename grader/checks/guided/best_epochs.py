"""Which epochs of the trainings are the best ones, by the digests of their weights."""

from __future__ import annotations

import re
from typing import Final

from grader.checks.guided.notes import Note
from grader.checks.guided.observed import Observed, Told

_MOST_TRAININGS: Final = 3

QUANTITIES: Final = ("val_accuracy", "val_loss", "accuracy", "loss")
"""What a callback may monitor, as Keras names it."""


def quantity_of(monitor: str) -> str:
    """Return what a callback monitors: `val_accuracy`, `val_loss`, `accuracy` or `loss`; "" for anything else."""
    plain = monitor.lower().replace("categorical_", "").replace("sparse_", "")
    plain = re.sub(r"acc$", "accuracy", plain)
    return plain if plain in QUANTITIES else ""


def best_digests(note: Note, told: Told) -> set[str]:
    """Return the digests to which the best epochs were committed, by what the program's ModelCheckpoints monitor.

    If none of them monitors a validation quantity, the best epochs by either quantity count.  A digest that was
    committed at several epochs does not count, since it does not say which of them a file holds.
    """
    epochs = len(told.digests)
    keepers = [each for each in note.callbacks if each.kind == "ModelCheckpoint" and each.best_only]
    watched = {quantity_of(each.monitor) for each in keepers}
    names = watched & {"val_accuracy", "val_loss"} or {"val_accuracy", "val_loss"}
    best = {told.digests[told.script.best(name, epochs)] for name in names} if epochs else set()
    return {digest for digest in best if told.digests.count(digest) == 1}


def best_of_all(observed: Observed) -> set[str]:
    """Return the digests of the best epochs of the program's last trainings.

    A program that trains twice may go on with the better of the two.  Only the last few trainings count, since each one
    is another guess for a program that claims to have saved the best epoch.
    """
    fits = observed.fits(stand_ins=True)[-_MOST_TRAININGS:]
    return set().union(*(best_digests(note, told) for note, told in fits))
