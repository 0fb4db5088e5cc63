# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls that phones report: each is kept once, as the latest file has it.

A phone's summary (what is handed back or sent along with a lease) may tell of a call
before the file about it has come. Until then a row without the phone's id stands
in for it, so that caps and attempts count from the first word on.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from callsheet.core.caps import SAME_CALL
from callsheet.core.model import Attempt as Call
from callsheet.core.model import PastAttempt
from callsheet.core.numbers import canonical
from callsheet.core.outcomes import Outcome
from callsheet.core.queue.memory import NEVER_REACHED, counts
from callsheet.manager.storage.tables import Attempt, Task

SUMMARY = "summary:"
"""Begins the id of a row that stands in for a call whose file has not come."""

SHOWN = timedelta(minutes=2)
"""No callee is shown for longer before the call."""


def store(db: Session, task: Task | None, call: Call, issued: datetime, agent: str, phone: str) -> bool:
    """Keep a call; false if the same or a later word on it is known."""
    row = db.get(Attempt, call.id)
    if row is not None and row.issued >= issued:
        return False
    if row is None:
        _drop_stand_in(db, canonical(call.number), call.dialled, call.phone or phone)
        row = Attempt(id=call.id)
        db.add(row)
    row.task_id, row.list_id = (task.id, task.list_id) if task is not None else (None, None)
    row.agent_id, row.phone = call.agent or agent, call.phone or phone
    row.canonical, row.dialled, row.ended = canonical(call.number), call.dialled, call.ended
    row.outcome, row.counted, row.capped = call.outcome.value, call.counted, counts(call)
    row.talk_seconds, row.issued = call.talk_seconds, issued
    row.body = msgspec.to_builtins(call, str_keys=True)
    db.flush()
    return True


def store_past(
    db: Session, task: Task, past: Iterable[PastAttempt], agent: str, phone: str, said: datetime
) -> bool:
    """Keep what a summary tells of calls nobody else told of yet; true if there were any."""
    known = [row.dialled for row in of_task(db, task.id)] + [one.at for one in imported(task)]
    new = [one for one in past if not any(_same(one.at, at) for at in known)]
    for one in new:
        outcome = Outcome(one.outcome)
        db.add(Attempt(
            id=f"{SUMMARY}{task.id}:{one.at.timestamp():.3f}", task_id=task.id, list_id=task.list_id, agent_id=agent,
            phone=phone, canonical=task.canonical, dialled=one.at, ended=one.at, outcome=outcome.value,
            counted=one.counted, capped=outcome not in NEVER_REACHED, issued=said, body={},
        ))
        known.append(one.at)
    db.flush()
    return bool(new)


def of_task(db: Session, task_id: int) -> list[Attempt]:
    """All calls of a task in the order of dialling."""
    return list(db.scalars(select(Attempt).where(Attempt.task_id == task_id).order_by(Attempt.dialled, Attempt.id)))


def imported(task: Task) -> tuple[PastAttempt, ...]:
    """Calls that the imported row told of."""
    found: Any = task.details.get("past", ())
    return msgspec.convert(found, tuple[PastAttempt, ...])


def counted(task: Task, rows: Iterable[Attempt]) -> int:
    """Attempts that used up one of the limit, the imported ones too."""
    before = max(int(task.details.get("attempts", 0)), sum(one.counted for one in imported(task)))
    return before + sum(row.counted for row in rows)


def _drop_stand_in(db: Session, number: str, dialled: datetime, phone: str) -> None:
    near = timedelta(seconds=SAME_CALL)
    for row in db.scalars(select(Attempt).where(
            Attempt.canonical == number, Attempt.dialled > dialled - SHOWN, Attempt.dialled < dialled + near,
            Attempt.id.startswith(SUMMARY, autoescape=True))):
        # A call that was only intended is told of with the time of the intention, while the callee is shown.
        intended = row.outcome == Outcome.UNKNOWN and row.phone in (phone, "")
        if intended or row.dialled > dialled - near:
            db.delete(row)
    db.flush()


def _same(one: datetime, other: datetime) -> bool:
    return abs((one - other).total_seconds()) < SAME_CALL
