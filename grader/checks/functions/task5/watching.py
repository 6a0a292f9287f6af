"""Guess which quantity `train` monitors, from where it stopped and which epoch it saved.

In the scripts, the best epoch differs for each quantity and direction (`oracles.sureness_of`), so a training that
monitors the wrong one gives itself away.  The curves may be forged, so this only improves messages and decides nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from grader.checks.common.stopping import epochs_until_stop
from grader.checks.functions.task5.cases import ScriptCase
from grader.checks.functions.task5.evidence import Training

_Judged = Sequence[tuple[ScriptCase, Training]]

_MISTAKEN: Final = (
    ("val_loss", -1, "watched val_loss"),
    ("accuracy", 1, "watched accuracy on the training set"),
    ("loss", -1, "watched loss on the training set"),
    ("val_accuracy", -1, "looked for the lowest val_accuracy"),
    ("val_loss", 1, "looked for the highest val_loss"),
    ("loss", 1, "looked for the highest loss"),
)


def stops_as_if(judged: _Judged) -> str:
    """Explain when some trainings stopped, in words that end a sentence; "" if no explanation fits all of them."""

    def explained(name: str, sign: int, more: int = 0) -> bool:
        curves = _curves(judged, name)
        return bool(curves) and all(
            training.epochs == (epochs_until_stop(curve, case.patience + more, sign=sign) or case.epochs)
            for (case, training), curve in zip(judged, curves, strict=True)
        )

    if told := [words for name, sign, words in _MISTAKEN if explained(name, sign)]:
        return _as_if(told)
    if all(training.epochs == case.epochs for case, training in judged):
        return ", as if nothing stopped it"
    for more, words in ((1, "one more"), (-1, "one less")):
        if explained("val_accuracy", 1, more):
            return f", as if patience were {words}"
    return ""


def keeps_as_if(judged: _Judged, kept: Sequence[int]) -> str:
    """Explain which epochs some trainings saved, in words that end a sentence; "" if no explanation fits all of them.

    Args:
        judged: The cases and their trainings.
        kept: The rank of the epoch in each checkpoint.
    """

    def explained(epochs: Sequence[int]) -> bool:
        return all(
            case.ranks[min(epoch, len(case.ranks) - 1)] == rank
            for (case, _), epoch, rank in zip(judged, epochs, kept, strict=True)
        )

    told = []
    for name, sign, words in _MISTAKEN:
        curves = _curves(judged, name)
        if curves and explained([_best(curve, sign) for curve in curves]):
            told.append(words)
    if explained([(training.epochs or 1) - 1 for _, training in judged]):
        told.append("kept the last epoch")
    if explained([0 for _ in judged]):
        told.append("kept the first epoch")
    return _as_if(told)


def _as_if(told: list[str]) -> str:
    """Put explanations into words.  There may be several, since training accuracy falls where val_accuracy rises."""
    return f", as if it {', or '.join(told[:3])}" if told else ""


def _curves(judged: _Judged, name: str) -> list[list[float]]:
    """Return one curve of each training; empty if a training has no such curve, or lacks a value for some epoch."""
    curves = [training.curves.get(name, []) for _, training in judged]
    whole = all(curve and len(curve) == training.epochs for curve, (_, training) in zip(curves, judged, strict=True))
    return curves if whole else []


def _best(curve: list[float], sign: int) -> int:
    """Return the first epoch with the best value."""
    values = [sign * value for value in curve]
    return values.index(max(values))
