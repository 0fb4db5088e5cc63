# SPDX-License-Identifier: GPL-3.0-or-later
"""The call-processing state machine: one event in, effects out.

It is deterministic: no clock, no random numbers, no I/O. The same events at the
same times always give the same effects, so a log of events replays a field
problem. The state is kept in place rather than copied, because it holds a queue
of up to 100,000 tasks.
"""

from __future__ import annotations

from callsheet.core import events as ev
from callsheet.core.effects import AnyEffect
from callsheet.core.keypad import Keypad
from callsheet.core.processor import calls, handover, keys, lease, results, session, standing, work
from callsheet.core.processor.context import Context, retry_saves, save_failed, saved
from callsheet.core.settings import CallSettings, NumberSettings, PhoneTraits
from callsheet.core.state import State, Work


class Processor:
    """The phone's behaviour. One thread only."""

    def __init__(
        self, traits: PhoneTraits, settings: CallSettings, numbers: NumberSettings, *, status_records: bool = False,
        leases: bool = False,
    ) -> None:
        """`status_records`: each change of the agent's work status goes to the server as well.

        `leases`: nothing is dialled from a sheet before it is known that no other phone does.
        """
        keypad = Keypad(traits.keypad, traits.long_press)
        self.state = State(traits, settings, numbers, keypad, leases=leases)
        self._status_records = status_records

    def handle(self, event: ev.AnyEvent, now: ev.Now) -> tuple[AnyEffect, ...]:
        """Consume one event; returns what is to be done, in order."""
        ctx = Context(self.state, now)
        before = standing.of(self.state)
        _dispatch(ctx, event)
        _advance(ctx)
        if self._status_records:
            standing.record(ctx, before)
        return ctx.finish()

    def deadline(self, now: ev.Now) -> float | None:
        """When a Tick is due at the latest, in monotonic seconds; None: nothing is timed."""
        state = self.state
        times = [state.keypad.deadline(), state.retry_save_at, work.deadline(state, now.mono, now.wall),
                 lease.deadline(state, now.mono)]
        if state.call is not None:
            times.append(state.call.deadline)
        if state.wrap_up is not None:
            times.append(state.wrap_up.until)
        if state.answering:
            times.append(state.answering_until)
        if now.mono < state.note_until < float("inf"):
            times.append(state.note_until)
        return min((t for t in times if t is not None), default=None)


def _advance(ctx: Context) -> None:
    """Everything that time alone brings about."""
    for key in ctx.state.keypad.tick(ctx.mono):
        keys.stroke(ctx, key)
    retry_saves(ctx)
    calls.check_deadline(ctx)
    results.check_deadline(ctx)
    session.ask_for_pin(ctx)
    handover.advance(ctx)
    work.advance(ctx)
    state = ctx.state
    if state.work is Work.SIGNING_OUT and not state.outbox and not ctx.unsaved:
        session.leave(ctx)


def _dispatch(ctx: Context, event: ev.AnyEvent) -> None:
    state = ctx.state
    match event:
        case ev.Tick():
            pass
        case ev.Restored():
            session.restore(ctx, event)
        case ev.KeyContact():
            for key in state.keypad.contact(event.row, event.column, event.closed, min(event.at or ctx.mono, ctx.mono)):
                keys.stroke(ctx, key)
        case ev.HookChanged():
            keys.hook(ctx, event)
        case ev.HeadsetButton():
            keys.headset_button(ctx, event)
        case ev.HeadsetChanged():
            state.headset, state.headset_name = event.present, event.name
        case ev.HeadsetReady():
            calls.headset_ready(ctx, event)
        case ev.HeadsetFailed():
            work.headset_failed(ctx, event.id, event.reason)
        case ev.Saved():
            saved(ctx, event.id)
        case ev.SaveFailed():
            save_failed(ctx, event.id, event.reason)
        case ev.RegistrationChanged():
            state.registered = event.registered
            state.registration = "" if event.registered else f"{event.code} {event.phrase}".strip()
        case ev.NetworkChanged():
            state.network = event.up
            if event.up and state.work is Work.OFF:
                session.fetch_due(ctx)
            if event.up:
                lease.hurry(ctx)
        case ev.CallProgress():
            calls.progress(ctx, event)
        case ev.CallAnswered():
            calls.answered(ctx, event)
        case ev.CallMedia():
            calls.media(ctx, event)
        case ev.ToneHeard():
            calls.tone(ctx, event)
        case ev.CallEnded():
            calls.ended(ctx, event)
        case ev.CallIncoming():
            calls.incoming(ctx, event)
        case ev.TransferProgress():
            calls.transfer_progress(ctx, event)
        case ev.SheetArrived():
            session.sheet_arrived(ctx, event)
        case ev.SheetUnchanged():
            session.sheet_unchanged(ctx, event)
        case ev.SheetFailed():
            session.sheet_failed(ctx, event)
        case ev.FetchDue():
            session.fetch_due(ctx, manual=event.manual)
        case ev.LeaseGranted() | ev.LeaseRefused() | ev.LeaseWaived() | ev.LeaseFailed():
            handover.answered(ctx, event)
        case ev.OutboxChanged():
            session.outbox_changed(ctx, event)
        case ev.NoticeChanged():
            if event.detail:
                state.notices[event.key] = event.detail
            else:
                state.notices.pop(event.key, None)
        case ev.FaultChanged():
            if event.reason:
                state.faults[event.part] = event.reason
            else:
                state.faults.pop(event.part, None)
