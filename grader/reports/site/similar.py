"""The pages of a similarity comparison: a list of pairs, and for each pair its shared passages side by side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import msgspec
from markupsafe import Markup

from grader.reports.similarity import caveats, places, summary
from grader.reports.site.code import highlighted
from grader.reports.site.files import page_name, write_pages
from grader.reports.site.writing import templates
from grader.similarity import Code, Comparison, Pair, Passage

_AROUND: Final = 1
"""The number of lines shown above and below a passage."""

_MOST_PASSAGES: Final = 40


class Side(msgspec.Struct, frozen=True):
    """One side of a passage.

    Attributes:
        where: The passage's cell and lines, in words.
        lines: The number of each line, its highlighted text, and whether it is part of what is shared.
    """

    where: str
    lines: tuple[tuple[int, Markup, bool], ...]


def write_similar(
    folder: Path, comparison: Comparison, passages: Mapping[Pair, list[Passage]], codes: Mapping[str, Code]
) -> None:
    """Write `similar.html` and a page for each pair into `similar/`, and remove the pages of earlier pairs.

    Args:
        folder: The folder to write to; other files in it are left alone.
        comparison: The comparison of the class.
        passages: The pairs to show, and the passages that each shares.
        codes: The code of each submission, by its id.

    Raises:
        GraderError: If a file with such a name exists that is not one of the grader's pages.
    """
    write_pages(folder, _rendered(comparison, passages, codes))


def _rendered(
    comparison: Comparison, passages: Mapping[Pair, list[Passage]], codes: Mapping[str, Code]
) -> Iterator[tuple[str, str]]:
    environment = templates()
    template = environment.get_template("pair.html")
    rows = []
    for rank, (pair, found) in enumerate(passages.items(), 1):
        file = page_name(f"{pair.first} and {pair.second}")
        first, second = codes[pair.first], codes[pair.second]
        sides = [_sides(first, second, passage) for passage in found[:_MOST_PASSAGES]]
        yield (
            f"similar/{file}",
            template.render(pair=pair, first=first, second=second, sides=sides, more=len(found) - len(sides)),
        )
        rows.append((rank, pair, file, len(found)))
    context = {
        "rows": rows,
        "summary": summary(comparison),
        "caveats": caveats(comparison),
        "all": len(comparison.pairs),
    }
    yield "similar.html", environment.get_template("similar.html").render(**context)


def _sides(first: Code, second: Code, passage: Passage) -> tuple[Side, Side]:
    where, other = places(passage)
    return (
        _side(where, first.lines(passage.cell), passage.lines, passage.marked),
        _side(other, second.lines(passage.other_cell), passage.other_lines, passage.other_marked),
    )


def _side(where: str, text: list[str], lines: tuple[int, int], marked: tuple[int, ...]) -> Side:
    first, last = max(1, lines[0] - _AROUND), min(len(text), lines[1] + _AROUND)
    shown = highlighted("\n".join(text[first - 1 : last]))
    return Side(where, tuple((number, line, number in marked) for number, line in enumerate(shown, first)))
