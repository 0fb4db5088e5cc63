# SPDX-License-Identifier: GPL-3.0-or-later
"""What has become of a sheet: out of a queue, into a sheet, and two such records in one.

It is told again and again and may come twice, late, and by way of a third phone.
So everything here can be done twice without harm, and of two records of a task the
one with the later attempt holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from msgspec import structs

from callsheet.core.caps import SAME_CALL
from callsheet.core.model import Instant, PastAttempt, Progress, Sheet, Task
from callsheet.core.numbers import canonical
from callsheet.core.outcomes import Outcome
from callsheet.core.queue.book import Book
from callsheet.core.queue.handback import remaining_task
from callsheet.core.queue.item import latest
from callsheet.core.queue.roster import Roster


def progress_of(book: Book, roster: Roster) -> Progress:
    """What the ledger has done to the sheet; costs nothing for tasks that nobody touched."""
    unfinished: list[Task] = []
    final: list[str] = []
    for id in sorted(book.touched):
        item = book.items.get(id)
        if item is None or not item.touched:
            continue
        if item.concluded or (item.block is not None and item.block.kind == "final" and item.listed):
            final.append(id)
            continue
        task = remaining_task(item, book, roster)
        unfinished.append(Task(id, task.number, attempts=task.attempts, past=task.past, not_before=task.not_before,
                               callback=task.callback, held=task.held, max_attempts=task.max_attempts))
    sheet = roster.sheet
    return Progress(
        sheet.id, sheet.revision, sheet.agent, tuple(unfinished), tuple(final), tuple(book.memory.said_here()),
        book.calls_of_touched(),
    )


def join(old: Progress | None, new: Progress | None) -> Progress | None:
    """Both in one; `new` holds where they are equally late. A record of another sheet has only its numbers taken."""
    if old is None or new is None:
        return new if old is None else old
    same = old.sheet == new.sheet and old.agent == new.agent
    final = dict.fromkeys((*old.final, *new.final) if same else new.final)
    tasks = {task.id: task for task in (old.tasks if same else ())}
    for task in new.tasks:
        known = tasks.get(task.id)
        tasks[task.id] = task if known is None else _later(known, task)
    return Progress(
        new.sheet, max(old.revision, new.revision) if same else new.revision, new.agent,
        tuple(task for id, task in tasks.items() if id not in final), tuple(final),
        _numbers(old.do_not_call, new.do_not_call), _calls(old.recent, new.recent),
    )


def carry_over(sheet: Sheet, progress: Progress | None) -> Sheet:
    """The same sheet with what was done to it.

    Final tasks become tombstones. Calls per number and do-not-call hold for any sheet of
    the agent. Tasks the sheet does not have are passed over: the manager has taken them out.
    """
    if progress is None or progress.agent != sheet.agent:
        return sheet
    tasks = sheet.tasks
    if progress.sheet == sheet.id:
        done = {task.id: task for task in progress.tasks}
        final = frozenset(progress.final)
        revised = sheet.revision > progress.revision
        tasks = tuple(
            structs.replace(task, withdrawn=True) if task.id in final and not task.withdrawn
            else _carried(task, done[task.id], sheet if revised else None) if task.id in done
            else task
            for task in tasks
        )
    return structs.replace(
        sheet, tasks=tasks, do_not_call=_numbers(sheet.do_not_call, progress.do_not_call),
        recent=_calls(sheet.recent, progress.recent),
    )


def _carried(task: Task, done: Task, revised: Sheet | None) -> Task:
    """A task of the sheet with its memory. A revision that came after the attempts lets go of what was held."""
    both = structs.replace(task, attempts=max(task.attempts, done.attempts), past=_past(task.past, done.past))
    if latest(done.past) < latest(task.past):
        return both
    held, wait, callback = done.held, done.not_before, done.callback
    if revised is not None:
        released = revised.issued is not None and revised.issued.timestamp() > latest(done.past)
        held = task.held or ("" if released else held)
        if not callback and task.not_before is not None and (wait is None or task.not_before >= wait):
            wait, callback = task.not_before, task.callback
    return structs.replace(both, held=held, not_before=wait, callback=callback,
                           max_attempts=done.max_attempts or task.max_attempts)


def _later(old: Task, new: Task) -> Task:
    first, last = (new, old) if latest(new.past) < latest(old.past) else (old, new)
    return structs.replace(last, attempts=max(old.attempts, new.attempts), past=_past(first.past, last.past))


def _past(one: Iterable[PastAttempt], other: Iterable[PastAttempt]) -> tuple[PastAttempt, ...]:
    """Both, oldest first; a call told twice counts once, as whoever knows its outcome has it."""
    kept: list[PastAttempt] = []
    for past in sorted((*one, *other), key=lambda past: past.at):
        if kept and (past.at - kept[-1].at).total_seconds() < SAME_CALL:
            if kept[-1].outcome is Outcome.UNKNOWN:
                kept[-1] = past
        else:
            kept.append(past)
    return tuple(kept)


def _numbers(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    known = {canonical(number) for number in one}
    return (*one, *(number for number in other if canonical(number) not in known))


def _calls(
    one: Mapping[str, tuple[Instant, ...]], other: Mapping[str, tuple[Instant, ...]],
) -> dict[str, tuple[Instant, ...]]:
    """Calls per canonical number, each once."""
    if not other:
        return dict(one)
    joined: dict[str, list[datetime]] = {}
    for calls in (one, other):
        for number, times in calls.items():
            joined.setdefault(canonical(number), []).extend(times)
    return {number: _once(times) for number, times in sorted(joined.items())}


def _once(times: list[datetime]) -> tuple[datetime, ...]:
    kept: list[datetime] = []
    for at in sorted(times):
        if not kept or (at - kept[-1]).total_seconds() >= SAME_CALL:
            kept.append(at)
    return tuple(kept)
