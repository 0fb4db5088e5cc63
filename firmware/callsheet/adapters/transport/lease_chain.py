# SPDX-License-Identifier: GPL-3.0-or-later
"""The lease files of one agent as one phone sees them: who stands before whom, and who counts.

Files are ordered by day and number; a claim stands behind all that were there
before it. `firmware/docs/leases.md` has the rules in words.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

from msgspec import Struct

from callsheet.core.model import Progress
from callsheet.core.queue.progress import join
from callsheet.formats.lease import LeaseFile

MARGIN = 120.0
"""Seconds by which the clocks of two phones may differ: a lease counts so much longer than it says."""
BEFORE, AFTER = 2, 1
"""Days that are looked at, before and after today in UTC. A lease is at most a day long and is moved to a file of
the new day after midnight, so that no lease in force hides behind that."""
UNSETTLED = 300.0
"""Seconds after which a file that its writer never called settled hides nobody any more: a write that takes two minutes, a
renewal of whoever was written over, and the clocks."""


class Party(Struct, frozen=True):
    """A phone, with the installation that tells it from its successor of the same name."""

    phone: str
    installation: int


NOBODY_KNOWN = Party("?", 0)
"""Who wrote a file that cannot be read."""


class Link(Struct, frozen=True):
    """One file of the chain."""

    day: date
    number: int
    file: LeaseFile | None
    """None: it cannot be read."""

    @property
    def place(self) -> tuple[date, int]:
        """What the chain is ordered by."""
        return self.day, self.number

    @property
    def party(self) -> Party:
        """Who wrote it."""
        return NOBODY_KNOWN if self.file is None else Party(self.file.phone, self.file.installation)

    @property
    def claims(self) -> bool:
        """Whether it was written by someone who had the lease, or says so: whoever stands before it has lost it."""
        return self.file is not None and (self.file.state == "held" or self.file.forced)

    @property
    def wishes(self) -> bool:
        """Whether it is a wish to take over."""
        return self.file is not None and self.file.state == "wanted"

    def hides(self, now: float) -> bool:
        """Whether it may lie over the file of a phone that does not know of it yet."""
        return self.file is not None and self.file.unsettled and self.file.written.timestamp() + UNSETTLED > now

    def alive(self, now: float) -> bool:
        """Whether its writer may still rely on it, at POSIX time `now` by our own clock."""
        if self.file is None:
            return today(now) - self.day < timedelta(days=2)
        return self.file.state != "released" and self.file.until.timestamp() + MARGIN > now


class Chain:
    """What one look found, from the point of view of `me`."""

    def __init__(self, links: Iterable[Link], me: Party) -> None:
        self.links = sorted(links, key=lambda link: link.place)
        self._me = me

    @property
    def own(self) -> list[Link]:
        """Ours."""
        return [link for link in self.links if link.party == self._me]

    @property
    def mine(self) -> Link | None:
        """Our last file."""
        return self.own[-1] if self.own else None

    @property
    def tail(self) -> Link | None:
        """The last of all."""
        return self.links[-1] if self.links else None

    def before(self, place: tuple[date, int] | None, now: float) -> list[Link]:
        """Others that count before this place (None: the end): those who held it last, and who wish behind them."""
        others = [link for link in self.links if link.party != self._me and (place is None or link.place < place)]
        holders = [number for number, link in enumerate(others) if link.claims]
        return [link for link in others[holders[-1] if holders else 0:] if link.alive(now)]

    def overtaken(self, place: tuple[date, int]) -> Link | None:
        """Another who took the lease after this place."""
        found = [link for link in self.links if link.place > place and link.party != self._me and link.claims]
        return found[-1] if found else None

    def hides(self, now: float) -> bool:
        """Whether somebody may have the lease whose file another's lies over; one of us would see it behind our own."""
        others = [link for link in self.links if link.party != self._me]
        settled = [number for number, link in enumerate(others) if link.claims and not link.hides(now)]
        return any(link.hides(now) for link in others[settled[-1] if settled else 0:])

    def wish(self, place: tuple[date, int], now: float) -> Link | None:
        """The first who wants to take over from this place."""
        return next((link for link in self.links
                     if link.place > place and link.party != self._me and link.wishes and link.alive(now)), None)

    def progress(self, sheet: str, *, own: bool) -> Progress | None:
        """What all of them did, as far as it matters for this sheet; with our own files or without."""
        told = [link.file.progress for link in self.links
                if link.file and link.file.progress and (own or link.party != self._me)]
        found: Progress | None = None
        for one in sorted(told, key=lambda progress: progress.sheet == sheet):
            found = join(found, one)
        return found


def today(now: float) -> date:
    """The day in UTC."""
    return datetime.fromtimestamp(now, UTC).date()


def window(now: float) -> list[date]:
    """The days that are looked at."""
    return [today(now) + timedelta(days=days) for days in range(-BEFORE, AFTER + 1)]
