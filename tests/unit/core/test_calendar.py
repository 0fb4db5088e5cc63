# SPDX-License-Identifier: GPL-3.0-or-later
"""Calling hours in the callee's zone, over midnight, clock changes and holidays."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callsheet.core.calendar import Calendar, status
from callsheet.core.model import Rules, Span
from callsheet.core.presets import EVERY_DAY, PRESETS, WORKDAYS

HOURS = Rules(hours=(Span(EVERY_DAY, time(8), time(21)),))
NAMES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def posix(text: str, zone: str, fold: int = 0) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).timestamp()


def local(at: float | None, zone: str) -> str:
    assert at is not None
    return datetime.fromtimestamp(at, ZoneInfo(zone)).isoformat(timespec="minutes")[:16]


@pytest.mark.parametrize(
    ("at", "state", "until"),
    [
        ("2026-06-03T07:59", "closed", "2026-06-03T08:00"), ("2026-06-03T08:00", "open", "2026-06-03T21:00"),
        ("2026-06-03T20:59", "open", "2026-06-03T21:00"), ("2026-06-03T21:00", "closed", "2026-06-04T08:00"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Shanghai", "Pacific/Kiritimati", "Asia/Kolkata"])
def test_start_is_inclusive_and_end_exclusive_in_the_callee_s_time(at: str, state: str, until: str, zone: str) -> None:
    found = status(HOURS, zone, posix(at, zone))
    assert (found.state, local(found.until, zone)) == (state, until)
    assert found.reason == ("hours" if state == "closed" else "")


def test_no_rules_need_no_zone() -> None:
    assert status(Rules(), "", 0.0).state == "open"
    assert status(Rules(), "Nowhere/Town", 0.0).state == "open"


@pytest.mark.parametrize("zone", ["", "Nowhere/Town", "../../etc/passwd", "America", "Europe/Berlin\0"])
def test_unknown_zone_where_hours_are_on(zone: str) -> None:
    assert status(HOURS, zone, 0.0).state == "unknown-zone"
    assert status(Rules(holidays=(date(2026, 5, 1),)), zone, 0.0).state == "unknown-zone"


def test_france() -> None:
    zone, rules = "Europe/Paris", PRESETS["fr"]
    rules = Rules(hours=rules.hours, holidays=(date(2026, 7, 14),))
    for at, state, until, reason in [
        ("2026-07-13T09:00", "closed", "2026-07-13T10:00", "hours"),
        ("2026-07-13T12:00", "open", "2026-07-13T13:00", ""),
        ("2026-07-13T13:00", "closed", "2026-07-13T14:00", "hours"),
        ("2026-07-13T20:00", "closed", "2026-07-15T10:00", "hours"),
        ("2026-07-14T11:00", "closed", "2026-07-15T10:00", "holiday"),
        ("2026-07-17T20:00", "closed", "2026-07-20T10:00", "hours"),
        ("2026-07-18T11:00", "closed", "2026-07-20T10:00", "hours"),
    ]:
        found = status(rules, zone, posix(at, zone))
        assert (found.state, local(found.until, zone), found.reason) == (state, until, reason), at


def test_florida_closes_an_hour_before_the_rest() -> None:
    at = posix("2026-06-03T20:30", "America/New_York")
    assert status(PRESETS["us"], "America/New_York", at).state == "open"
    assert status(PRESETS["us-fl"], "America/New_York", at).state == "closed"
    assert status(PRESETS["us-fl"], "America/Chicago", at).state == "open", "the panhandle is an hour behind"


def test_spring_forward_shortens_a_day_and_skips_an_opening() -> None:
    zone = "Europe/Berlin"  # 2026-03-29 02:00 becomes 03:00
    night = Rules(hours=(Span(EVERY_DAY, time(2, 30), time(4)),))
    found = status(night, zone, posix("2026-03-29T01:00", zone))
    assert local(found.until, zone) == "2026-03-29T03:00", "02:30 does not exist: opens as the clock jumps past it"
    day = status(HOURS, zone, posix("2026-03-28T21:00", zone))
    assert day.until is not None
    assert day.until - posix("2026-03-28T21:00", zone) == 10 * 3600, "the night is an hour shorter"
    gone = Rules(hours=(Span(EVERY_DAY, time(2), time(3)),))
    assert local(status(gone, zone, posix("2026-03-28T12:00", zone)).until, zone) == "2026-03-30T02:00"


def test_fall_back_hour_that_comes_twice_is_open_twice() -> None:
    zone = "America/New_York"  # 2026-11-01 02:00 becomes 01:00
    rules = Rules(hours=(Span(EVERY_DAY, time(1), time(1, 30)),))
    first, again = posix("2026-11-01T01:00", zone), posix("2026-11-01T01:00", zone, fold=1)
    assert again - first == 3600
    assert status(rules, zone, first).until == first + 1800
    assert status(rules, zone, first + 1800).until == again
    assert status(rules, zone, again).until == again + 1800


def test_hours_over_midnight_belong_to_the_day_they_start_on() -> None:
    zone = "Europe/Madrid"
    rules = Rules(hours=(Span(("fri",), time(22), time(2)),), holidays=(date(2026, 6, 13),))
    friday = status(rules, zone, posix("2026-06-05T23:00", zone))
    assert local(friday.until, zone) == "2026-06-06T02:00"
    eve = status(rules, zone, posix("2026-06-12T23:00", zone))
    assert local(eve.until, zone) == "2026-06-13T00:00", "the holiday begins at the callee's midnight"
    assert status(rules, zone, posix("2026-06-06T23:00", zone)).state == "closed"


def test_midnight_as_an_end_is_the_end_of_the_day() -> None:
    rules = Rules(hours=(Span(("mon", "tue"), time(0), time(0)),))
    found = status(rules, "UTC", posix("2026-06-01T00:00", "UTC"))
    assert local(found.until, "UTC") == "2026-06-03T00:00"


def test_only_holidays_close_otherwise_open_days() -> None:
    rules = Rules(holidays=(date(2026, 12, 25),))
    assert local(status(rules, "Asia/Tokyo", posix("2026-12-20T12:00", "Asia/Tokyo")).until, "Asia/Tokyo") == (
        "2026-12-25T00:00")
    found = status(rules, "Asia/Tokyo", posix("2026-12-25T12:00", "Asia/Tokyo"))
    assert (found.state, found.reason) == ("closed", "holiday")
    assert local(found.until, "Asia/Tokyo") == "2026-12-26T00:00"


def test_never() -> None:
    assert status(Rules(hours=(Span((), time(8), time(9)),)), "UTC", 0.0).state == "never"
    far = Rules(hours=(Span(("mon",), time(8), time(9)),), holidays=tuple(
        date(2026, 1, 5) + timedelta(weeks=week) for week in range(100)))
    found = status(far, "UTC", posix("2026-01-05T08:30", "UTC"))
    assert local(found.until, "UTC") == "2027-12-06T08:00", "the next opening may be years away"


def test_the_end_of_time_does_no_harm() -> None:
    assert status(HOURS, "Pacific/Kiritimati", 253402300799.0).state in ("open", "closed")
    assert status(HOURS, "Asia/Tokyo", 9e15).state in ("open", "closed", "never")


class Oracle:
    """Slow and obvious: what does the callee's clock show?"""

    def __init__(self, rules: Rules, zone: str) -> None:
        self.rules, self.zone = rules, ZoneInfo(zone)

    def is_open(self, at: float) -> bool:
        there = datetime.fromtimestamp(at, self.zone)
        if there.date() in self.rules.holidays:
            return False
        today, yesterday = NAMES[there.weekday()], NAMES[there.weekday() - 1]
        clock = there.time()
        for span in self.rules.hours:
            over = span.end != time(0) and span.end <= span.start
            if today in span.days and clock >= span.start and (over or span.end == time(0) or clock < span.end):
                return True
            if over and yesterday in span.days and clock < span.end:
                return True
        return not self.rules.hours


clocks = st.builds(time, st.integers(0, 23), st.sampled_from([0, 15, 30, 45]))
spans = st.builds(Span, st.lists(st.sampled_from(NAMES), unique=True, max_size=7).map(tuple), clocks, clocks)
zones = st.sampled_from([
    "Europe/Berlin", "America/New_York", "America/Havana", "Asia/Kathmandu", "Australia/Lord_Howe",
    "Africa/Casablanca", "America/St_Johns", "Asia/Beirut", "Pacific/Apia", "UTC",
])  # fmt: skip


@settings(deadline=None, max_examples=150)
@given(
    hours=st.lists(spans, max_size=3), zone=zones,
    days=st.lists(st.integers(0, 20), max_size=4), start=st.sampled_from([
        "2026-03-20", "2026-10-20", "2026-03-01", "2026-10-29", "2011-12-25"]), minutes=st.integers(0, 20 * 24 * 4),
)  # fmt: skip
def test_against_the_callee_s_wall_clock(
    hours: list[Span], zone: str, days: list[int], start: str, minutes: int
) -> None:
    first = date.fromisoformat(start)
    rules = Rules(hours=tuple(hours), holidays=tuple(first + timedelta(days=day) for day in days))
    at = datetime.fromisoformat(start).replace(tzinfo=ZoneInfo("UTC")).timestamp() + minutes * 900.0
    oracle, calendar = Oracle(rules, zone), Calendar(rules, zone)
    for moment in (at, at + 7.0, at - 3600.0):
        found = calendar.status(moment)
        assert (found.state == "open") == oracle.is_open(moment)
        steps = [moment + 1 + step * 900.0 for step in range(30 * 96)]
        change = next((step for step in steps if oracle.is_open(step) != oracle.is_open(moment)), None)
        if found.until is None or found.until > steps[-1]:
            assert change is None
        else:
            assert oracle.is_open(found.until) != oracle.is_open(moment)
            assert oracle.is_open(found.until - 1) == oracle.is_open(moment)
            assert change is not None
            assert found.until <= change < found.until + 900


def test_presets_are_what_they_say() -> None:
    assert PRESETS["us-fl"].caps[0].limit == 3
    assert (PRESETS["fr"].caps[0].limit, PRESETS["fr"].caps[0].period) == (4, 30 * 86400)
    assert PRESETS["fr"].block_after_refusal == 60 * 86400
    assert [(cap.limit, cap.period) for cap in PRESETS["cn"].caps] == [(5, 86400), (3, 300)]
    assert PRESETS["fr"].hours[0].days == WORKDAYS
    assert all(rules.min_ring >= 15 for rules in PRESETS.values())
