# SPDX-License-Identifier: GPL-3.0-or-later
"""The database by its URL: opened, brought up to date, and its transactions."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, InvalidatePoolError, OperationalError, SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker

from callsheet.formats.sections import MASK
from callsheet.manager.storage import schema

BUSY_SECONDS = 30.0
"""How long a writer waits for another on SQLite, which has one at a time."""
CONNECT_SECONDS = 10
TRUSTED_SECONDS = 1.0
"""How long a connection to PostgreSQL may lie unused before it is looked at: the server may have been restarted."""


class DatabaseError(Exception):
    """The database cannot be used; the text says why and what to do, and never a password."""


class Database:
    """An open database. Its methods may be called from any thread; a session belongs to one."""

    def __init__(self, engine: Engine, password: str = "") -> None:
        self.engine = engine
        self._password = password
        writing = engine.execution_options(callsheet_write=True)
        self._reading = sessionmaker(engine, expire_on_commit=False)
        self._writing = sessionmaker(writing, expire_on_commit=False)
        self._one_write = writing if self.is_sqlite else engine.execution_options(isolation_level="AUTOCOMMIT")
        self._one_look = engine if self.is_sqlite else self._one_write

    @property
    def is_sqlite(self) -> bool:
        """SQLite, else PostgreSQL."""
        return self.engine.dialect.name == "sqlite"

    @property
    def shown(self) -> str:
        """The URL, fit to be shown."""
        return self.engine.url.render_as_string(hide_password=True)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session for looking; what it changes is not kept."""
        with self._reading() as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A session in a transaction: committed at the end, rolled back by an exception.

        On SQLite it has the writer's lock from its first statement on, so it never fails half
        way because somebody else has written since it looked.
        """
        with self._writing.begin() as session:
            yield session

    @contextmanager
    def look(self) -> Iterator[Connection]:
        """A connection for one query; for what is asked so often that a session and a transaction would count."""
        with self._one_look.connect() as connection:
            yield connection

    @contextmanager
    def at_once(self) -> Iterator[Connection]:
        """The same for one statement that writes. On SQLite it may be several: there it is a transaction all the same."""
        with self._one_write.begin() as connection:
            yield connection

    def upgrade(self) -> None:
        """Bring the tables up to date, making them where there are none; raises DatabaseError.

        Any number of processes may do so at once.
        """
        with self.errors(), self.engine.connect() as connection:
            schema.upgrade(connection)

    def check(self) -> None:
        """Raises DatabaseError if the tables are not those of this version."""
        with self.errors(), self.engine.connect() as connection:
            found = schema.current(connection)
        if not found:
            raise DatabaseError(f"{self.shown} has no tables yet (run callsheet manager init)")
        if found not in schema.known():
            raise DatabaseError(f"{self.shown} was made by a newer version of Callsheet (update this one)")
        if found != schema.newest():
            raise DatabaseError(f"{self.shown} was made by an older version of Callsheet "
                                "(make a backup, then run callsheet manager init)")

    @contextmanager
    def errors(self) -> Iterator[None]:
        """What the engine says, as a DatabaseError of one line without parameters and password."""
        try:
            yield
        except DBAPIError as error:
            raise DatabaseError(f"{self.shown}: {self._plain(error.orig)}") from None
        except SQLAlchemyError as error:
            raise DatabaseError(f"{self.shown}: {type(error).__name__}") from None

    def _plain(self, error: BaseException | None) -> str:
        # PostgreSQL's detail names the row.
        primary = getattr(getattr(error, "diag", None), "message_primary", None)
        text = " ".join(str(primary or error).split()) or type(error).__name__
        return text.replace(self._password, MASK) if self._password else text

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()


def open_database(url: str, folder: Path = Path(), *, pool: int = 10, check: bool = True) -> Database:
    """The database at a URL; a file's path is relative to `folder`.

    Unless `check` is False its tables must be those of this version. Raises DatabaseError.
    """
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise DatabaseError("the database's URL cannot be read (write sqlite:///callsheet.db)") from None
    if parsed.drivername == "sqlite":
        engine = _sqlite(parsed, folder, pool)
    elif parsed.drivername == "postgresql+psycopg":
        engine = _postgresql(parsed, pool)
    else:
        raise DatabaseError(f"{parsed.drivername}: no such engine (write sqlite:///FILE or postgresql+psycopg://…)")
    database = Database(engine, str(parsed.password or ""))
    if check:
        try:
            database.check()
        except DatabaseError:
            database.close()
            raise
    return database


def _sqlite(url: URL, folder: Path, pool: int) -> Engine:
    if not url.database or url.database == ":memory:":
        raise DatabaseError("a database in memory would be gone at the end (write sqlite:///callsheet.db)")
    path = (folder / url.database).resolve()
    if not path.parent.is_dir():
        raise DatabaseError(f"{path.parent}: no such folder (make it first)")
    try:
        # Names and numbers of callees are in it; SQLite gives its other files the same mode.
        path.touch(0o600)
    except OSError as error:
        raise DatabaseError(f"{path}: {error.strerror}") from None
    engine = create_engine(url.set(database=str(path)), pool_size=pool, json_serializer=_json, hide_parameters=True,
                           connect_args={"timeout": BUSY_SECONDS})
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def _prepare(connection: Any, _: Any) -> None:
    # The driver begins transactions where it thinks fit; `_begin` does so instead.
    connection.isolation_level = None
    for pragma in ("foreign_keys = ON", "journal_mode = WAL", "synchronous = FULL", "temp_store = MEMORY",
                   "cache_size = -32768"):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get("callsheet_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _postgresql(url: URL, pool: int) -> Engine:
    # Parameters are callees, and an error's text gets into logs.
    engine = create_engine(url, pool_size=pool, max_overflow=0, json_serializer=_json, hide_parameters=True,
                           connect_args={"connect_timeout": CONNECT_SECONDS, "application_name": "callsheet"})

    def used(_: Any, record: Any) -> None:
        record.info["used"] = time.monotonic()

    def wanted(connection: Any, record: Any, _: Any) -> None:
        # To ask each time whether the server is still there would cost as much as what is then asked.
        if time.monotonic() - record.info.get("used", float("-inf")) < TRUSTED_SECONDS:
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error:
            raise InvalidatePoolError from None

    event.listen(engine, "checkin", used)
    event.listen(engine, "checkout", wanted)
    return engine


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def count_tasks(session: Session) -> None:
    """Let PostgreSQL see how many tasks there are by now, also those of this transaction.

    From what it counted when there were few it looks for a thousand numbers by going
    through all tasks, so that an import takes time as the square of its rows. SQLite
    chooses an index without counting.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("ANALYZE task"))


def is_busy(error: Exception) -> bool:
    """Whether it is worth trying again: another writer was in the way (SQLITE_BUSY; serialization, deadlock)."""
    if not isinstance(error, OperationalError):
        return False
    state = getattr(error.orig, "sqlstate", "") or ""
    return state in ("40001", "40P01") or "database is locked" in str(error.orig)
