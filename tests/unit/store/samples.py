# SPDX-License-Identifier: GPL-3.0-or-later
"""A store with its events collected, and entries to put in."""

from __future__ import annotations

import json
import queue
from datetime import UTC, datetime, timedelta
from pathlib import Path

from callsheet.adapters.store import SqliteStore
from callsheet.core.events import AnyEvent, Saved, SaveFailed
from callsheet.core.ledger import AnyEntry, Ended, Intention, SignedIn, SignedOut
from callsheet.core.model import Attempt, Sheet, Task
from callsheet.core.outcomes import CallEnd, Outcome
from callsheet.ports import Document

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
NAME = "Wilhelmine Mustermann"
NUMBER = "+493012345678"


def sheet(id: str = "spring", revision: int = 1, agent: str = "101", tasks: int = 3) -> Sheet:
    return Sheet(
        id=id, agent=agent, revision=revision, issued=START,
        tasks=tuple(Task(id=f"t{n}", number=NUMBER, name=NAME, extra={"row": n}) for n in range(tasks)),
    )


def intention(n: int) -> Intention:
    return Intention(attempt=f"kiosk-{n}", task=f"t{n}", number=NUMBER, at=START + timedelta(minutes=n))


def ended(n: int, number: str = NUMBER, at: datetime | None = None, rang: bool = True) -> Ended:
    dialled = at or START + timedelta(minutes=n)
    return Ended(Attempt(
        id=f"kiosk-{n}", task=f"t{n}", number=number, dialled=dialled, ended=dialled + timedelta(seconds=20),
        ringing=dialled + timedelta(seconds=1) if rang else None,
        end=CallEnd(code=486, phrase="Busy Here"), outcome=Outcome.BUSY, note=f"asked for {NAME}",
    ))


def document(n: int, text: str = "") -> Document:
    body = json.dumps({"attempt": f"kiosk-{n}", "name": NAME, "text": text}).encode()
    return Document(name=f"101-spring-1-kiosk-{n}.json", body=body, agent="101")


def signed_in(agent: str = "101") -> SignedIn:
    return SignedIn(agent=agent, at=START)


def signed_out() -> SignedOut:
    return SignedOut(at=START + timedelta(hours=8))


class Phone:
    """The store, and the main loop as far as it concerns it."""

    def __init__(self, directory: Path, phone_id: str = "kiosk") -> None:
        self.events: queue.SimpleQueue[AnyEvent] = queue.SimpleQueue()
        self.seen: list[AnyEvent] = []
        self.directory = directory
        self.store = SqliteStore(
            directory, phone_id, canonical=lambda number: number.replace(" ", ""),
            counts=lambda attempt: attempt.ringing is not None,
        )
        self.store.start(self.events.put)
        self._id = 0

    def save(self, *entries: AnyEntry, documents: tuple[Document, ...] = ()) -> AnyEvent:
        """Save and wait for the answer."""
        self._id += 1
        self.store.save(self._id, entries, documents)
        while True:
            event = self.events.get(timeout=30)
            self.seen.append(event)
            if isinstance(event, Saved | SaveFailed) and event.id == self._id:
                return event

    def faults(self) -> list[AnyEvent]:
        while not self.events.empty():
            self.seen.append(self.events.get())
        return [event for event in self.seen if not isinstance(event, Saved | SaveFailed)]

    def raw(self) -> bytes:
        """Every byte of every file in the data directory."""
        return b"".join(path.read_bytes() for path in sorted(self.directory.iterdir()))

    def close(self) -> None:
        self.store.close()
