"""The records of a comparison."""

from __future__ import annotations

import msgspec


class Piece(msgspec.Struct, frozen=True):
    """An expression of a submission's code: what a statement computes, what a loop goes over, what a condition asks.

    Attributes:
        cell: The number of its code cell, from 1; `None` in a `.py`.
        first: Its first line in that cell, or in the file, from 1.
        last: Its last line.
        features: Two digests of each part of it, the whole included; see `grader.similarity.normal`.
    """

    cell: int | None
    first: int
    last: int
    features: tuple[int, ...]


class Code(msgspec.Struct, frozen=True):
    """The code of a submission, ready to be compared.

    Attributes:
        id: The submission's.
        name: The file's name.
        problem: Why it cannot be compared, one sentence; empty if it can.
        pieces: Its pieces, in the order of the file.
        cells: The text of each code cell as the student wrote it; of a `.py`, one text.
        program: All of it as plain Python.
    """

    id: str
    name: str
    problem: str = ""
    pieces: tuple[Piece, ...] = ()
    cells: tuple[str, ...] = ()
    program: str = ""

    def lines(self, cell: int | None) -> list[str]:
        """The lines of a code cell, or of the file, as the student wrote them."""
        return self.cells[0 if cell is None else cell - 1].split("\n")


class Pair(msgspec.Struct, frozen=True):
    """Two submissions.

    Attributes:
        first: The id of one.
        second: The id of the other.
        share_of_first: How much of the first one's own code stands in the second too, from 0 to 1.
        share_of_second: The same of the second one.
        shared: How many features they share that count.
        flagged: Whether they share more than independent work was measured to.
    """

    first: str
    second: str
    share_of_first: float
    share_of_second: float
    shared: int
    flagged: bool

    @property
    def score(self) -> float:
        """The larger of both shares: code that is added to a copy makes it no less of one."""
        return max(self.share_of_first, self.share_of_second)


class Comparison(msgspec.Struct, frozen=True):
    """A class compared.

    Attributes:
        compared: The ids of the submissions that were compared.
        left_out: Those that could not be, and why.
        pairs: The pairs that share anything of their own, the most alike first.
        weights: For each feature of two submissions or more, how much it counts where two share it; what is absent
            counts nothing.
    """

    compared: tuple[str, ...]
    left_out: tuple[tuple[str, str], ...]
    pairs: tuple[Pair, ...]
    weights: dict[int, float]

    @property
    def flagged(self) -> tuple[Pair, ...]:
        """The pairs that share more than independent work was measured to."""
        return tuple(pair for pair in self.pairs if pair.flagged)


class Passage(msgspec.Struct, frozen=True):
    """Lines of two submissions that are the same but for a disguise.

    Attributes:
        weight: What they count for.
        cell: The code cell of the first one's lines; `None` in a `.py`.
        lines: The first and the last of them.
        other_cell: The code cell of the second one's.
        other_lines: The first and the last of those.
        marked: The lines of the first one that are meant.
        other_marked: Those of the second one.
    """

    weight: float
    cell: int | None
    lines: tuple[int, int]
    other_cell: int | None
    other_lines: tuple[int, int]
    marked: tuple[int, ...]
    other_marked: tuple[int, ...]
