"""The records of a comparison of submissions."""

from __future__ import annotations

import msgspec


class Piece(msgspec.Struct, frozen=True):
    """An expression in a submission: what a statement computes, what a loop iterates over, or a condition.

    Attributes:
        cell: The number of its code cell, from 1; `None` in a `.py`.
        first: Its first line in that cell, or in the file, from 1.
        last: Its last line.
        features: Two digests of each of its parts, including the whole; see `grader.similarity.normal`.
    """

    cell: int | None
    first: int
    last: int
    features: tuple[int, ...]


class Code(msgspec.Struct, frozen=True):
    """The code of a submission, ready to be compared.

    Attributes:
        id: The id of the submission.
        name: The name of the file.
        problem: Why it cannot be compared, one sentence; empty if it can.
        pieces: Its pieces, in the order of the file.
        cells: The text of each code cell as the student wrote it; a `.py` has one.
        program: The whole submission as plain Python.
    """

    id: str
    name: str
    problem: str = ""
    pieces: tuple[Piece, ...] = ()
    cells: tuple[str, ...] = ()
    program: str = ""

    def lines(self, cell: int | None) -> list[str]:
        """Return the lines of a code cell, or of a `.py` if `cell` is `None`, as the student wrote them."""
        return self.cells[0 if cell is None else cell - 1].split("\n")


class Pair(msgspec.Struct, frozen=True):
    """Two submissions, and how much code they share.

    Attributes:
        first: The id of the first submission.
        second: The id of the second submission.
        share_of_first: The share of the first submission's own code that is in the second too, 0 to 1.
        share_of_second: The share of the second submission's own code that is in the first too, 0 to 1.
        shared: The number of shared features that count.
        flagged: Whether they share more than independent solutions did in measurements.
    """

    first: str
    second: str
    share_of_first: float
    share_of_second: float
    shared: int
    flagged: bool

    @property
    def score(self) -> float:
        """The larger of the two shares, so that code which is added to a copy does not hide it."""
        return max(self.share_of_first, self.share_of_second)


class Comparison(msgspec.Struct, frozen=True):
    """The comparison of all submissions of a class.

    Attributes:
        compared: The ids of the submissions that were compared.
        left_out: The ids of those that could not be compared, each with the reason.
        pairs: The pairs that share any code of their own, flagged ones first, then by score.
        weights: The weight of each feature that two submissions or more have; others count for nothing.
    """

    compared: tuple[str, ...]
    left_out: tuple[tuple[str, str], ...]
    pairs: tuple[Pair, ...]
    weights: dict[int, float]

    @property
    def flagged(self) -> tuple[Pair, ...]:
        """The pairs that share more than independent solutions did in measurements."""
        return tuple(pair for pair in self.pairs if pair.flagged)


class Passage(msgspec.Struct, frozen=True):
    """Lines of two submissions with the same code, apart from disguises.

    Attributes:
        weight: The weight of the features that they share.
        cell: The code cell of the lines in the first submission; `None` in a `.py`.
        lines: The first and the last line in the first submission.
        other_cell: The code cell of the lines in the second submission; `None` in a `.py`.
        other_lines: The first and the last line in the second submission.
        marked: The lines of the first submission that have shared code; there may be others between them.
        other_marked: The lines of the second submission that have shared code.
    """

    weight: float
    cell: int | None
    lines: tuple[int, int]
    other_cell: int | None
    other_lines: tuple[int, int]
    marked: tuple[int, ...]
    other_marked: tuple[int, ...]
