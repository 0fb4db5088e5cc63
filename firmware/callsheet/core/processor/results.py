# SPDX-License-Identifier: GPL-3.0-or-later
"""From the end of a call to its result: outcome, policy, wrap-up, the agent's word."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from msgspec.structs import replace

from callsheet.core.effects import Play
from callsheet.core.ledger import AnyEntry, Decided, Ended, Upload
from callsheet.core.model import Attempt, Disposition, Task
from callsheet.core.outcomes import CallEnd, Outcome, classify
from callsheet.core.processor.context import Context
from callsheet.core.resolve import resolve
from callsheet.core.retry import Decision, Tally, decide, disposed
from callsheet.core.state import Call, Problem, Unknown, Work, WrapUp

ASK_INTERVAL = 900.0
"""Seconds after which a call that the agent broke off comes back, if the agent says nothing else."""

LEAST_WRAP_UP = 3.0
"""Seconds of wrap-up that are left after a menu or another call."""

DEFAULT_DISPOSITIONS = (
    Disposition("1", "done", "disposition.done"),
    Disposition("2", "interested", "disposition.interested"),
    Disposition("3", "not-interested", "disposition.not-interested"),
    Disposition("4", "wrong-person", "disposition.wrong-person"),
    Disposition("5", "try-again", "disposition.try-again", "retry"),
    Disposition("7", "call-back", "disposition.call-back", "callback"),
    Disposition("8", "empty-number", "disposition.empty-number", "empty"),
    Disposition("9", "do-not-call", "disposition.do-not-call", "dnc"),
)
"""Used where the sheet names none."""


def dispositions(ctx: Context) -> tuple[Disposition, ...]:
    """The keys that mark an outcome now."""
    queue = ctx.state.queue
    return (queue.sheet.dispositions if queue is not None else ()) or DEFAULT_DISPOSITIONS


def new_attempt(ctx: Context) -> str:
    """An attempt id that was never used before, on this phone or its predecessor of the same name."""
    state = ctx.state
    number = state.next_attempt
    state.next_attempt += 1
    return f"{state.traits.id}-{state.installation:06x}-{number}"


def call_over(ctx: Context, call: Call, end: CallEnd) -> None:
    """A call has ended: its result goes to the store before anything else."""
    state = ctx.state
    if call.task is None:
        _pause_if_asked(ctx)
        return
    outcome = call.overrule if call.overrule and not call.answered else classify(end)
    attempt = _attempt(ctx, call, end, outcome)
    if not call.task.id:
        ctx.save(Ended(replace(attempt, action="done")))
        ctx.apply(Ended(replace(attempt, action="done")))
        state.gap_until = max(state.gap_until, ctx.mono + _seconds(ctx, "gap", None))
        _pause_if_asked(ctx)
        return
    if state.queue is None:
        return
    decision = judge(ctx, attempt, call.task)
    attempt = replace(attempt, counted=decision.counted)
    ctx.save(Ended(attempt))
    ctx.apply(Ended(attempt))
    state.last_attempt = attempt
    state.gap_until = ctx.mono + _seconds(ctx, "gap", call.task)
    _our_side(ctx, attempt, decision)
    _begin_wrap_up(ctx, attempt, call.task, decision)


def judge(ctx: Context, attempt: Attempt, task: Task) -> Decision:
    """What the policy makes of an attempt."""
    queue = ctx.state.queue
    assert queue is not None
    tally = queue.tally(task.id, attempt.id) if queue.task(task.id) is not None else Tally()
    return decide(attempt.outcome, attempt.end, task, tally, queue.sheet, ctx.state.settings,
                  attempt.ended.timestamp())


def _attempt(ctx: Context, call: Call, end: CallEnd, outcome: Outcome) -> Attempt:
    rang = call.answered_mono if call.answered_mono is not None else ctx.mono
    return Attempt(
        id=call.attempt or new_attempt(ctx),
        task=call.task.id if call.task else "",
        number=call.remote,
        dialled=call.dialled,
        ringing=call.ringing,
        answered=call.answered,
        ended=ctx.at,
        end=end,
        outcome=outcome,
        ring_seconds=round(rang - call.ringing_mono, 3) if call.ringing_mono is not None else 0.0,
        talk_seconds=round(ctx.mono - call.answered_mono, 3) if call.answered_mono is not None else 0.0,
        agent=ctx.state.agent,
        phone=ctx.state.traits.id,
    )


def _our_side(ctx: Context, attempt: Attempt, decision: Decision) -> None:
    """Faults of ours, of the account or of the campaign stop the queue, not the callee's turn."""
    state = ctx.state
    if attempt.outcome is Outcome.REFUSED:
        state.refused = tuple(dict.fromkeys((*state.refused, attempt.number)))
        if len(state.refused) >= 2:
            pause(ctx, "pause.refused")
    elif attempt.outcome is not Outcome.OUR_FAULT:
        state.refused = ()
    if decision.action == "pause":
        pause(ctx, "pause.our-fault")
    elif decision.action == "stop":
        pause(ctx, "pause.stopped")
    if state.work is Work.PAUSED and decision.action in ("pause", "stop"):
        detail = attempt.end.detail or f"{attempt.end.code} {attempt.end.phrase}".strip()
        state.sheet_note = Problem("note.call-failed", detail)
        state.note_until = float("inf")
        ctx.emit(Play("error"))


def pause(ctx: Context, reason: str) -> None:
    """Stop dialling until the agent says "ready"."""
    if ctx.state.work is Work.READY:
        ctx.state.work, ctx.state.pause_reason = Work.PAUSED, reason
        ctx.state.work_since = ctx.mono


def _begin_wrap_up(ctx: Context, attempt: Attempt, task: Task, decision: Decision) -> None:
    state = ctx.state
    seconds = _seconds(ctx, "wrap_up", task)
    if attempt.answered is None and decision.action != "ask":
        seconds = min(seconds, state.settings.wrap_up_failed)
    state.wrap_up = WrapUp(attempt, task, decision, ctx.mono, ctx.mono + seconds)
    state.page = 0
    if seconds <= 0:
        finish(ctx)


def check_deadline(ctx: Context) -> None:
    """The wrap-up time is over: what the policy says holds."""
    state, wrap_up = ctx.state, ctx.state.wrap_up
    if wrap_up is None or wrap_up.until is None:
        return
    if any(part is not None for part in (state.overlay, state.incoming, state.call, state.preview)):
        wrap_up.until = max(wrap_up.until, ctx.mono + LEAST_WRAP_UP)
    elif ctx.mono >= wrap_up.until:
        finish(ctx)


def finish(ctx: Context, disposition: Disposition | None = None, callback: datetime | None = None) -> None:
    """Wrap-up is done: decision and upload go to the store in one transaction."""
    state = ctx.state
    wrap_up, state.wrap_up = state.wrap_up, None
    if wrap_up is None:
        return
    decided = _decide(ctx, wrap_up, disposition, callback)
    entries: tuple[AnyEntry, ...] = (decided, Upload("result", wrap_up.attempt.id))
    ctx.apply(decided)
    ctx.save(*entries)
    _pause_if_asked(ctx)


def _pause_if_asked(ctx: Context) -> None:
    """The agent wished for a pause while busy."""
    state = ctx.state
    if state.pause_after and state.wrap_up is None:
        pause(ctx, state.pause_after)
        state.pause_after = ""


def _decide(
    ctx: Context, wrap_up: WrapUp, disposition: Disposition | None, callback: datetime | None
) -> Decided:
    """The last word on an attempt: the agent's key, else the appointment, else the policy."""
    attempt = wrap_up.attempt
    if disposition is None and callback is not None:
        disposition = Disposition("0", "callback", "", "callback")
    decision = wrap_up.decision if disposition is None else _disposed(ctx, wrap_up, disposition, callback)
    action, until = decision.action, _instant(decision.until)
    if disposition is None and action == "ask":
        if attempt.outcome is Outcome.ANSWERED:
            action = "done"
        else:
            action, until = "retry", ctx.at + timedelta(seconds=ASK_INTERVAL)
    return Decided(
        attempt=attempt.id, task=attempt.task, note=wrap_up.note, action=action, until=until,
        outcome=decision.outcome, disposition=disposition.code if disposition else "", callback=decision.callback,
    )


def _disposed(
    ctx: Context, wrap_up: WrapUp, disposition: Disposition, callback: datetime | None
) -> Decision:
    queue, attempt = ctx.state.queue, wrap_up.attempt
    assert queue is not None
    if disposition.effect == "callback" and callback is None:
        callback = ctx.at + timedelta(seconds=disposition.after or ASK_INTERVAL)
    tally = queue.tally(attempt.task, attempt.id) if queue.task(attempt.task) is not None else Tally()
    return disposed(disposition, attempt.outcome, wrap_up.task, tally, queue.sheet, ctx.state.settings,
                    ctx.now.wall, callback.timestamp() if callback is not None else None)


def decide_unknown(
    ctx: Context, unknown: Unknown, disposition: Disposition | None, until: datetime | None, *, again: bool
) -> None:
    """The agent's word on a call that may have gone out before the power failed."""
    attempt = _in_doubt(ctx, unknown, counted=not again)
    decision = Decision(action="retry", until=ctx.now.wall, counted=not again, final=False, reason="")
    wrap_up = WrapUp(attempt, unknown.task, decision, ctx.mono, None)
    decided = _decide(ctx, wrap_up, disposition, until)
    if again:
        decided = replace(decided, action="retry", until=ctx.at, callback=True, disposition="")
    ctx.apply(decided)
    ctx.save(Ended(attempt), decided, Upload("result", attempt.id))


def hand_over_unknown(ctx: Context) -> None:
    """The agent leaves without a word on them: they are reported as they are, and not dialled until someone decides."""
    for unknown in ctx.state.unknown:
        attempt = _in_doubt(ctx, unknown, counted=True)
        decided = Decided(attempt.id, attempt.task, action="hold")
        ctx.apply(decided)
        ctx.save(Ended(attempt), decided, Upload("result", attempt.id))


def _in_doubt(ctx: Context, unknown: Unknown, *, counted: bool) -> Attempt:
    """The attempt is over; what became of it, nobody knows."""
    state, intention = ctx.state, unknown.intention
    state.unknown = tuple(u for u in state.unknown if u is not unknown)
    attempt = Attempt(
        id=intention.attempt, task=intention.task, number=intention.number, dialled=intention.at, ended=ctx.at,
        end=CallEnd(detail="power failed during the call"), outcome=Outcome.UNKNOWN, counted=counted,
        agent=state.agent, phone=state.traits.id,
    )
    ctx.apply(Ended(attempt))
    return attempt


def amend(ctx: Context, disposition: Disposition) -> None:
    """Correct the disposition of the last attempt."""
    state = ctx.state
    if state.last_attempt is None:
        return
    wrap_up = WrapUp(state.last_attempt, Task(state.last_attempt.task, state.last_attempt.number),
                     Decision(action="done", until=None, counted=True, final=True, reason=""), ctx.mono, None,
                     note=state.attempts[state.last_attempt.id].note)
    decided = _decide(ctx, wrap_up, disposition, None)
    state.complete_sent = False
    ctx.apply(decided)
    ctx.save(decided, Upload("result", state.last_attempt.id))


def _seconds(ctx: Context, name: str, task: Task | None) -> float:
    queue = ctx.state.queue
    return float(resolve(name, task, queue.sheet if queue else None, ctx.state.settings)[0])


def _instant(posix: float | None) -> datetime | None:
    return None if posix is None else datetime.fromtimestamp(posix, UTC)
