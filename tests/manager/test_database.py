# SPDX-License-Identifier: GPL-3.0-or-later
"""Opening a database, its transactions, and errors that keep passwords to themselves."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import event, select, text
from sqlalchemy.exc import DBAPIError

from callsheet.manager.storage.database import Database, DatabaseError, open_database
from callsheet.manager.storage.tables import Agent, Setting, Sheet
from tests.manager.postgres import PASSWORD

AT = datetime(2026, 11, 25, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("sqlite://", "in memory"),
        ("sqlite:///:memory:", "in memory"),
        ("sqlite:////nowhere/at/all.db", "no such folder"),
        ("mysql://u:geheim@h/n", "no such engine"),
        ("oracle", "cannot be read"),
        ("postgresql+psycopg://u:geheim@127.0.0.1:1/n", "onnection refused"),
    ],
)
def test_a_database_that_cannot_be_had(url: str, said: str) -> None:
    with pytest.raises(DatabaseError, match=said) as caught:
        open_database(url)
    assert "geheim" not in str(caught.value) and "\n" not in str(caught.value)


def test_no_database_at_all(tmp_path: Path) -> None:
    (tmp_path / "notes.db").write_text("this is no database, but long enough to be taken for one " * 20)
    with pytest.raises(DatabaseError, match="not a database"):
        open_database("sqlite:///notes.db", tmp_path)


def test_the_password_is_in_no_text(database: Database) -> None:
    if not database.is_sqlite:
        assert PASSWORD not in database.shown and PASSWORD not in repr(database.engine)
    with pytest.raises(DatabaseError) as caught, database.errors(), database.read() as session:
        session.execute(text("SELECT * FROM nowhere"))
    assert "nowhere" in str(caught.value) and PASSWORD not in str(caught.value)


def test_what_was_to_be_stored_is_in_no_text(database: Database) -> None:
    statement = text("INSERT INTO setting (key, value) VALUES (:key, :value)")
    row = {"key": "+44 20 7946 0018", "value": '"Ada"'}
    with database.write() as session:
        session.execute(statement, row)
    with pytest.raises(DBAPIError) as plain, database.write() as session:
        session.execute(statement, row)
    with pytest.raises(DatabaseError) as caught, database.errors(), database.write() as session:
        session.execute(statement, row)
    assert "Ada" not in str(plain.value)
    assert "7946" not in str(caught.value) and "setting" in str(caught.value)


def test_sqlite_waits_and_flushes(new_database) -> None:
    opened = open_database(new_database("sqlite"))
    with opened.engine.connect() as connection:
        found = [connection.exec_driver_sql(f"PRAGMA {name}").scalar()
                 for name in ("journal_mode", "foreign_keys", "synchronous", "busy_timeout")]
    opened.close()
    assert found == ["wal", 1, 2, 30000]


def test_nobody_else_on_the_machine_can_read_a_new_file(tmp_path: Path) -> None:
    opened = open_database("sqlite:///new.db", tmp_path, check=False)
    opened.upgrade()
    modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
    opened.close()
    assert modes and set(modes.values()) == {0o600}


def test_a_failed_transaction_leaves_nothing(database: Database) -> None:
    def fail() -> None:
        with database.write() as session:
            session.add(Setting(key="a", value={"n": 1}))
            session.flush()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    with database.read() as session:
        assert session.scalars(select(Setting)).all() == []


def test_an_instant_comes_back_as_it_was_in_utc(database: Database) -> None:
    there = AT.astimezone(timezone(timedelta(hours=8)))
    with database.write() as session:
        session.add(Agent(id="101", created=there))
    with database.read() as session:
        assert session.get_one(Agent, "101").created.isoformat() == "2026-11-25T09:30:00+00:00"


def test_foreign_keys_hold(database: Database) -> None:
    with pytest.raises(DatabaseError, match=r"(?i)foreign key"), database.errors(), database.write() as session:
        session.add(Sheet(agent_id="nobody", list_id=77, revision=1, issued=AT))


def test_writers_who_look_first_do_not_lose_each_others_words(database: Database) -> None:
    """Read, then write, from eight threads at once: the usual way to lose an update."""
    with database.write() as session:
        session.add(Setting(key="n", value={"n": 0}))

    def count() -> None:
        for _ in range(5):
            with database.write() as session:
                row = session.get_one(Setting, "n", with_for_update=True)
                row.value = {"n": row.value["n"] + 1}

    threads = [threading.Thread(target=count) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.read() as session:
        assert session.get_one(Setting, "n").value == {"n": 40}


def test_writing_sessions_have_the_lock_from_their_beginning(new_database) -> None:
    said: list[str] = []
    opened = open_database(new_database("sqlite"))
    event.listen(opened.engine, "before_cursor_execute", lambda c, cursor, statement, *_: said.append(statement))
    with opened.write() as session:
        session.execute(text("SELECT 1"))
    with opened.read() as session:
        session.execute(text("SELECT 1"))
    opened.close()
    assert said == ["BEGIN IMMEDIATE", "SELECT 1", "BEGIN", "SELECT 1"]
