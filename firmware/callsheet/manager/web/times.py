# SPDX-License-Identifier: GPL-3.0-or-later
"""Times, durations and shares, as people read them."""

from __future__ import annotations

from datetime import datetime, tzinfo
from functools import cache
from zoneinfo import ZoneInfo, available_timezones


@cache
def zones() -> tuple[str, ...]:
    """The zones that can be chosen: areas with cities, and UTC."""
    return ("UTC", *sorted(z for z in available_timezones() if "/" in z and not z.startswith(("Etc/", "posix/", "right/", "SystemV/"))))


def zone_of(name: str, default: str = "UTC") -> ZoneInfo:
    """The zone of this name, or `default` if there is none of it."""
    return ZoneInfo(name if name in zones() else default or "UTC")


def clock(moment: datetime, zone: tzinfo, now: datetime) -> str:
    """14:05, or with the date if it is not today."""
    local, today = moment.astimezone(zone), now.astimezone(zone).date()
    if local.date() == today:
        return f"{local:%H:%M}"
    return f"{local:%m-%d %H:%M}" if local.year == today.year else f"{local:%Y-%m-%d %H:%M}"


def stamp(moment: datetime, zone: tzinfo) -> str:
    """Date and time to the second."""
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M:%S}"


def duration(seconds: float) -> str:
    """0:07, 12:40, 3:05:00; the same as `elapsed` in app.js."""
    whole = max(0, int(seconds))
    hours, rest = divmod(whole, 3600)
    minutes, left = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{left:02}" if hours else f"{minutes}:{left:02}"


def percent(share: float | None) -> str:
    """Whole per cent; a dash if not known."""
    return "–" if share is None else f"{round(100 * share)} %"


def count(number: int) -> str:
    """With thin spaces between thousands (ISO 80000-1)."""
    return f"{number:,}".replace(",", " ")
