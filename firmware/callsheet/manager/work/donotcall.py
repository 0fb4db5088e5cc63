# SPDX-License-Identifier: GPL-3.0-or-later
"""Numbers nobody rings: their tasks end at once, in all lists, and open sheets get a revision without them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from callsheet.core.numbers import canonical
from callsheet.manager.storage.tables import DoNotCall, Task
from callsheet.manager.work.sheets import keys_of, touch, with_numbers

OUTCOME = "do-not-call"
"""What a task ends with whose number is on the list."""


def add(
    db: Session, numbers: Iterable[str], now: datetime, *, reason: str = "", source: str = "manager", by: str = "",
) -> int:
    """Put numbers on the list; returns how many were not on it."""
    wanted = {canonical(number) for number in numbers} - {""}
    new = [number for number in sorted(wanted) if db.get(DoNotCall, number) is None]
    for number in new:
        db.add(DoNotCall(canonical=number, reason=reason, source=source, by=by, at=now))
    db.flush()
    enforce(db, wanted, now)
    return len(new)


def enforce(db: Session, numbers: Iterable[str], now: datetime) -> None:
    """End the unfinished tasks with these canonical numbers."""
    tasks = with_numbers(db, numbers)
    for task in tasks:
        task.final, task.outcome, task.moving_to, task.moving_revision = True, OUTCOME, None, None
    touch(db, keys_of(tasks), now)


def remove(db: Session, numbers: Iterable[str], now: datetime) -> int:
    """Take numbers off the list; tasks that ended only because of it are open again. Returns how many were on it."""
    gone = 0
    for number in sorted({canonical(number) for number in numbers}):
        row = db.get(DoNotCall, number)
        if row is None:
            continue
        db.delete(row)
        gone += 1
        tasks = list(db.scalars(select(Task).where(Task.canonical == number, Task.outcome == OUTCOME)))
        for task in tasks:
            task.final, task.outcome = False, ""
        db.flush()
        touch(db, keys_of(tasks), now)
    return gone


def take_back(db: Session, attempt: str, number: str, now: datetime) -> None:
    """The word on a call was corrected: if it alone put the number on the list, it comes off again."""
    row = db.get(DoNotCall, number)
    if row is not None and row.by == attempt:
        db.execute(delete(DoNotCall).where(DoNotCall.canonical == number))
        db.expire_all()
        tasks = list(db.scalars(select(Task).where(Task.canonical == number, Task.outcome == OUTCOME)))
        for task in tasks:
            task.final, task.outcome = False, ""
        db.flush()
        touch(db, keys_of(tasks), now)
