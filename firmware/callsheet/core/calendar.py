# SPDX-License-Identifier: GPL-3.0-or-later
"""Calling hours in the callee's time zone.

An instant is open if the callee's wall clock then shows a time within the hours
of that day, and the day is no holiday there. That is worked out on stretches of
constant UTC offset, so an hour that is skipped or comes twice needs no special
case. The interval around the last instant asked for is kept: within it an
answer costs one comparison.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

from msgspec import Struct

from callsheet.core.model import Rules, Span

State = Literal["open", "closed", "never", "unknown-zone"]
DAY = 86400
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_HORIZON_DAYS = 16
"""An opening comes within a week of the last holiday, or never; twice that, as clocks may skip a short one."""
_FAR_DAYS = 400
"""How far ahead the end of an open interval is looked for."""
_EPOCH = date(1970, 1, 1).toordinal()
FOREVER = float("inf")
_LAST = 253402128000
"""POSIX seconds of 9999-12-30: what `datetime` can show in any zone."""


class Status(Struct, frozen=True):
    """Whether the callee may be called."""

    state: State
    until: float | None = None
    """POSIX seconds: when an open interval closes or a closed one opens; None: it does not."""
    reason: Literal["", "hours", "holiday"] = ""


NEVER = Status("never", None, "hours")
UNKNOWN_ZONE = Status("unknown-zone")
ALWAYS = Status("open")


def restricts(rules: Rules) -> bool:
    """Whether calling hours are on, so that zone and clock matter."""
    return bool(rules.hours or rules.holidays)


@lru_cache(maxsize=1024)
def zone_info(name: str) -> tzinfo | None:
    """The IANA zone of that name, or None if there is none."""
    if not name:
        return None
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):  # ZoneInfoNotFoundError is a KeyError; a folder gives an OSError
        return None


class Calendar:
    """Calling hours of one set of rules in one zone."""

    __slots__ = ("_first", "_holidays", "_last_holiday", "_status", "_week", "_zone")

    def __init__(self, rules: Rules, zone: str) -> None:
        self._zone = zone_info(zone) if restricts(rules) else UTC
        self._week = _week(rules.hours) if rules.hours else ([(0, DAY)],) * 7
        self._holidays = frozenset(day.toordinal() for day in rules.holidays)
        self._last_holiday = max(self._holidays, default=0)
        self._first = FOREVER
        """Start of the interval `_status` holds for; FOREVER: none yet."""
        self._status = ALWAYS
        if self._zone is None:
            self._fix(UNKNOWN_ZONE)
        elif not any(self._week):
            self._fix(NEVER)
        elif not restricts(rules):
            self._fix(ALWAYS)

    def _fix(self, status: Status) -> None:
        self._first, self._status = -FOREVER, status

    def status(self, at: float) -> Status:
        """Whether the callee may be called at `at` (POSIX seconds), and until when that holds."""
        until = self._status.until
        if not (self._first <= at and (until is None or at < until)):
            self._first = at
            self._status = self._compute(at)
        if self._status.state == "closed" and self._holidays:
            return Status("closed", self._status.until, self._closed_why(at))
        return self._status

    def _compute(self, at: float) -> Status:
        day = int(at // DAY)
        closes: float | None = None
        last = max(day + _HORIZON_DAYS, self._last_holiday - _EPOCH + _HORIZON_DAYS)
        for offset in range(_FAR_DAYS + max(0, last - day)):
            for start, end in self._open_on(day + offset):
                if end <= at:
                    continue
                if closes is None:
                    if start > at:
                        return Status("closed", float(start), "hours")
                    closes = end
                elif start <= closes:
                    closes = end
                else:
                    return Status("open", float(closes))
            if closes is None and day + offset > last:
                return NEVER
            if closes is not None and closes < (day + offset + 1) * DAY:
                return Status("open", float(closes))
        return Status("open", float(closes)) if closes is not None else NEVER

    def _closed_why(self, at: float) -> Literal["hours", "holiday"]:
        local = datetime.fromtimestamp(min(max(at, 0), _LAST), self._zone)
        return "holiday" if local.toordinal() in self._holidays else "hours"

    def _offset(self, at: int) -> int:
        moment = datetime.fromtimestamp(min(max(at, 0), _LAST), UTC).astimezone(self._zone)
        return int((moment.utcoffset() or timedelta()).total_seconds())

    def _open_on(self, day: int) -> list[tuple[int, int]]:
        """Open intervals within one UTC day (counted from 1970), in order, in POSIX seconds."""
        start, end = day * DAY, (day + 1) * DAY
        first, last = self._offset(start), self._offset(end - 1)
        if first == last:
            return self._open_between(start, end, first)
        low, high = start, end - 1  # the offset changes in (low, high]
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if self._offset(middle) == first else (low, middle)
        return self._open_between(start, high, first) + self._open_between(high, end, last)

    def _open_between(self, start: int, end: int, offset: int) -> list[tuple[int, int]]:
        """The same between two instants with one UTC offset between them."""
        found = []
        for local_day in range((start + offset) // DAY, (end - 1 + offset) // DAY + 1):
            ordinal = local_day + _EPOCH
            if ordinal in self._holidays:
                continue
            midnight = local_day * DAY - offset
            for opens, closes in self._week[(ordinal + 6) % 7]:
                low, high = max(start, midnight + opens), min(end, midnight + closes)
                if low < high:
                    found.append((low, high))
        return found


def _week(spans: tuple[Span, ...]) -> tuple[list[tuple[int, int]], ...]:
    """Open intervals per weekday in seconds since midnight, merged. What ends before it starts goes past midnight."""
    week: tuple[list[tuple[int, int]], ...] = ([], [], [], [], [], [], [])
    for span in spans:
        start = _seconds(span.start)
        end = _seconds(span.end) or DAY
        for name in span.days:
            day = _WEEKDAYS.index(name)
            if start < end:
                week[day].append((start, end))
            else:
                week[day].append((start, DAY))
                week[(day + 1) % 7].append((0, end))
    return tuple(_merged(sorted(day)) for day in week)


def _merged(intervals: list[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in intervals:
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _seconds(clock: time) -> int:
    return clock.hour * 3600 + clock.minute * 60 + clock.second


@lru_cache(maxsize=1024)
def calendar_for(rules: Rules, zone: str) -> Calendar:
    """The calendar of these rules in this zone, made once."""
    return Calendar(rules, zone)


def status(rules: Rules, zone: str, at: float) -> Status:
    """Whether a callee in `zone` may be called at `at` (POSIX seconds) under these rules."""
    return calendar_for(rules, zone).status(at)
