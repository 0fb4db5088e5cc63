# SPDX-License-Identifier: GPL-3.0-or-later
"""The store's own tables in memory, written and read by the store's own code, without its thread."""

from __future__ import annotations

import sqlite3
import tempfile
from pathlib import Path

from callsheet.adapters.store import add_recent, ledger, outbox, recent, schema
from callsheet.adapters.store.seal import Seals
from callsheet.core.ledger import AnyEntry, Ended, Snapshot
from callsheet.core.model import Sheet
from callsheet.core.numbers import canonical
from callsheet.core.queue.memory import counts
from callsheet.ports import Document

_KEY = bytes(32)


class MemoryDisk:
    """What outlives a power cut."""

    def __init__(self) -> None:
        self._db = sqlite3.connect(":memory:", isolation_level=None)
        self._folder = tempfile.TemporaryDirectory(prefix="callsheet-model-")
        self._seals = Seals(Path(self._folder.name))
        schema.migrate(self._db, Path(":memory:"), lambda db: ledger.seal_plain(db, self._seals))
        self.journal: list[AnyEntry] = []
        """Everything ever written, over all sessions."""
        self.uploaded: list[str] = []
        """Names of the files the server has confirmed."""

    def snapshot(self) -> Snapshot:
        """What a phone finds when it is switched on."""
        problems: list[str] = []
        found = ledger.read(self._db, self._seals, problems)
        assert not problems
        return found

    def write(self, entries: tuple[AnyEntry, ...], documents: tuple[Document, ...]) -> None:
        """One transaction."""
        with schema.transaction(self._db):
            ledger.write(self._db, self._seals, entries, documents, {})
            for entry in entries:
                if isinstance(entry, Ended) and counts(entry.attempt):
                    recent.note(self._db, _KEY, canonical(entry.attempt.number), entry.attempt.dialled.timestamp())
        self.journal += entries

    def waiting(self) -> int:
        """How many uploads wait for the server."""
        return outbox.count(self._db)

    def send(self) -> bytes:
        """The server takes the oldest upload; its bytes, if it is the unfinished rest of a sheet."""
        waiting = outbox.waiting(self._db)
        if not waiting:
            return b""
        body = outbox.body(self._db, self._seals, waiting[0].id)
        outbox.confirmed(self._db, waiting[0].id)
        self.uploaded.append(waiting[0].name)
        self.tidy()
        return body if waiting[0].name.startswith("remaining") else b""

    def tidy(self) -> None:
        """Erase what is over and confirmed, as the store does after each change."""
        with schema.transaction(self._db):
            ledger.erase_finished(self._db, self._seals)
        self._seals.keys.destroy_unneeded(self._db)

    def close(self) -> None:
        """Let go of it."""
        self._db.close()
        self._folder.cleanup()

    def with_memory(self, sheet: Sheet) -> Sheet:
        """A sheet that was fetched, with the calls the phone remembers."""
        return add_recent(sheet, lambda numbers: recent.look_up(self._db, _KEY, numbers), canonical)

