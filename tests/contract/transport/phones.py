# SPDX-License-Identifier: GPL-3.0-or-later
"""Store and transport as a phone has them, with the events they post."""

from __future__ import annotations

import json
import queue
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from callsheet.adapters.store import SqliteStore, add_recent
from callsheet.adapters.transport import FileTransport
from callsheet.core.events import (
    AnyEvent,
    OutboxChanged,
    Saved,
    SheetArrived,
    SheetFailed,
    SheetUnchanged,
)
from callsheet.core.ledger import Adopted, AnyEntry, SignedIn, SignedOut, Upload
from callsheet.core.model import Sheet, Task
from callsheet.core.numbers import canonical
from callsheet.formats.settings import SheetSettings
from callsheet.formats.sheet import write_sheet
from callsheet.ports import Document

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
One = TypeVar("One", bound=AnyEvent)
Answer = SheetArrived | SheetUnchanged | SheetFailed


def sheet(revision: int = 1, agent: str = "101", tasks: int = 3) -> Sheet:
    return Sheet(id="spring", agent=agent, revision=revision,
                 tasks=tuple(Task(id=f"t{n}", number=f"+4930123456{n:04}", name=f"Name {n}") for n in range(tasks)))


def sheet_file(revision: int = 1, agent: str = "101", tasks: int = 3) -> bytes:
    return write_sheet(sheet(revision, agent, tasks))


def document(n: int, *, upload: str = "", agent: str = "101", text: str = "", size: int = 0) -> Document:
    body = json.dumps({"attempt": f"kiosk-{n}", "text": text + "x" * size}).encode()
    return Document(f"{agent}-spring-1-kiosk-{n}.json", body, agent, upload)


class Desk:
    """One phone without its core."""

    def __init__(self, directory: Path, settings: SheetSettings) -> None:
        self._events: queue.SimpleQueue[AnyEvent] = queue.SimpleQueue()
        self.seen: list[AnyEvent] = []
        self.store = SqliteStore(directory, "kiosk", canonical, lambda attempt: attempt.ringing is not None)
        self.store.start(self._events.put)
        self.transport = FileTransport(settings, self.store, mac="b8-27-eb-00-00-01", serial="0001",
                                       prepare=lambda sheet: add_recent(sheet, self.store.recent, canonical))
        self.transport.start(self._events.put)
        self.outbox: OutboxChanged | None = None
        self._id = 0

    def wait(self, kind: type[One]) -> One:
        """The next event of a kind."""
        while True:
            event = self._events.get(timeout=30)
            self.seen.append(event)
            if isinstance(event, OutboxChanged):
                self.outbox = event
            if isinstance(event, kind):
                return event

    def save(self, *entries: AnyEntry, documents: tuple[Document, ...] = ()) -> None:
        self._id += 1
        self.store.save(self._id, entries, documents)
        assert self.wait(Saved) == Saved(self._id)

    def upload(self, *documents: Document) -> None:
        for document in documents:
            self.save(Upload("result", "kiosk-1"), documents=(document,))

    def sign_in(self, agent: str = "101", pin: str = "1234") -> None:
        self.save(SignedIn(agent, NOW))
        self.transport.sign_in(agent, pin)

    def sign_out(self) -> None:
        self.save(SignedOut(NOW))
        self.transport.sign_out()

    def fetch(self, agent: str = "101", force: bool = False) -> Answer:
        self._id += 1
        self.transport.fetch(self._id, agent, force)
        answer = self.wait(Answer)  # type: ignore[type-var]
        assert answer.id == self._id
        return answer

    def adopt(self, sheet: Sheet) -> None:
        self.save(Adopted(sheet, NOW))

    def wait_outbox(self, pending: int, error: str | None = None) -> OutboxChanged:
        """Until that many wait, and the phone has been told so, with that in the error."""
        while True:
            told = self.outbox
            if told and told.pending == pending == len(self.store.waiting()) and (error is None or error in told.error):
                return told
            self.wait(OutboxChanged)

    def close(self) -> None:
        self.transport.close()
        self.store.close()
