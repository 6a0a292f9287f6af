"""The comparison of a class' submissions with one another, as text for a terminal and as JSON."""

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
"""How many pairs are shown, unless more are flagged."""

_NAMED: Final = 3
_BESIDE_FLAGGED: Final = 5
"""How many pairs a terminal shows below the flagged ones, to show how far the flagged ones stand out."""


def shown_pairs(comparison: Comparison) -> tuple[Pair, ...]:
    """Return the pairs worth showing: those that are flagged, and the next ones for comparison."""
    return comparison.pairs[: max(MOST_SHOWN, len(comparison.flagged))]


def caveats(comparison: Comparison) -> list[str]:
    """Return sentences that say what limits the meaning of a comparison."""
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
    """Return a sentence that says how many submissions were compared and how many pairs are flagged."""
    count, flagged = len(comparison.compared), len(comparison.flagged)
    pairs = f"{flagged or 'no'} pair{'' if flagged == 1 else 's'} flagged"
    meaning = f"from {FLAGGED_FROM:.0%} on, two share more than independent work did"
    return f"{count} submissions compared, {pairs}: {meaning}."


def show(console: Console, comparison: Comparison, passages: Mapping[Pair, list[Passage]]) -> None:
    """Print the most similar pairs, each with the passage that counts most.

    Args:
        console: The console to print to.
        comparison: The comparison of the class.
        passages: The pairs to show, and the passages that each shares.
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
    """Return where a passage is in the first and in the second submission."""
    return _place(passage.cell, passage.lines), _place(passage.other_cell, passage.other_lines)


def _place(cell: int | None, lines: tuple[int, int]) -> str:
    """Return a range of lines in words, as in `lines 3–9` or `cell 2, line 4`."""
    words = f"line {lines[0]}" if lines[0] == lines[1] else f"lines {lines[0]}–{lines[1]}"
    return words if cell is None else f"cell {cell}, {words}"


def document(comparison: Comparison, passages: Mapping[Pair, list[Passage]]) -> dict[str, Any]:
    """Return the comparison as a document that can be written as JSON."""
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
