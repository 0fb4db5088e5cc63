# SPDX-License-Identifier: GPL-3.0-or-later
"""The time zone of a number, where there is only one it can be.

Geography from libphonenumber: 43 zones for a toll-free number, some for a country's
mobiles. Of those the country has (tzdata's zone.tab) all must show the same time,
now and after the next changes of clocks; else the zone is unknown.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from importlib.resources import files
from zoneinfo import ZoneInfo

import phonenumbers
from phonenumbers import PhoneNumber, timezone

from callsheet.formats.moments import is_zone

_LOOK_AHEAD = tuple(timedelta(days=days) for days in range(0, 730, 7))


class Zones:
    """Finds zones as of an instant: what is the same today may differ next year."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._only = lru_cache(maxsize=4096)(self._choose)
        self._of_code: dict[int, tuple[str, ...]] = {}
        """By country code: numbers that belong to no place have all zones of their country."""

    def of(self, number: PhoneNumber, kind: int) -> str:
        """IANA name, of a number of this kind (PhoneNumberType); empty: unknown, or more than one."""
        code = number.country_code or 0
        if phonenumbers.is_number_type_geographical(kind, code):
            zones = timezone.time_zones_for_geographical_number(number)
        elif code in self._of_code:
            zones = self._of_code[code]
        else:
            zones = self._of_code[code] = timezone.time_zones_for_number(number)
        if len(zones) == 1:
            return zones[0] if is_zone(zones[0]) and zones[0] != "Etc/Unknown" else ""
        return self._only(zones, phonenumbers.region_code_for_number(number) or "")

    def _choose(self, zones: tuple[str, ...], country: str) -> str:
        there = [zone for zone in zones if zone in _of_country().get(country, zones) and is_zone(zone)]
        clocks = {self._clock(zone) for zone in there}
        return there[0] if len(clocks) == 1 else ""

    def _clock(self, zone: str) -> tuple[timedelta | None, ...]:
        where = ZoneInfo(zone)
        return tuple((self._now.astimezone(UTC) + ahead).astimezone(where).utcoffset() for ahead in _LOOK_AHEAD)


@cache
def _of_country() -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for line in (files("tzdata.zoneinfo") / "zone.tab").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            country, _, zone = line.split("\t")[:3]
            found.setdefault(country, set()).add(zone)
    return {country: frozenset(zones) for country, zones in found.items()}
