# SPDX-License-Identifier: GPL-3.0-or-later
"""Files for spreadsheet programs: nothing in them is computed, nothing is lost."""

from __future__ import annotations

import csv
import zipfile
from datetime import date, datetime, time
from pathlib import Path

import pytest
import python_calamine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from callsheet.manager.errors import Refused
from callsheet.manager.tabular import harmless, write_table

ROWS = [
    ["=SUM(A1)", "Name", "+49 30", "-", "@x"],
    ["=cmd|' /C calc'!A0", "王 Müller\nzwei", 4711, 3.5, True],
    [datetime(2026, 11, 24, 9, 30), date(2026, 11, 24), time(9, 30), None, "http://x.example"],
]


def test_xlsx(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    write_table(path, ROWS)
    assert path.stat().st_mode & 0o777 == 0o600 and list(tmp_path.iterdir()) == [path]
    sheet = python_calamine.CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python()
    assert sheet[0] == ROWS[0] and sheet[1] == ["=cmd|' /C calc'!A0", "王 Müller\nzwei", 4711.0, 3.5, True]
    assert sheet[2] == [datetime(2026, 11, 24, 9, 30), date(2026, 11, 24), time(9, 30), "", "http://x.example"]
    with zipfile.ZipFile(path) as archive:
        assert b"<f>" not in archive.read("xl/worksheets/sheet1.xml")


def test_csv(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    write_table(path, ROWS)
    text = path.read_bytes().decode("utf-8")
    assert text.startswith("\ufeff")
    found = list(csv.reader(text[1:].splitlines(keepends=True)))
    assert found[0] == ["'=SUM(A1)", "Name", "'+49 30", "'-", "'@x"]
    assert found[1] == ["'=cmd|' /C calc'!A0", "王 Müller\nzwei", "4711", "3.5", "yes"]
    assert found[2] == ["2026-11-24 09:30:00", "2026-11-24", "09:30:00", "", "http://x.example"]


@given(st.text(max_size=30))
def test_no_cell_of_csv_begins_a_formula(text: str) -> None:
    assert not harmless(text).startswith(("=", "+", "-", "@", "\t", "\r"))
    assert harmless(text).endswith(text)


@given(st.lists(st.lists(st.one_of(st.text(st.characters(codec="utf-8"), max_size=10), st.integers(-9, 9)), max_size=3), min_size=1, max_size=3))
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_anything_can_be_written(tmp_path: Path, rows: list[list[object]]) -> None:
    for kind in ("csv", "xlsx"):
        write_table(tmp_path / f"a.{kind}", rows)  # type: ignore[arg-type]
        assert (tmp_path / f"a.{kind}").stat().st_size >= 3


def test_a_name_says_what_it_is_to_be(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"\.csv or \.xlsx"):
        write_table(tmp_path / "a.pdf", ROWS)


def test_an_older_file_stays_until_the_new_one_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("old")

    def rows():
        yield ["a"]
        raise RuntimeError

    with pytest.raises(RuntimeError):
        write_table(path, rows())
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]
