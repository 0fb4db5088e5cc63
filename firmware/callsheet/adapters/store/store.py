# SPDX-License-Identifier: GPL-3.0-or-later
"""`SqliteStore`: the ports `Store` and `Outbox` over one SQLite file."""

from __future__ import annotations

import hashlib
import logging
import sqlite3
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import msgspec

from callsheet.adapters.store import ledger, outbox, recent, schema
from callsheet.adapters.store.lock import DirectoryLock
from callsheet.adapters.store.recovery import is_damage, kept_copy, open_database
from callsheet.adapters.store.seal import Seals
from callsheet.adapters.store.worker import Worker
from callsheet.core.events import FaultChanged, Saved, SaveFailed
from callsheet.core.ledger import AnyEntry, Ended, Snapshot, Upload
from callsheet.core.model import Attempt, Sheet
from callsheet.ports import Document, Origin, Post, StoreError, Waiting

log = logging.getLogger("callsheet.store")
Result = TypeVar("Result")


class SqliteStore:
    """See the package's docstring for the files, `callsheet.ports.Store` and `Outbox` for the methods."""

    def __init__(
        self,
        directory: Path,
        phone_id: str,
        canonical: Callable[[str], str],
        counts: Callable[[Attempt], bool],
    ) -> None:
        """`canonical` gives the form of a number under which caps are counted, `counts` whether an attempt does."""
        self._directory = directory
        self._path = directory / "callsheet.db"
        self._phone_id = phone_id
        self._seals = Seals(directory)
        self._canonical = canonical
        self._counts = counts
        self._origins: dict[tuple[str, str, int], Origin] = {}
        self._listeners: list[Callable[[], None]] = []
        self._erase_failed = False
        self._owed: tuple[AnyEntry, str] | None = None
        """First entry of a transaction that failed, and why."""

    def start(self, post: Post) -> None:
        """Open the data directory. Raises StoreError."""
        self._post = post
        self._lock = DirectoryLock(self._directory)
        self._worker = Worker("store")
        try:
            repaired = self._call(self._open)
        except BaseException:
            self._worker.close()
            self._lock.release()
            raise
        if repaired:
            post(FaultChanged("store", repaired))

    def load(self) -> Snapshot:
        """Everything of the present session; rows that cannot be read are a FaultChanged, not an error."""
        problems: list[str] = []
        snapshot = self._call(lambda: ledger.read(self._db, self._seals, problems))
        if problems:
            self._post(FaultChanged("store", "; ".join(problems[:3])))
        return snapshot

    def save(self, id: int, entries: tuple[AnyEntry, ...], documents: tuple[Document, ...] = ()) -> None:
        """Write in one transaction; posts Saved(id) or SaveFailed(id). Raises ValueError, StoreError if closed."""
        if sum(isinstance(entry, Upload) for entry in entries) != len(documents):
            raise ValueError("one document per Upload entry, please")
        self._worker.submit(lambda: self._save(id, entries, documents))

    def recent(self, numbers: Iterable[str]) -> dict[str, tuple[float, ...]]:
        """Times of earlier calls per canonical number."""
        return self._call(lambda: recent.look_up(self._db, self._key, numbers))

    def close(self) -> None:
        """Finish what is being written and close; a second time does nothing."""
        with suppress(StoreError):
            self._worker.submit(lambda: self._db.close())
            self._worker.close()
            self._lock.release()

    # The outbox

    def listen(self, woken: Callable[[], None]) -> None:
        """Have `woken` called when something was added."""
        self._call(lambda: self._listeners.append(woken))

    def waiting(self) -> tuple[Waiting, ...]:
        """What waits, oldest first."""
        return self._call(lambda: outbox.waiting(self._db))

    def body(self, id: int) -> bytes:
        """The bytes to be sent."""
        return self._call(lambda: outbox.body(self._db, self._seals, id))

    def confirmed(self, id: int) -> None:
        """The server has it. The last one of a session that is over erases the session."""
        self._change(lambda: outbox.confirmed(self._db, id))
        self._call(self._erase)

    def failed(self, id: int, error: str) -> None:
        """It could not be sent."""
        self._change(lambda: outbox.failed(self._db, id, error))

    def rename(self, id: int) -> str:
        """Give it the next free name."""
        return self._change(lambda: outbox.rename(self._db, id))

    def origin(self, agent: str, url: str) -> Origin | None:
        """Of the sheet that `agent` works on, if it came from this URL."""
        found = self._call(lambda: ledger.origin(self._db, agent, _hide(url)))
        return found and msgspec.structs.replace(found, url=url)

    def remember(self, sheet: Sheet, origin: Origin) -> None:
        """Where this sheet came from; written when it is adopted. Only the last one fetched is waited for."""
        key = (sheet.agent, sheet.id, sheet.revision)
        self._call(lambda: setattr(self, "_origins", {key: _hidden(origin)}))

    def renew(self, agent: str, origin: Origin) -> None:
        """The same bytes as the sheet in work came under another ETag or time."""
        self._change(lambda: ledger.renew_origin(self._db, agent, _hidden(origin)))

    # On the store's thread

    def _open(self) -> str:
        self._key = recent.load_key(self._directory / "recent.key")
        repaired = self._open_database()
        self._erase(always=True)
        return repaired

    def _open_database(self) -> str:
        """Open it; what had to be repaired or given up (empty: nothing)."""
        self._db, repaired = open_database(self._path, self._phone_id,
                                           lambda db: ledger.seal_plain(db, self._seals))
        if repaired:
            # The damaged file may hold more of them than could be taken over.
            self._seals.keys.put_aside(self._seals.keys.without_data(self._db), "damaged")
        told = "; ".join(filter(None, (repaired, self._give_up_the_unreadable())))
        if told:
            log.error("%s", told)
        return told

    def _give_up_the_unreadable(self) -> str:
        """What is sealed with a key that is lost is put aside, so that the phone can work; what that was."""
        lost = ledger.without_key(self._db, self._seals)
        if not lost:
            return ""
        copy = kept_copy(self._db, self._path)
        self._seals.keys.put_aside(lost, "unreadable")
        with schema.transaction(self._db):
            uploads = sum(ledger.give_up(self._db, session) for session in lost)
        return (f"the key of what was stored is lost: the call sheet must be fetched again, {uploads} uploads cannot "
                f"be sent, and calls not reported yet are forgotten; all of it is kept as {copy.name}")

    def _save(self, id: int, entries: tuple[AnyEntry, ...], documents: tuple[Document, ...]) -> None:
        if self._owed is not None and entries[:1] != (self._owed[0],):
            # Later entries without those before them would tell another story.
            self._post(SaveFailed(id, self._owed[1]))
            return
        try:
            try:
                self._write(entries, documents)
            except sqlite3.DatabaseError as error:
                if not is_damage(error):
                    raise
                self._mend()
                self._write(entries, documents)
        except Exception as error:  # noqa: BLE001 -- whatever it is, the loop must hear that nothing was written
            self._owed = (entries[0], _explain(error)) if entries else None
            self._post(SaveFailed(id, _explain(error)))
            return
        self._owed = None
        self._post(Saved(id))
        if documents:
            for woken in self._listeners:
                woken()
        self._erase()

    def _write(self, entries: tuple[AnyEntry, ...], documents: tuple[Document, ...]) -> None:
        with schema.transaction(self._db):
            ledger.write(self._db, self._seals, entries, documents, self._origins)
            for entry in entries:
                if isinstance(entry, Ended) and self._counts(entry.attempt):
                    number = self._canonical(entry.attempt.number)
                    recent.note(self._db, self._key, number, entry.attempt.dialled.timestamp())

    def _mend(self) -> None:
        """The card went bad under us: take over what can be read, and go on without a restart."""
        self._db.close()
        repaired = self._open_database()
        if repaired:
            self._post(FaultChanged("store", repaired))

    def _erase(self, always: bool = False) -> None:
        """Erase finished sessions, the log with their pages, and their keys. Tried again at the next occasion if the disk fails."""
        try:
            with schema.transaction(self._db):
                erased = ledger.erase_finished(self._db, self._seals)
            if erased or always or self._erase_failed:
                schema.wipe_log(self._db)
                self._seals.keys.destroy_unneeded(self._db)
        except (sqlite3.Error, OSError) as error:
            self._erase_failed = True
            self._post(FaultChanged("store", _explain(error)))
        else:
            if self._erase_failed:
                self._erase_failed = False
                self._post(FaultChanged("store"))

    def _change(self, job: Callable[[], Result]) -> Result:
        def run() -> Result:
            with schema.transaction(self._db):
                return job()

        return self._call(run)

    def _call(self, job: Callable[[], Result]) -> Result:
        try:
            return self._worker.call(job)
        except (sqlite3.Error, OSError) as error:
            if isinstance(error, StoreError):
                raise
            raise StoreError(f"{self._path}: {_explain(error)}") from error


def _hidden(origin: Origin) -> Origin:
    return msgspec.structs.replace(origin, url=_hide(origin.url))


def _hide(url: str) -> str:
    """An address may hold a password, so only its hash is written."""
    return hashlib.sha256(url.encode()).hexdigest()


def _explain(error: Exception) -> str:
    """One line, without anything that was to be written."""
    if isinstance(error, sqlite3.Error):
        match (getattr(error, "sqlite_errorcode", 0) or 0) & 0xFF:
            case sqlite3.SQLITE_FULL:
                return "the disk is full; make room on the card"
            case sqlite3.SQLITE_IOERR:
                return f"the card cannot be written ({getattr(error, 'sqlite_errorname', 'I/O error')})"
            case sqlite3.SQLITE_READONLY:
                return "the card is read-only"
        return f"the database reports: {error}"
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    return f"the entry cannot be written ({type(error).__name__})"
