# SPDX-License-Identifier: GPL-3.0-or-later
"""What the ledger leaves open: calls in doubt, a result without the agent's word, a sheet that could not be read."""

from __future__ import annotations

from callsheet.core.ledger import Decided, Ended, Intention, Withdrawn
from callsheet.core.model import Attempt, Sheet, Task
from callsheet.core.processor.context import Context
from callsheet.core.processor.results import judge
from callsheet.core.state import Unknown, WrapUp


def reopen(ctx: Context, entries: tuple[object, ...]) -> None:
    """Find the intentions without an end, and the result that still lacks the agent's word."""
    state = ctx.state
    open_: dict[str, Intention] = {}
    ended: dict[str, Attempt] = {}
    for entry in entries:
        match entry:
            case Intention():
                open_[entry.attempt] = entry
            case Withdrawn():
                open_.pop(entry.attempt, None)
            case Ended():
                open_.pop(entry.attempt.id, None)
                ended[entry.attempt.id] = entry.attempt
                state.last_attempt = entry.attempt
            case Decided():
                ended.pop(entry.attempt, None)
    state.unknown = tuple(Unknown(i, _task(ctx, i.task, i.number)) for i in open_.values())
    waiting = [a for a in ended.values() if a.task]
    if waiting and state.queue is not None:
        attempt = waiting[-1]
        task = _task(ctx, attempt.task, attempt.number)
        state.wrap_up = WrapUp(attempt, task, judge(ctx, attempt, task), ctx.mono, None)


def recall(ctx: Context, sheet: Sheet) -> None:
    """The stored sheet could not be read. If this is it again, what happened to it counts; doubtful calls always do."""
    lost, ctx.state.lost = ctx.state.lost, None
    if lost is None or lost.agent != ctx.state.agent:
        return
    entries = lost.entries
    if lost.lost_sheet != sheet.id:
        over = {e.attempt for e in entries if isinstance(e, Withdrawn)}
        over |= {e.attempt.id for e in entries if isinstance(e, Ended)}
        entries = tuple(e for e in entries if isinstance(e, Intention) and e.attempt not in over)
    ctx.apply(*entries)
    reopen(ctx, entries)


def _task(ctx: Context, task: str, number: str) -> Task:
    found = ctx.state.queue.task(task) if ctx.state.queue is not None else None
    return found or Task(task, number)
