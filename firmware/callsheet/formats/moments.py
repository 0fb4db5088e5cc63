# SPDX-License-Identifier: GPL-3.0-or-later
"""Times in files: RFC 3339 with an offset, or the callee's local time without one.

Local times are resolved once, when the file is read. What a change of the clocks
means for them (Python's PEP 495, made definite):

- A local time that occurs twice (clocks go back) is the first of the two; as the
  end of a window it is the second, so that the window covers both.
- A local time that does not occur (clocks go forward) is moved on by the length of
  the gap: 02:30 in a gap from 02:00 to 03:00 is 03:30.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from callsheet.formats.errors import Invalid, nearest, shown

FIRST_YEAR = 1990
LAST_YEAR = 2200
"""Outside these years a time is a slip of the pen, and would overflow somewhere later."""


@lru_cache(maxsize=1024)
def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, KeyError):
        # An unknown zone is a KeyError; a folder of the zone tree, an overlong or odd name one of the others.
        return None


def zone(name: str) -> ZoneInfo:
    """The zone of this IANA name; raises Invalid with the nearest known name."""
    found = _zone(name)
    if found is None:
        raise Invalid(f"unknown time zone {shown(name)}", remedy=_zone_remedy(name))
    return found


def _zone_remedy(name: str) -> str:
    close = nearest(name, available_timezones())
    return close or "write an IANA name such as Europe/Berlin"


def is_zone(name: str) -> bool:
    """Whether there is a zone of this name."""
    return _zone(name) is not None


@lru_cache(maxsize=65536)
def moment(text: str, zone_name: str, last: bool = False) -> datetime:
    """The instant of a text such as 2026-11-24T09:00, 2026-11-24 09:00:00+01:00 or 2026-11-24T08:00Z.

    Without an offset it is local to `zone_name`; `last` takes the second of two
    equal local times. Raises Invalid.
    """
    if not text.isascii() or len(text) < 16 or text[10] not in "T t":
        raise _not_a_time(text)
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise _not_a_time(text) from None
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise Invalid(f"a year outside {FIRST_YEAR} to {LAST_YEAR}")
    if found.tzinfo is None:
        if not zone_name:
            raise Invalid(
                "a local time, but the time zone is not known",
                remedy='add the zone to the task or the sheet, or an offset such as "+01:00" to the time',
            )
        return local_moment(found, zone(zone_name), last)
    return _whole_minutes(found)


def local_moment(local: datetime, where: ZoneInfo, last: bool = False) -> datetime:
    """The instant at which the clocks of a zone show a local time; see above for what a change of clocks does."""
    first = local.replace(tzinfo=where, fold=0)
    second = local.replace(tzinfo=where, fold=1)
    # The offset shrinks where a local time occurs twice; where it grows the time does not occur.
    twice = (first.utcoffset() or timedelta()) > (second.utcoffset() or timedelta())
    chosen = second if last and twice else first
    offset = chosen.utcoffset() or timedelta()
    if (chosen.astimezone(UTC).astimezone(where).replace(tzinfo=None)) != local:
        chosen = chosen.astimezone(UTC).astimezone(where)
        offset = chosen.utcoffset() or timedelta()
    return _whole_minutes(chosen.replace(tzinfo=timezone(offset), fold=0))


def _whole_minutes(instant: datetime) -> datetime:
    """RFC 3339 writes offsets in whole minutes; an odd one, from history, becomes UTC."""
    offset = instant.utcoffset() or timedelta()
    return instant.astimezone(UTC) if offset.seconds % 60 or offset.microseconds else instant


def _not_a_time(text: str) -> Invalid:
    return Invalid(f"{shown(text, 40)} is not a time", remedy="write 2026-11-24T09:00 or 2026-11-24T09:00:00+01:00")
