# SPDX-License-Identifier: GPL-3.0-or-later
"""Which sheet an agent works, and when it has a new revision."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import cache
from typing import Any

from msgspec import Struct
from sqlalchemy import Connection, Executable, bindparam, exists, select
from sqlalchemy.orm import Session

from callsheet.manager.storage.tables import CallList, Sheet, Task

IDLE = "nothing-to-do"
"""Id of the sheet of an agent who has none: so the phone signs in and waits, instead of saying that a file is missing."""

Key = tuple[str, int]
"""Agent and list."""


class Current(Struct, frozen=True):
    """What an agent's phone is to fetch."""

    agent: str
    key: str
    revision: int
    issued: datetime | None = None
    sheet: int = 0
    """Row; 0: there is nothing to do."""
    list: int = 0

    @property
    def etag(self) -> str:
        """Weak (RFC 9110 §8.8.1): the bytes of a revision may tell of more calls when they are made again."""
        return f'W/"{self.list}-{self.revision}"'


@cache
def _of_agent() -> Executable:
    """An agent's sheets, and whether there is work in each. Every poll asks that; to put it together takes longer."""
    agent: Any = bindparam("agent")
    work = exists().where(
        Task.agent_id == agent, Task.list_id == CallList.id, Task.final.is_(False), Task.withdrawn.is_(False),
        Task.moving_to.is_(None)).correlate(CallList)
    return select(
        Sheet.id, Sheet.list_id, Sheet.revision, Sheet.issued, Sheet.phone, Sheet.until, Sheet.held_revision, CallList.key,
        CallList.state, CallList.priority, work,
    ).join(CallList, CallList.id == Sheet.list_id).where(Sheet.agent_id == agent)


def current(db: Connection, agent: str, now: datetime) -> Current:
    """The sheet that a phone holds until its work is done, else that of the list that goes first.

    A phone takes no other sheet before it knows that this one is finished: so it first
    gets the revision in which all that is left has been moved, withdrawn or stopped.
    """
    rows = db.execute(_of_agent(), {"agent": agent}).all()
    if not rows:
        return Current(agent, IDLE, 0)

    def rank(row: Any) -> tuple[Any, ...]:
        open_ = bool(row[-1]) and row.state == "open"
        held = bool(row.phone) and row.until is not None and row.until > now
        held = held and (open_ or row.held_revision < row.revision)
        # Of those with nothing to do the newest: its phone learns from it that all is withdrawn.
        return held, open_, row.priority if open_ else 0, -row.list_id if open_ else 0, row.issued

    best = max(rows, key=rank)
    return Current(agent, best.key, best.revision, best.issued, best.id, best.list_id)


def find(db: Session, agent: str, list_id: int, *, lock: bool = False) -> Sheet | None:
    """The sheet of an agent for a list; `lock`: nobody else changes it before the transaction ends."""
    query = select(Sheet).where(Sheet.agent_id == agent, Sheet.list_id == list_id)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return db.scalar(query)


def touch(db: Session, keys: Iterable[Key], now: datetime) -> None:
    """The contents of these sheets have changed: each gets its next revision, or its first."""
    for agent, list_id in sorted(set(keys)):
        sheet = find(db, agent, list_id, lock=True)
        if sheet is None:
            db.add(Sheet(agent_id=agent, list_id=list_id, revision=1, issued=now))
        else:
            sheet.revision += 1
            sheet.issued = max(now, sheet.issued)
    db.flush()


def keys_of(tasks: Iterable[Task]) -> set[Key]:
    """The sheets these tasks are live in."""
    return {(task.agent_id, task.list_id) for task in tasks if task.agent_id is not None}


def with_numbers(db: Session, numbers: Iterable[str]) -> list[Task]:
    """Unfinished tasks with these canonical numbers, in whatever list."""
    wanted = sorted(set(numbers))
    found: list[Task] = []
    for start in range(0, len(wanted), 500):
        part = wanted[start : start + 500]
        found += db.scalars(select(Task).where(Task.canonical.in_(part), Task.final.is_(False)))
    return found
