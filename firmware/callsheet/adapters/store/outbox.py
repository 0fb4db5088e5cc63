# SPDX-License-Identifier: GPL-3.0-or-later
"""Uploads the server has not confirmed, and the names and hashes of those it has.

A name stands for one content for ever. A document under a name that is taken by
another content gets the next free name ("x.json", "x.2.json", …); the same
content under the same name is not queued again.
"""

from __future__ import annotations

import hashlib
import sqlite3
import zlib
from pathlib import PurePosixPath

from callsheet.adapters.store import schema
from callsheet.adapters.store.seal import Seals, Unreadable
from callsheet.ports import Document, StoreError, Waiting

# So many confirmed names are remembered; attempt numbers never repeat, so that
# a clash can only come from the recent past.
REMEMBERED = 20_000


def add(db: sqlite3.Connection, seals: Seals, session: int, document: Document) -> None:
    """Queue a document, inside the caller's transaction."""
    sha256 = hashlib.sha256(document.body).hexdigest()
    name = _free_name(db, document.name, sha256)
    if not name:
        return
    id = schema.next_row(db, "outbox")
    sealed = seals.shut(db, session, place(id), zlib.compress(document.body, 6))
    db.execute(
        "INSERT INTO outbox (id, session, name, agent, upload, content_type, sha256, size, body)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (id, session, name, document.agent, document.upload, document.content_type, sha256, len(document.body), sealed),
    )


def place(id: int) -> str:
    """What an upload's body is bound to."""
    return f"outbox {id}"


def _free_name(db: sqlite3.Connection, name: str, sha256: str) -> str:
    """The first of name, name.2, name.3, … that is free; empty if one of them is this very content."""
    candidate, number = name, 1
    while row := db.execute("SELECT sha256 FROM outbox WHERE name=?", (candidate,)).fetchone():
        if row[0] == sha256:
            return ""
        number += 1
        candidate = _numbered(name, number)
    return candidate


def _numbered(name: str, number: int) -> str:
    path = PurePosixPath(name)
    return f"{path.stem}.{number}{path.suffix}"


def count(db: sqlite3.Connection) -> int:
    """How many uploads wait."""
    return int(db.execute("SELECT count(*) FROM outbox WHERE body IS NOT NULL").fetchone()[0])


def waiting(db: sqlite3.Connection) -> tuple[Waiting, ...]:
    """What waits, oldest first."""
    rows = db.execute(
        "SELECT id, name, agent, upload, content_type, sha256, size, attempts, error"
        " FROM outbox WHERE body IS NOT NULL ORDER BY id"
    )
    return tuple(Waiting(*row) for row in rows)


def body(db: sqlite3.Connection, seals: Seals, id: int) -> bytes:
    """The bytes of one that waits. Raises StoreError if it does not, or if they are not those that were stored."""
    row = db.execute("SELECT name, sha256, session, body FROM outbox WHERE id=? AND body IS NOT NULL", (id,)).fetchone()
    if row is None:
        raise StoreError(f"upload {id} does not wait any more")
    try:
        content = zlib.decompress(seals.opener(db, row[2])(place(id), row[3]))
    except (Unreadable, zlib.error):
        content = b""
    if hashlib.sha256(content).hexdigest() != row[1]:
        raise StoreError(f"upload {row[0]} is damaged on this phone's card")
    return content


def confirmed(db: sqlite3.Connection, id: int) -> None:
    """Forget the bytes; the row stays, so that the name is never used for anything else."""
    db.execute("UPDATE outbox SET body=NULL, error='' WHERE id=?", (id,))
    db.execute("DELETE FROM outbox WHERE body IS NULL AND id <= ?", (id - REMEMBERED,))


def failed(db: sqlite3.Connection, id: int, error: str) -> None:
    """Count a try that failed."""
    db.execute("UPDATE outbox SET attempts=attempts+1, error=? WHERE id=?", (error, id))


def rename(db: sqlite3.Connection, id: int) -> str:
    """Give a waiting upload the next free name, and return that."""
    row = db.execute("SELECT name, sha256 FROM outbox WHERE id=? AND body IS NOT NULL", (id,)).fetchone()
    if row is None:
        raise StoreError(f"upload {id} does not wait any more")
    stem, number = _split(row[0])
    while True:
        number += 1
        name = _numbered(stem, number)
        if not db.execute("SELECT 1 FROM outbox WHERE name=?", (name,)).fetchone():
            db.execute("UPDATE outbox SET name=? WHERE id=?", (name, id))
            return name


def _split(name: str) -> tuple[str, int]:
    """"x.2.json" -> ("x.json", 2); "x.json" -> ("x.json", 1)."""
    path = PurePosixPath(name)
    stem, _, number = path.stem.rpartition(".")
    if stem and number.isascii() and number.isdigit() and 1 < int(number) < 10_000:
        return stem + path.suffix, int(number)
    return name, 1
