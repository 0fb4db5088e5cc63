# SPDX-License-Identifier: GPL-3.0-or-later
"""The lease on an agent's sheet, as this phone knows it: only its holder dials from the sheet."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from msgspec import Struct

from callsheet.core.model import Instant


class Stand(StrEnum):
    """Whose turn it is."""

    NONE = "none"
    """Nobody is signed in, or leases are switched off."""
    ASKING = "asking"
    """Not known, or no longer since a restart."""
    HELD = "held"
    OTHER = "other"
    """Another phone's."""
    WAIVED = "waived"
    """The server keeps none: nobody guards that two phones do not dial at once."""


Asking = Literal["claim", "renew", "take-over", "force"]


class Lease(Struct):
    """Times are monotonic seconds unless they are datetimes."""

    stand: Stand = Stand.NONE
    since: Instant | None = None
    """Names our claim."""
    until: float = 0.0
    """Up to when we may dial: measured from before the request that was granted, so that a clock step cannot stretch it."""
    until_wall: float = 0.0
    """The same in POSIX seconds."""
    ask_at: float | None = None
    action: Asking = "claim"
    """What to ask then."""
    request: int = 0
    """The Lease under way; 0: none."""
    asked_mono: float = 0.0
    asked_wall: float = 0.0
    failures: int = 0
    error: str = ""
    """Why the last request was not answered."""
    holder: str = ""
    heard: Instant | None = None
    held_until: Instant | None = None
    patience: float = 120.0
    """Seconds after which a phone that was asked to hand over may be switched off: two of its renewals."""
    wished: float | None = None
    """Since when we wait for the holder."""
    asked_by: str = ""
    stop: str = ""


def bar(lease: Lease, mono: float) -> str:
    """What keeps this phone from dialling the sheet, as the last part of a text key; empty: nothing."""
    match lease.stand:
        case Stand.NONE | Stand.WAIVED:
            return ""
        case Stand.OTHER:
            return "taken"
        case Stand.ASKING:
            return "failed" if lease.error else "asking"
        case Stand.HELD:
            pass
    if lease.stop:
        return "stopped"
    if lease.asked_by:
        return "asked"
    if mono >= lease.until:
        return "over" if lease.error else "asking"
    return ""


def detail(lease: Lease) -> str:
    """What belongs to it: a phone, or a reason."""
    return lease.stop or lease.asked_by or (lease.holder if lease.stand is Stand.OTHER else lease.error)
