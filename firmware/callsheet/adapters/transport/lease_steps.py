# SPDX-License-Identifier: GPL-3.0-or-later
"""What is done with lease files, one step at a time: each is yielded to whoever has the connection."""

from __future__ import annotations

from collections.abc import Generator
from datetime import UTC, date, datetime, timedelta
from typing import Literal, Protocol, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from callsheet.adapters.transport.lease_chain import Chain, Link, Party, today, window
from callsheet.formats.errors import FormatError
from callsheet.formats.lease import LeaseFile, read_file, write_lease
from callsheet.formats.names import lease_name

SOON = 600.0
"""Seconds before midnight from which the next day's files are looked at as well."""
REREAD = 3
"""A file that cannot be read may be just being written; it is read so often, half a second apart."""


class Look(Struct, frozen=True):
    """Read a file; the answer is its content, or None."""

    name: str


class Create(Struct, frozen=True):
    """Create it; "taken": there is one, "made": it is there, "alone": and nobody else can have created it."""

    name: str
    body: bytes


class Rewrite(Struct, frozen=True):
    """Give our own file new content."""

    name: str
    body: bytes


class Pause(Struct, frozen=True):
    """Wait about so many seconds."""

    seconds: float


class NotKept(Exception):
    """What was written is not there when it is looked for: the server is no place for leases."""


Made = Literal["taken", "made", "alone"]
Step = Look | Create | Rewrite | Pause
T = TypeVar("T")
Steps = Generator[Step, "bytes | Made | None", T]


class Clock(Protocol):
    """What the protocol needs to know of time."""

    def wall(self) -> float:
        """POSIX seconds."""

    def mono(self) -> float:
        """Monotonic seconds."""


class Files:
    """The lease files of one agent."""

    def __init__(self, agent: str, me: Party, clock: Clock) -> None:
        self.agent, self.me, self.clock = agent, me, clock

    def name(self, link: Link) -> str:
        """Of a file."""
        return lease_name(self.agent, link.day, link.number)

    def scan(self) -> Steps[Chain]:
        """All that count."""
        links: list[Link] = []
        for day in window(self.clock.wall()):
            links += yield from self._from(day, 1)
        return Chain(links, self.me)

    def scan_after(self, mine: Link) -> Steps[Chain]:
        """Those behind ours."""
        links = yield from self._from(mine.day, mine.number + 1)
        day, last = mine.day, today(self.clock.wall() + SOON)
        while day < last:
            day += timedelta(days=1)
            links += yield from self._from(day, 1)
        return Chain(links, self.me)

    def _from(self, day: date, number: int) -> Steps[list[Link]]:
        links: list[Link] = []
        while (link := (yield from self.link(day, number))) is not None:
            links.append(link)
            number += 1
        return links

    def link(self, day: date, number: int) -> Steps[Link | None]:
        """One file; a phone that reads while another writes may have to read again."""
        for attempt in range(REREAD):
            if attempt:
                yield Pause(0.5)
            body = yield Look(lease_name(self.agent, day, number))
            if body is None:
                return None
            assert isinstance(body, bytes)
            try:
                return Link(day, number, read_file(body))
            except FormatError:
                continue
        return Link(day, number, None)

    def create(self, chain: Chain, file: LeaseFile) -> Steps[tuple[Link | None, Made]]:
        """A new file behind all others, not settled yet; None: somebody else was faster."""
        day, number = today(self.clock.wall()), 1
        for link in chain.links:
            if link.day >= day:
                day, number = link.day, link.number + 1
        new = replace(file, unsettled=True, certain=None)
        mine = Link(day, number, new)
        made = yield Create(self.name(mine), write_lease(new))
        assert made == "taken" or made == "made" or made == "alone"
        return (None if made == "taken" else mine), made

    def write(self, link: Link, **changes: object) -> Steps[Link]:
        """Our own file anew; a status or progress that is None leaves what is there."""
        assert link.file is not None
        new = replace(link.file, written=instant(self.clock.wall()),
                      **{name: value for name, value in changes.items() if name not in ("status", "progress") or value})
        yield Rewrite(self.name(link), write_lease(new))
        return Link(link.day, link.number, new)


def instant(at: float) -> datetime:
    """POSIX seconds as a datetime."""
    return datetime.fromtimestamp(at, UTC)
