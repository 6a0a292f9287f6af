"""CSV files: cells that no spreadsheet runs, and files of other systems written back in the form they came in."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from grader.ground.errors import UsageError
from grader.ground.text import clean, number

_MAX_CELL: Final = 1000
_FORMULA: Final = re.compile(r"[\t\r]|\s*[=+\-@＝＋－＠]")
_NUMBER_OR_DASH: Final = re.compile(r"\s*([-+]?\d+([.,]\d+)?%?|-)\s*")
_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


class Table(msgspec.Struct, frozen=True):
    r"""A CSV file as rows of cells, and how it is written.

    Attributes:
        rows: The rows; the first is the header.
        bom: The byte order mark it begins with.
        encoding: Its encoding.
        delimiter: What separates cells.
        line_end: `\r\n` or `\n`.
    """

    rows: tuple[tuple[str, ...], ...]
    bom: bytes = b""
    encoding: str = "utf-8"
    delimiter: str = ","
    line_end: str = "\r\n"


def is_formula(text: str) -> bool:
    """Whether a spreadsheet would take a cell for a formula: numbers and a lone dash are none."""
    return bool(_FORMULA.match(text)) and not _NUMBER_OR_DASH.fullmatch(text)


def safe(text: str, *, limit: int = _MAX_CELL) -> str:
    """Text as a cell: an apostrophe before a formula, invisible characters replaced, long text cut."""
    cleaned = clean(text, limit=limit)
    return f"'{cleaned}" if is_formula(text) else cleaned


def neutralised(table: Table) -> tuple[Table, tuple[str, ...]]:
    """A table of another system without formulas; the notes say which cells have an apostrophe now."""
    header = table.rows[0]
    found = [
        f"row {place}, {header[column] if column < len(header) else f'column {column + 1}'}"
        for place, row in enumerate(table.rows, 1)
        for column, cell in enumerate(row)
        if is_formula(cell)
    ]
    rows = tuple(tuple(f"'{cell}" if is_formula(cell) else cell for cell in row) for row in table.rows)
    notes = (f"An apostrophe stands now before what a spreadsheet would run: {listed(found)}.",) if found else ()
    return msgspec.structs.replace(table, rows=rows), notes


def read_table(data: bytes, name: str) -> Table:
    """Read a CSV file of any common encoding and delimiter.

    Args:
        data: The file.
        name: What to call it in errors.

    Raises:
        UsageError: It is no such file.
    """
    bom, encoding = next(((bom, encoding) for bom, encoding in _BOMS if data.startswith(bom)), (b"", ""))
    body = data[len(bom) :]
    # Without a mark it is UTF-8, or what Windows programs of western Europe write.
    for candidate in [encoding] if encoding else ["utf-8", "cp1252"]:
        try:
            text = body.decode(candidate)
        except UnicodeDecodeError:
            continue
        break
    else:
        raise UsageError(f"{name} is neither UTF-8 nor Windows-1252 text; download it again as CSV.")
    first = re.sub(r'"[^"]*"', "", text.partition("\n")[0])
    delimiter = max(",;\t", key=first.count)
    try:
        rows = tuple(tuple(row) for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error as error:
        raise UsageError(f"{name} cannot be read as CSV ({error}); download it again.") from None
    if not rows or not any(rows[0]):
        raise UsageError(f"{name} has no header line; download it again as CSV.")
    line_end = "\r\n" if text.partition("\n")[0].endswith("\r") else "\n"
    return Table(rows, bom, candidate, delimiter, line_end)


def write_table(table: Table) -> bytes:
    """The bytes of a table."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=table.delimiter, lineterminator=table.line_end)
    writer.writerows(table.rows)
    # Only feedback for Moodle can hold characters that the file's own encoding lacks, and that is HTML.
    return table.bom + out.getvalue().encode(table.encoding, "xmlcharrefreplace")


def column_of(table: Table, names: Iterable[str]) -> int | None:
    """The index of the column with one of some names; `None` where there is none."""
    header = [cell.strip().casefold() for cell in table.rows[0]]
    return next((header.index(name.casefold()) for name in names if name.casefold() in header), None)


def with_cells(row: Sequence[str], cells: dict[int, str]) -> tuple[str, ...]:
    """A row with some cells replaced, made longer where it is too short."""
    width = max(len(row), 1 + max(cells, default=-1))
    padded = [*row, *[""] * (width - len(row))]
    return tuple(cells.get(index, cell) for index, cell in enumerate(padded))


def maximum_in(text: str, *, where: str) -> float | None:
    """The points that can be had in the other system, as its file says; `None` where it does not say.

    Args:
        text: The cell, such as `100.00`, or `100,00` where numbers are written so.
        where: The other system's file, for the error.

    Raises:
        UsageError: It is a scale of words or letters, into which no points can be written.
    """
    text = text.strip()
    if not text or (text.startswith("(") and text.endswith(")")):  # `(read only)`, in whatever language
        return None
    try:
        return float(text.replace(",", "."))
    except ValueError:
        raise UsageError(
            f"{where} grades on a scale ({clean(text, limit=80)}), into which points cannot be written; let the "
            "assignment be graded by points there, and download it again."
        ) from None


def points_in(score: float, worth: float, maximum: float | None, *, scale: bool, where: str) -> str:
    """Points as the other system counts them.

    Args:
        score: The points here.
        worth: What could be had here.
        maximum: What could be had there; `None` where it does not say.
        scale: Whether to convert.
        where: The other system's file, for the error.

    Raises:
        UsageError: The maxima differ, and no conversion was asked for.
    """
    if maximum is None or maximum == worth:
        return number(score)
    if not scale or worth == 0:
        raise UsageError(
            f"{where} gives at most {number(maximum)} points, but the results {number(worth)}; make them equal "
            "there, or convert with --scale."
        )
    return number(round(score * maximum / worth, 2))


def listed(names: Sequence[str], *, most: int = 10) -> str:
    """Names for a sentence, the first ones of many, made safe to show."""
    shown = "; ".join(clean(name, limit=80).replace("\n", " ") for name in names[:most])
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown
