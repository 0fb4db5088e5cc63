# SPDX-License-Identifier: GPL-3.0-or-later
"""Planned windows out of cells: in one, or as day, start and end in columns of their own."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from functools import lru_cache

from callsheet.formats.errors import Invalid, shown
from callsheet.manager.importer.cells import (
    SLASHED,
    clock_of,
    date_of,
    from_serial,
    moment_of,
    no_date,
    text_of,
)
from callsheet.manager.importer.source import Cell

_PARTS = re.compile(r"[;；|\n]")
_BETWEEN = re.compile(r"\s*(?:/|\s[-–—~]\s|(?<=\d)[–—~](?=\d)|(?:(?<=:\d\d)|(?<=[点时分]))-(?=[上下早晚]|\d{1,2}[:点时])|至|到|\sto\s|\sbis\s|\suntil\s)\s*")
_WRITE = "write 2026-11-24 09:00/12:00"


def windows_of(cell: Cell) -> list[dict[str, str]]:
    """The windows in one cell, as a JSON sheet would have them; a day alone is all of it. Raises Invalid."""
    cell = from_serial(cell)
    if isinstance(cell, datetime) and cell.time() == time():
        cell = cell.date()
    if isinstance(cell, date) and not isinstance(cell, datetime):
        return [_whole_day(cell)]
    if not isinstance(cell, str):
        raise Invalid("a time without an end", remedy=_WRITE)
    return [dict(window) for window in _of_text(cell)]


@lru_cache(maxsize=4096)
def _of_text(text: str) -> tuple[dict[str, str], ...]:
    parts = [part.strip() for part in _PARTS.split(text)]
    return tuple(_window(part, index) for index, part in enumerate(part for part in parts if part))


def window_of(day: Cell, start: Cell, end: Cell) -> list[dict[str, str]]:
    """The window in three cells, any of which may be empty or hold day and time at once; raises Invalid."""
    if day == "" and start == "" and end == "":
        return []
    if start == "" and end == "":
        return [_whole_day(date_of(day))]
    if start == "" or end == "":
        raise Invalid("a window without start or end", ("windows", 0), "fill in both")
    if day == "":
        first, last = moment_of(start), end
        last_text = moment_of(last) if len(text_of(last)) > 9 or isinstance(last, date) else ""
        return [{"start": first, "end": last_text or first[:11] + clock_of(last)}]
    on = date_of(day).isoformat()
    return [{"start": f"{on}T{clock_of(start)}", "end": f"{on}T{clock_of(end)}"}]


def _whole_day(day: date) -> dict[str, str]:
    return {"start": f"{day.isoformat()}T00:00", "end": f"{(day + timedelta(days=1)).isoformat()}T00:00"}


def _window(text: str, index: int) -> dict[str, str]:
    try:
        if SLASHED.match(text):
            raise no_date(text)
        parts = _BETWEEN.split(text)
        if len(parts) == 1:
            if ":" in text:
                raise Invalid("a time without an end", remedy=_WRITE)
            return _whole_day(date_of(text))
        if len(parts) != 2:
            raise Invalid(f"{shown(text, 40)} is not a time window", remedy=_WRITE)
        start = moment_of(parts[0])
        end = moment_of(parts[1]) if len(parts[1]) > 11 else _same_day(start, parts[1])
    except Invalid as fault:
        raise fault.under(index) from None
    return {"start": start, "end": end}


def _same_day(start: str, clock: str) -> str:
    """An end without a day is on the day of the start, and in its offset."""
    offset = re.search(r"(Z|[+-]\d{2}:\d{2})$", start[11:])
    return f"{start[:11]}{clock_of(clock)}{offset[1] if offset else ''}"
