# SPDX-License-Identifier: GPL-3.0-or-later
"""What is kept only so long: names, numbers and notes of closed lists, the phones' files, the audit.

Outcomes, times and sums stay, so that reports add up for ever. The do-not-call list
stays too: it is the callees' own will.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec import Struct
from sqlalchemy import CursorResult, Delete, String, Update, cast, delete, literal, select, update
from sqlalchemy.orm import Session

from callsheet.manager import audit
from callsheet.manager.settings import RetentionSettings
from callsheet.manager.storage.database import Database
from callsheet.manager.storage.tables import Attempt, Audit, CallList, Delivery, Task
from callsheet.manager.storage.tables import Session as Browser

ERASED = "erased"
"""Begins what takes the place of a number."""


class Purged(Struct, frozen=True):
    """How much is gone."""

    lists: tuple[str, ...] = ()
    tasks: int = 0
    attempts: int = 0
    deliveries: int = 0
    audits: int = 0


def purge(session: Session, settings: RetentionSettings, now: datetime) -> Purged:
    """Erase what is due; done again it finds nothing more."""
    due = list(session.scalars(select(CallList).where(
        CallList.state == "closed", CallList.keep_until.is_not(None), CallList.keep_until <= now)
        .with_for_update(skip_locked=True)))
    tasks = attempts = 0
    for call_list in due:
        tasks += _erase_tasks(session, call_list.id)
        attempts += _erase_attempts(session, call_list.id)
        call_list.keep_until = None
    # Their bodies name callees; name and hash stay, so that a file that comes once more is known.
    old = now - timedelta(days=settings.deliveries_days)
    deliveries = _changed(session, update(Delivery).where(Delivery.received < old, Delivery.body.is_not(None))
                          .values(body=None))
    audits = _changed(session, delete(Audit).where(Audit.at < now - timedelta(days=settings.audit_days)))
    session.execute(delete(Browser).where(Browser.expires < now))
    found = Purged(tuple(one.key for one in due), tasks, attempts, deliveries, audits)
    if due or deliveries or audits:
        audit.note(session, now, audit.RETENTION, "purge", ", ".join(found.lists), tasks=tasks, deliveries=deliveries)
    return found


def _erase_tasks(session: Session, list_id: int) -> int:
    # A task keeps a number of its own, or they would all be one callee to whoever counts.
    gone = literal(f"{ERASED}-").concat(cast(Task.id, String))
    return _changed(session, update(Task).where(Task.list_id == list_id).values(
        number="", canonical=gone, key=gone, name="", note="", details={}))


def _erase_attempts(session: Session, list_id: int) -> int:
    return _changed(session, update(Attempt).where(Attempt.list_id == list_id).values(canonical="", body={}))


def _changed(session: Session, statement: Update | Delete) -> int:
    done = session.execute(statement.execution_options(synchronize_session=False))
    assert isinstance(done, CursorResult)
    return done.rowcount


def shrink(database: Database) -> None:
    """Give back the room, so that what was erased is in no file any more (SQLite keeps it in free pages).

    On PostgreSQL the room is used again; VACUUM FULL, which would lock phones out, is left to its admin.
    """
    connection = database.engine.raw_connection()
    try:
        if not database.is_sqlite:
            connection.driver_connection.autocommit = True  # type: ignore[union-attr]
        for statement in ("VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)") if database.is_sqlite else ("VACUUM ANALYZE",):
            connection.cursor().execute(statement)
    finally:
        connection.invalidate()
