# SPDX-License-Identifier: GPL-3.0-or-later
"""What a report is made from, read in one look at the database."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime

from msgspec import Struct
from sqlalchemy import select
from sqlalchemy.orm import Session

from callsheet.manager.storage.tables import Attempt, CallList, Task, WorkRecord
from callsheet.manager.work.attempts import SUMMARY

OPEN = "open"
"""Outcome of a task that was not called yet."""
UNREPORTED = "unknown"
"""Outcome of a task that is done with as its phone said, but whose last call's file never came."""


class Scope(Struct, frozen=True):
    """What a report is about; empty fields: all."""

    lists: tuple[str, ...] = ()
    agent: str = ""
    since: datetime | None = None
    until: datetime | None = None


class Call(Struct, frozen=True):
    """One attempt."""

    id: str
    task: int
    list: str
    agent: str
    phone: str
    dialled: datetime
    ended: datetime
    outcome: str
    disposition: str
    note: str
    talk: float
    counted: bool
    summary: bool
    """A phone's summary tells of it; the file about it has not come."""


class Row(Struct, frozen=True):
    """One task as imported, and what became of it."""

    id: int
    list: str
    key: str
    position: int
    number: str
    name: str
    region: str
    agent: str
    final: bool
    outcome: str
    disposition: str
    note: str
    not_before: datetime | None
    callback: bool
    held: str
    extra: dict[str, object]
    calls: tuple[Call, ...]
    """In the order of dialling."""


class Shift(Struct, frozen=True):
    """A change of an agent's work status."""

    agent: str
    phone: str
    at: datetime
    work: str
    reason: str


class Facts(Struct, frozen=True):
    """All of it."""

    at: datetime
    scope: Scope
    titles: dict[str, str]
    rows: tuple[Row, ...]
    calls: tuple[Call, ...]
    """In the order of dialling; also those of tasks that are not among the rows."""
    shifts: tuple[Shift, ...]


def gather(db: Session, scope: Scope, now: datetime) -> Facts:
    """Read them. Of a time or an agent only the calls are told; rows are those of the lists, whoever has them."""
    lists = [one for one in db.scalars(select(CallList).order_by(CallList.id))
             if not scope.lists or one.key in scope.lists]
    keys = {one.id: one.key for one in lists}
    calls = _calls(db, keys)
    by_task: dict[int, list[Call]] = defaultdict(list)
    for call in calls:
        by_task[call.task].append(call)
    rows = tuple(
        _row(task, keys[task.list_id], tuple(by_task[task.id]))
        for task in db.scalars(select(Task).where(Task.list_id.in_(keys)).order_by(
            Task.list_id, Task.position, Task.id).execution_options(yield_per=2000)))
    return Facts(now, scope, {one.key: one.title for one in lists}, rows,
                 tuple(call for call in calls if _within(scope, call.agent, call.dialled)), _shifts(db, scope))


def _calls(db: Session, keys: dict[int, str]) -> list[Call]:
    query = select(Attempt).where(Attempt.list_id.in_(keys)).order_by(Attempt.dialled, Attempt.id)
    found = []
    for row in db.scalars(query.execution_options(yield_per=2000)):
        assert row.list_id is not None
        assert row.task_id is not None
        found.append(Call(
            row.id, row.task_id, keys[row.list_id], row.agent_id, row.phone, row.dialled, row.ended, row.outcome,
            str(row.body.get("disposition", "")), str(row.body.get("note", "")), row.talk_seconds, row.counted,
            row.id.startswith(SUMMARY)))
    return found


def _row(task: Task, key: str, calls: tuple[Call, ...]) -> Row:
    outcome = task.outcome or (UNREPORTED if task.final else OPEN)
    return Row(task.id, key, task.key, task.position, task.number, task.name, task.region, task.agent_id or "",
               task.final, outcome, task.disposition, task.note, task.not_before, task.callback, task.held,
               task.details.get("extra", {}), calls)


def _shifts(db: Session, scope: Scope) -> tuple[Shift, ...]:
    rows = db.scalars(select(WorkRecord).order_by(WorkRecord.agent_id, WorkRecord.at, WorkRecord.id))
    return tuple(Shift(row.agent_id, row.phone, row.at, row.work, row.reason) for row in rows
                 if _within(scope, row.agent_id, row.at))


def _within(scope: Scope, agent: str, at: datetime) -> bool:
    return ((not scope.agent or agent == scope.agent) and (scope.since is None or at >= scope.since)
            and (scope.until is None or at < scope.until))
