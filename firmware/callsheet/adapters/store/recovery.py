# SPDX-License-Identifier: GPL-3.0-or-later
"""Opening the database, and what to do when it cannot be read: put it aside, take over what can be read, say so."""

from __future__ import annotations

import re
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from callsheet.adapters.store import schema

TABLES = {
    "meta": ("key",), "session": ("id",), "entry": ("seq",), "sheet": ("session",), "outbox": ("id",), "called": (),
}
# Attempts made between the last number that can still be read and the damage.
SPARE_ATTEMPTS = 1000


def open_database(path: Path, phone_id: str, seal: schema.Job) -> tuple[sqlite3.Connection, str]:
    """The database, and what had to be repaired (empty: nothing). Raises sqlite3.Error, StoreError, OSError.

    `seal` seals what older versions left open.
    """
    try:
        db = schema.connect(path, seal)
        try:
            _check(db)
        except BaseException:
            db.close()
            raise
        return db, ""
    except sqlite3.DatabaseError as error:
        if not is_damage(error):
            raise
    aside = _put_aside(path)
    db = schema.connect(path, seal)
    rows = _take_over(db, aside, phone_id, seal)
    return db, f"the database was damaged; {rows} rows were recovered, the damaged file is kept as {aside.name}"


def _check(db: sqlite3.Connection) -> None:
    if db.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
        raise sqlite3.DatabaseError("database disk image is malformed")


def is_damage(error: sqlite3.Error) -> bool:
    """Damage, unlike a full disk or a lack of permission; those must not cost the file its place."""
    code = getattr(error, "sqlite_errorcode", None)
    return code is None or code & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR)


def kept_copy(db: sqlite3.Connection, path: Path) -> Path:
    """Copy the database as it is to a file of its own (SQLite, "VACUUM INTO"). Raises sqlite3.Error, OSError."""
    copy = _free(path, "unreadable")
    copy.touch(mode=0o600)
    db.execute("VACUUM INTO ?", (str(copy),))
    return copy


def _free(path: Path, word: str) -> Path:
    number = 1
    while (free := path.with_name(f"{path.name}.{word}-{number}")).exists():
        number += 1
    return free


def _put_aside(path: Path) -> Path:
    aside = _free(path, "damaged")
    # The log first: without it the database is older, with a foreign one it would be garbage.
    for suffix in ("-wal", "-shm", ""):
        source = Path(f"{path}{suffix}")
        if source.exists():
            source.rename(f"{aside}{suffix}")
    return aside


def _take_over(db: sqlite3.Connection, aside: Path, phone_id: str, seal: schema.Job) -> int:
    """Copy every row that can be read into the new database; how many that were."""
    copy = aside.with_name("recovery.tmp")
    rows = 0
    try:
        for suffix in ("", "-wal"):
            if Path(f"{aside}{suffix}").exists():
                shutil.copyfile(f"{aside}{suffix}", f"{copy}{suffix}")
        _mend_header(copy, db)
        with schema.transaction(db):
            for table, key in TABLES.items():
                rows += _copy_table(db, copy, table, key)
            seal(db)
            highest = max(_attempt_numbers(aside, phone_id), default=0)
            if highest >= schema.get(db, "next_attempt", 1):
                schema.put(db, "next_attempt", highest + SPARE_ATTEMPTS)
    finally:
        for suffix in ("", "-wal", "-shm"):
            Path(f"{copy}{suffix}").unlink(missing_ok=True)
    schema.wipe_log(db)
    return rows


def _mend_header(copy: Path, healthy: sqlite3.Connection) -> None:
    """Replace a broken first page by that of the new database: the same schema has its tables on the same pages."""
    try:
        probe = sqlite3.connect(copy)
        try:
            probe.execute("SELECT count(*) FROM sqlite_schema").fetchone()
            probe.execute("SELECT 1 FROM entry LIMIT 1")
            return
        finally:
            probe.close()
    except sqlite3.DatabaseError:
        pass
    template = healthy.serialize()
    page = int.from_bytes(template[16:18], "big")
    if copy.stat().st_size <= page:
        return
    with copy.open("r+b") as file:
        # Bytes 28..31 are the size in pages (SQLite, "Database File Format" §1.3).
        pages = copy.stat().st_size // page
        file.write(template[:28] + pages.to_bytes(4, "big") + template[32:page])


def _copy_table(db: sqlite3.Connection, copy: Path, table: str, key: tuple[str, ...]) -> int:
    columns = [row[1] for row in db.execute(f"PRAGMA table_info({table})") if _has(copy, table, row[1])]
    places = ",".join("?" * len(columns))
    names = ",".join(columns)
    before = db.total_changes
    for order in ("", " DESC") if key else ("",):
        for row in _rows(copy, f"SELECT {names} FROM {table}" + (f" ORDER BY {key[0]}{order}" if key else "")):
            try:
                db.execute(f"INSERT OR IGNORE INTO {table} ({names}) VALUES ({places})", row)
            except sqlite3.IntegrityError:
                continue
    return db.total_changes - before


def _has(copy: Path, table: str, column: str) -> bool:
    """Whether a database of perhaps an older version has this column."""
    return not any(row[0] == 0 for row in _rows(copy, f"SELECT count(*) FROM pragma_table_info('{table}')"
                                                       f" WHERE name='{column}'"))


def _rows(copy: Path, query: str) -> Iterator[tuple[Any, ...]]:
    """Rows up to the first one that cannot be read; from the other end the rest is got by a second query."""
    try:
        source = sqlite3.connect(copy)
    except sqlite3.Error:
        return
    try:
        yield from source.execute(query)
    except (sqlite3.Error, OverflowError, UnicodeDecodeError):
        return
    finally:
        source.close()


def _attempt_numbers(aside: Path, phone_id: str) -> Iterator[int]:
    """Numbers of attempts anywhere in the damaged files, also where no table leads to them any more."""
    pattern = re.compile(rb'"' + re.escape(phone_id.encode()) + rb'-(?:[0-9a-f]{6}-)?([0-9]{1,18})"')
    for suffix in ("", "-wal"):
        file = Path(f"{aside}{suffix}")
        if file.exists():
            for match in pattern.finditer(file.read_bytes()):
                yield int(match[1])
