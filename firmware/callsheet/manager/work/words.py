# SPDX-License-Identifier: GPL-3.0-or-later
"""What a phone's word changes about a task. The latest word wins; an older one may still fill in what is not known."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from callsheet.core.model import Attempt as Call
from callsheet.core.model import Task as Described
from callsheet.core.numbers import canonical
from callsheet.core.outcomes import Outcome
from callsheet.core.queue.item import TRANSPARENT, UNDECIDED
from callsheet.core.retry import FINAL_ACTIONS
from callsheet.formats.results import TaskResult
from callsheet.manager.storage.tables import Attempt, DoNotCall, Task
from callsheet.manager.work import attempts, donotcall
from callsheet.manager.work.sheets import Key, with_numbers

ASKEW = timedelta(minutes=5)
"""By how much the clocks of two phones, or a phone's and the manager's, may differ."""


def result(
    db: Session, task: Task, said: TaskResult, issued: datetime, agent: str, phone: str, sender: Key, now: datetime,
    *, holder: bool,
) -> set[Key]:
    """Take in a task of a results file. Returns the sheets, other than the sender's, that must hear of it.

    `holder`: the file is of the phone that holds the task's sheet, or held it last.
    """
    was_final = task.final
    before = attempts.of_task(db, task.id)
    # Before any phone's word `changed` is by the manager's clock, which tells nothing about a phone's.
    first = not (before or task.outcome or task.final)
    latest = first or issued >= task.changed or (holder and _askew(task, before, issued, phone))
    new = [call for call in said.attempts if attempts.store(db, task, call, issued, agent, phone)]
    rows = attempts.of_task(db, task.id)
    task.attempts = max(attempts.counted(task, rows), 0)
    last = rows[-1] if rows else None
    # The latest word wins, but not over the last word: somebody rang who had not heard that it was over.
    if latest and task.final and not said.final and (_settled(rows, said) or not task.outcome):
        pass  # without an outcome: the file about the call that ended it is still to come
    elif not latest and said.final and any(call.action in FINAL_ACTIONS for call in new):
        task.final = True
        _come_to(task, said)
        _plan(task, said, last)
    elif latest:
        task.changed = issued if first else max(task.changed, issued)
        task.final = said.final or task.withdrawn
        _come_to(task, said)
        _plan(task, said, last)
    elif task.final:
        if said.final and not task.outcome:
            _come_to(task, said)
    elif last is not None and any(call.id == last.id for call in new):
        _come_to(task, said)
    db.flush()
    _do_not_call(db, new, now)
    task.final = task.final or db.get(DoNotCall, task.canonical) is not None
    if task.final:
        task.moving_to = task.moving_revision = None
    db.flush()
    return _others(db, task, new, was_final, sender)


def _come_to(task: Task, said: TaskResult) -> None:
    task.outcome, task.disposition, task.note = said.outcome, said.disposition, said.note


def _settled(rows: list[Attempt], said: TaskResult) -> bool:
    """Whether another call than those told of now was the last word."""
    told = {call.id for call in said.attempts}
    return any(row.body.get("action") in FINAL_ACTIONS for row in rows if row.id not in told)


def _askew(task: Task, before: list[Attempt], said: datetime, phone: str) -> bool:
    """Whether the word before may be older although its time is later: it was by another clock."""
    same = bool(before) and before[-1].phone == phone
    return not (same or task.final) and task.changed - said < ASKEW


def _plan(task: Task, said: TaskResult, last: Attempt | None) -> None:
    """When an unfinished task is due, and whether it is held, after its last call."""
    call = next((one for one in said.attempts if last is not None and one.id == last.id), None)
    if task.final:
        task.not_before, task.callback, task.held = None, False, ""
    elif call is not None:
        if call.action not in TRANSPARENT:
            task.not_before, task.callback = call.until, call.callback
        task.held = call.outcome.value if call.action == "hold" or call.action in UNDECIDED else ""


def unfinished(
    db: Session, task: Task, said: Described, at: datetime, agent: str, phone: str, *, whole: bool,
) -> None:
    """Take in what a summary made at `at` says of a task that is not finished; unless `whole` only its calls.

    The whole of it is taken of the phone that holds the sheet: it knows what was done before.
    """
    attempts.store_past(db, task, said.past, agent, phone, at)
    rows = attempts.of_task(db, task.id)
    task.attempts = max(attempts.counted(task, rows), said.attempts)
    if task.final or not whole:
        return
    task.changed = max(task.changed, at)
    task.not_before, task.callback, task.held = said.not_before, said.callback, said.held
    if said.max_attempts is not None:
        task.max_attempts = said.max_attempts
    if rows:
        task.outcome = rows[-1].outcome


def finished(task: Task, at: datetime) -> None:
    """Take in that the sheet's holder is done with a task; what became of it the file about the call will say."""
    if not task.final:
        task.final, task.changed = True, max(task.changed, at)
        task.outcome = task.disposition = task.note = task.held = ""
        task.moving_to = task.moving_revision = None


def in_doubt(db: Session, task: Task, since: datetime) -> None:
    """A phone that was heard of no more was at it: a call may have gone out, so somebody must decide."""
    if not task.final and not any(row.dialled >= since for row in attempts.of_task(db, task.id)):
        task.held = Outcome.UNKNOWN.value


def _do_not_call(db: Session, calls: Iterable[Call], now: datetime) -> None:
    for call in calls:
        number = canonical(call.number)
        if call.action == "dnc":
            donotcall.add(db, (number,), now, reason=call.disposition, source="callee", by=call.id)
        elif call.outcome is Outcome.UNWANTED:
            donotcall.add(db, (number,), now, reason="607", source="network", by=call.id)
        else:
            donotcall.take_back(db, call.id, number, now)


def _others(db: Session, task: Task, new: list[Call], was_final: bool, sender: Key) -> set[Key]:
    """Whose sheets are no longer right: the task's, if it is another's, and those with the same number."""
    found: set[Key] = set()
    if (new or task.final != was_final) and task.agent_id is not None:
        found.add((task.agent_id, task.list_id))
    if new:
        found |= {(one.agent_id, one.list_id) for one in with_numbers(db, (task.canonical,)) if one.agent_id}
    return found - {sender}
