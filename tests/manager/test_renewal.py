# SPDX-License-Identifier: GPL-3.0-or-later
"""The short way for a lease renewal: it is taken when nothing else is to be said, and says the same as the long one."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace
from sqlalchemy import select

from callsheet.core.model import Progress
from callsheet.formats.lease import LeaseRequest
from callsheet.formats.status import Progressed, Status
from callsheet.manager.storage import tables
from callsheet.manager.storage.database import Database
from callsheet.manager.work import leases, moves, renewal, sheets
from callsheet.manager.work.terms import Terms
from tests.manager.served import fill

TERMS = Terms(seconds=100, renew=20, margin=30)
NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
STATUS = Status("callsheet-status", 1, NOW, "p1", "101", "ready", sheet="spring", revision=1, counts=Progressed(2, 0, 2))
CLAIM = LeaseRequest("callsheet-lease", 1, "claim", "101", "p1", 7, "spring", 1, STATUS)
RENEW = replace(CLAIM, action="renew", status=replace(STATUS, activity="wrap-up", task="spring-0"))
LATER = NOW + timedelta(seconds=20)


@pytest.fixture
def held(database: Database) -> Database:
    """Agent 101 works the list at phone p1."""
    fill(database)
    assert renewal.answer(database, CLAIM, TERMS, NOW).granted
    return database


def at_once(database: Database, request: LeaseRequest = RENEW, now: datetime = LATER):
    assert renewal.is_plain(request)
    with database.at_once() as connection:
        return renewal.renewed(connection, request, TERMS, now)


def books(database: Database) -> tuple[object, ...]:
    """All that a renewal may change."""
    with database.read() as db:
        sheet = db.scalars(select(tables.Sheet).where(tables.Sheet.agent_id == "101")).one()
        phone = db.get_one(tables.Phone, "p1")
        return (sheet.phone, sheet.installation, sheet.leased, sheet.until, sheet.heard, sheet.held_revision, sheet.revision,
                sheet.wanted_by, phone.installation, phone.agent_id, phone.heard, phone.status)


def test_both_ways_give_the_same_answer_and_leave_the_same_behind(held: Database) -> None:
    with held.read() as db:
        long = leases.answer(db, RENEW, TERMS, LATER)
        db.flush()
        after = [(row.until, row.heard) for row in db.scalars(select(tables.Sheet).where(tables.Sheet.agent_id == "101"))]
    before = books(held)
    assert at_once(held) == long
    found = books(held)
    assert [(found[3], found[4])] == after
    assert found[-1]["activity"] == "wrap-up" and "activity" not in before[-1]  # type: ignore[index, operator]
    assert found[10] == LATER


def stop(database: Database) -> None:
    with database.write() as db:
        db.scalars(select(tables.CallList)).one().state = "stopped"


def reassign(database: Database) -> None:
    with database.write() as db:
        task = db.scalars(select(tables.Task).where(tables.Task.agent_id == "101")).first()
        assert task is not None
        moves.move(db, {task.id: "102"}, TERMS, NOW)


def revise(database: Database) -> None:
    with database.write() as db:
        sheets.touch(db, {("101", 1)}, NOW)


def wish(database: Database) -> None:
    assert not renewal.answer(database, replace(CLAIM, action="take-over", phone="p2"), TERMS, NOW).granted


def lose(database: Database) -> None:
    assert renewal.answer(database, replace(CLAIM, action="force", phone="p2"), TERMS, NOW).granted


def free(database: Database) -> None:
    with database.write() as db:
        sheet = sheets.find(db, "101", 1, lock=True)
        assert sheet is not None
        leases.free(db, sheet, TERMS, NOW)


@pytest.mark.parametrize("happens", [stop, reassign, revise, wish, lose, free])
def test_whenever_there_is_more_to_say_nothing_is_changed_at_once(held: Database, happens: Callable[[Database], None]) -> None:
    happens(held)
    before = books(held)
    assert at_once(held) is None
    assert books(held) == before


@pytest.mark.parametrize("changes", [
    {"phone": "p2"}, {"installation": 8}, {"revision": 2}, {"sheet": "autumn"}, {"agent": "102"},
])
def test_another_ones_lease_is_not_renewed(held: Database, changes: dict[str, object]) -> None:
    before = books(held)
    assert at_once(held, replace(RENEW, **changes)) is None
    assert books(held) == before


def test_a_lease_that_is_over_is_not_renewed_at_once(held: Database) -> None:
    end = NOW + timedelta(seconds=TERMS.seconds + TERMS.margin)
    assert at_once(held, now=end) is None
    assert at_once(held, now=end - timedelta(milliseconds=1)) is not None


@pytest.mark.parametrize("request_", [
    CLAIM, replace(RENEW, progress=Progress("spring", 1, "101")), replace(RENEW, status=None),
    replace(RENEW, status=replace(STATUS, counts=Progressed(2, 2))), replace(RENEW, action="release"),
    replace(RENEW, action="force"), replace(RENEW, action="take-over"), replace(RENEW, phone=""),
])
def test_what_is_more_than_a_renewal_takes_the_long_way(request_: LeaseRequest) -> None:
    assert not renewal.is_plain(request_)


@pytest.mark.parametrize("happens", [reassign, free, revise])
def test_who_has_the_sheet_locked_goes_first(held: Database, happens: Callable[[Database], None]) -> None:
    """The renewal arrives while somebody has locked the row, and is decided by what that one leaves behind."""
    if held.is_sqlite:
        happens(held)  # it has one writer at a time
        assert at_once(held) is None
        return
    found: list[object] = []
    renewing = threading.Thread(target=lambda: found.append(at_once(held)))
    with held.write() as db:
        assert sheets.find(db, "101", 1, lock=True) is not None
        renewing.start()
        _waits_for_a_lock(held)
        match happens.__name__:
            case "reassign":
                task = db.scalars(select(tables.Task).where(tables.Task.agent_id == "101")).first()
                assert task is not None
                moves.move(db, {task.id: "102"}, TERMS, NOW)
            case "free":
                leases.free(db, db.scalars(select(tables.Sheet).where(tables.Sheet.agent_id == "101")).one(), TERMS, NOW)
            case _:
                sheets.touch(db, {("101", 1)}, NOW)
    renewing.join(60)
    assert found == [None]


def _waits_for_a_lock(database: Database) -> None:
    end = time.monotonic() + 60
    with database.look() as connection:
        while not connection.exec_driver_sql(
                "SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid) "
                "WHERE NOT l.granted AND a.datname = current_database()").scalar_one():
            assert time.monotonic() < end
            time.sleep(0.01)
