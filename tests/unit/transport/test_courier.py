# SPDX-License-Identifier: GPL-3.0-or-later
"""The outbox through days of trouble, on a clock of the test's own.

The server speaks a protocol that exists only here: what is not HTTP is only one more client.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from random import Random

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callsheet.adapters.transport.client import (
    Credentials,
    Fetched,
    NameTaken,
    TransferError,
    Unchanged,
    register,
)
from callsheet.adapters.transport.courier import Courier
from callsheet.adapters.transport.keyring import Keyring
from callsheet.adapters.transport.links import Links
from callsheet.core.events import AnyEvent, OutboxChanged
from callsheet.core.model import Sheet
from callsheet.formats.settings import SheetSettings
from callsheet.ports import Origin, StoreError, Waiting

DAY = 86_400.0
WORDS = ["yes", "down", "trips", "never", "lost", "stranger", "half"]


class Box:
    """The port `Outbox` in memory."""

    def __init__(self) -> None:
        self.rows: dict[int, Waiting] = {}
        self.bodies: dict[int, bytes] = {}
        self.count = 0

    def add(self, agent: str = "101", upload: str = "") -> Waiting:
        self.count += 1
        body = f"result {self.count}".encode()
        row = Waiting(self.count, f"{self.count:04}.json", agent, upload, "application/json",
                      hashlib.sha256(body).hexdigest(), len(body))
        self.rows[row.id], self.bodies[row.id] = row, body
        return row

    def listen(self, woken: Callable[[], None]) -> None:
        pass

    def waiting(self) -> tuple[Waiting, ...]:
        return tuple(self.rows.values())

    def body(self, id: int) -> bytes:
        return self.bodies[id]

    def confirmed(self, id: int) -> None:
        del self.rows[id]

    def failed(self, id: int, error: str) -> None:
        row = self.rows[id]
        self.rows[id] = msgspec.structs.replace(row, attempts=row.attempts + 1, error=error)

    def rename(self, id: int) -> str:
        row = self.rows[id]
        name = row.name.replace(".json", ".2.json")
        self.rows[id] = msgspec.structs.replace(row, name=name)
        return name

    def origin(self, agent: str, url: str) -> Origin | None:
        return None

    def remember(self, sheet: Sheet, origin: Origin) -> None:
        pass

    def renew(self, agent: str, origin: Origin) -> None:
        pass


class Server:
    """What arrived, in order; `mood` says what happens to a name at the moment."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.tries: list[tuple[str, str]] = []
        self.mood: Callable[[str], str] = lambda name: "yes"

    def put(self, name: str, body: bytes, who: Credentials) -> None:
        mood = self.mood(name)
        self.tries.append((name, mood))
        if mood == "down":
            raise TransferError("unreachable", "down", temporary=True)
        if mood == "trips":
            raise TransferError("unreachable", "HTTP 500", temporary=True, suspect=True)
        if mood == "never":
            raise TransferError("too-large", "refused", of_file=True)
        if mood == "half":
            raise TransferError("unreachable", "broke off", temporary=True, suspect=True)
        if mood == "stranger" and ".2." not in name and name not in self.files:
            self.files[name] = b"of another phone"
        if name in self.files:
            if self.files[name] != body:
                raise NameTaken
            return
        self.files[name] = body
        if mood == "lost":
            raise TransferError("unreachable", "broke off", temporary=True, suspect=True)


class Client:
    """See `callsheet.adapters.transport.client.Client`."""

    server: Server

    def __init__(self, url: str, of: SheetSettings, credentials: Credentials) -> None:
        self.who = credentials

    def fetch(self, seen: Origin | None) -> Fetched | Unchanged:
        raise NotImplementedError

    def put(self, name: str, body: bytes, content_type: str) -> None:
        self.server.put(name, body, self.who)

    def abort(self) -> None:
        pass

    def close(self) -> None:
        pass


class Office:
    """Courier, outbox, server and clock."""

    def __init__(self, **fields: object) -> None:
        register("pigeon", Client)
        self.server = Client.server = Server()
        self.box = Box()
        self.now = 1000.0
        self.events: list[AnyEvent] = []
        self.keyring = Keyring()
        of = SheetSettings(**{"upload": "pigeon://loft/", **fields})  # type: ignore[arg-type]
        self.courier = Courier(Links(of), self.keyring, self.box, Random(1), lambda: self.now)
        self.courier.connect(self.events.append)

    def run(self, seconds: float) -> None:
        """Let time pass, as the thread would."""
        end = self.now + seconds
        while self.now < end:
            pause = self.courier.round()
            self.now = end if pause is None else min(end, self.now + max(pause, 0.001))

    @property
    def told(self) -> OutboxChanged:
        last = self.events[-1]
        assert isinstance(last, OutboxChanged)
        return last


def test_a_day_down_costs_some_150_tries_and_no_order() -> None:
    office = Office()
    office.server.mood = lambda name: "down"
    for _ in range(200):
        office.box.add()
    office.run(DAY)
    assert office.told == OutboxChanged(200, "down")
    assert 100 < len(office.server.tries) < 220
    assert {name for name, _ in office.server.tries} == {"0001.json"}
    office.server.mood = lambda name: "yes"
    office.run(750.0)
    assert list(office.server.files) == [f"{n:04}.json" for n in range(1, 201)]
    assert office.told == OutboxChanged(0)


def test_flush_after_a_long_pause_goes_at_once() -> None:
    office = Office()
    office.server.mood = lambda name: "down"
    office.box.add()
    office.run(DAY)
    office.server.mood = lambda name: "yes"
    office.courier.flush()
    office.courier.round()
    assert office.told == OutboxChanged(0)


def test_fifty_poisoned_files_cost_the_others_a_few_hours_at_most() -> None:
    office = Office()
    office.server.mood = lambda name: "never" if int(name[:4]) <= 50 else "yes"
    for _ in range(60):
        office.box.add()
    office.run(DAY / 2)
    assert list(office.server.files) == [f"{n:04}.json" for n in range(51, 61)]
    assert office.told.pending == 50
    assert office.told.error == "refused"
    assert len(office.server.tries) < 50 * DAY / 2 / 480, "slowly, please"
    assert all(row.attempts >= 2 for row in office.box.waiting()), "never given up"


def test_missing_folder_is_not_hammered() -> None:
    office = Office()
    office.server.mood = lambda name: "never"
    for _ in range(100):
        office.box.add()
    office.run(DAY)
    assert len(office.server.tries) <= 2 * DAY / 480 + 2


def test_agents_and_folders_do_not_wait_for_each_other() -> None:
    office = Office(auth="agent-pin")
    office.box.add("101")
    office.box.add("102", "pigeon://elsewhere/")
    office.box.add("103")
    office.keyring.sign_in("103", "3")
    office.run(10.0)
    assert list(office.server.files) == ["0002.json", "0003.json"]
    assert office.told == OutboxChanged(1, "agent 101 must sign in with the PIN first")
    assert office.box.waiting()[0].attempts == 0


def test_pin_is_forgotten_with_the_last_upload() -> None:
    office = Office(auth="agent-pin")
    office.server.mood = lambda name: "down"
    office.keyring.sign_in("101", "1")
    office.box.add("101")
    office.keyring.sign_out()
    office.run(100.0)
    assert office.keyring.pin("101") == "1"
    office.server.mood = lambda name: "yes"
    office.run(700.0)
    assert office.keyring.pin("101") == ""


def test_scheme_nobody_serves() -> None:
    office = Office(upload="owl://loft/")
    office.box.add()
    office.run(DAY)
    assert '"owl:"' in office.told.error
    assert office.box.waiting()[0].attempts == 0


def test_damaged_file_steps_aside() -> None:
    office = Office()
    bad, good = office.box.add(), office.box.add()

    def body(id: int) -> bytes:
        if id == bad.id:
            raise StoreError("damaged")
        return office.box.bodies[id]

    office.box.body = body  # type: ignore[method-assign]
    office.run(DAY)
    assert list(office.server.files) == [good.name]
    assert office.told == OutboxChanged(1, "damaged")


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(script=st.lists(st.sampled_from(WORDS), max_size=40), data=st.data())
def test_whatever_happens_all_arrives_once_with_one_content(script: list[str], data: st.DataObject) -> None:
    office = Office()
    moods = iter(script)
    office.server.mood = lambda name: next(moods, "yes")
    for _ in range(data.draw(st.integers(1, 8))):
        office.box.add()
        office.run(data.draw(st.sampled_from([0.5, 30.0, 2000.0])))
    office.run(2 * DAY)
    assert office.told == OutboxChanged(0)
    ours = [content for content in office.server.files.values() if content != b"of another phone"]
    assert sorted(ours) == sorted(office.box.bodies.values())
    refused = any(word in ("never", "trips", "half", "lost") for word in script)
    if not refused:
        assert ours == list(office.box.bodies.values()), "in order"
