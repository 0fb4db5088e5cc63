# SPDX-License-Identifier: GPL-3.0-or-later
"""The order of a sheet: file order, priority, planned window, any field, and combinations (S6).

A criterion compares either text (case-folded, after Unicode NFKC), numbers or
dates; a value that is absent, empty or not of that type is *missing* and goes
first or last whichever the direction. Ties go to the next criterion, and in the
end to the order of the file.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from callsheet.core.model import OrderKey, Task

Comparable = float | str

_UNORDERED = frozenset({"history", "windows", "past", "extra"})
_FIELDS = frozenset(Task.__struct_fields__) - _UNORDERED
_TEXT_FIELDS = frozenset({"id", "number", "name", "service", "region", "zone", "held", "caller_id"})


def order(tasks: Sequence[Task], keys: Sequence[OrderKey]) -> list[int]:
    """The positions of the tasks in the file, in the order in which they are to be dialled."""
    positions = list(range(len(tasks)))
    for key in reversed(keys):  # stable sorts from the last criterion to the first
        if key.by == "file":
            positions.sort(reverse=bool(key.descending))
            continue
        values = _values(tasks, key)
        present = [position for position in positions if values[position] is not None]
        missing = [position for position in positions if values[position] is None]
        descending = key.by == "priority" if key.descending is None else key.descending
        present.sort(key=values.__getitem__, reverse=descending)
        positions = missing + present if key.missing == "first" else present + missing
    return positions


def _values(tasks: Sequence[Task], key: OrderKey) -> list[Any]:
    raw = _reader(key.by)
    found = [raw(task) for task in tasks]
    kind: str | None = key.type
    if kind is None:
        kind = "text" if key.by in _TEXT_FIELDS else _kind(found)
    convert: Callable[[Any], Comparable | None] = {"text": _text, "number": _number, "date": _date}[kind]
    return [None if value is None or value == "" else convert(value) for value in found]


def _reader(by: str) -> Callable[[Task], Any]:
    if by == "window":
        return lambda task: min((window.start.timestamp() for window in task.windows), default=None)
    if by in _FIELDS:
        return lambda task: getattr(task, by)
    return lambda task: task.extra.get(by)


def _kind(values: list[Any]) -> str:
    """Numbers if every value is one, dates if every value is an instant, else text."""
    given = [value for value in values if value is not None and value != ""]
    if given and all(isinstance(value, datetime) for value in given):
        return "date"
    return "number" if all(_number(value) is not None for value in given) else "text"


def _text(value: Any) -> str:
    return unicodedata.normalize("NFKC", str(value)).casefold()


def _number(value: Any) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _date(value: Any) -> float | None:
    """ISO 8601 date or instant; UTC where it names no offset."""
    try:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value).strip())
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None
