# SPDX-License-Identifier: GPL-3.0-or-later
"""The database: its tables, its version, and how an older one is brought up to date.

`PRAGMA user_version` holds the version. A change to the tables is a new step at
the end of `STEPS`; a step that has been released is never edited.

An update may be taken back (image/README.md), and then an older
firmware finds what a newer one has written. So the database says itself what the
oldest version is whose firmware can go on with it (`reader`): one that only has
something more, such as a column with a default, can be read by those before it.
"""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from callsheet.ports import StoreError


class Step(NamedTuple):
    """From one version to the next."""

    reader: int
    """The oldest version whose firmware reads and writes the tables rightly after this step; itself, if none before."""
    statements: tuple[str, ...]


STEPS: tuple[Step, ...] = (
    Step(1, (
        "CREATE TABLE meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID",
        # Session 0 stands for "nobody is signed in" and has no row here.
        "CREATE TABLE session (id INTEGER PRIMARY KEY AUTOINCREMENT, agent TEXT NOT NULL,"
        " signed_in TEXT NOT NULL, signed_out TEXT)",
        # body: one core.ledger entry as tagged JSON.
        "CREATE TABLE entry (seq INTEGER PRIMARY KEY AUTOINCREMENT, session INTEGER NOT NULL, body BLOB NOT NULL)",
        # body: core.model.Sheet as JSON, zlib. url is a hash: an address may contain a password.
        "CREATE TABLE sheet (session INTEGER PRIMARY KEY, id TEXT NOT NULL, revision INTEGER NOT NULL,"
        " body BLOB NOT NULL, url TEXT NOT NULL DEFAULT '', etag TEXT NOT NULL DEFAULT '',"
        " modified TEXT NOT NULL DEFAULT '', sha256 TEXT NOT NULL DEFAULT '')",
        # body: zlib; NULL once the server has confirmed it.
        "CREATE TABLE outbox (id INTEGER PRIMARY KEY AUTOINCREMENT, session INTEGER NOT NULL, name TEXT NOT NULL UNIQUE,"
        " agent TEXT NOT NULL, upload TEXT NOT NULL, content_type TEXT NOT NULL, sha256 TEXT NOT NULL,"
        " size INTEGER NOT NULL, body BLOB, attempts INTEGER NOT NULL DEFAULT 0, error TEXT NOT NULL DEFAULT '')",
        "CREATE INDEX outbox_waiting ON outbox (id) WHERE body IS NOT NULL",
        "CREATE TABLE called (hash BLOB NOT NULL, at REAL NOT NULL, PRIMARY KEY (hash, at)) WITHOUT ROWID",
    )),
    Step(2, (
        # From here on every body is sealed (seal). The attempt of an intention or end stays readable, in quotes, so
        # that ids are not used twice even if nothing else can be read any more. Keys are in meta: a table of its own
        # would lie on another page in a database that was brought up to date than in a new one (recovery).
        """ALTER TABLE entry ADD COLUMN attempt TEXT NOT NULL DEFAULT ''""",
    )),
)
VERSION = len(STEPS)
READER = "reader"
"""The key in `meta`; where it is missing, only the version's own firmware reads it."""
SEALED = 2
"""The version from which on bodies are sealed."""
Job = Callable[[sqlite3.Connection], object]


def connect(path: Path, seal: Job) -> sqlite3.Connection:
    """Open for writing, durable and leaving nothing deleted behind. Raises sqlite3.Error, StoreError, OSError.

    WAL with synchronous=FULL syncs the log at every commit (SQLite, "PRAGMA synchronous");
    secure_delete overwrites deleted content with zeros. `seal` seals what older versions left open.
    """
    path.touch(mode=0o600, exist_ok=True)
    db = sqlite3.connect(path, isolation_level=None, timeout=5.0)
    try:
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=FULL")
        db.execute("PRAGMA secure_delete=ON")
        db.execute("PRAGMA journal_size_limit=4194304")
        migrate(db, path, seal)
    except BaseException:
        db.close()
        raise
    return db


def migrate(db: sqlite3.Connection, path: Path, seal: Job) -> None:
    """Take the steps that a database, new or old, has not taken yet. Raises StoreError: it is too new; sqlite3.Error.

    `path` is for the message; `seal` seals what older versions left open.
    """
    version = db.execute("PRAGMA user_version").fetchone()[0]
    if version > VERSION and get(db, READER, version) > VERSION:
        raise StoreError(
            f"{path} was written by a newer callsheet (version {version}, this one knows {VERSION}); "
            "install that one again, or move the file away"
        )
    for number, step in enumerate(STEPS[version:], version + 1):
        with transaction(db):
            for statement in step.statements:
                db.execute(statement)
            if number == SEALED:
                seal(db)
            put(db, READER, step.reader)
            db.execute(f"PRAGMA user_version={number}")
    if 0 < version < SEALED:
        wipe_log(db)


@contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[None]:
    """BEGIN IMMEDIATE … COMMIT, or ROLLBACK and the exception."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        # After some errors (SQLITE_FULL, SQLITE_IOERR) SQLite has rolled back by itself.
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


def get(db: sqlite3.Connection, key: str, default: int) -> int:
    """A number from `meta`."""
    row = db.execute("SELECT value FROM meta WHERE key=?", (key,)).fetchone()
    return row[0] if row else default


def put(db: sqlite3.Connection, key: str, value: int) -> None:
    """Set a number in `meta`."""
    db.execute("INSERT INTO meta VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value=excluded.value", (key, value))


def get_bytes(db: sqlite3.Connection, key: str) -> bytes:
    """Bytes from `meta`; empty: there are none."""
    row = db.execute("SELECT value FROM meta WHERE key=?", (key,)).fetchone()
    return row[0] if row and isinstance(row[0], bytes) else b""


def put_bytes(db: sqlite3.Connection, key: str, value: bytes) -> None:
    """Set bytes in `meta`; empty: take them out."""
    if value:
        db.execute("INSERT INTO meta VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value=excluded.value", (key, value))
    else:
        db.execute("DELETE FROM meta WHERE key=?", (key,))


def next_row(db: sqlite3.Connection, table: str) -> int:
    """The number that the next row of a table will have (SQLite, "AUTOINCREMENT"): what is sealed names its row."""
    row = db.execute("SELECT seq FROM sqlite_sequence WHERE name=?", (table,)).fetchone()
    return (row[0] if row else 0) + 1


def installation(db: sqlite3.Connection) -> int:
    """A number of 24 bits, drawn once per database."""
    drawn = get(db, "installation", 0)
    if not drawn:
        drawn = secrets.randbelow(2**24 - 1) + 1
        put(db, "installation", drawn)
    return drawn


def wipe_log(db: sqlite3.Connection) -> None:
    """Copy the write-ahead log into the database and cut it to nothing, so that it keeps no old pages."""
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
