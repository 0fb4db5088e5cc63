# SPDX-License-Identifier: GPL-3.0-or-later
"""What the answers to lease requests bring about: dialling, waiting, taking over, handing back."""

from __future__ import annotations

from callsheet.core import events as ev
from callsheet.core.effects import Play
from callsheet.core.lease import Stand
from callsheet.core.ledger import Carried, Leased
from callsheet.core.processor import lease as leases
from callsheet.core.processor import session
from callsheet.core.processor.context import Context
from callsheet.core.queue.progress import carry_over
from callsheet.core.state import LEASE_OVERLAYS, Overlay, OverlayKind, Problem, Work

POLL = 5.0
"""Seconds after which a phone that waits for another asks again."""


Answer = ev.LeaseGranted | ev.LeaseRefused | ev.LeaseWaived | ev.LeaseFailed


def answered(ctx: Context, event: Answer) -> None:
    """To a request that is still of interest."""
    if event.id != ctx.state.lease.request:
        return
    match event:
        case ev.LeaseGranted():
            _granted(ctx, event)
        case ev.LeaseRefused():
            _refused(ctx, event)
        case ev.LeaseWaived():
            _waived(ctx)
        case ev.LeaseFailed():
            _failed(ctx, event)


def _granted(ctx: Context, event: ev.LeaseGranted) -> None:
    """This phone may dial."""
    state, lease = ctx.state, ctx.state.lease
    new = lease.since != event.since
    lease.stand, lease.since, lease.error, lease.failures = Stand.HELD, event.since, "", 0
    lease.holder, lease.wished, lease.heard, lease.held_until = "", None, None, None
    lease.asked_by, lease.stop = event.asked_by, event.stop
    lasts = event.until.timestamp() - lease.asked_wall
    if not ctx.now.trusted:
        lasts = leases.UNSURE * event.renew
    lease.until, lease.until_wall = lease.asked_mono + lasts, lease.asked_wall + lasts
    leases.ask_later(ctx, "renew", event.renew)
    if state.arrived is not None:
        _begin(ctx, event)
        return
    if new:
        ctx.save(Leased(ctx.at, event.since))
    _carry(ctx, event)
    if state.queue is not None and event.revision > state.queue.sheet.revision:
        session.fetch(ctx)


def _begin(ctx: Context, event: ev.LeaseGranted) -> None:
    """The sheet that was fetched at sign-in, with what others did to it."""
    state = ctx.state
    sheet, state.arrived = state.arrived, None
    assert sheet is not None
    _close(ctx)
    session.adopt(ctx, carry_over(sheet, event.progress))
    _carry(ctx, event)
    ctx.save(Leased(ctx.at, event.since))
    if event.revision > sheet.revision:
        session.fetch(ctx)


def _carry(ctx: Context, event: ev.LeaseGranted) -> None:
    queue = ctx.state.queue
    if queue is None or event.progress is None or queue.knows(event.progress):
        return
    entry = Carried(event.progress)
    ctx.apply(entry)
    ctx.save(entry)
    session.look_at_preview(ctx)


def _waived(ctx: Context) -> None:
    """There are no leases here."""
    state, lease = ctx.state, ctx.state.lease
    lease.request, lease.since, lease.error = 0, None, ""
    was, lease.stand = lease.stand, Stand.WAIVED
    if state.arrived is not None:
        sheet, state.arrived = state.arrived, None
        session.adopt(ctx, sheet)
    if was is not Stand.WAIVED:
        ctx.save(Leased(ctx.at))


def _refused(ctx: Context, event: ev.LeaseRefused) -> None:
    """Another phone may dial. At sign-in the agent decides; in a session this phone is done."""
    state, lease = ctx.state, ctx.state.lease
    lease.request, lease.error, lease.failures = 0, "", 0
    lease.stand, lease.holder, lease.heard, lease.held_until = Stand.OTHER, event.holder, event.heard, event.until
    if state.arrived is None:
        return
    if event.waiting:
        lease.wished = ctx.mono if lease.wished is None else lease.wished
        leases.ask_later(ctx, "take-over", min(event.renew, POLL))
    else:
        lease.patience = 2.0 * event.renew + POLL
        # The other may leave without being asked; a phone that is bound to the agent then begins by itself.
        leases.ask_later(ctx, "claim", event.renew)
    if state.overlay is None:
        ctx.emit(Play("error"))


def _failed(ctx: Context, event: ev.LeaseFailed) -> None:
    """Nothing was decided: it is tried again, and a lease that runs goes on to its end. What will not pass ends a sign-in."""
    state = ctx.state
    if state.arrived is not None and event.kind in ("credentials", "unsupported"):
        session.refuse(ctx, Problem("note.lease-failed", event.reason))
        return
    leases.try_again(ctx, event.reason)


def take_over(ctx: Context) -> None:
    """The agent wants the lease that another phone has: it is asked for."""
    lease = ctx.state.lease
    if lease.stand is Stand.OTHER and ctx.state.arrived is not None:
        lease.wished = ctx.mono
        leases.ask(ctx, "take-over")


def force(ctx: Context) -> None:
    """The agent says that the other phone is switched off."""
    if ctx.state.lease.stand is Stand.OTHER and ctx.state.arrived is not None:
        leases.ask(ctx, "force")


def advance(ctx: Context) -> None:
    """Renew what is due, hand back what was asked for, and show where the agent has to decide."""
    state, lease = ctx.state, ctx.state.lease
    leases.advance(ctx)
    if state.work is Work.SIGNING_IN and lease.stand is Stand.OTHER:
        _show(ctx)
    elif state.overlay is not None and state.overlay.kind in LEASE_OVERLAYS:
        _close(ctx)
    if state.work in (Work.READY, Work.PAUSED) and (lease.asked_by or lease.stand is Stand.OTHER) and _idle(ctx):
        state.successor = lease.asked_by or lease.holder
        session.sign_out(ctx, remaining=lease.stand is not Stand.OTHER)


def _show(ctx: Context) -> None:
    """In use on another phone; asked for; not answered."""
    state, lease = ctx.state, ctx.state.lease
    if any(part is not None for part in (state.call, state.incoming, state.preview)):
        return
    kind = OverlayKind.TAKEN
    if lease.wished is not None:
        kind = OverlayKind.FORCE if ctx.mono >= lease.wished + lease.patience else OverlayKind.ASKED
    if state.overlay is None or (state.overlay.kind in LEASE_OVERLAYS and state.overlay.kind is not kind):
        state.overlay = Overlay(kind)


def _close(ctx: Context) -> None:
    if ctx.state.overlay is not None and ctx.state.overlay.kind in LEASE_OVERLAYS:
        ctx.state.overlay = None


def _idle(ctx: Context) -> bool:
    """Neither a call nor the word on one is under way."""
    state = ctx.state
    busy = (state.call, state.parked, state.incoming, state.wrap_up)
    going = state.preview is not None and state.preview.go
    return not going and not state.answering and all(part is None for part in busy)
