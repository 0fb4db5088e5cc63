# SPDX-License-Identifier: GPL-3.0-or-later
"""Asking for the lease: at sign-in, at each renewal, after a restart."""

from __future__ import annotations

from callsheet.core import effects as ef
from callsheet.core.lease import Asking, Lease, Stand
from callsheet.core.ledger import AnyEntry, Leased
from callsheet.core.model import Sheet
from callsheet.core.processor.context import Context
from callsheet.core.state import State

RETRY, RETRY_LONGEST = 5.0, 60.0
"""Seconds until a request that failed is tried again; doubled each time."""
CLOCK_WAIT = 10.0
"""Seconds until we look again whether the clock has been set."""
UNSURE = 3.0
"""How many renewals a lease lasts if the clock is not known to be right, or the server names no end."""


def claim(ctx: Context, sheet: Sheet) -> None:
    """At sign-in: nothing is adopted before it is known whose the sheet is."""
    state = ctx.state
    state.arrived, state.lease = sheet, Lease(Stand.ASKING)
    ask(ctx, "claim")


def restore(ctx: Context, entries: tuple[AnyEntry, ...]) -> None:
    """After a restart: what was held must be confirmed, because somebody may have taken over meanwhile."""
    state = ctx.state
    if not state.leases:
        return
    leased = next((entry for entry in reversed(entries) if isinstance(entry, Leased)), None)
    if leased is not None and leased.since is None:
        state.lease = Lease(Stand.WAIVED)
        return
    state.lease = Lease(Stand.ASKING, since=leased.since if leased is not None else None)
    ask(ctx, "claim")


def ask(ctx: Context, action: Asking) -> None:
    """Ask now."""
    state, lease = ctx.state, ctx.state.lease
    sheet = _sheet(state)
    if sheet is None:
        return
    lease.action, lease.ask_at = action, None
    if not ctx.now.trusted and not sheet.lease:
        # What we wrote would tell other phones a wrong time.
        lease.error, lease.ask_at = "block.clock-untrusted", ctx.mono + CLOCK_WAIT
        return
    lease.request = ctx.new_id()
    lease.asked_mono, lease.asked_wall = ctx.mono, ctx.now.wall
    ctx.emit(ef.Lease(lease.request, action, state.agent, sheet.id, sheet.revision, sheet.lease, sheet.upload))


def ask_later(ctx: Context, action: Asking, seconds: float) -> None:
    """Ask in so many seconds."""
    lease = ctx.state.lease
    lease.request, lease.action, lease.ask_at = 0, action, ctx.mono + max(1.0, seconds)


def try_again(ctx: Context, reason: str) -> None:
    """Nothing was decided."""
    lease = ctx.state.lease
    lease.error = reason
    lease.failures += 1
    ask_later(ctx, lease.action, min(RETRY * 2.0 ** min(lease.failures - 1, 10), RETRY_LONGEST))


def hurry(ctx: Context) -> None:
    """What kept the server from answering may be over: the network is back, the PIN is there."""
    lease = ctx.state.lease
    if lease.error and lease.ask_at is not None and not lease.request:
        ask(ctx, lease.action)


def give_up(ctx: Context) -> None:
    """The sign-in is cancelled: what was asked for is taken back."""
    state = ctx.state
    sheet = _sheet(state)
    if state.lease.stand not in (Stand.NONE, Stand.WAIVED) and sheet is not None:
        ctx.emit(ef.Lease(ctx.new_id(), "release", state.agent, sheet.id, sheet.revision, sheet.lease, sheet.upload))
    state.lease, state.arrived = Lease(), None


def advance(ctx: Context) -> None:
    """Whatever is due."""
    lease = ctx.state.lease
    if lease.stand is Stand.HELD and ctx.now.trusted and ctx.now.wall >= lease.until_wall:
        lease.until = min(lease.until, ctx.mono)
    if lease.ask_at is not None and ctx.mono >= lease.ask_at and not lease.request:
        ask(ctx, lease.action)


def deadline(state: State, mono: float) -> float | None:
    """When `advance` has something to do, or the screen something else to say."""
    lease = state.lease
    times = [lease.ask_at, lease.until if lease.stand is Stand.HELD and lease.until > mono else None,
             lease.wished + lease.patience if lease.wished is not None and lease.wished + lease.patience > mono else None]
    return min((time for time in times if time is not None), default=None)


def _sheet(state: State) -> Sheet | None:
    return state.arrived or (state.queue.sheet if state.queue is not None else None)
