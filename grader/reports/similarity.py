"""A class compared, for a terminal and for programs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from grader.ground.text import clean
from grader.similarity import FLAGGED_FROM, LEAST_CLASS, Comparison, Pair, Passage

SCHEMA_VERSION: Final = 1
MOST_SHOWN: Final = 20
"""So many pairs are shown unless more are flagged."""

_NAMED: Final = 3
_BESIDE_FLAGGED: Final = 5
"""A terminal shows so many of the next pairs, to see how far from them the flagged ones are."""


def shown_pairs(comparison: Comparison) -> tuple[Pair, ...]:
    """The pairs worth showing: those that are flagged, and the next ones for comparison."""
    return comparison.pairs[: max(MOST_SHOWN, len(comparison.flagged))]


def caveats(comparison: Comparison) -> list[str]:
    """What limits the meaning of a comparison, a sentence each."""
    said = []
    count = len(comparison.compared)
    if count < LEAST_CLASS:
        said.append(
            f"In a class of {count} nobody can tell what most would write, so no pair is flagged, and what the task "
            f"alone explains may be among what is shared; from {LEAST_CLASS} submissions on the others tell."
        )
    for name, problem in comparison.left_out[:_NAMED]:
        said.append(f"{name} is not compared: {problem}")
    if len(comparison.left_out) > _NAMED:
        said.append(f"{len(comparison.left_out) - _NAMED} more could not be read, and are not compared.")
    return said


def summary(comparison: Comparison) -> str:
    """How many were compared, and how many pairs are flagged."""
    count, flagged = len(comparison.compared), len(comparison.flagged)
    pairs = f"{flagged or 'no'} pair{'' if flagged == 1 else 's'} flagged"
    return (
        f"{count} submissions compared, {pairs}: from {FLAGGED_FROM:.0%} on, two share more than independent work did."
    )


def show(console: Console, comparison: Comparison, passages: Mapping[Pair, list[Passage]]) -> None:
    """Print the pairs that are the most alike, each with the passage that counts most.

    Args:
        console: Where to.
        comparison: The class compared.
        passages: What the pairs that are shown share.
    """
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("Alike", justify="right")
    table.add_column("Submissions", overflow="fold")
    table.add_column("The rarest that they share", overflow="fold")
    table.add_column()
    for pair, found in list(passages.items())[: len(comparison.flagged) + _BESIDE_FLAGGED]:
        names = Text.assemble(clean(pair.first, limit=60), (" and ", "dim"), clean(pair.second, limit=60))
        where = " = ".join(places(found[0])) if found else ""
        table.add_row(
            f"{pair.score:.0%}", names, Text(where, "dim"), Text("flagged" if pair.flagged else "", "bold red")
        )
    if passages:
        console.print(table)
    console.print(summary(comparison), highlight=False, markup=False, soft_wrap=not console.is_terminal)


def places(passage: Passage) -> tuple[str, str]:
    """Where a passage stands in the one and in the other."""
    return _place(passage.cell, passage.lines), _place(passage.other_cell, passage.other_lines)


def _place(cell: int | None, lines: tuple[int, int]) -> str:
    """Some lines in a few words: `lines 3–9`, or `cell 2, line 4`."""
    words = f"line {lines[0]}" if lines[0] == lines[1] else f"lines {lines[0]}–{lines[1]}"
    return words if cell is None else f"cell {cell}, {words}"


def document(comparison: Comparison, passages: Mapping[Pair, list[Passage]]) -> dict[str, Any]:
    """The comparison as JSON."""
    return {
        "schema_version": SCHEMA_VERSION,
        "compared": list(comparison.compared),
        "left_out": [{"submission": name, "problem": problem} for name, problem in comparison.left_out],
        "flagged_from": FLAGGED_FROM,
        "can_flag": len(comparison.compared) >= LEAST_CLASS,
        "pairs": [
            {
                "first": pair.first,
                "second": pair.second,
                "score": round(pair.score, 4),
                "share_of_first": round(pair.share_of_first, 4),
                "share_of_second": round(pair.share_of_second, 4),
                "shared_parts": pair.shared,
                "flagged": pair.flagged,
                "passages": [
                    {
                        "first": {"cell": passage.cell, "lines": list(passage.lines)},
                        "second": {"cell": passage.other_cell, "lines": list(passage.other_lines)},
                    }
                    for passage in found
                ],
            }
            for pair, found in passages.items()
        ],
    }
