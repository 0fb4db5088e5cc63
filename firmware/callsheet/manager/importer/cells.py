# SPDX-License-Identifier: GPL-3.0-or-later
"""What cells mean: texts, plain values, dates and times, whatever a spreadsheet has made of them."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta

from callsheet.core.model import Scalar
from callsheet.formats.errors import Invalid, shown
from callsheet.manager.importer.source import Cell

EPOCH = datetime(1899, 12, 30)
"""Day 0 of a spreadsheet's serial dates, from March 1900 on (ECMA-376 part 1, §18.17.4.1)."""
_SERIALS = (32874.0, 109574.0)
"""1990 to 2199: a plain number between them in a column of dates is a date that lost its format."""

_QUOTED_FORMULA = re.compile(r"'(?=[=+\-@])")
_DATE = re.compile(
    r"(?P<y>\d{4})\s*[-/.年]\s*(?P<m>\d{1,2})\s*[-/.月]\s*(?P<d>\d{1,2})日?"
    r"|(?P<d2>\d{1,2})\.\s?(?P<m2>\d{1,2})\.\s?(?P<y2>\d{4})"
)
_CLOCK = re.compile(
    r"(?P<early>上午|早上)?(?P<late>下午|晚上)?\s*(?P<h>\d{1,2})(?:[:.时点]\s?(?P<m>\d{2})?)?(?::(?P<s>\d{2}))?分?\s*(?P<half>[ap]\.?m\.?)?(?:\s*Uhr)?",
    re.IGNORECASE,
)
SLASHED = re.compile(r"\d{1,2}/\d{1,2}/\d{2,4}")
_WRITE_DATE = "write 2026-11-24"
_WRITE_TIME = "write 09:00"


def text_of(cell: Cell) -> str:
    """A cell as people see it; whole numbers without a fraction."""
    if isinstance(cell, str):
        return _QUOTED_FORMULA.sub("", cell, count=1) if cell[:1] == "'" else cell
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, datetime):
        return cell.strftime("%Y-%m-%d %H:%M:%S").removesuffix(":00")
    if isinstance(cell, time):
        return cell.strftime("%H:%M:%S").removesuffix(":00")
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else format(cell, ".15g")
    return str(cell)


def value_of(cell: Cell) -> Scalar:
    """A cell as the value of an extra field: numbers and truth values stay such, dates become text."""
    if isinstance(cell, bool) or (isinstance(cell, int) and abs(cell) < 2**53):
        return cell
    if isinstance(cell, float):
        # Spreadsheets show 15 digits; what is behind them is noise of binary fractions.
        return int(cell) if cell.is_integer() and abs(cell) < 1e15 else float(format(cell, ".15g"))
    return text_of(cell)


def date_of(cell: Cell) -> date:
    """The day in a cell; raises Invalid."""
    cell = from_serial(cell)
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    text = text_of(cell).strip()
    match = _DATE.match(text)
    if match is None or text[match.end():].strip(" T0:.") not in ("", "Z"):
        raise no_date(text)
    return _day(match)


def clock_of(cell: Cell) -> str:
    """The time of day in a cell as HH:MM:SS; raises Invalid."""
    if isinstance(cell, datetime):
        return cell.strftime("%H:%M:%S")
    if isinstance(cell, time):
        return cell.strftime("%H:%M:%S")
    if isinstance(cell, float) and 0 <= cell < 1:
        return (EPOCH + timedelta(seconds=round(cell * 86400))).strftime("%H:%M:%S")
    if isinstance(cell, timedelta) and timedelta() <= cell < timedelta(days=1):
        return (EPOCH + cell).strftime("%H:%M:%S")
    text = text_of(cell).strip()
    match = _CLOCK.fullmatch(text)
    if match is None:
        raise Invalid(f"{shown(text, 20)} is not a time of day", remedy=_WRITE_TIME)
    return _clock(match, text)


def moment_of(cell: Cell) -> str:
    """A time in the form that files have: 2026-11-24T09:00:00, with its offset if it has one; raises Invalid."""
    cell = from_serial(cell)
    if isinstance(cell, datetime):
        return cell.strftime("%Y-%m-%dT%H:%M:%S")
    if isinstance(cell, date):
        return f"{cell.isoformat()}T00:00"
    text = text_of(cell).strip()
    match = _DATE.match(text)
    if match is None:
        raise no_date(text)
    rest = text[match.end():].lstrip(" T\t,")
    if not rest:
        return f"{_day(match).isoformat()}T00:00"
    offset = re.search(r"\s*(Z|[+-]\d{2}:\d{2})$", rest)
    clock = clock_of(rest[: offset.start()] if offset else rest)
    return f"{_day(match).isoformat()}T{clock}{offset[1] if offset else ''}"


def from_serial(cell: Cell) -> Cell:
    """A number that is a date which lost its format, as that date; anything else as it is."""
    if isinstance(cell, float) and _SERIALS[0] <= cell < _SERIALS[1]:
        return EPOCH + timedelta(seconds=round(cell * 86400))
    return cell


def _day(match: re.Match[str]) -> date:
    year, month, day = (match["y"], match["m"], match["d"]) if match["y"] else (match["y2"], match["m2"], match["d2"])
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        raise Invalid(f"{shown(match[0], 20)} is no day of the calendar", remedy=_WRITE_DATE) from None


def no_date(text: str) -> Invalid:
    """The fault of a text that should be a date."""
    if SLASHED.match(text):
        return Invalid(f"{shown(text, 30)} can be read in two ways (day or month first)", remedy=_WRITE_DATE)
    return Invalid(f"{shown(text, 30)} is not a date", remedy=_WRITE_DATE)


def _clock(match: re.Match[str], text: str) -> str:
    hour, minute, second = int(match["h"]), int(match["m"] or 0), int(match["s"] or 0)
    half = (match["half"] or "").lower().replace(".", "")
    if (half == "pm" or match["late"]) and hour < 12:
        hour += 12
    elif (half == "am" or match["early"]) and hour == 12:
        hour = 0
    try:
        return time(hour, minute, second).strftime("%H:%M:%S")
    except ValueError:
        raise Invalid(f"{shown(text, 20)} is not a time of day", remedy=_WRITE_TIME) from None
