# SPDX-License-Identifier: GPL-3.0-or-later
"""A whole shift in seconds: the real core, executor, store, fetcher and courier, a real server, and time under control.

Only the clock, the far side of the calls and the headset are made here. Time
stands still while the store writes and while the server answers.
"""

from __future__ import annotations

import heapq
import itertools
import queue
import socket
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any

from callsheet.adapters.store import SqliteStore, add_recent
from callsheet.adapters.transport.courier import Courier
from callsheet.adapters.transport.fetcher import Fetcher
from callsheet.adapters.transport.keyring import Keyring
from callsheet.adapters.transport.links import Links
from callsheet.core import effects as ef
from callsheet.core import events as ev
from callsheet.core.behaviour import Mode, mode
from callsheet.core.numbers import canonical
from callsheet.core.outcomes import CallEnd
from callsheet.core.processor import Processor
from callsheet.core.queue.memory import counts
from callsheet.core.screen import Screen
from callsheet.core.screens import screen
from callsheet.core.settings import CallSettings, NumberSettings, PhoneTraits
from callsheet.formats.dhcp import Offer
from callsheet.formats.settings import SheetSettings
from callsheet.phone.executor import Executor

MORNING = datetime(2026, 11, 23, 9, 0, tzinfo=UTC).timestamp()
NEVER = float("inf")
PATIENCE = 60.0
"""Seconds of real time for one answer of the store or the server."""


class Network:
    """What is there besides the telephone: name server, DHCP. The file server is the test's."""

    def __init__(self, link: str, host: str, address: str) -> None:
        self._offer = Offer(sheet=link, source="160", safe=(link,))
        self._host, self._address = host, address
        self.up = True
        self._real = socket.getaddrinfo

    def offer(self) -> Offer:
        """What DHCP offers now: nothing once the lease has run out."""
        return self._offer if self.up else Offer()

    def getaddrinfo(self, host: Any, *more: Any, **named: Any) -> Any:
        """The resolver: it knows the file server as long as the name server is there."""
        if host != self._host:
            return self._real(host, *more, **named)
        if not self.up:
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        return self._real(self._address, *more, **named)


class Shift:
    """One phone and its agent. The data directory outlives a power cut, and so does `sent`."""

    def __init__(self, data: Path, settings: SheetSettings, network: Network, seed: int = 1) -> None:
        self.data, self.settings, self.network = data, settings, network
        self.mono = 50_000.0
        self.dice = Random(seed)
        self.queued: dict[int, tuple[str, bytes]] = {}
        """Every upload that was ever stored: name and bytes by the store's number."""
        self.tries: list[float] = []
        """Times of day at which the server was tried for uploads."""
        self.calls: list[str] = []
        self._numbers = itertools.count()
        self._todo: list[tuple[float, int, Callable[[], None]]] = []
        self.pin = "4711"
        self.typed_again = 0
        self.at_ease = False
        """The agent wants no calls."""
        self.boot()

    # The phone ------------------------------------------------------------------

    def boot(self) -> None:
        """Switch on."""
        self.events: queue.SimpleQueue[ev.AnyEvent] = queue.SimpleQueue()
        self._awaited: set[tuple[str, int]] = set()
        self._todo, self.round_at = [], self.mono
        self.store = SqliteStore(self.data, "shift", canonical, counts)
        self.store.start(self.events.put)
        links = Links(self.settings, "b827eb000001", "0001", self.network.offer)
        keyring = Keyring()
        self.fetcher = Fetcher(links, keyring, self.store,
                               lambda sheet: add_recent(sheet, self.store.recent, canonical), self.dice)
        self.courier = Courier(links, keyring, self.store, self.dice, lambda: self.mono)
        self.courier.connect(self.events.put)
        self.store.listen(self._more_to_send)
        self.fetcher.start(self.events.put)
        self.processor = Processor(PhoneTraits(id="shift", zone="Europe/London"),
                                   CallSettings(mode="progressive", gap=5.0, preview=8.0, wrap_up=40.0),
                                   NumberSettings(), status_records=True)
        self.executor = Executor(self.processor, self._ports(keyring), self.events.put)
        self.poll_at = self.mono + self.settings.poll
        for event in (ev.Restored(self.store.load()), ev.RegistrationChanged(True), ev.HeadsetChanged(True)):
            self.handle(event)

    def _ports(self, keyring: Keyring) -> Any:
        """The real store and transport; the rest does what it is told."""
        def hurry() -> None:
            self.courier.flush()
            self.round_at = self.mono

        def sign_out() -> None:
            keyring.sign_out()
            self.round_at = self.mono

        def sign_in(agent: str, pin: str) -> None:
            keyring.sign_in(agent, pin)
            hurry()

        def fetch(id: int, agent: str, force: bool) -> None:
            self._awaited.add(("fetch", id))
            self.fetcher.fetch(id, agent, force)

        def save(id: int, entries: Any, documents: Any = ()) -> None:
            self._awaited.add(("save", id))
            self.store.save(id, entries, documents)

        idle = lambda *_: None  # noqa: E731
        return SimpleNamespace(
            clock=SimpleNamespace(now=lambda: self.now), store=SimpleNamespace(save=save),
            transport=SimpleNamespace(sign_in=sign_in, sign_out=sign_out, fetch=fetch, flush=hurry, lease=idle),
            headset=SimpleNamespace(off_hook=lambda id: self.events.put(ev.HeadsetReady(id)), on_hook=idle,
                                    show_mute=idle),
            sip=SimpleNamespace(open_sound=idle, close_sound=idle, play=idle, silence=idle, dial=self._dialled,
                                hang_up=self._hung_up, mute=idle, network_changed=idle),
        )

    def _more_to_send(self) -> None:
        """On the store's thread: what was stored is noted, and the courier looks at once."""
        for item in self.store.waiting():
            if item.id not in self.queued:
                self.queued[item.id] = item.name, self.store.body(item.id)
        self.round_at = self.mono

    def cut(self) -> None:
        """The power fails."""
        self.fetcher.close(PATIENCE)
        self.store.close()
        self.mono += 40.0

    close = cut

    # The far side ---------------------------------------------------------------

    def _dialled(self, call: int, number: str, caller_id: str) -> None:
        """Most answer, some are busy, some do not pick up, one number does not exist."""
        self.calls.append(number)
        fate = self.dice.choices(("answers", "busy", "away", "empty"), (70, 14, 12, 4))[0]
        self.later(0.2, ev.CallProgress(call, 100))
        if fate == "busy":
            self.later(0.9, ev.CallEnded(call, CallEnd(486, "Busy Here")))
        elif fate == "empty":
            self.later(0.9, ev.CallEnded(call, CallEnd(404, "Not Found")))
        else:
            self.later(1.0, ev.CallProgress(call, 180))
        if fate == "answers":
            rings = self.dice.uniform(4.0, 20.0)
            self.later(rings, ev.CallAnswered(call))
            self.later(rings + self.dice.uniform(40.0, 400.0), ev.CallEnded(call, CallEnd(200, by="far")))

    def _hung_up(self, call: int, code: int) -> None:
        self.later(0.1, ev.CallEnded(call, CallEnd(487, "Request Terminated")))

    def later(self, seconds: float, event: ev.AnyEvent | Callable[[], None]) -> None:
        """Let something happen in so many seconds; a power cut takes it back."""
        act = event if callable(event) else lambda: self.handle(event)
        heapq.heappush(self._todo, (self.mono + seconds, next(self._numbers), act))

    # Time -----------------------------------------------------------------------

    @property
    def now(self) -> ev.Now:
        """The clock."""
        return ev.Now(self.mono, MORNING + self.mono - 50_000.0)

    @property
    def hour(self) -> float:
        """Of the shift."""
        return (self.mono - 50_000.0) / 3600.0

    @property
    def mode(self) -> Mode:
        """What the phone is doing."""
        return mode(self.processor.state)

    @property
    def screen(self) -> Screen:
        """What the agent sees."""
        return screen(self.processor.state, self.now)

    def handle(self, event: ev.AnyEvent) -> None:
        """One event, and all that it brings about at once."""
        self._handle(event)
        while self._awaited or not self.events.empty():
            self._handle(self.events.get(timeout=PATIENCE))

    def _handle(self, event: ev.AnyEvent) -> None:
        match event:
            case ev.Saved() | ev.SaveFailed():
                self._awaited.discard(("save", event.id))
            case ev.SheetArrived() | ev.SheetUnchanged() | ev.SheetFailed():
                self._awaited.discard(("fetch", event.id))
            case ev.FetchDue():
                self.poll_at = self.mono + self.settings.poll * self.dice.uniform(0.8, 1.2)
        effects: tuple[ef.AnyEffect, ...] = self.processor.handle(event, self.now)
        self.executor.carry_out(effects, self.now)
        self.executor.observe(event)

    def until(self, hour: float) -> None:
        """Let time pass to that hour of the shift."""
        end = 50_000.0 + hour * 3600.0
        while True:
            self._agent()
            due = self.processor.deadline(self.now)
            times = (due if due is not None else NEVER, self._todo[0][0] if self._todo else NEVER, self.round_at,
                     self.poll_at, end)
            self.mono = max(self.mono, min(times))
            if self.mono >= end and min(times) >= end:
                return
            self._whatever_is_due(due)

    def _whatever_is_due(self, due: float | None) -> None:
        if self.round_at <= self.mono:
            self._round()
        elif self._todo and self._todo[0][0] <= self.mono:
            heapq.heappop(self._todo)[2]()
        elif self.poll_at <= self.mono:
            self.handle(ev.FetchDue())
        elif due is not None and due <= self.mono:
            self.handle(ev.Tick())

    def _round(self) -> None:
        if self.store.waiting():
            self.tries.append(self.hour)
        pause = self.courier.round()
        self.round_at = NEVER if pause is None else self.mono + max(pause, 0.001)
        while not self.events.empty():
            self.handle(self.events.get())

    # The agent ------------------------------------------------------------------

    def press(self, caps: str) -> None:
        """Keys, one after the other."""
        rows = self.processor.state.keypad.caps
        for cap in caps:
            row = next(number for number, row in enumerate(rows) if cap in row)
            for closed in (True, False):
                self.handle(ev.KeyContact(row, rows[row].index(cap), closed))
                self.mono += 0.05
                self.handle(ev.Tick())

    def link_is_back(self) -> None:
        """DHCP answers again: the watcher of leases tells the phone to look, and the courier to try."""
        self.courier.flush()
        self.round_at = self.mono
        self.handle(ev.FetchDue())

    def choose(self, item: str) -> None:
        """A line of the menu."""
        self.press("*")
        overlay = self.processor.state.overlay
        assert overlay is not None, self.screen
        self.press("8" * overlay.items.index(item) + "#")

    def _agent(self) -> None:
        """Does what the screen asks for."""
        state = self.processor.state
        if self.mode is Mode.PIN and state.queue is not None:
            self.typed_again += 1
            self.press(f"{self.pin}#")
        elif self.mode is Mode.UNKNOWN:
            self.press("5")
        elif self.mode is Mode.WRAP_UP and state.wrap_up is not None and self.mono - state.wrap_up.started > 12.0:
            self.press("1" if state.wrap_up.attempt.answered is not None else "#")
        elif self.mode is Mode.PAUSED and not self.at_ease:
            self.press("A")
