# SPDX-License-Identifier: GPL-3.0-or-later
"""Local times become definite ones, also where the clocks change."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callsheet.formats.errors import Invalid
from callsheet.formats.moments import is_zone, moment, zone


@pytest.mark.parametrize(
    ("text", "where", "last", "expected"),
    [
        ("2026-11-24T09:00", "Europe/Berlin", False, "2026-11-24T09:00:00+01:00"),
        ("2026-11-24 09:00:30", "Europe/Berlin", False, "2026-11-24T09:00:30+01:00"),
        ("2026-07-24T09:00", "Europe/Berlin", False, "2026-07-24T09:00:00+02:00"),
        ("2026-11-24T09:00Z", "Europe/Berlin", False, "2026-11-24T09:00:00+00:00"),
        ("2026-11-24T09:00:00-05:00", "", False, "2026-11-24T09:00:00-05:00"),
        ("2026-11-24T09:00", "Asia/Kathmandu", True, "2026-11-24T09:00:00+05:45"),
        # Clocks go back on 25 October 2026 at 03:00: from 02:00 to 03:00 comes twice.
        ("2026-10-25T02:30", "Europe/Berlin", False, "2026-10-25T02:30:00+02:00"),
        ("2026-10-25T02:30", "Europe/Berlin", True, "2026-10-25T02:30:00+01:00"),
        # Clocks go forward on 29 March 2026 at 02:00: from 02:00 to 03:00 there is no time.
        ("2026-03-29T02:30", "Europe/Berlin", False, "2026-03-29T03:30:00+02:00"),
        ("2026-03-29T02:45", "Europe/Berlin", True, "2026-03-29T03:45:00+02:00"),
        ("2026-11-01T01:15", "America/New_York", False, "2026-11-01T01:15:00-04:00"),
        ("2026-11-01T01:15", "America/New_York", True, "2026-11-01T01:15:00-05:00"),
    ],
)
def test_times(text, where, last, expected) -> None:
    assert moment(text, where, last).isoformat() == expected


@pytest.mark.parametrize(
    ("text", "where", "part"),
    [
        ("", "UTC", "not a time"),
        ("tomorrow", "UTC", "not a time"),
        ("24.11.2026 09:00", "UTC", "not a time"),
        ("11/24/2026 09:00", "UTC", "not a time"),
        ("2026-11-24", "UTC", "not a time"),
        ("2026-11-31T09:00", "UTC", "not a time"),
        ("2026-11-24T25:00", "UTC", "not a time"),
        ("2026-11-24T09:00 ", "UTC", "not a time"),
        ("2026-11-24x09:00", "UTC", "not a time"),
        ("２026-11-24T09:00", "UTC", "not a time"),
        ("1970-01-01T09:00", "UTC", "year"),
        ("9999-12-31T23:59", "UTC", "year"),
        ("2026-11-24T09:00", "", "not known"),
        ("2026-11-24T09:00", "Europe/Berln", "unknown time zone"),
    ],
)
def test_what_is_no_time(text, where, part) -> None:
    with pytest.raises(Invalid, match=part):
        moment(text, where)


@pytest.mark.parametrize("name", ["Europe/Berln", "Europe", "../etc/passwd", "/etc/passwd", "a" * 300, "\0", "Ünix", "."])
def test_what_is_no_zone(name) -> None:
    assert not is_zone(name)
    with pytest.raises(Invalid):
        zone(name)


def test_a_misspelt_zone_has_a_remedy() -> None:
    with pytest.raises(Invalid) as caught:
        zone("europe/berln")
    assert "Europe/Berlin" in caught.value.remedy


@given(
    st.datetimes(datetime(1990, 1, 2), datetime(2199, 12, 30)).map(lambda at: at.replace(microsecond=0)),
    st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Tehran", "Africa/Casablanca"]),
)
def test_a_window_never_turns_round(local, where) -> None:
    start = moment(local.isoformat(), where)
    end = moment(local.isoformat(), where, last=True)
    assert start <= end
    shown = start.astimezone(zone(where)).replace(tzinfo=None)
    assert shown == local or shown > local  # moved on only where the time does not occur
    if shown > local:
        assert local.replace(tzinfo=zone(where)).astimezone(UTC).astimezone(zone(where)).replace(tzinfo=None) != local
