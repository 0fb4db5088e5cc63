# SPDX-License-Identifier: GPL-3.0-or-later
"""Files as they come: what is in them, and one clear line about those that are no tables."""

from __future__ import annotations

import zipfile
from datetime import datetime, time
from io import BytesIO

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from callsheet.formats.errors import FormatError
from callsheet.manager.errors import Refused
from callsheet.manager.importer import source
from callsheet.manager.importer.source import Reading, Row, open_source
from tests.manager.importer.books import ods, xls, xlsx

AS_FOUND = Reading()


def rows(data: bytes, reading: Reading = AS_FOUND) -> list[list[object]]:
    return [row.cells for row in open_source("f", data, reading).rows()]


@pytest.mark.parametrize(
    ("text", "separator"),
    [
        ("number;name\n1;a,b\n2;c,d", ";"), ("number,name\n1,a", ","), ("number\tname\n1\ta;b", "\t"),
        ("number|name\n1|a;b", "|"), ("sep=|\nx|y\n1|2", "|"), ('"sep=,"\nx;1,y\n', ","),
        ("Telefon;Vorname\n030 1;Anna, geb. B\n", ";"), ("电话,姓名\n1,王", ","), ("Kunden, alle\n\nTel;Name\n1;a\n2;b", ";"),
    ],
)
def test_separators(text: str, separator: str) -> None:
    assert open_source("f.csv", text.encode()).separator == separator


def test_csv_rows_have_their_lines() -> None:
    found = list(open_source("f.csv", b'a;b\r\n\r\n"x\ny"; z \r\n;;\r\n1;2;;\r\n').rows())
    assert found == [Row(1, ["a", "b"]), Row(3, ["x\ny", "z"]), Row(6, ["1", "2"])]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends(end: str) -> None:
    assert rows(end.join(("number,name", "1,a")).encode()) == [["number", "name"], ["1", "a"]]


def test_what_is_said_of_a_csv_file_counts() -> None:
    data = "a,b;c\nИ,x;y".encode("windows-1251")
    assert rows(data, Reading("windows-1251", ";")) == [["a,b", "c"], ["И,x", "y"]]


def test_a_spreadsheet_keeps_kinds_of_values_and_the_place_of_rows() -> None:
    data = xlsx({"Leer": [], "Kunden": [[], [None, "Phone", "At"], [None, 4930123456.0, datetime(2026, 11, 24, 9)],
                                        [], [None, "+49 30", time(9, 30)]], "Mehr": [["x"]]})
    opened = open_source("a.xlsx", data)
    assert (opened.sheet, opened.sheets, opened.first_column) == ("Kunden", ("Leer", "Kunden", "Mehr"), 1)
    assert list(opened.rows()) == [Row(2, ["Phone", "At"]), Row(3, [4930123456.0, datetime(2026, 11, 24, 9)]),
                                   Row(5, ["+49 30", time(9, 30)])]
    assert rows(data, Reading(sheet="Mehr")) == [["x"]]


def test_ods() -> None:
    assert rows(ods([["电话", "Name"], [4930123456, "Müller"], [None, "x"]])) == [
        ["电话", "Name"], [4930123456.0, "Müller"], ["", "x"]]


def test_xls() -> None:
    data = xls([["电话", "Name"], [4930123456, "Müller 王"], [None, "x"], ["+49 30", 3.5]])
    opened = open_source("a.xls", data)
    assert (opened.kind, opened.sheet) == ("spreadsheet", "A")
    assert [row.cells for row in opened.rows()] == [
        ["电话", "Name"], [4930123456.0, "Müller 王"], ["", "x"], ["+49 30", 3.5]]


def test_formulas_are_what_they_were_computed_to() -> None:
    book = xlsx([["number"], ["=1+1"]])
    assert rows(book)[1] == ["=1+1"]  # a text, and stays one


@pytest.mark.parametrize(
    ("data", "reading", "said"),
    [
        (b"", Reading(), "empty"), (b"\xef\xbb\xbf \n", Reading(), "empty"), (b"%PDF-1.7", Reading(), "no table"),
        (b'{"a": 1}', Reading(), "no table"), (b"<html>", Reading(), "web page"), (b"<?xml version", Reading(), "web page"),
        (b"PK\x03\x04" + b"x" * 99, Reading(), "damaged"), (b"\xd0\xcf\x11\xe0" + b"x" * 999, Reading(), "damaged"),
        (bytes(range(256)), Reading(), "no text file"), (b"a;b", Reading("klingon"), "no such encoding"),
        (b"a;b", Reading(separator=";;"), "cannot separate"), (b"a;b", Reading(separator='"'), "cannot separate"),
        (xlsx([["a"]]), Reading("utf-8"), "neither encoding"), (xlsx([["a"]]), Reading(sheet="B"), 'it has: "Sheet1"'),
        (xlsx([]), Reading(), "spreadsheet is empty"), (xlsx([["a"]])[:-200], Reading(), "damaged"),
    ],
)
def test_what_is_no_table(data: bytes, reading: Reading, said: str) -> None:
    with pytest.raises(Refused) as caught:
        open_source("f", data, reading)
    assert said in str(caught.value)


def test_quotation_marks_that_do_not_match_have_a_line() -> None:
    with pytest.raises(FormatError) as caught:
        rows(b'number;name\n1;a\n2;"b\n3;c\n')
    assert caught.value.line == 3


def test_an_archive_that_would_fill_the_memory_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "_MAX_UNPACKED", 8 << 20)
    file = BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(9):
            archive.writestr(f"xl/worksheets/sheet{number}.xml", b"0" * (1 << 20))
    with pytest.raises(Refused, match="too large"):
        open_source("bomb.xlsx", file.getvalue())


def test_a_cell_in_the_last_corner_does_not_end_the_process() -> None:
    far = [["number"], *[[] for _ in range(1_048_574)], [*[None] * 16_383, "x"]]
    with pytest.raises(Refused, match="too far apart"):
        open_source("far.xlsx", xlsx(far))


def test_two_readers_at_once() -> None:
    opened = open_source("a.xlsx", xlsx([["number"], ["1"], ["2"]]))
    one, other = opened.rows(), opened.rows()
    assert [next(one), next(other), next(one), next(other)] == [Row(1, ["number"])] * 2 + [Row(2, ["1"])] * 2


BOOK = xlsx([["number", "name"], ["+49 30 5550101", "a"], [305550101.0, "b"]])


@given(st.one_of(
    st.binary(max_size=300),
    st.text(max_size=200).map(lambda text: text.encode("utf-16", "surrogatepass")),
    st.tuples(st.integers(0, len(BOOK) - 1), st.binary(max_size=4)).map(
        lambda hurt: BOOK[: hurt[0]] + hurt[1] + BOOK[hurt[0] + len(hurt[1]):]),
    st.tuples(st.sampled_from([b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"]), st.binary(max_size=600)).map(b"".join),
))
@settings(deadline=None, max_examples=30)
@example(b'"')
@example(b"a\0b")
def test_any_bytes_are_rows_or_one_clear_error(data: bytes) -> None:
    try:
        found = list(open_source("f", data).rows())
    except (Refused, FormatError) as error:
        found, said = [], str(error)
    else:
        said = "well"
    assert said and "\n" not in said
    assert all(row.number > 0 and row.cells and row.cells[-1] != "" for row in found)
