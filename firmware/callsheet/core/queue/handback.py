# SPDX-License-Identifier: GPL-3.0-or-later
"""Hand-back with memory: what is unfinished is itself a call sheet.

It keeps id, agent and revision of the sheet being worked: it is no new revision,
but its remainder. Whoever gives it out again raises the revision.
"""

from __future__ import annotations

from datetime import UTC, datetime

from msgspec import structs

from callsheet.core.model import PastAttempt, Sheet, Task
from callsheet.core.outcomes import Outcome
from callsheet.core.queue.book import Book
from callsheet.core.queue.item import Item
from callsheet.core.queue.roster import Roster

MEMORY = 31 * 86400.0
"""Seconds for which calls are carried on if no cap asks for longer."""


def remaining_sheet(book: Book, roster: Roster, at: float) -> Sheet:
    """The unfinished tasks at `at` (POSIX seconds) with past attempts, appointments, holds and calls per number."""
    tasks = tuple(
        remaining_task(item, book, roster)
        for item in book.items.values()
        if item.listed and (item.block is None or item.block.kind != "final")
    )
    periods = [cap.period for lane in roster.lanes for cap in lane.rules.caps]
    recent = book.memory.caps.recent(at - max([MEMORY, *periods]))
    return structs.replace(
        roster.sheet,
        tasks=tasks,
        do_not_call=(*roster.sheet.do_not_call, *book.memory.said_here()),
        recent={number: tuple(_instant(call) for call in calls) for number, calls in recent.items()},
    )


def remaining_task(item: Item, book: Book, roster: Roster) -> Task:
    """An unfinished task with what happened to it."""
    task, changes = item.task, {}  # type: tuple[Task, dict[str, object]]
    if item.dialled:
        changes["attempts"] = item.counted() + bool(item.open_attempt)
        changes["past"] = (*task.past, *_past(item, book))
    if item.postponed is not None or item.records:
        changes["not_before"] = _instant(item.wait_until) if item.wait_until else None
        changes["callback"] = item.callback
    refused = book.memory.refused_at(item.number)
    block = roster.lane(item).rules.block_after_refusal
    if refused is not None and block and refused + block > item.wait_until:
        changes["not_before"] = _instant(refused + block)
    if not item.callback and item.appointed() and item.counted() >= roster.limit(item):
        changes["max_attempts"] = item.counted() + 1  # the attempt the agent granted beyond the limit
    held = _held(item, roster.issued)
    if held != task.held:
        changes["held"] = held
    return structs.replace(task, **changes) if changes else task


def _held(item: Item, issued: float) -> str:
    """A call that may have gone out is never dialled again without someone's word."""
    if item.open_attempt:
        return Outcome.UNKNOWN.value
    if item.block is not None and item.block.kind == "undecided":
        return item.block.detail
    return item.held(issued)


def _past(item: Item, book: Book) -> list[PastAttempt]:
    past = [
        PastAttempt(_instant(record.dialled), record.outcome, record.counted) for record in item.unknown_to_sheet()
    ]
    if item.open_attempt:
        past.append(PastAttempt(_instant(book.intended_at(item.open_attempt)), Outcome.UNKNOWN))
    return past


def _instant(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)
