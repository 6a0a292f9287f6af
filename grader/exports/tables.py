"""Reading and writing CSV files of other systems in their own form, and keeping spreadsheets from running cells."""

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
# A cell that begins like this may be run as a formula; there are full-width forms of the signs, too.
_FORMULA: Final = re.compile(r"[\t\r]|\s*[=+\-@＝＋－＠]")
_NUMBER_OR_DASH: Final = re.compile(r"\s*([-+]?\d+([.,]\d+)?%?|-)\s*")
_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


class Table(msgspec.Struct, frozen=True):
    r"""A CSV file as rows of cells, with the form in which it is written.

    Attributes:
        rows: The rows; the first is the header.
        bom: The byte order mark that the file begins with; empty for none.
        encoding: The file's encoding.
        delimiter: The character between cells.
        line_end: The line ending, `\r\n` or `\n`.
    """

    rows: tuple[tuple[str, ...], ...]
    bom: bytes = b""
    encoding: str = "utf-8"
    delimiter: str = ","
    line_end: str = "\r\n"


def is_formula(text: str) -> bool:
    """Whether a spreadsheet would take a cell for a formula; numbers and a single dash are not formulas."""
    return bool(_FORMULA.match(text)) and not _NUMBER_OR_DASH.fullmatch(text)


def safe(text: str, *, limit: int = _MAX_CELL) -> str:
    """Make text safe as a cell: formulas get an apostrophe, invisible characters are replaced, long text is cut."""
    cleaned = clean(text, limit=limit)
    return f"'{cleaned}" if is_formula(text) else cleaned


def neutralised(table: Table) -> tuple[Table, tuple[str, ...]]:
    """Return a table with an apostrophe before each formula, and notes that say which cells were changed."""
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
    """Read a CSV file with any common encoding and delimiter.

    Args:
        data: The file's content.
        name: The file's name in error messages.

    Raises:
        UsageError: If it is not such a file.
    """
    bom, encoding = next(((bom, encoding) for bom, encoding in _BOMS if data.startswith(bom)), (b"", ""))
    body = data[len(bom) :]
    # Without a byte order mark it is UTF-8, or the encoding that Windows programs in western Europe use.
    for candidate in [encoding] if encoding else ["utf-8", "cp1252"]:
        try:
            text = body.decode(candidate)
        except UnicodeDecodeError:
            continue
        break
    else:
        raise UsageError(f"{name} is neither UTF-8 nor Windows-1252 text; download it again as CSV.")
    first = re.sub(r'"[^"]*"', "", text.partition("\n")[0])  # commas within quotes do not separate cells
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
    """Return a table as the content of a CSV file."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=table.delimiter, lineterminator=table.line_end)
    writer.writerows(table.rows)
    # Only feedback for Moodle can have characters that the file's encoding lacks, and that is HTML, so character
    # references are fine.
    return table.bom + out.getvalue().encode(table.encoding, "xmlcharrefreplace")


def column_of(table: Table, names: Iterable[str]) -> int | None:
    """Return the index of the column with one of the names, or `None` if there is none."""
    header = [cell.strip().casefold() for cell in table.rows[0]]
    return next((header.index(name.casefold()) for name in names if name.casefold() in header), None)


def with_cells(row: Sequence[str], cells: dict[int, str]) -> tuple[str, ...]:
    """Return a row with some cells replaced, extended if it is too short."""
    width = max(len(row), 1 + max(cells, default=-1))
    padded = [*row, *[""] * (width - len(row))]
    return tuple(cells.get(index, cell) for index, cell in enumerate(padded))


def maximum_in(text: str, *, where: str) -> float | None:
    """Return the maximum number of points in the other system, or `None` if its file does not say.

    Args:
        text: The cell with the maximum, such as `100.00`, or `100,00` in languages with a decimal comma.
        where: What the other system's file is called in error messages.

    Raises:
        UsageError: If the other system grades on a scale of words or letters, to which points cannot be written.
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
    """Return points as the other system counts them.

    Args:
        score: The points of the grader.
        worth: The grader's maximum.
        maximum: The other system's maximum; `None` if its file does not say.
        scale: Whether to convert points if the maxima differ.
        where: What the other system's file is called in error messages.

    Raises:
        UsageError: If the maxima differ and `scale` is not set.
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
    """Return names for a sentence, only the first ones if there are many, made safe to show."""
    shown = "; ".join(clean(name, limit=80).replace("\n", " ") for name in names[:most])
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown
