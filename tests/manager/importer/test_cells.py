# SPDX-License-Identifier: GPL-3.0-or-later
"""Dates, times, windows and texts out of cells, as spreadsheets and people leave them."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest

from callsheet.formats.errors import Invalid
from callsheet.manager.importer.cells import clock_of, date_of, moment_of, text_of, value_of
from callsheet.manager.importer.windows import window_of, windows_of

DAY = date(2026, 11, 24)


@pytest.mark.parametrize(
    ("cell", "text", "value"),
    [
        (4930123456.0, "4930123456", 4930123456), (1.3e11, "130000000000", 130000000000), (3.5, "3.5", 3.5),
        (0.1 + 0.2, "0.3", 0.3), (True, "yes", True), (7, "7", 7), ("=1+1", "=1+1", "=1+1"),
        ("'+49 30", "+49 30", "+49 30"), ("'s avonds", "'s avonds", "'s avonds"), (DAY, "2026-11-24", "2026-11-24"),
        (datetime(2026, 11, 24, 9, 5), "2026-11-24 09:05", "2026-11-24 09:05"), (time(9, 5), "09:05", "09:05"),
        (1e300, "1e+300", 1e300), ("٣ نص", "٣ نص", "٣ نص"),
    ],
)
def test_texts_and_values(cell, text, value) -> None:
    assert text_of(cell) == text
    assert value_of(cell) == value and type(value_of(cell)) is type(value)


@pytest.mark.parametrize(
    ("cell", "day"),
    [
        (DAY, DAY), (datetime(2026, 11, 24, 9), DAY), ("2026-11-24", DAY), ("24.11.2026", DAY), ("2026/11/24", DAY),
        ("2026年11月24日", DAY), ("2026-11-24 00:00:00", DAY), (46350.0, DAY),
    ],
)
def test_days(cell, day) -> None:
    assert date_of(cell) == day


@pytest.mark.parametrize(
    ("cell", "clock"),
    [
        ("9:00", "09:00:00"), ("09:00:30", "09:00:30"), ("9", "09:00:00"), ("9 am", "09:00:00"), ("12 AM", "00:00:00"),
        ("2:30 p.m.", "14:30:00"), ("9 Uhr", "09:00:00"), ("14点30分", "14:30:00"), ("下午2:30", "14:30:00"),
        ("上午9点", "09:00:00"), (0.375, "09:00:00"), (time(9), "09:00:00"), (timedelta(hours=9), "09:00:00"),
        (datetime(2026, 1, 1, 9), "09:00:00"),
    ],
)
def test_clocks(cell, clock) -> None:
    assert clock_of(cell) == clock


@pytest.mark.parametrize(
    ("cell", "moment"),
    [
        ("2026-11-24T09:00", "2026-11-24T09:00:00"), ("2026-11-24 09:00+01:00", "2026-11-24T09:00:00+01:00"),
        ("2026-11-24T09:00Z", "2026-11-24T09:00:00Z"), ("24.11.2026, 9:00", "2026-11-24T09:00:00"),
        (DAY, "2026-11-24T00:00"), ("2026-11-24", "2026-11-24T00:00"), (46350.375, "2026-11-24T09:00:00"),
    ],
)
def test_moments(cell, moment) -> None:
    assert moment_of(cell) == moment


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("11/24/2026", "two ways"), ("2026-02-30", "no day"), ("soon", "not a date"), ("24.13.2026", "no day"),
        (5.0, "not a date"), (True, "not a date"), ("2026-11-24 25:00", "not a time"), ("2026-11-24 x", "not a time"),
    ],
)
def test_what_is_no_moment(cell, said) -> None:
    with pytest.raises(Invalid, match=said):
        moment_of(cell)


def span(start: str, end: str) -> dict[str, str]:
    return {"start": start, "end": end}


MORNING = span("2026-11-24T09:00:00", "2026-11-24T12:00:00")
ALL_DAY = span("2026-11-24T00:00", "2026-11-25T00:00")


@pytest.mark.parametrize(
    ("cell", "windows"),
    [
        ("2026-11-24T09:00/12:00", [MORNING]), ("2026-11-24 09:00-12:00", [MORNING]),
        ("24.11.2026 9:00 – 12:00", [MORNING]), ("2026年11月24日 9点-12点", [MORNING]), ("2026-11-24 9 am to 12 pm", [MORNING]),
        ("2026-11-24 09:00至12:00; 2026-11-24", [MORNING, ALL_DAY]), (DAY, [ALL_DAY]),
        (datetime(2026, 11, 24), [ALL_DAY]), (46350.0, [ALL_DAY]),
        ("2026-11-24T09:00+01:00/12:00", [span("2026-11-24T09:00:00+01:00", "2026-11-24T12:00:00+01:00")]),
        ("2026-11-24 22:00/2026-11-25 02:00", [span("2026-11-24T22:00:00", "2026-11-25T02:00:00")]),
    ],
)
def test_windows_in_a_cell(cell, windows) -> None:
    assert windows_of(cell) == windows


def test_windows_are_not_shared_between_rows() -> None:
    windows_of("2026-11-24")[0]["start"] = "x"
    assert windows_of("2026-11-24") == [ALL_DAY]


@pytest.mark.parametrize(
    ("cell", "path", "said"),
    [
        ("2026-11-24 14:00", (0,), "without an end"), (datetime(2026, 11, 24, 9), (), "without an end"),
        ("2026-11-24; 12/01/2026 9:00-10:00", (1,), "two ways"), ("a/b/c", (0,), "not a time window"),
    ],
)
def test_what_is_no_window(cell, path, said) -> None:
    with pytest.raises(Invalid, match=said) as caught:
        windows_of(cell)
    assert caught.value.path == path


@pytest.mark.parametrize(
    ("cells", "windows"),
    [
        ((DAY, time(9), time(12)), [MORNING]), (("24.11.2026", "9", "12:00"), [MORNING]), ((46350.0, 0.375, 0.5), [MORNING]),
        (("", datetime(2026, 11, 24, 9), "12:00"), [MORNING]),
        (("", datetime(2026, 11, 24, 9), datetime(2026, 11, 24, 12)), [MORNING]), ((DAY, "", ""), [ALL_DAY]),
        (("", "", ""), []),
    ],
)
def test_windows_in_three_cells(cells, windows) -> None:
    assert window_of(*cells) == windows


@pytest.mark.parametrize("cells", [(DAY, "9:00", ""), ("", "", "9:00"), ("", "9:00", "12:00"), ("x", "", "")])
def test_three_cells_that_make_no_window(cells) -> None:
    with pytest.raises(Invalid):
        window_of(*cells)
