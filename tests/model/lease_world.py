# SPDX-License-Identifier: GPL-3.0-or-later
"""Phones of one agent around a file server in memory: each look and each write happens when chance says so."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from callsheet.adapters.transport.lease_chain import MARGIN, Party
from callsheet.adapters.transport.lease_files import Granted, LeaseFiles, Refused
from callsheet.adapters.transport.lease_steps import Create, Look, Pause, Rewrite, instant
from callsheet.core.model import Progress
from callsheet.formats.errors import FormatError
from callsheet.formats.lease import LeaseFile, LeaseRequest, read_file

LENGTH, RENEW = 3600.0, 60.0
LONGEST_WRITE = 120.0
"""Seconds after which a phone's connection has given up, and nothing is written any more."""
START = datetime(2026, 11, 25, 23, 40, tzinfo=UTC).timestamp()


class Lost(Exception):
    """The connection broke: nobody knows whether it was done."""


class Server:
    """Files by name. `exclusive`: of two that create one file at once, one is told no; else the later one wins."""

    def __init__(self, *, exclusive: bool) -> None:
        self.exclusive = exclusive
        self.files: dict[str, bytes] = {}

    def read(self) -> dict[str, LeaseFile]:
        """Those that can be read, in their order."""
        found = {}
        for name, body in sorted(self.files.items()):
            with suppress(FormatError):
                found[name] = read_file(body)
        return found

    def finals(self) -> set[str]:
        return {id for file in self.read().values() if file.progress for id in file.progress.final}


class Phone:
    """What a phone does with its leases; the rules of `core.processor.lease` in short."""

    def __init__(self, world: World, name: str, skew: float) -> None:
        self.world, self.name, self.skew = world, name, skew
        self.on = True
        self.signed_in = False
        self.own: set[str] = set()
        """Tasks it has finished."""
        self.known: set[str] = set()
        """Tasks it knows that others have finished."""
        self.steps: Generator[Any, Any, Any] | None = None
        self.forget()

    def forget(self) -> None:
        """What a power cut takes."""
        self.files = LeaseFiles("101", Party(self.name, 7), self, lambda low, high: low, length=LENGTH, renew=RENEW)
        self.steps, self.pending, self.landing, self.since_when = None, None, None, 0.0
        self.until = self.renew_at = 0.0
        self.since: datetime | None = None
        self.refused: Refused | None = None
        self.before: set[str] = set()
        self.asked_by = ""
        self.doing = ""

    def wall(self) -> float:
        return START + self.world.time + self.skew

    def mono(self) -> float:
        return self.world.time

    @property
    def may_dial(self) -> bool:
        return self.on and self.signed_in and not self.asked_by and self.world.time < self.until

    # Asking

    def ask(self, action: str) -> None:
        self.doing, self.asked = action, (self.mono(), self.wall())
        # What lies under another's file is told again by its phone before this one may dial.
        self.before |= self.world.server.finals()
        progress = Progress("s", 1, "101", final=tuple(sorted(self.own | self.known))) if self.signed_in else None
        self._run(self.files.ask(LeaseRequest("callsheet-lease", 1, action, "101", self.name, 7, "s", 1,
                                              progress=progress)))

    def release(self) -> None:
        """The agent leaves, or the lease was asked for or lost: nothing is dialled from here on."""
        assert self.since is not None
        self.doing, self.until = "release", 0.0
        at = instant(self.wall())
        progress = Progress("s", 1, "101", final=tuple(sorted(self.own | self.known)))
        self._run(self.files.release(LeaseFile("callsheet-lease-file", 1, "released", "101", self.name, 7, self.since, at,
                                               at, progress=progress)))

    def give_up(self) -> None:
        """The agent goes back before anything was done."""
        self.doing = "give up"
        self._run(self.files.give_back())
        self.finish()

    def _run(self, steps: Generator[Any, Any, Any]) -> None:
        self.steps = steps
        self._next(lambda: next(steps))

    def _next(self, go: Any) -> None:
        try:
            self.pending, self.since_when = go(), self.mono()
        except StopIteration as end:
            self.steps = self.pending = None
            self._done(end.value)
        except Lost:
            self.steps = self.pending = None

    def step(self, *, lost: bool = False) -> None:
        """The next look or write; a file that others may create too is looked at first and written later."""
        steps, pending, files = self.steps, self.pending, self.world.server.files
        assert steps is not None
        answer: Any = None
        if isinstance(pending, Create) and self.mono() - self.since_when > LONGEST_WRITE:
            pending, self.landing, lost = None, None, True
        match pending:
            case Look():
                answer = files.get(pending.name)
            case Create() if self.landing is None and pending.name in files:
                answer = "taken"
            case Create() if self.landing is None and not self.world.server.exclusive:
                self.landing = pending
                return
            case Create():
                files[pending.name] = pending.body
                answer = "alone" if self.world.server.exclusive else "made"
                self.landing = None
            case Rewrite():
                files[pending.name] = pending.body
            case Pause():
                pass
        if lost:
            self._next(lambda: steps.throw(Lost()))
        else:
            self._next(lambda: steps.send(answer))

    def finish(self) -> None:
        """All steps of what it is doing, undisturbed."""
        while self.steps is not None:
            self.step()

    def _done(self, outcome: object) -> None:
        doing, self.doing = self.doing, ""
        if doing == "release":
            self.signed_in, self.since, self.asked_by = False, None, ""
            self.own, self.known = set(), set()
            self.forget()
        elif isinstance(outcome, Granted):
            mono, wall = self.asked
            self.signed_in, self.refused = True, None
            self.since, self.asked_by = outcome.since, outcome.asked_by
            self.until = mono + (outcome.until.timestamp() - wall)
            self.renew_at = self.mono() + outcome.renew
            if outcome.progress:
                self.known |= set(outcome.progress.final)
            if self.until > mono:
                assert self.before <= self.known | self.own, "progress that was on the server is not known"
                self.before = set()
        elif isinstance(outcome, Refused):
            self.refused, self.until = outcome, 0.0

    # Living

    def cut(self) -> None:
        self.on = False
        if self.landing is not None:
            self.world.stray.append(self.landing)
        self.forget_but_ledger()

    def forget_but_ledger(self) -> None:
        since = self.since
        self.forget()
        self.since = since if self.signed_in else None


class World:
    """Time, a server, phones, and what the last connection of a phone that was cut off still does."""

    def __init__(self, count: int, *, exclusive: bool, skews: tuple[float, ...]) -> None:
        self.time = 0.0
        self.server = Server(exclusive=exclusive)
        self.stray: list[Create] = []
        self.phones = [Phone(self, f"p{number}", skews[number]) for number in range(count)]

    def check(self) -> None:
        dialling = [phone.name for phone in self.phones if phone.may_dial]
        assert len(dialling) <= 1, f"{dialling} may dial at once"

    def wipe_dead(self) -> None:
        """Someone tidies up once nothing is in force any more, by anybody's clock."""
        now = START + self.time
        files = self.server.read().values()
        if all(file.state == "released" or file.until.timestamp() + 2 * MARGIN < now for file in files):
            self.server.files.clear()
