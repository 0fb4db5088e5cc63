# SPDX-License-Identifier: GPL-3.0-or-later
"""The life of a call, from the INVITE to its end."""

from __future__ import annotations

from msgspec.structs import replace

from callsheet.core import events as ev
from callsheet.core.effects import (
    Answer,
    CloseHeadset,
    Dial,
    HangUp,
    Hold,
    Mute,
    OpenHeadset,
    Play,
    Ring,
    Silence,
)
from callsheet.core.outcomes import CallEnd
from callsheet.core.processor import results
from callsheet.core.processor.context import Context
from callsheet.core.resolve import resolve
from callsheet.core.state import PLACING, Call, Phase, Preview

ENDING_LIMIT = 6.0
"""Seconds to wait for the final answer to our CANCEL or BYE before the call counts as over.

Longer than the first retransmissions (RFC 3261 §17.1.2.1: 0.5, 1.5, 3.5 s), far
shorter than timer F's 32 s, in which nobody would understand what the phone does.
"""
HEADSET_LIMIT = 5.0
"""Seconds a wireless headset may take to open its radio link."""


def place(ctx: Context, preview: Preview) -> None:
    """Send the INVITE: the intention is on disk and the headset open."""
    state = ctx.state
    caller_id = str(resolve("caller_id", preview.task, state.queue.sheet if state.queue else None,
                            state.settings)[0] or "")
    call = Call(
        number=ctx.new_id(),
        remote=preview.task.number,
        phase=Phase.DIALLING,
        started=ctx.mono,
        dialled=ctx.at,
        name=preview.task.name,
        task=preview.task,
        attempt=preview.attempt,
        deadline=ctx.mono + state.settings.answer_timeout,
    )
    state.preview, state.call, state.page = None, call, 0
    state.last_dialled = call.remote
    ctx.emit(Dial(call.number, call.remote, caller_id), Play("placed"))


def progress(ctx: Context, event: ev.CallProgress) -> None:
    """A provisional response."""
    call = ctx.state.call
    if call is None or call.number != event.call or call.phase not in PLACING:
        return
    call.heard = True
    limit = _ring_timeout(ctx, call)
    if event.code > 100 and call.ringing is None:
        call.ringing, call.ringing_mono = ctx.at, ctx.mono
        call.deadline = ctx.mono + limit
    elif call.phase is Phase.DIALLING and call.ringing is None:
        call.deadline = ctx.mono + limit
    if event.early_media:
        call.phase = Phase.EARLY_MEDIA
    elif event.code > 100 and call.phase is Phase.DIALLING:
        call.phase = Phase.RINGING


def answered(ctx: Context, event: ev.CallAnswered) -> None:
    """A 2xx came: the callee is on the line, also when it crossed our CANCEL (mission, crossing messages)."""
    call = _find(ctx, event.call)
    if call is None and event.call > 0:
        # Given up long ago, and answered all the same: nobody is here to talk.
        ctx.emit(HangUp(event.call))
    if call is None or call.phase is Phase.TALKING or call.hung_up:
        return
    call.phase, call.deadline, call.cancelled = Phase.TALKING, None, ""
    call.answered, call.answered_mono = ctx.at, ctx.mono
    call.overrule = None
    ctx.emit(Play("answered"))


def media(ctx: Context, event: ev.CallMedia) -> None:
    """Hold by the far end, codec, failure of the media."""
    call = _find(ctx, event.call)
    if call is None:
        return
    if event.state not in ("none", "failed"):
        # Without media nothing is said about holding, and nothing has changed.
        call.held_by_far = event.state == "remote-hold"
        call.held = event.state == "local-hold"
    call.media_failed = event.state == "failed"
    call.codec, call.secure = event.codec or call.codec, event.secure


def tone(ctx: Context, event: ev.ToneHeard) -> None:
    """A tone in early media: kept for the classification."""
    call = _find(ctx, event.call)
    if call is not None and event.tone not in call.tones:
        call.tones += (event.tone,)


def transfer_progress(ctx: Context, event: ev.TransferProgress) -> None:
    """The far end tells how the transfer goes; done means we are no longer needed."""
    call = _find(ctx, event.call)
    if call is None:
        return
    call.transfer = event.code
    if event.final and event.code // 100 == 2:
        hang_up(ctx, "agent")
    elif event.final:
        ctx.note("note.transfer-failed", str(event.code))


def hang_up(ctx: Context, why: str) -> None:
    """End the call in front: CANCEL before the answer, BYE after it."""
    call = ctx.state.call
    if call is None or call.phase is Phase.ENDING:
        return
    if call.phase is Phase.TALKING:
        call.hung_up = True
    else:
        call.cancelled = why
    call.phase, call.deadline = Phase.ENDING, ctx.mono + ENDING_LIMIT
    ctx.emit(HangUp(call.number))


def check_deadline(ctx: Context) -> None:
    """The present phase of the call has taken too long."""
    state = ctx.state
    if state.answering and ctx.mono >= state.answering_until:
        answer_failed(ctx, "say.no-link")
    call = state.call
    if call is None or call.deadline is None or ctx.mono < call.deadline:
        return
    match call.phase:
        case Phase.DIALLING if not call.heard:
            hang_up(ctx, "no-response")
        case Phase.DIALLING | Phase.RINGING | Phase.EARLY_MEDIA:
            hang_up(ctx, "ring-timeout")
        case Phase.ENDING:
            ended(ctx, ev.CallEnded(call.number, CallEnd(detail="no final response")))
        case _:
            call.deadline = None


def ended(ctx: Context, event: ev.CallEnded) -> None:
    """The call is over."""
    state = ctx.state
    if state.incoming is not None and state.incoming.number == event.call:
        _incoming_gone(ctx)
        return
    if state.parked is not None and state.parked.number == event.call:
        results.call_over(ctx, state.parked, _truth(state.parked, event.end))
        state.parked = None
        return
    call = state.call
    if call is None or call.number != event.call:
        return
    state.call = state.parked
    state.parked = None
    state.touched = ctx.mono
    if call.muted:
        ctx.emit(Mute(False))
    if state.overlay is not None and state.overlay.kind.value in ("transfer", "menu"):
        state.overlay = None
    if state.call is not None:
        state.call.held = False
        ctx.emit(Hold(state.call.number, False))
    elif not state.answering:
        close_headset(ctx)
    results.call_over(ctx, call, _truth(call, event.end))


def _truth(call: Call, end: CallEnd) -> CallEnd:
    """What the stack reports, completed by what only we know."""
    if call.answered is not None:
        code = end.code if 200 <= end.code < 300 else 200
        return replace(end, code=code, cancelled="", local=False, tones=(),
                       by=end.by or ("near" if call.hung_up else "far"))
    tones = tuple(dict.fromkeys((*end.tones, *call.tones)))
    if call.cancelled == "no-response":
        return replace(end, local=True, tones=tones, detail=end.detail or "no answer from the server")
    cancelled = call.cancelled if end.code in (0, 487) and not end.local else ""
    return replace(end, tones=tones, cancelled=cancelled)


def incoming(ctx: Context, event: ev.CallIncoming) -> None:
    """An INVITE came in: it is shown, and never disturbs the queue."""
    state = ctx.state
    if state.incoming is not None or state.parked is not None or state.answering:
        ctx.emit(HangUp(event.call, 486))
        return
    state.touched = ctx.mono
    state.incoming = Call(
        number=event.call, remote=event.number, name=event.name, phase=Phase.INCOMING,
        started=ctx.mono, dialled=ctx.at, ringing=ctx.at, ringing_mono=ctx.mono,
    )
    ctx.emit(Ring(event.call), Play("ringing", loop=True))


def answer(ctx: Context) -> None:
    """The agent takes the incoming call; a call that is up is put on hold for it."""
    state = ctx.state
    if state.incoming is None or state.answering:
        return
    if state.call is not None:
        if state.call.phase is not Phase.TALKING:
            ctx.note("note.finish-first")
            return
        if not state.call.held:
            state.call.held = True
            ctx.emit(Hold(state.call.number, True))
        state.parked, state.call = state.call, None
    elif state.preview is not None:
        # A number just dialled by hand; a callee of the queue gave way when the call came in.
        state.preview = None
        close_headset(ctx)
    state.overlay = None
    ctx.emit(Silence())
    if state.headset_open:
        _take(ctx)
        return
    state.answering, state.answering_until = ctx.new_id(), ctx.mono + HEADSET_LIMIT
    state.headset_open = True
    ctx.emit(OpenHeadset(state.answering))


def answer_failed(ctx: Context, reason: str) -> None:
    """The headset did not open for the incoming call: it goes on ringing."""
    state = ctx.state
    state.answering, state.headset_open = 0, False
    ctx.emit(CloseHeadset(), Play("ringing", loop=True))
    ctx.note("note.headset-failed", reason)


def decline(ctx: Context) -> None:
    """The agent does not take it."""
    state = ctx.state
    if state.incoming is None or state.answering:
        return
    ctx.emit(HangUp(state.incoming.number, 603 if state.call is None else 486))
    _incoming_gone(ctx)


def headset_ready(ctx: Context, event: ev.HeadsetReady) -> None:
    """The radio link is open."""
    state = ctx.state
    if state.answering and state.answering == event.id:
        state.answering = 0
        _take(ctx)
    elif state.preview is not None and state.preview.headset == event.id:
        state.preview.headset_ready = True


def open_headset(ctx: Context, preview: Preview) -> None:
    """Off-hook for the call that is about to be placed."""
    if preview.headset:
        return
    preview.headset = ctx.new_id()
    preview.headset_deadline = ctx.mono + HEADSET_LIMIT
    ctx.state.headset_open = True
    ctx.emit(OpenHeadset(preview.headset))


def close_headset(ctx: Context) -> None:
    """On-hook, unless something still needs it."""
    state = ctx.state
    if state.headset_open and state.call is None and state.parked is None:
        state.headset_open = False
        ctx.emit(CloseHeadset())


def mute(ctx: Context, on: bool) -> None:
    """Microphone off or on; the headset shows it too."""
    call = ctx.state.call
    if call is not None:
        call.muted = on
        ctx.emit(Mute(on))


def _take(ctx: Context) -> None:
    state = ctx.state
    call = state.incoming
    state.incoming = None
    if call is None:
        close_headset(ctx)
        return
    call.phase = Phase.ANSWERING
    state.call, state.page = call, 0
    ctx.emit(Answer(call.number))


def _incoming_gone(ctx: Context) -> None:
    state = ctx.state
    state.incoming, state.answering = None, 0
    ctx.emit(Silence())
    if state.parked is not None and state.call is None:
        state.call, state.parked = state.parked, None
        state.call.held = False
        ctx.emit(Hold(state.call.number, False))
    elif state.preview is None or not state.preview.headset:
        close_headset(ctx)


def _find(ctx: Context, number: int) -> Call | None:
    state = ctx.state
    return next((c for c in (state.call, state.parked) if c is not None and c.number == number), None)


def _ring_timeout(ctx: Context, call: Call) -> float:
    queue = ctx.state.queue
    return float(resolve("ring_timeout", call.task, queue.sheet if queue else None, ctx.state.settings)[0])
