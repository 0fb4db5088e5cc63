# SPDX-License-Identifier: GPL-3.0-or-later
"""Tasks on their way from one agent to another, so that none is live in two sheets at any time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from callsheet.formats.status import Status
from callsheet.manager.storage.tables import CallList, Phone, Sheet, Task
from callsheet.manager.work import words
from callsheet.manager.work.sheets import Key, find, touch
from callsheet.manager.work.terms import Terms, over

POOL = ""
"""Instead of an agent: the task waits to be assigned."""
IN_A_CALL = frozenset({"dialling", "ringing", "talking", "wrap-up"})


class Moved(msgspec.Struct, frozen=True):
    """What became of a wish to move tasks."""

    at_once: int = 0
    waiting: int = 0
    """They move when the phone that holds them has let go."""
    kept: int = 0
    """They are where they should go, or finished."""


def move(db: Session, wishes: Mapping[int, str], terms: Terms, now: datetime) -> Moved:
    """Give tasks (by row) to agents, or back to the pool. What a phone may be dialling goes as soon as it cannot."""
    by_sheet: dict[Key | None, list[Task]] = defaultdict(list)
    for task in _rows(db, wishes):
        by_sheet[None if task.agent_id is None else (task.agent_id, task.list_id)].append(task)
    changed: set[Key] = set()
    moved = waiting = kept = 0
    for key in sorted(by_sheet, key=lambda key: key or ("", 0)):
        sheet = find(db, *key, lock=True) if key is not None else None
        free = sheet is None or over(sheet, terms, now)
        for task in by_sheet[key]:
            db.refresh(task)  # it may have been finished or moved before the sheet was ours
            target = wishes[task.id]
            if task.final or (task.agent_id or POOL) == target:
                kept += 1
                if task.moving_to is not None and key is not None:
                    task.moving_to = task.moving_revision = None
                    changed.add(key)
            elif free and (task.agent_id, task.list_id) in (key, (None, task.list_id)):
                moved += 1
                changed |= _give(db, task, target, sheet)
            else:
                waiting += 1
                if task.moving_to is None and key is not None and sheet is not None:
                    task.moving_revision = sheet.revision + 1
                    changed.add(key)
                task.moving_to = target
        db.flush()
    touch(db, changed, now)
    return Moved(moved, waiting, kept)


def settle(db: Session, sheet: Sheet, terms: Terms, now: datetime) -> int:
    """Hand on what the sheet's phone is rid of. The sheet is locked by the caller. Returns how many tasks went."""
    tasks = list(db.scalars(select(Task).where(
        Task.agent_id == sheet.agent_id, Task.list_id == sheet.list_id, Task.moving_to.is_not(None))))
    if not tasks:
        return 0
    free = over(sheet, terms, now)
    busy = at_work(db, sheet)
    changed: set[Key] = set()
    gone = 0
    for task in tasks:
        if task.final:
            task.moving_to = task.moving_revision = None
        elif free or (task.key != busy and (task.moving_revision or 0) <= sheet.held_revision):
            assert task.moving_to is not None
            # A renewal that waited for this lock was asked for while the lease held: it must fetch first.
            sheet.held_revision = max(sheet.held_revision, task.moving_revision or 0)
            changed |= _give(db, task, task.moving_to, sheet) - {(sheet.agent_id, sheet.list_id)}
            gone += 1
    db.flush()
    touch(db, changed, now)
    return gone


def settle_all(db: Session, terms: Terms, now: datetime) -> int:
    """The same for every sheet that tasks are to leave."""
    keys = db.execute(
        select(Task.agent_id, Task.list_id).where(Task.moving_to.is_not(None), Task.agent_id.is_not(None)).distinct()
    ).all()
    gone = 0
    for agent, list_id in sorted((str(agent), list_id) for agent, list_id in keys):
        sheet = find(db, agent, list_id, lock=True)
        if sheet is not None:
            gone += settle(db, sheet, terms, now)
    return gone


def at_work(db: Session, sheet: Sheet) -> str:
    """Id of the task that the sheet's phone was calling when it was heard of last; empty: none."""
    status = last_status(db, sheet)
    return status.task if status is not None and status.activity in IN_A_CALL else ""


def doubt(db: Session, sheet: Sheet) -> None:
    """The phone is given up: the call it was in, if no result of it came, is for somebody to decide about."""
    status = last_status(db, sheet)
    if status is None or status.activity not in IN_A_CALL or not status.task:
        return
    task = db.scalar(select(Task).where(
        Task.list_id == sheet.list_id, Task.key == status.task, Task.agent_id == sheet.agent_id))
    if task is not None:
        words.in_doubt(db, task, status.activity_since or status.at)


def last_status(db: Session, sheet: Sheet) -> Status | None:
    """What the holder said of itself and this sheet last."""
    phone = db.get(Phone, sheet.phone) if sheet.phone else None
    if phone is None or not phone.status:
        return None
    status = msgspec.convert(phone.status, Status)
    same = status.sheet == db.scalar(select(CallList.key).where(CallList.id == sheet.list_id))
    return status if same and status.agent == sheet.agent_id else None


def _give(db: Session, task: Task, target: str, sheet: Sheet | None) -> set[Key]:
    """The task changes hands now."""
    changed = set() if task.agent_id is None else {(task.agent_id, task.list_id)}
    if sheet is not None and sheet.phone and task.key == at_work(db, sheet):
        doubt(db, sheet)
    task.agent_id = target or None
    task.moving_to = task.moving_revision = None
    return changed | ({(target, task.list_id)} if target else set())


def _rows(db: Session, wishes: Iterable[int]) -> Iterable[Task]:
    ids = sorted(wishes)
    for start in range(0, len(ids), 500):
        yield from db.scalars(select(Task).where(Task.id.in_(ids[start : start + 500])).order_by(Task.id))
