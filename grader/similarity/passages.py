"""Find the passages that two submissions share, to show them side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from grader.similarity.records import Code, Passage, Piece

_LEAST_ALIKE: Final = 0.5
"""The least share of the smaller piece's weight that two pieces must have in common to be matched."""

_LINES_BETWEEN: Final = 3
"""The largest distance in lines, in both submissions, at which two matches are joined to one passage."""


class _Match(msgspec.Struct, frozen=True):
    """A piece of one submission, the matching piece of the other, and the weight of the features that they share."""

    mine: Piece
    other: Piece
    weight: float


def passages_of(first: Code, second: Code, weights: Mapping[int, float]) -> list[Passage]:
    """Return the passages that two submissions share, those with the largest weight first.

    Args:
        first: The code of one submission.
        second: The code of the other.
        weights: The weight of each feature; see `Comparison`.
    """
    groups: list[list[_Match]] = []
    for match in _matches(first, second, weights):
        if groups and _near(groups[-1][-1], match):
            groups[-1].append(match)
        else:
            groups.append([match])
    return sorted(map(_passage, groups), key=lambda passage: (-passage.weight, passage.cell or 0, passage.lines))


def _matches(first: Code, second: Code, weights: Mapping[int, float]) -> list[_Match]:
    """Match each piece of the first submission with the most similar piece of the second; each is used once."""
    # The index of pieces by feature avoids comparing every piece with every other one.
    parts = [{feature for feature in piece.features if feature in weights} for piece in second.pieces]
    having: dict[int, list[int]] = {}
    for place, own in enumerate(parts):
        for feature in own:
            having.setdefault(feature, []).append(place)
    taken: set[int] = set()
    found = []
    for piece in first.pieces:
        own = {feature for feature in piece.features if feature in weights}
        candidates = {place for feature in own for place in having.get(feature, ())} - taken
        # The largest weight in common decides; if it is equal, the piece with the least other code.
        best, alike = -1, (0.0, 0.0)
        for place in sorted(candidates):
            smaller = min(_sum(own, weights), _sum(parts[place], weights))
            both = _sum(own & parts[place], weights)
            larger = max(_sum(own, weights), _sum(parts[place], weights))
            if both >= _LEAST_ALIKE * smaller and (both, both / larger) > alike:
                best, alike = place, (both, both / larger)
        if best >= 0:
            taken.add(best)
            found.append(_Match(piece, second.pieces[best], alike[0]))
    return found


def _sum(features: set[int], weights: Mapping[int, float]) -> float:
    return sum(weights[feature] for feature in features)


def _near(one: _Match, next_one: _Match) -> bool:
    return (
        one.mine.cell == next_one.mine.cell
        and one.other.cell == next_one.other.cell
        and next_one.mine.first - one.mine.last <= _LINES_BETWEEN
        and abs(next_one.other.first - one.other.last) <= _LINES_BETWEEN
    )


def _passage(matches: Sequence[_Match]) -> Passage:
    marked, others = (_lines(pieces) for pieces in ([m.mine for m in matches], [m.other for m in matches]))
    return Passage(
        sum(match.weight for match in matches),
        matches[0].mine.cell,
        (marked[0], marked[-1]),
        matches[0].other.cell,
        (others[0], others[-1]),
        marked,
        others,
    )


def _lines(pieces: Sequence[Piece]) -> tuple[int, ...]:
    return tuple(sorted({line for piece in pieces for line in range(piece.first, piece.last + 1)}))
