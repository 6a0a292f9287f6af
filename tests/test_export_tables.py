"""Tests of CSV files: no spreadsheet runs their cells, and files of other systems keep their form."""

from __future__ import annotations

import csv
import io

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.exports.tables import (
    Table,
    column_of,
    is_formula,
    listed,
    neutralised,
    points_in,
    read_table,
    safe,
    with_cells,
    write_table,
)
from grader.ground.errors import UsageError
from tests.results import HOSTILE


@pytest.mark.parametrize(
    "text", ["=1+1", "+cmd", "-cmd", "@SUM(A1)", "\t=1", "\r=1", "  =1", "＝1", "-1+cmd|' /C calc'!A0"]
)
def test_what_a_spreadsheet_would_run_gets_an_apostrophe(text: str) -> None:
    assert is_formula(text)
    assert safe(text).startswith("'")


@pytest.mark.parametrize("text", ["ada", "-", "-3", "+4.5", "-1,25", "3=3", "", "O'Neill"])
def test_other_text_and_numbers_stay(text: str) -> None:
    assert not is_formula(text)
    assert safe(text) == text


@given(st.text(max_size=60))
def test_whatever_the_text_its_cell_is_no_formula_and_comes_back(text: str) -> None:
    cell = safe(text)
    assert not is_formula(cell)
    data = write_table(Table((("Student", "Grade"), (cell, "1"))))
    assert read_table(data, "the file").rows[1] == (cell, "1")


def test_names_are_cleaned_and_cut() -> None:
    assert not {"\x1b", "\u202e", "\x07", "\x00", "\r"} & set(safe(HOSTILE + "\r"))
    assert len(safe("x" * 100_000)) == 1000


@pytest.mark.parametrize(
    "data",
    [
        "Name,Grade\r\nÅsa,1\r\n".encode(),
        "Name;Grade\nÅsa;1\n".encode("utf-8-sig"),
        b"\xff\xfe" + "Name\tGrade\r\nÅsa\t1\r\n".encode("utf-16-le"),
        b"\xfe\xff" + "Name;Grade\r\nÅsa;1\r\n".encode("utf-16-be"),
        "Name,Grade\r\nÅsa,1\r\n".encode("cp1252"),
        b'"Name, whole",Grade\n"Two\nlines, ""quoted""",1\n',
    ],
)
def test_a_file_goes_back_as_it_came(data: bytes) -> None:
    table = read_table(data, "the file")
    assert [len(row) for row in table.rows] == [2, 2]
    assert write_table(table) == data


def test_characters_that_an_encoding_lacks_become_references() -> None:
    assert write_table(Table((("✓",),), encoding="cp1252")) == b"&#10003;\r\n"


def test_pandas_and_the_excel_dialect_read_what_is_written() -> None:
    rows = (("Student", "Grade"), (safe(HOSTILE), "1"), ("two\nlines", "2"), ('a "quoted", name', "3"))
    data = write_table(Table(rows))
    assert list(csv.reader(io.StringIO(data.decode(), newline=""), dialect="excel")) == [list(row) for row in rows]
    frame = pd.read_csv(io.BytesIO(data))
    assert list(frame["Student"]) == [row[0] for row in rows[1:]]
    assert list(frame["Grade"]) == [1, 2, 3]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"\x81\x8d\xff", "the file is neither UTF-8 nor Windows-1252 text; download it again as CSV."),
        (b"", "the file has no header line; download it again as CSV."),
        (b"\n1,2\n", "the file has no header line; download it again as CSV."),
        (
            b'a\n"' + b"x" * 200_000,
            "the file cannot be read as CSV (field larger than field limit (131072)); download it again.",
        ),
    ],
)
def test_what_is_no_table_is_one_sentence(data: bytes, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_table(data, "the file")
    assert str(caught.value) == message


def test_formulas_of_another_system_are_neutralised_and_named() -> None:
    table = Table((("Name", "Status"), ("=1+1", "-"), ("Ada", "ok", "@x")))
    cleaned, notes = neutralised(table)
    assert cleaned.rows == (("Name", "Status"), ("'=1+1", "-"), ("Ada", "ok", "'@x"))
    assert notes == ("An apostrophe stands now before what a spreadsheet would run: row 2, Name; row 3, column 3.",)
    assert neutralised(Table((("Name",), ("Ada",)))) == (Table((("Name",), ("Ada",))), ())


def test_columns_are_found_by_name_and_cells_replaced() -> None:
    table = Table(((" Grade ", "Full name"),))
    assert (column_of(table, ["grade"]), column_of(table, ["x", "full name"]), column_of(table, ["y"])) == (0, 1, None)
    assert with_cells(("a",), {2: "c"}) == ("a", "", "c")


def test_points_are_converted_only_where_asked() -> None:
    assert points_in(90.0, 93.0, 93.0, scale=False, where="the file") == "90"
    assert points_in(90.0, 93.0, None, scale=False, where="the file") == "90"
    assert points_in(46.5, 93.0, 10.0, scale=True, where="the file") == "5"
    with pytest.raises(UsageError) as caught:
        points_in(90.0, 93.0, 100.0, scale=False, where="the file")
    assert str(caught.value) == (
        "the file gives at most 100 points, but the results 93; make them equal there, or convert with --scale."
    )


def test_long_lists_are_cut() -> None:
    assert listed(["a", "b\nc", "d"], most=2) == "a; b c and 1 more"
