"""Compare the submissions of a class, and flag pairs that share more code than the task explains.

A submission's own code is its code without what was taught and without what more than half of the other submissions
have too.  The features of this code are weighted by how rare they are, as in tf-idf.  For each pair, rarity is counted
over the other submissions only; otherwise a copy would make the code that it copies more common.
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
"""The score from which a pair is flagged.

Independent solutions reached at most 0.65, disguised copies at least 0.86 (docs/similar.md).
"""

LEAST_SHARED: Final = 40
"""The least number of features that a flagged pair shares, about as many as in five statements.

With fewer in common, two submissions may be similar by chance.
"""

LEAST_CLASS: Final = 6
"""The least number of submissions in which pairs are flagged; a smaller class does not show what most would write."""

_COMMON: Final = 0.5  # a feature that a larger share of the other submissions has counts for nothing
_NOTHING: Final = "{} has no code beyond the starter and what is taught."

Vector = NDArray[np.float64]


def compare(codes: Sequence[Code], taught: Iterable[Code] = ()) -> Comparison:
    """Compare every submission with every other one.

    Args:
        codes: The code of the submissions of a class, with different ids.
        taught: Code that everybody was given; it counts for nothing.
    """
    given = {feature for code in taught for piece in code.pieces for feature in piece.features}
    own = {code.id: {feature for piece in code.pieces for feature in piece.features} - given for code in codes}
    left_out = [(code.id, code.problem or _NOTHING.format(code.name)) for code in codes if not own[code.id]]
    compared = [code for code in codes if own[code.id]]
    parts = [own[code.id] for code in compared]
    owners = Counter(feature for each in parts for feature in each)
    known = {feature: place for place, feature in enumerate(owners)}
    # If both submissions of a pair have a feature, its owners among the others are all but these two; if only one of
    # them has it, all but that one.
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
    """Return the weight of each feature; 0 if more than half of the other submissions have it.

    Args:
        owners: For each feature, how many of the other submissions have it, shape (number of features,).
        others: The number of other submissions.
    """
    owners = np.maximum(owners, 0)
    return np.where(owners <= _COMMON * others, np.log((others + 2) / (owners + 1)), 0.0)


def _pairs(
    compared: Sequence[Code], parts: Sequence[set[int]], known: dict[int, int], if_shared: Vector, if_alone: Vector
) -> list[Pair]:
    # All pairs are compared at once: `has` has a row for each submission and a column for each feature, so a product
    # with its transpose holds sums over the features of each pair.
    starts = np.cumsum([0, *map(len, parts)])
    places = np.fromiter((known[feature] for each in parts for feature in each), np.int64, int(starts[-1]))
    has = sparse.csr_array((np.ones(len(places)), places, starts), shape=(len(parts), len(known)))
    together: Vector = ((has * if_shared) @ has.T).toarray()
    # The share is asymmetric: features that only the first of the two has count in its denominator.
    alone: Vector = (has @ if_alone)[:, None] - ((has * if_alone) @ has.T).toarray()
    whole = together + np.maximum(alone, 0)
    shares = np.divide(together, whole, out=np.zeros_like(together), where=whole > 0)
    shared = ((has * (if_shared > 0)) @ has.T).toarray()
    found = []
    for one, other in zip(*np.nonzero(np.triu(shared, 1)), strict=True):
        first, second = float(shares[one, other]), float(shares[other, one])
        count = round(shared[one, other])
        # The larger share counts: code that is added to a copy lowers only one of the two.
        flagged = len(parts) >= LEAST_CLASS and max(first, second) >= FLAGGED_FROM and count >= LEAST_SHARED
        found.append(Pair(compared[one].id, compared[other].id, first, second, count, flagged))
    return found
