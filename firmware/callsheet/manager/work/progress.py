# SPDX-License-Identifier: GPL-3.0-or-later
"""What has become of a sheet, from one phone by way of the manager to the next."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from callsheet.core.caps import SAME_CALL
from callsheet.core.model import PastAttempt, Progress
from callsheet.core.model import Task as Described
from callsheet.core.numbers import canonical
from callsheet.core.outcomes import Outcome
from callsheet.manager.storage.tables import Attempt, CallList, DoNotCall, Sheet, Task
from callsheet.manager.work import attempts, donotcall, words
from callsheet.manager.work.sheets import touch

MEMORY = timedelta(days=31)
"""How far back calls per number are told of (core.queue.handback)."""
_CHUNK = 500


def take_in(
    db: Session, sheet: Sheet, said: Progress, phone: str, at: datetime, now: datetime, *, holder: bool,
) -> None:
    """Keep what a phone says it did on a sheet; `at`: when it said so.

    Of a phone that does not hold the sheet only its calls are taken, and what is over:
    others may have gone on since, but not with that; the holder gets a revision
    without it. The rest, and what it did to tasks that are another agent's by now, its
    results will tell.
    """
    names = [task.id for task in said.tasks] + list(said.final)
    rows = {row.key: row for row in _tasks(db, sheet, names)}
    for task in said.tasks:
        if task.id in rows:
            # Of an older revision: what the manager has decided since goes before.
            whole = holder and (said.revision >= sheet.revision or rows[task.id].changed < sheet.issued)
            words.unfinished(db, rows[task.id], task, at, sheet.agent_id, phone, whole=whole)
    over = [rows[name] for name in said.final if name in rows and not rows[name].final]
    for task_over in over:
        words.finished(task_over, at)
    db.flush()
    if over and not holder:
        touch(db, {(sheet.agent_id, sheet.list_id)}, now)
    campaign = db.get_one(CallList, sheet.list_id).header.get("do_not_call", ())
    numbers = {canonical(number) for number in said.do_not_call} - {canonical(str(number)) for number in campaign}
    new = [number for number in sorted(numbers) if db.get(DoNotCall, number) is None]
    if new:
        donotcall.add(db, new, now, reason="handed back", source="callee", by=phone)
    _remember(db, sheet, said, {row.canonical: row for row in rows.values()}, phone, at)


def hand_out(db: Session, sheet: Sheet, call_list: CallList) -> Progress:
    """What was done on a sheet since its latest revision was issued."""
    since = sheet.issued - words.ASKEW
    changed = list(db.scalars(
        select(Task).where(Task.agent_id == sheet.agent_id, Task.list_id == sheet.list_id,
                           or_(Task.changed >= since, Task.held != ""))))
    made = by_task(db, changed)
    remembered = [task for task in changed
                  if not task.final and (made.get(task.id) or task.not_before or task.held or task.max_attempts)]
    numbers = {task.canonical: task.number for task in changed}
    return Progress(
        sheet=call_list.key, revision=sheet.revision, agent=sheet.agent_id,
        tasks=tuple(_described(task, made.get(task.id, ())) for task in remembered),
        final=tuple(task.key for task in changed if task.final),
        do_not_call=tuple(sorted({task.number for task in changed if task.outcome == donotcall.OUTCOME})),
        recent=recent(db, numbers, since - MEMORY),
    )


def recent(db: Session, numbers: dict[str, str], since: datetime) -> dict[str, tuple[datetime, ...]]:
    """Calls to canonical numbers that count towards caps, whoever made them, by the number as it is dialled."""
    found: dict[str, list[datetime]] = {}
    wanted = sorted(numbers)
    for start in range(0, len(wanted), _CHUNK):
        for number, at in db.execute(
            select(Attempt.canonical, Attempt.dialled)
            .where(Attempt.canonical.in_(wanted[start : start + _CHUNK]), Attempt.capped, Attempt.dialled > since)
            .order_by(Attempt.canonical, Attempt.dialled)
        ):
            found.setdefault(numbers[number], []).append(at)
    return {number: tuple(times) for number, times in sorted(found.items())}


def by_task(db: Session, tasks: Iterable[Task]) -> dict[int, list[Attempt]]:
    """The calls of each task in the order of dialling."""
    ids = sorted(task.id for task in tasks)
    found: dict[int, list[Attempt]] = {}
    for start in range(0, len(ids), _CHUNK):
        for row in db.scalars(select(Attempt).where(Attempt.task_id.in_(ids[start : start + _CHUNK]))
                              .order_by(Attempt.dialled, Attempt.id)):
            assert row.task_id is not None
            found.setdefault(row.task_id, []).append(row)
    return found


def past(task: Task, rows: Iterable[Attempt]) -> tuple[PastAttempt, ...]:
    """A task's calls as a sheet tells of them, the imported ones first."""
    return (*attempts.imported(task), *(PastAttempt(r.dialled, Outcome(r.outcome), r.counted) for r in rows))


def _described(task: Task, rows: Iterable[Attempt]) -> Described:
    return Described(
        id=task.key, number=task.number, attempts=task.attempts, past=past(task, rows), not_before=task.not_before,
        callback=task.callback, held=task.held, max_attempts=task.max_attempts,
    )


def _tasks(db: Session, sheet: Sheet, names: list[str]) -> Iterable[Task]:
    for start in range(0, len(names), _CHUNK):
        yield from db.scalars(select(Task).where(
            Task.list_id == sheet.list_id, Task.agent_id == sheet.agent_id,
            Task.key.in_(names[start : start + _CHUNK])))


def _remember(
    db: Session, sheet: Sheet, said: Progress, tasks: dict[str, Task], phone: str, at: datetime,
) -> None:
    """Calls per number that nobody else told of: of tasks that are final, or of the phone's own memory."""
    told = {canonical(number): times for number, times in said.recent.items()}
    known = recent(db, {number: number for number in told}, min((t for ts in told.values() for t in ts), default=at)
                   - timedelta(seconds=SAME_CALL))
    for number, times in told.items():
        mine = list(known.get(number, ()))
        for one in times:
            if any(abs((one - other).total_seconds()) < SAME_CALL for other in mine):
                continue
            mine.append(one)
            task = tasks.get(number)
            db.add(Attempt(
                id=f"{attempts.SUMMARY}{sheet.agent_id}:{number}:{one.timestamp():.3f}", agent_id=sheet.agent_id,
                task_id=task.id if task is not None else None, list_id=sheet.list_id if task is not None else None,
                phone=phone, canonical=number, dialled=one, ended=one, outcome=Outcome.UNKNOWN.value, counted=False,
                issued=at, body={},
            ))
    db.flush()

