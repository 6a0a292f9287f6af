"""Which submissions of a class share code of their own: how much, and whether that is more than the task explains.

A submission's own code is what is left when what is taught, and what more than half of the others have too, is taken
away.  What is left counts by how rare it is, as in tf-idf.  How rare it is the others say, without the two that are
compared, so that a copy does not make common what it copies.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from grader.similarity.records import Code, Comparison, Pair

FLAGGED_FROM: Final = 0.75
"""Independent solutions came to 0.65 at most, disguised copies to 0.86 at least: docs/similar.md."""

LEAST_SHARED: Final = 40
"""Features, about as many as five statements have: with fewer in common two may be alike by chance."""

LEAST_CLASS: Final = 6
"""In a smaller class nobody can tell what most would write, so nothing is flagged."""

_COMMON: Final = 0.5
_NOTHING: Final = "{} has no code beyond the starter and what is taught."

Vector = NDArray[np.float64]


def compare(codes: Sequence[Code], taught: Iterable[Code] = ()) -> Comparison:
    """Compare each submission with each other.

    Args:
        codes: The code of a class; their ids differ.
        taught: Code that everybody was given, which counts nothing.
    """
    given = {feature for code in taught for piece in code.pieces for feature in piece.features}
    own = {code.id: {feature for piece in code.pieces for feature in piece.features} - given for code in codes}
    left_out = [(code.id, code.problem or _NOTHING.format(code.name)) for code in codes if not own[code.id]]
    compared = [code for code in codes if own[code.id]]
    parts = [own[code.id] for code in compared]
    owners = Counter(feature for each in parts for feature in each)
    known = {feature: place for place, feature in enumerate(owners)}
    others = len(compared) - 2
    counts = np.fromiter(owners.values(), np.float64, len(owners))
    if_shared, if_alone = _weights(counts - 2, others), _weights(counts - 1, others)
    pairs = _pairs(compared, parts, known, if_shared, if_alone) if len(compared) > 1 else []
    weights = {
        feature: float(if_shared[place]) for feature, place in known.items() if counts[place] > 1 and if_shared[place]
    }
    names = tuple(code.id for code in compared)
    return Comparison(names, tuple(left_out), tuple(sorted(pairs, key=_order)), weights)


def _order(pair: Pair) -> tuple[bool, float, int, str, str]:
    return (not pair.flagged, -pair.score, -pair.shared, pair.first, pair.second)


def _weights(owners: Vector, others: int) -> Vector:
    """What a feature counts that so many of the others have; nothing where those are more than half of them."""
    owners = np.maximum(owners, 0)
    return np.where(owners <= _COMMON * others, np.log((others + 2) / (owners + 1)), 0.0)


def _pairs(
    compared: Sequence[Code], parts: Sequence[set[int]], known: dict[int, int], if_shared: Vector, if_alone: Vector
) -> list[Pair]:
    starts = np.cumsum([0, *map(len, parts)])
    places = np.fromiter((known[feature] for each in parts for feature in each), np.int64, int(starts[-1]))
    has = sparse.csr_array((np.ones(len(places)), places, starts), shape=(len(parts), len(known)))
    together: Vector = ((has * if_shared) @ has.T).toarray()
    # What is in one and not in the other counts too, as what the two have for themselves.
    alone: Vector = (has @ if_alone)[:, None] - ((has * if_alone) @ has.T).toarray()
    whole = together + np.maximum(alone, 0)
    shares = np.divide(together, whole, out=np.zeros_like(together), where=whole > 0)
    shared = ((has * (if_shared > 0)) @ has.T).toarray()
    found = []
    for one, other in zip(*np.nonzero(np.triu(shared, 1)), strict=True):
        first, second = float(shares[one, other]), float(shares[other, one])
        count = round(shared[one, other])
        flagged = len(parts) >= LEAST_CLASS and max(first, second) >= FLAGGED_FROM and count >= LEAST_SHARED
        found.append(Pair(compared[one].id, compared[other].id, first, second, count, flagged))
    return found
