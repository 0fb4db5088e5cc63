# SPDX-License-Identifier: GPL-3.0-or-later
"""One agent at one instant, as the page shows it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from callsheet.formats.status import Status

STATES = (
    "talking", "dialling", "ringing", "wrap-up", "preview", "incoming", "ready", "paused", "signing-in",
    "signing-out", "silent", "off", "absent",
)
"""In the order they are counted above the table."""
CALLING = frozenset({"dialling", "ringing", "talking", "wrap-up", "preview", "incoming"})


@dataclass(frozen=True)
class Seen:
    """A phone's last word."""

    phone: str
    heard: datetime
    status: Status


@dataclass(frozen=True)
class Callee:
    """The task a phone works on; all empty: none."""

    id: int = 0
    name: str = ""
    number: str = ""


@dataclass(frozen=True)
class Figures:
    """An agent's day in sums."""

    calls_hour: int = 0
    """Calls in the last 60 minutes."""
    calls: int = 0
    percent: int | None = None
    """Of the time ready, the part spent talking. In whole per cent, so that a row is not new every second."""
    unfinished: int = 0
    """Tasks in the agent's sheets."""

    @property
    def talk_share(self) -> float | None:
        """The same from 0 to 1; None before there is any."""
        return None if self.percent is None else self.percent / 100


def talk_percent(talk: float, ready: float) -> int | None:
    """Seconds talked in seconds ready; None if those are too few to tell."""
    return min(100, round(100 * talk / ready)) if ready >= 60 else None


@dataclass(frozen=True)
class Row:
    """One agent. Nothing in it changes just because time goes by, so equal rows need not be sent again."""

    agent: str
    name: str
    state: str
    """One of STATES."""
    since: datetime | None
    reason: str
    """Of a pause: a text key, or the sheet's own words."""
    callee: Callee
    task_since: datetime | None
    figures: Figures
    phone: str
    registered: bool
    headset: bool
    blocker: str
    blocked_until: datetime | None
    outbox: int
    faults: tuple[str, ...]

    @property
    def searched(self) -> str:
        """What the filter above the table looks at."""
        return f"{self.agent} {self.name} {self.phone}".casefold()


def row(
    agent: str, name: str, seen: Seen | None, callee: Callee, figures: Figures, now: datetime, silent: timedelta
) -> Row:
    """Put together. `silent`: a phone that has said nothing for so long is silent, unless nobody works with it."""
    if seen is None:
        return Row(agent, name, "absent", None, "", callee, None, figures, "", False, False, "", None, 0, ())
    status = seen.status
    state, since = _state(status)
    quiet = now - seen.heard > silent and state != "off"
    if quiet:
        state, since = "silent", seen.heard
    here = state not in ("off", "silent")
    return Row(
        agent, name, state, since, status.reason if state == "paused" else "",
        callee if here else Callee(), status.activity_since if here else None, figures, seen.phone,
        status.registered and not quiet, status.headset and not quiet,
        status.blocker if here else "", status.blocked_until if here else None, status.outbox, status.faults,
    )


def _state(status: Status) -> tuple[str, datetime | None]:
    if status.activity in CALLING and status.work in ("ready", "paused"):
        return status.activity, status.activity_since
    return status.work, status.since
