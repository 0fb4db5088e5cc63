# SPDX-License-Identifier: GPL-3.0-or-later
"""Sheets and results by way of a folder that another server serves."""

from __future__ import annotations

import hashlib
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from callsheet.adapters.transport.lease_chain import Chain, Link, Party
from callsheet.core.model import Attempt, Progress, Sheet
from callsheet.core.outcomes import CallEnd, Outcome
from callsheet.formats.lease import LeaseFile, read_file, write_lease
from callsheet.formats.names import lease_name, upload_name
from callsheet.formats.results import result_document, write_results
from callsheet.formats.sheet import read_sheet
from callsheet.manager.folder import COLLECTED, PATIENCE, Folder
from callsheet.manager.storage import tables
from callsheet.manager.storage.database import Database
from callsheet.manager.work import campaign, moves
from callsheet.manager.work.terms import Terms
from tests.manager.served import fill

TERMS = Terms(margin=120)
SOON = timedelta(minutes=3)


@pytest.fixture
def folder(tmp_path: Path, database: Database) -> Folder:
    fill(database)
    return Folder(tmp_path / "srv", database, TERMS)


@pytest.fixture
def srv(tmp_path: Path) -> Path:
    return tmp_path / "srv"


def now() -> datetime:
    return datetime.now(UTC)


def sheet(srv: Path, agent: str = "101") -> Sheet:
    return read_sheet((srv / agent / "sheet.json").read_bytes()).sheet


def result(served: Sheet, number: int = 1, action: str = "done") -> tuple[str, bytes]:
    task, at = served.tasks[0], now()
    attempt = Attempt(f"p1-000001-{number}", task.id, task.number, at, at, CallEnd(200), Outcome.ANSWERED, answered=at,
                      talk_seconds=3.0, action=action, agent=served.agent, phone="p1")  # type: ignore[arg-type]
    body = write_results(result_document(served, task, attempt, "p1", at))
    return upload_name("result", served.agent, served.id, served.revision, "p1", number), body


def lease(srv: Path, state: str, *, number: int = 1, until: timedelta = timedelta(hours=10), phone: str = "p1",
          progress: Progress | None = None) -> None:
    at = now()
    file = LeaseFile("callsheet-lease-file", 1, state, "101", phone, 1, at, at, at + until, progress=progress)  # type: ignore[arg-type]
    (srv / "101" / lease_name("101", at.date(), number)).write_bytes(write_lease(file))


def task(database: Database, key: str) -> tables.Task:
    with database.read() as db:
        return db.scalars(select(tables.Task).where(tables.Task.key == key)).one()


def move(database: Database, key: str, agent: str) -> moves.Moved:
    with database.write() as db:
        row = db.scalars(select(tables.Task).where(tables.Task.key == key)).one()
        return moves.move(db, {row.id: agent}, TERMS, now())


def test_each_agent_has_a_folder_with_a_sheet_that_is_written_only_when_it_has_changed(
    folder: Folder, srv: Path, database: Database,
) -> None:
    assert folder.look(now()).published == 2
    assert [one.id for one in sheet(srv).tasks] == ["spring-0", "spring-2"]
    assert (sheet(srv).upload, sheet(srv).lease) == ("", ""), "results go beside the sheet, leases are files"
    assert folder.look(now()).published == 0
    with database.write() as db:
        campaign.withdraw(db, db.scalars(select(tables.Task).where(tables.Task.key == "spring-2")), now())
    assert folder.look(now()).published == 1
    assert [one.id for one in sheet(srv).tasks] == ["spring-0"]
    assert not list(srv.rglob("*.part"))


def test_results_are_taken_in_once_and_moved_aside(folder: Folder, srv: Path, database: Database) -> None:
    folder.look(now())
    name, body = result(sheet(srv))
    (srv / "101" / name).write_bytes(body)
    (srv / "101" / "notes.txt").write_text("mine")
    assert folder.look(now()).collected == 1
    assert task(database, "spring-0").final
    assert (srv / "101" / COLLECTED / name).read_bytes() == body
    assert (srv / "101" / "notes.txt").exists()
    (srv / "101" / name).write_bytes(body)  # its confirmation was lost, so the phone sent it again
    assert folder.look(now()).collected == 0
    assert not (srv / "101" / name).exists()


def test_parts_wait_until_they_are_whole(folder: Folder, srv: Path, database: Database) -> None:
    folder.look(now())
    name, body = result(sheet(srv))
    path = srv / "101" / name
    path.write_bytes(body[:-40])
    assert folder.look(now()).unfinished == 1
    path.write_bytes(body)
    seal = srv / "101" / f"{name}.sha256"
    seal.write_text(f"{hashlib.sha256(body + b'more').hexdigest()}  {name}\n")
    assert folder.look(now()).unfinished == 1, "legacy scp: the seal is of another content"
    seal.write_text(f"{hashlib.sha256(body).hexdigest()}  {name}\n")
    assert folder.look(now()).collected == 1
    assert not seal.exists()
    assert task(database, "spring-0").final


def test_what_never_becomes_whole_is_kept_with_its_error(folder: Folder, srv: Path, database: Database) -> None:
    folder.look(now())
    name, body = result(sheet(srv))
    path = srv / "101" / name
    path.write_bytes(body[:-40])
    old = (now() - PATIENCE - SOON).timestamp()
    os.utime(path, (old, old))
    done = folder.look(now())
    assert (done.collected, done.kept_with_error) == (1, 1)
    with database.read() as db:
        kept = db.scalars(select(tables.Delivery)).one()
    assert kept.body == body[:-40]
    assert kept.error


def test_work_moves_only_when_the_phone_has_let_go(folder: Folder, srv: Path, database: Database) -> None:
    folder.look(now())
    lease(srv, "held", progress=Progress("spring", 1, "101"))
    folder.look(now())
    assert move(database, "spring-2", "102") == moves.Moved(waiting=1)
    folder.look(now() + timedelta(hours=9))
    assert task(database, "spring-2").agent_id == "101"
    assert [one.withdrawn for one in sheet(srv).tasks] == [False, True], "the phone learns of it from its sheet"
    lease(srv, "released", progress=Progress("spring", 1, "101", final=("spring-0",)))
    folder.look(now())
    assert task(database, "spring-2").agent_id == "102"
    assert task(database, "spring-0").final, "as the lease file says"
    assert "spring-2" in [one.id for one in sheet(srv, "102").tasks]


def test_work_moves_when_the_phone_works_a_revision_without_it(folder: Folder, srv: Path, database: Database) -> None:
    folder.look(now())
    lease(srv, "held", progress=Progress("spring", 1, "101"))
    folder.look(now())
    move(database, "spring-2", "102")
    lease(srv, "held", progress=Progress("spring", 2, "101"))
    folder.look(now())
    assert task(database, "spring-2").agent_id == "102"


def test_work_of_a_dead_phone_moves_when_its_lease_is_over_or_made_void(
    folder: Folder, srv: Path, database: Database,
) -> None:
    folder.look(now())
    lease(srv, "held", until=timedelta(hours=1), progress=Progress("spring", 1, "101"))
    folder.look(now())
    assert move(database, "spring-0", "102").waiting == 1
    folder.look(now() + timedelta(hours=1, minutes=1))
    assert task(database, "spring-0").agent_id == "101", "clocks may differ"
    folder.look(now() + timedelta(hours=1, minutes=3))
    assert task(database, "spring-0").agent_id == "102"
    lease(srv, "held", number=2, phone="p2", progress=Progress("spring", 2, "101"))
    folder.look(now())
    assert move(database, "spring-2", "102").waiting == 1
    name = folder.void("101", now())
    folder.look(now())
    assert task(database, "spring-2").agent_id == "102"
    links = [Link(now().date(), int(path.stem[-2:]), read_file(path.read_bytes()))
             for path in (srv / "101").glob("lease-*.json")]
    assert name.endswith("-03.json")
    assert Chain(links, Party("p2", 1)).overtaken((now().date(), 2)), "the phone itself, should it run, lets go"
