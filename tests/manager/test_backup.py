# SPDX-License-Identifier: GPL-3.0-or-later
"""Backups that come back whole, and what is erased when its time is over."""

from __future__ import annotations

import asyncio
import sqlite3
import tarfile
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

import pytest
from sqlalchemy import func, select

from callsheet.manager import backup, lists, retention
from callsheet.manager.errors import Refused
from callsheet.manager.opened import Manager, open_manager
from callsheet.manager.settings import FILE_NAME, RetentionSettings
from callsheet.manager.storage.database import Database, open_database
from callsheet.manager.storage.tables import Agent, Attempt, Audit, Base, Delivery, DoNotCall, Task
from callsheet.manager.upkeep import upkeep
from tests.manager.conftest import NUMBERS
from tests.manager.postgres import PASSWORD, PostgresServer

NOW = datetime(2026, 11, 25, 9, tzinfo=UTC)
NAME, NUMBER, NOTE = "Jürgen Geheimnis 王", "+49305550101", "wants peace and quiet"


@pytest.fixture
def manager(tmp_path: Path, database_url: str) -> Manager:
    folder = tmp_path / "office"
    folder.mkdir()
    (folder / FILE_NAME).write_text(f'# by hand\n[database]\nurl = "{database_url}"  # here\npool = 5\n[import]\ncountry = "DE"\n')
    return open_manager(folder)


def fill(database: Database) -> None:
    with database.write() as session:
        session.add(Agent(id="101", name="Ann", created=NOW))
        for key in ("old", "new"):
            lists.create(session, key, key, {"gap": 5.0}, NOW)
        session.flush()
        for id in (1, 2):
            session.add(Task(list_id=id, key="c-4711", number=NUMBER, canonical=NUMBER, name=NAME, note=NOTE, final=True,
                             details={"extra": {"city": "Köln"}}, changed=NOW, outcome="answered", agent_id="101"))
            session.flush()
            session.add(Attempt(id=f"p-1-{id}", task_id=id, list_id=id, agent_id="101", phone="p", canonical=NUMBER,
                                dialled=NOW, ended=NOW, outcome="answered", counted=True, talk_seconds=61.5, issued=NOW,
                                body={"number": NUMBER, "note": NOTE}))
        session.add(Delivery(name="result-a.json", sha256="0" * 64, kind="result", agent_id="101", phone="p",
                             received=NOW, body=NAME.encode()))
        session.add(DoNotCall(canonical="+49305550102", at=NOW))


def contents(database: Database) -> dict[str, list[tuple[object, ...]]]:
    with database.read() as session:
        return {table.name: sorted(map(tuple, session.execute(select(table))), key=repr) for table in Base.metadata.sorted_tables}


def other_url(database: Database, server: PostgresServer | None, folder: Path) -> str:
    if server is None:
        return f"sqlite:///{folder / 'restored.db'}"
    name = f"restored_{next(NUMBERS)}"
    server.execute(f"CREATE DATABASE {name}")
    return server.url(name)


def test_everything_comes_back(manager: Manager, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    fill(manager.database)
    before = contents(manager.database)
    path = tmp_path / "backup.tar.gz"
    assert backup.back_up(manager, path, NOW) == path.stat().st_size and path.stat().st_mode & 0o777 == 0o600
    assert [p for p in tmp_path.iterdir() if p.name.startswith(".")] == []
    with manager.database.write() as session:
        session.add(Agent(id="later", created=NOW))
    server = None if manager.database.is_sqlite else request.getfixturevalue("postgres")
    url = other_url(manager.database, server, tmp_path)
    backup.restore(path, tmp_path / "again", url).close()
    restored = open_manager(tmp_path / "again")
    assert contents(restored.database) == before and any(before.values())
    assert restored.settings.imports.country == "DE" and restored.settings.database.pool == 5
    text = (tmp_path / "again" / FILE_NAME).read_text()
    assert text.startswith("# by hand\n") and url in text and (tmp_path / "again" / FILE_NAME).stat().st_mode & 0o777 == 0o600
    with restored.database.write() as session:
        # Counters go on where they were.
        assert lists.create(session, "third", "", {}, NOW).id == 3
    for database in (restored.database, manager.database):
        database.close()


def test_a_backup_while_somebody_writes_is_whole(manager: Manager, tmp_path: Path) -> None:
    fill(manager.database)
    with manager.database.write() as session:
        session.add(Agent(id="half", created=NOW))
        session.flush()
        backup.back_up(manager, tmp_path / "b.tar.gz", NOW)
    manager.database.close()
    with tarfile.open(tmp_path / "b.tar.gz") as archive:
        names = archive.getnames()
        if "callsheet.db" in names:
            archive.extract("callsheet.db", tmp_path / "out", filter="data")
            found = sqlite3.connect(tmp_path / "out" / "callsheet.db").execute("SELECT id FROM agent").fetchall()
            assert found == [("101",)]
    assert names[:2] == ["manifest.json", FILE_NAME]


def test_the_password_is_not_told(tmp_path: Path, postgres: PostgresServer) -> None:
    (tmp_path / FILE_NAME).write_text(f'[database]\nurl = "{postgres.url("callsheet_template")}"\n')
    manager = open_manager(tmp_path)
    gone = Manager(tmp_path, manager.settings, open_database(postgres.url("nowhere_at_all"), check=False))
    with pytest.raises(Refused, match="pg_dump") as caught:
        backup._dump(gone.database, tmp_path)
    assert PASSWORD not in str(caught.value)
    manager.database.close()


def archive_of(members: dict[str, bytes]) -> bytes:
    file = BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as archive:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, BytesIO(data))
    return file.getvalue()


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"x", "no backup"), (archive_of({"a": b""}), "no backup"), (archive_of({"../../etc/passwd": b"x"}), "no backup"),
        (archive_of({"manifest.json": b"{}", FILE_NAME: b""}), "no backup"),
        (archive_of({"manifest.json": b'{"format":"callsheet-backup","database":"callsheet.db","revision":"9999"}',
                     FILE_NAME: b"", "callsheet.db": b""}), "newer version"),
    ],
    # An archive holds the time it was made, and so would its test's name.
    ids=["no archive", "no manifest", "a path outside", "half a manifest", "of a newer version"],
)
def test_what_is_no_backup(tmp_path: Path, data: bytes, said: str) -> None:
    (tmp_path / "b").write_bytes(data)
    with pytest.raises(Refused, match=said):
        backup.restore(tmp_path / "b", tmp_path / "new")
    assert not (tmp_path / "new" / FILE_NAME).exists()


def test_nothing_is_overwritten(manager: Manager, tmp_path: Path) -> None:
    backup.back_up(manager, tmp_path / "b.tar.gz", NOW)
    with pytest.raises(Refused, match="already"):
        backup.restore(tmp_path / "b.tar.gz", manager.folder)
    with pytest.raises(Refused, match=r"exists already|not empty"):
        backup.restore(tmp_path / "b.tar.gz", tmp_path / "new")
    assert not (tmp_path / "new" / FILE_NAME).exists()
    manager.database.close()


def test_what_is_over_is_erased_and_sums_stay(database: Database) -> None:
    fill(database)
    settings = RetentionSettings(days=30, deliveries_days=7, audit_days=365)
    with database.write() as session:
        old = lists.get(session, "old")
        old.state, old.keep_until = "closed", lists.keep_until(NOW, 30)
        session.add(Audit(at=NOW - timedelta(days=400), who="x", action="y"))
    with database.write() as session:
        early = retention.purge(session, settings, NOW)
    assert (early.lists, early.tasks, early.audits) == ((), 0, 1)
    later = NOW + timedelta(days=31)
    with database.write() as session:
        done = retention.purge(session, settings, later)
    assert (done.lists, done.tasks, done.attempts, done.deliveries) == (("old",), 1, 1, 1)
    retention.shrink(database)
    with database.read() as session:
        gone, kept = session.scalars(select(Task).order_by(Task.list_id))
        assert (gone.name, gone.number, gone.note, gone.details, gone.outcome) == ("", "", "", {}, "answered")
        assert (kept.name, kept.number, kept.key) == (NAME, NUMBER, "c-4711")
        assert gone.key == gone.canonical == f"erased-{gone.id}"
        assert session.scalar(select(func.sum(Attempt.talk_seconds))) == 123.0
        assert session.scalars(select(Attempt.body).where(Attempt.list_id == 1)).all() == [{}]
        assert session.scalars(select(Delivery.body)).all() == [None]
        assert session.scalars(select(DoNotCall.canonical)).all() == ["+49305550102"]
    with database.write() as session:
        again = retention.purge(session, settings, later)
    assert again == retention.Purged()


def test_the_server_erases_by_itself(manager: Manager) -> None:
    fill(manager.database)
    with manager.database.write() as session:
        old = lists.get(session, "old")
        old.state, old.keep_until = "closed", datetime.now(UTC) - timedelta(days=1)

    async def serve() -> None:
        async with upkeep(manager, every=0.05):
            while await asyncio.to_thread(names) != {"", NAME}:
                await asyncio.sleep(0.05)

    def names() -> set[str]:
        with manager.database.read() as session:
            return set(session.scalars(select(Task.name)))

    asyncio.run(asyncio.wait_for(serve(), 60))
    manager.database.close()


def test_what_is_erased_is_in_no_file(new_database) -> None:
    url = new_database("sqlite")
    database = open_database(url)
    fill(database)
    with database.write() as session:
        for key in ("old", "new"):
            found = lists.get(session, key)
            found.state, found.keep_until = "closed", NOW
    with database.write() as session:
        retention.purge(session, RetentionSettings(), NOW + timedelta(days=31))
    retention.shrink(database)
    path = Path(url.removeprefix("sqlite:///"))
    for file in path.parent.glob(f"{path.name}*"):
        for text in (NAME, NUMBER, NOTE, "c-4711"):
            assert text.encode() not in file.read_bytes(), (file, text)
    database.close()
