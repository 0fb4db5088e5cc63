# SPDX-License-Identifier: GPL-3.0-or-later
"""A list as a whole: stopped and let go on, closed; tasks taken out, let go, or put in front of all others."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import msgspec
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from callsheet.core.model import Task as Described
from callsheet.core.numbers import canonical, refusal
from callsheet.core.settings import NumberSettings
from callsheet.formats.errors import Invalid
from callsheet.formats.tasks import checked_task
from callsheet.manager.storage.tables import CallList, DoNotCall, Sheet, Task
from callsheet.manager.work.sheets import keys_of, touch

WITHDRAWN = "withdrawn"
"""What a task ends with that the manager takes out."""
_COLUMNS = frozenset({"id", "number", "name", "region", "zone", "priority", "not_before", "callback", "held",
                      "max_attempts", "withdrawn"})


def stop(db: Session, call_list: CallList, reason: str, now: datetime) -> None:
    """Nothing of it is dialled from now on: phones hear of it when they renew their lease or fetch."""
    _state(db, call_list, "stopped", reason, now)


def go_on(db: Session, call_list: CallList, now: datetime) -> None:
    """Take back `stop`, or open a closed list again."""
    _state(db, call_list, "open", "", now)


def close(db: Session, call_list: CallList, now: datetime) -> None:
    """It is over: nothing of it is dialled any more, its results stay."""
    _state(db, call_list, "closed", "", now)


def _state(db: Session, call_list: CallList, state: str, reason: str, now: datetime) -> None:
    if (call_list.state, call_list.stop_reason) == (state, reason):
        return
    call_list.state, call_list.stop_reason = state, reason
    db.flush()
    touch_list(db, call_list, now)


def touch_list(db: Session, call_list: CallList, now: datetime) -> None:
    """All its sheets have changed: its rules, its texts, its state."""
    agents = db.scalars(select(Sheet.agent_id).where(Sheet.list_id == call_list.id)).all()
    touch(db, {(agent, call_list.id) for agent in agents}, now)


def withdraw(db: Session, tasks: Iterable[Task], now: datetime) -> int:
    """Take unfinished tasks out: they end without a further call. Returns how many."""
    found = [task for task in tasks if not task.final]
    for task in found:
        task.withdrawn = task.final = True
        task.outcome = task.outcome or WITHDRAWN
        task.moving_to = task.moving_revision = None
        task.changed = max(task.changed, now)
    db.flush()
    touch(db, keys_of(found), now)
    return len(found)


def let_go(db: Session, tasks: Iterable[Task], now: datetime) -> int:
    """Somebody has decided about tasks that are held: they may be dialled again. Returns how many."""
    found = [task for task in tasks if task.held and not task.final]
    for task in found:
        task.held, task.changed = "", max(task.changed, now)
    db.flush()
    touch(db, keys_of(found), now)
    return len(found)


def insert(
    db: Session, call_list: CallList, task: Described, agent: str | None, numbers: NumberSettings, now: datetime,
) -> Task:
    """Put one more task into a list, for an agent or for the pool. Raises Invalid if it cannot be dialled."""
    task = checked_task(task)
    number = canonical(task.number)
    if why := refusal(task.number, numbers):
        raise Invalid(f"the number is {why}", ("number",))
    if db.get(DoNotCall, number) is not None:
        raise Invalid("the number is on the do-not-call list", ("number",))
    if db.scalar(select(Task.id).where(Task.list_id == call_list.id, Task.key == task.id)) is not None:
        raise Invalid("the list has a task of that id", ("id",))
    plain = msgspec.to_builtins(task)
    last = db.scalar(select(func.max(Task.position)).where(Task.list_id == call_list.id))
    row = Task(
        list_id=call_list.id, key=task.id, position=0 if last is None else last + 1, number=task.number,
        canonical=number, name=task.name, region=task.region, zone=task.zone, priority=task.priority,
        details={key: value for key, value in plain.items() if key not in _COLUMNS}, agent_id=agent,
        attempts=task.attempts, not_before=task.not_before, callback=task.callback, held=task.held,
        max_attempts=task.max_attempts, changed=now,
    )
    db.add(row)
    db.flush()
    touch(db, keys_of([row]), now)
    return row
