# SPDX-License-Identifier: GPL-3.0-or-later
"""The queue at work: which callee next, shown how long, dialled when."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from msgspec import Struct

from callsheet.core.effects import Play
from callsheet.core.lease import bar, detail
from callsheet.core.ledger import Intention, Postponed, Upload, Withdrawn
from callsheet.core.model import Task
from callsheet.core.processor import calls
from callsheet.core.processor.context import Context
from callsheet.core.processor.results import new_attempt, pause
from callsheet.core.queue import Blocker
from callsheet.core.resolve import resolve
from callsheet.core.state import Preview, State, Work

HEADSET_LEAD = 0.3
"""Seconds before autodial at which the headset is opened and the warning beep sounds."""
LONGEST_FREEZE = 120.0
"""Seconds after which a callee whose countdown is held up by an open menu is given up, and then chosen anew:
the intention on disk is what caps are counted from after a power cut, so it must not grow old."""
STRETCH = 15.0
"""Seconds that one press of the stretch key adds."""

Obstacle = Literal[
    "signed-out", "fault", "unregistered", "no-headset", "unknown", "lease", "paused", "wrap-up", "incoming", "busy",
    "overlay", "gap", "queue", "finished", ""
]


_NOT_NOW = frozenset({"signed-out", "fault", "busy", "incoming", "wrap-up"})
"""Obstacles during which nobody asks what comes next, or nothing can be stored."""


class Why(Struct, frozen=True):
    """The one reason why it is not dialling now (mission, beyond 4)."""

    obstacle: Obstacle
    blocker: Blocker | None = None
    until_mono: float | None = None
    detail: str = ""
    which: str = ""
    """Of obstacle "lease": see `core.lease.bar`."""


def why(state: State, mono: float) -> Why:
    """What keeps the next call from being placed; obstacle "" if nothing does."""
    if state.work not in (Work.READY, Work.PAUSED) or state.queue is None:
        return Why("signed-out")
    if state.backlog:
        return Why("fault", detail=state.faults.get("store", ""))
    if not state.registered:
        return Why("unregistered", detail=state.registration)
    if not state.headset:
        return Why("no-headset")
    if state.call is not None or state.parked is not None:
        return Why("busy")
    if state.incoming is not None or state.answering:
        return Why("incoming")
    if state.wrap_up is not None:
        return Why("wrap-up", until_mono=state.wrap_up.until)
    if state.unknown:
        return Why("unknown")
    barred = bar(state.lease, mono)
    if barred and not (barred == "asking" and state.work is Work.PAUSED):
        return Why("lease", detail=detail(state.lease), which=barred)
    if state.work is Work.PAUSED:
        return Why("paused", detail=state.pause_reason)
    if state.overlay is not None:
        return Why("overlay")
    if state.finished:
        return Why("finished")
    if state.preview is None and state.proposal is not None and not state.proposal.ready:
        return Why("queue", blocker=state.proposal.blocker)
    if mono < state.gap_until and state.preview is None:
        return Why("gap", until_mono=state.gap_until)
    return Why("")


def advance(ctx: Context) -> None:
    """Do whatever the state and the time now allow."""
    state = ctx.state
    preview = state.preview
    if preview is not None and preview.manual:
        _try_dial(ctx, preview)
        return
    reason = why(state, ctx.mono).obstacle
    if preview is not None:
        if reason in ("", "gap"):
            _count_down(ctx, preview)
        elif reason == "overlay":
            _freeze(ctx, preview)
        else:
            withdraw(ctx)
        return
    if state.queue is not None and reason not in _NOT_NOW:
        look_ahead(ctx)
        if reason in ("", "gap", "queue", "finished"):
            _choose(ctx)


def look_ahead(ctx: Context) -> None:
    """What comes next, for the screen also while nothing is dialled; what can never be dialled is closed."""
    state = ctx.state
    assert state.queue is not None
    closed = state.queue.sweep(ctx.now.wall)
    if closed:
        ctx.apply(*closed)
        ctx.save(*closed)
    state.proposal = state.queue.next(ctx.now.wall, ctx.now.trusted)
    state.finished = state.queue.finished
    if not state.finished:
        state.complete_sent = False
    elif not state.complete_sent:
        state.complete_sent = True
        ctx.save(Upload("complete"))
        ctx.emit(Play("end-of-sheet"))


def _choose(ctx: Context) -> None:
    state, proposal = ctx.state, ctx.state.proposal
    if proposal is None or not proposal.ready or proposal.task is None:
        return
    task, mode = proposal.task, _setting(ctx, "mode", proposal.task)
    preview = Preview(task, ctx.mono, None)
    if mode == "progressive":
        shown = ctx.mono + float(str(_setting(ctx, "preview", task)))
        preview.dial_at = max(state.gap_until, shown)
        _intend(ctx, preview)
    state.preview, state.page = preview, 0


def _intend(ctx: Context, preview: Preview) -> None:
    if preview.attempt or preview.manual:
        return
    preview.attempt = new_attempt(ctx)
    intention = Intention(preview.attempt, preview.task.id, preview.task.number, ctx.at)
    ctx.apply(intention)
    preview.save = ctx.save(intention)
    preview.saved = False


def _freeze(ctx: Context, preview: Preview) -> None:
    """An open menu stops the countdown; it goes on with at least two seconds when the menu is closed."""
    if preview.attempt and ctx.mono - preview.shown > LONGEST_FREEZE:
        withdraw(ctx)
        return
    if preview.dial_at is not None:
        preview.dial_at = max(preview.dial_at, ctx.mono + 2.0)
    if preview.headset:
        preview.headset, preview.headset_ready, preview.headset_deadline = 0, False, None
        calls.close_headset(ctx)


def _count_down(ctx: Context, preview: Preview) -> None:
    if preview.dial_at is None:
        return
    if ctx.mono >= preview.dial_at - HEADSET_LEAD and not preview.headset:
        calls.open_headset(ctx, preview)
    if preview.headset_ready and not preview.warned and not preview.go:
        preview.warned = True
        ctx.emit(Play("warning"))
    if ctx.mono >= preview.dial_at:
        preview.go = True
        _try_dial(ctx, preview)


def dial_now(ctx: Context) -> None:
    """The agent's key: dial the callee that is shown."""
    preview = ctx.state.preview
    if preview is None:
        return
    preview.dial_at, preview.go, preview.warned = ctx.mono, True, True
    _intend(ctx, preview)
    calls.open_headset(ctx, preview)


def dial_by_hand(ctx: Context, number: str) -> None:
    """A call outside the queue."""
    state = ctx.state
    withdraw(ctx)
    state.preview = Preview(Task("", number), ctx.mono, ctx.mono, saved=True, go=True, warned=True)
    calls.open_headset(ctx, state.preview)


def _try_dial(ctx: Context, preview: Preview) -> None:
    """Place the call if intention and headset are ready and nothing has come between."""
    state = ctx.state
    if not (preview.saved and preview.headset_ready):
        if preview.headset_deadline is not None and ctx.mono >= preview.headset_deadline:
            reason = "say.no-link" if not preview.headset_ready else "say.slow-card"
            headset_failed(ctx, preview.headset, reason)
        return
    if not preview.manual and state.queue is not None:
        # Hours may have closed since the callee came onto the screen.
        blocker = state.queue.why(preview.task.id, ctx.now.wall, ctx.now.trusted, intended=True)
        if blocker is not None:
            withdraw(ctx)
            return
    calls.place(ctx, preview)


def headset_failed(ctx: Context, number: int, reason: str) -> None:
    """The radio link or the sound device did not open: our fault, the callee is not charged."""
    state = ctx.state
    if state.answering == number:
        calls.answer_failed(ctx, reason)
        return
    if state.preview is None or state.preview.headset != number:
        return
    ctx.note("note.headset-failed", reason)
    withdraw(ctx)
    pause(ctx, "pause.our-fault")


def withdraw(ctx: Context) -> None:
    """Give up the callee that is shown; no INVITE has left."""
    preview, ctx.state.preview = ctx.state.preview, None
    if preview is None:
        return
    if preview.attempt:
        withdrawn = Withdrawn(preview.attempt)
        ctx.apply(withdrawn)
        ctx.save(withdrawn)
    if preview.headset:
        calls.close_headset(ctx)


def postpone(ctx: Context, task_id: str, until: datetime, *, callback: bool) -> None:
    """The agent puts a callee off without calling."""
    if ctx.state.preview is not None and ctx.state.preview.task.id == task_id:
        withdraw(ctx)
    entry = Postponed(task_id, until, ctx.at, callback)
    ctx.apply(entry)
    ctx.save(entry)


def stretch(ctx: Context) -> None:
    """More time: wrap-up stops counting, a countdown gets longer."""
    state = ctx.state
    if state.wrap_up is not None:
        state.wrap_up.until = None
    elif state.preview is not None and state.preview.dial_at is not None:
        state.preview.dial_at = max(state.preview.dial_at, ctx.mono) + STRETCH


def deadline(state: State, mono: float, wall: float) -> float | None:
    """When `advance` has something to do by itself, in monotonic seconds."""
    times: list[float] = []
    preview = state.preview
    if preview is not None and preview.dial_at is not None:
        if not preview.headset:
            times.append(preview.dial_at - HEADSET_LEAD)
        elif not preview.go:
            times.append(preview.dial_at)
        elif preview.headset_deadline is not None:
            times.append(preview.headset_deadline)
    if state.gap_until > mono:
        times.append(state.gap_until)
    proposal = state.proposal
    waits = state.preview is None and state.call is None and why(state, mono).obstacle == "queue"
    if waits and proposal is not None and proposal.due is not None:
        # Never sleep for ever on a wall clock that may be set meanwhile.
        times.append(mono + min(max(proposal.due - wall, 0.05), 60.0))
    return min(times, default=None)


def _setting(ctx: Context, name: str, task: Task | None) -> object:
    queue = ctx.state.queue
    return resolve(name, task, queue.sheet if queue else None, ctx.state.settings)[0]
