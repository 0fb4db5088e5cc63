# SPDX-License-Identifier: GPL-3.0-or-later
"""How leases run here, and when one is over."""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec import Struct

from callsheet.manager.storage.tables import Sheet


class Terms(Struct, frozen=True):
    """All in seconds."""

    seconds: float = 600.0
    """How long a phone may dial without being heard of."""
    renew: float = 60.0
    """How often it asks."""
    margin: float = 60.0
    """How much longer the manager waits: a phone's clock may be slow by so much."""


def over(sheet: Sheet, terms: Terms, now: datetime) -> bool:
    """Whether surely no phone dials the sheet."""
    return not sheet.phone or sheet.until is None or now >= sheet.until + timedelta(seconds=terms.margin)
