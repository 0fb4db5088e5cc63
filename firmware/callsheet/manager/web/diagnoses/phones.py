# SPDX-License-Identifier: GPL-3.0-or-later
"""What phones say of themselves, or do not say."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from callsheet.manager.web.diagnoses.diagnosis import SHOWN, Case, Context, Problem
from callsheet.manager.web.live.rows import Row

ASLEEP = frozenset({"off", "absent", "silent"})
FULL_OUTBOX = 10
"""Results; a phone that reaches the server has none or one."""


def _problem(key: str, level: Literal["bad", "warn", "info"], rows: Iterable[Row]) -> Problem | None:
    found = list(rows)
    cases = tuple(
        Case(f"{row.phone} · {row.name or row.agent}", f"/?find={row.agent}", row.since) for row in found[:SHOWN]
    )
    return Problem(key, level, len(found), cases) if found else None


class Unregistered:
    """Phones in use that have no SIP registration."""

    def look(self, context: Context) -> Problem | None:
        """Registered or not is the phone's own word."""
        return _problem("unregistered", "bad",
                        (row for row in context.rows if row.state not in ASLEEP and not row.registered))


class Silent:
    """Phones somebody works with that have said nothing for some renewals."""

    def look(self, context: Context) -> Problem | None:
        """As the agents' page has it."""
        return _problem("silent", "bad", (row for row in context.rows if row.state == "silent"))


class NoHeadset:
    """Phones in use without a headset."""

    def look(self, context: Context) -> Problem | None:
        """They do not dial."""
        return _problem("no-headset", "bad",
                        (row for row in context.rows if row.state not in ASLEEP and row.registered and not row.headset))


class BrokenParts:
    """Phones with a part that has failed."""

    def look(self, context: Context) -> Problem | None:
        """They go on without it."""
        return _problem("broken", "warn", (row for row in context.rows if row.faults and row.state != "silent"))


class FullOutboxes:
    """Phones that cannot send their results."""

    def look(self, context: Context) -> Problem | None:
        """Their results are safe on the card, but not here."""
        return _problem("outbox", "warn", (row for row in context.rows if row.outbox >= FULL_OUTBOX))
