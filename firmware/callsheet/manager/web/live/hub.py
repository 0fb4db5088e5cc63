# SPDX-License-Identifier: GPL-3.0-or-later
"""The agents' rows, gathered once per process for all who watch, and only while somebody does."""

from __future__ import annotations

import asyncio
import secrets
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool

from callsheet.manager.settings import ManagerSettings
from callsheet.manager.storage.database import Database
from callsheet.manager.web import times
from callsheet.manager.web.live import gather
from callsheet.manager.web.live.kept import Kept
from callsheet.manager.web.live.rows import Callee, Figures, Row, Seen, row

PERIOD = 1.0
"""Seconds between looks at the phones, while somebody watches."""
SUMS_PERIOD = 10.0
SUMS_SHARE = 20
"""Sums that take long are made less often: they use one part in so many of a processor."""
OVERLAP = timedelta(seconds=10)
"""Workers' clocks differ, and a transaction is seen later than it began."""
MESSAGES = 32
ROW_TEXTS = 20_000
SILENT_RENEWALS = 3
"""A phone that has missed so many renewals is silent."""


@dataclass(frozen=True)
class Snapshot:
    """All rows at one version."""

    version: str
    rows: tuple[Row, ...]


class Hub:
    """Any number of watchers ask what has changed since the version they have; nothing is queued for them."""

    def __init__(self, database: Database, settings: ManagerSettings) -> None:
        self._database = database
        self._zone = times.zone_of(settings.imports.zone)
        self.silent = timedelta(seconds=max(60.0, SILENT_RENEWALS * settings.leases.renew))
        self._token = secrets.token_hex(4)
        self._lock = threading.Lock()
        self._version = 0
        self._rows: dict[str, tuple[int, Row]] = {}
        self._gone = 0
        """The version at which an agent vanished: pages older than that load anew."""
        self._agents: dict[str, str] = {}
        self._figures: dict[str, Figures] = {}
        self._phones: dict[str, Seen] = {}
        self._callees: dict[tuple[str, str], Callee] = {}
        self._heard: datetime | None = None
        self._looked = self._summed = self._sums_cost = float("-inf")
        self._watchers = 0
        self._poll: asyncio.Task[None] | None = None
        self._news = asyncio.Condition()
        self.ended = False
        """The server is about to end: there will be no more news."""
        self._ending: asyncio.Task[None] | None = None
        self.messages = Kept(MESSAGES)
        """To browsers, by version and by how they are shown."""
        self.row_texts = Kept(ROW_TEXTS)
        """By row and by how it is shown."""

    def snapshot(self) -> Snapshot:
        """All rows, at most a second old, also of agents who are new. For any thread."""
        self._refresh(agents=True)
        with self._lock:
            return Snapshot(f"{self._token}.{self._version}", tuple(kept for _, kept in self._rows.values()))

    def rows(self) -> list[Row]:
        """All rows as they are, without a look at the database."""
        with self._lock:
            return [kept for _, kept in self._rows.values()]

    def since(self, version: str) -> Snapshot | None:
        """Rows changed since a version; all of them if it is another process's; None: load the page anew."""
        token, _, number = version.partition(".")
        with self._lock:
            known = int(number) if token == self._token and number.isdecimal() else -1
            if 0 <= known < self._gone:
                return None
            rows = tuple(kept for at, kept in self._rows.values() if at > known)
            return Snapshot(f"{self._token}.{self._version}", rows)

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        """While anybody is in here the phones are looked at every PERIOD."""
        self._watchers += 1
        if self._poll is None:
            self._poll = asyncio.create_task(self._look_on(), name="agents-live")
        try:
            yield
        finally:
            self._watchers -= 1
            if not self._watchers and self._poll is not None:
                self._poll.cancel()
                self._poll = None

    async def news(self, version: str, patience: float) -> None:
        """Wait for a newer version or the end, at most `patience` seconds."""
        with suppress(TimeoutError):
            async with asyncio.timeout(patience), self._news:
                await self._news.wait_for(lambda: self.ended or f"{self._token}.{self._version}" != version)

    def end(self) -> None:
        """Let all who wait for news go; to be called in the loop they wait in."""
        self.ended = True
        self._ending = asyncio.create_task(self._wake())

    async def _wake(self) -> None:
        async with self._news:
            self._news.notify_all()

    async def _look_on(self) -> None:
        while True:
            before = self._version
            # A database that is away comes back; until then the pages stand still.
            with suppress(SQLAlchemyError):
                await run_in_threadpool(self._refresh)
            if self._version != before:
                await self._wake()
            await asyncio.sleep(PERIOD)

    def _refresh(self, *, agents: bool = False) -> None:
        with self._lock:
            started = time.monotonic()
            if started - self._looked < PERIOD / 2:
                return
            now = datetime.now(UTC)
            with self._database.read() as database:
                touched = self._look(database)
                if started - self._summed >= max(SUMS_PERIOD, SUMS_SHARE * self._sums_cost):
                    self._sum(database, now)
                    touched = None
                elif agents and (known := gather.agents(database)) != self._agents:
                    self._agents, touched = known, None
            self._assemble(touched, now)
            self._looked = time.monotonic()

    def _look(self, database: gather.Database) -> set[str] | None:
        """Take in phones that were heard of; returns the agents they concern, None: all."""
        since = None if self._heard is None else self._heard - OVERLAP
        touched: set[str] = set()
        for phone, seen in gather.phones(database, since):
            before = self._phones.get(phone)
            if seen is None or seen == before:
                continue
            self._phones[phone] = seen
            self._heard = max(self._heard or seen.heard, seen.heard)
            touched |= {seen.status.agent} | ({before.status.agent} if before else set())
        wanted = {(s.status.sheet, s.status.task) for s in self._phones.values() if s.status.task}
        self._callees = {key: kept for key, kept in self._callees.items() if key in wanted}
        self._callees |= gather.callees(database, wanted - self._callees.keys())
        return touched if since is not None else None

    def _sum(self, database: gather.Database, now: datetime) -> None:
        begun = time.monotonic()
        local = now.astimezone(self._zone)
        day = local.replace(hour=0, minute=0, second=0, microsecond=0)
        self._agents = gather.agents(database)
        self._figures = gather.figures(database, day, now)
        self._summed = time.monotonic()
        self._sums_cost = self._summed - begun

    def _assemble(self, touched: set[str] | None, now: datetime) -> None:
        latest: dict[str, Seen] = {}
        for seen in self._phones.values():
            agent = seen.status.agent
            if agent and (agent not in latest or latest[agent].heard < seen.heard):
                latest[agent] = seen
        version, changed = self._version + 1, False
        for agent in self._agents if touched is None else touched & self._agents.keys():
            found = latest.get(agent)
            callee = self._callees.get((found.status.sheet, found.status.task), Callee()) if found else Callee()
            fresh = row(agent, self._agents[agent], found, callee, self._figures.get(agent, Figures()), now, self.silent)
            if agent not in self._rows or self._rows[agent][1] != fresh:
                self._gone = version if agent not in self._rows and self._version else self._gone
                self._rows[agent], changed = (version, fresh), True
        for agent in self._rows.keys() - self._agents.keys():
            del self._rows[agent]
            self._gone, changed = version, True
        if changed:
            self._version = version
