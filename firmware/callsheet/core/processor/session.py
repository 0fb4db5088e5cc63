# SPDX-License-Identifier: GPL-3.0-or-later
"""Signing in and out, sheets that arrive, and what the store held at power-on."""

from __future__ import annotations

from callsheet.core import events as ev
from callsheet.core.effects import Fetch, Flush, Play, SignIn, SignOut
from callsheet.core.lease import Lease, Stand
from callsheet.core.ledger import (
    Adopted,
    Leased,
    PinFailed,
    SignedIn,
    SignedOut,
    Upload,
)
from callsheet.core.model import Sheet
from callsheet.core.pin import matches
from callsheet.core.processor import lease, work
from callsheet.core.processor.context import Context
from callsheet.core.processor.reopen import recall, reopen
from callsheet.core.processor.results import hand_over_unknown
from callsheet.core.queue import Queue, SheetRefused
from callsheet.core.state import LEASE_OVERLAYS, Overlay, OverlayKind, Problem, Work

_OF_THE_FILE = frozenset({"note.wrong-agent", "note.other-sheet", "note.old-revision"})
"""Notes on a file that was fetched and refused; they and those on a fetch that failed stay until one succeeds."""
PIN_TRIES = 3
"""Wrong PINs in a row before the next try has to wait."""
PIN_LONGEST_WAIT = 3600.0
PIN_WAIT = 60.0
"""Seconds to wait then; doubled with every further wrong PIN."""


def restore(ctx: Context, event: ev.Restored) -> None:
    """Go on where the power failed: results kept, doubtful calls put to the agent, nothing dialled by itself."""
    state, snapshot = ctx.state, event.snapshot
    state.next_attempt = max(state.next_attempt, snapshot.next_attempt)
    state.installation = snapshot.installation
    state.pin_failures = snapshot.pin_failures
    _lock_pin(ctx)
    state.outbox = snapshot.pending_uploads
    if snapshot.sheet is None or not snapshot.agent:
        state.lost = snapshot if snapshot.agent and snapshot.lost_sheet else None
        _sign_in_bound(ctx)
        return
    state.agent = snapshot.agent
    queue = state.queue = Queue(snapshot.sheet, state.settings, state.numbers)
    ctx.apply(*snapshot.entries)
    reopen(ctx, snapshot.entries)
    state.work, state.pause_reason, state.work_since = Work.PAUSED, "pause.power", ctx.mono
    state.finished = state.complete_sent = queue.finished
    state.pin_given = bool(state.traits.pin)
    ctx.emit(SignIn(snapshot.agent, state.traits.pin))
    lease.restore(ctx, snapshot.entries)
    if state.traits.auto_ready:
        set_ready(ctx)
    fetch(ctx)


def _sign_in_bound(ctx: Context) -> None:
    if ctx.state.traits.agent:
        sign_in(ctx, ctx.state.traits.agent, ctx.state.traits.pin)


def fetch_due(ctx: Context, *, manual: bool = False) -> None:
    """Look for a revision; a bound phone whose first sign-in failed tries that again."""
    if ctx.state.work is Work.OFF and ctx.state.overlay is None:
        _sign_in_bound(ctx)
    else:
        fetch(ctx, manual=manual)


def sign_in(ctx: Context, agent: str, pin: str) -> None:
    """Take the phone: fetch the agent's sheet with these credentials."""
    state = ctx.state
    if ctx.mono < state.pin_locked_until:
        ctx.note("note.pin-locked", str(int(state.pin_locked_until - ctx.mono) + 1))
        return
    state.agent, state.pin, state.work, state.overlay = agent, pin, Work.SIGNING_IN, None
    state.work_since, state.pin_given = ctx.mono, True
    state.sheet_note, state.successor, state.lease, state.arrived = None, "", Lease(), None
    ctx.emit(SignIn(agent, pin))
    fetch(ctx)


def cancel_sign_in(ctx: Context) -> None:
    """Back to the sign-in screen."""
    state = ctx.state
    if state.work is Work.SIGNING_IN:
        lease.give_up(ctx)
        state.work, state.agent, state.pin, state.fetch = Work.OFF, "", "", 0
        if state.overlay is not None and state.overlay.kind in LEASE_OVERLAYS:
            state.overlay = None
        ctx.emit(SignOut())


def fetch(ctx: Context, *, manual: bool = False) -> None:
    """Look for a sheet or a revision of it."""
    state = ctx.state
    if state.work not in (Work.SIGNING_IN, Work.READY, Work.PAUSED) or state.arrived is not None:
        return
    state.fetch_manual = manual or (state.fetch_manual and bool(state.fetch))
    if not state.fetch:
        state.fetch = ctx.new_id()
        ctx.emit(Fetch(state.fetch, state.agent, manual))
    if manual:
        ctx.note("note.fetching")


def sheet_arrived(ctx: Context, event: ev.SheetArrived) -> None:
    """A sheet was fetched and read."""
    state = ctx.state
    if event.id != state.fetch:
        return
    state.fetch = 0
    if event.sheet.agent != state.agent:
        refuse(ctx, Problem("note.wrong-agent", event.sheet.agent))
        return
    if event.sheet.pin and state.work is Work.SIGNING_IN and not matches(state.pin, event.sheet.pin):
        wrong_pin(ctx)
        return
    if state.pin_failures and state.queue is not None:
        ctx.save(SignedIn(state.agent, ctx.at))
    state.pin, state.pin_failures = "", 0
    state.skipped_rows = event.skipped
    if state.queue is None and state.leases:
        lease.claim(ctx, event.sheet)
    elif state.queue is None:
        adopt(ctx, event.sheet)
    elif event.sheet.id != state.queue.sheet.id:
        _other_sheet(ctx, event.sheet)
    elif event.sheet.revision == state.queue.sheet.revision:
        _up_to_date(ctx)
    else:
        _merge(ctx, event.sheet)


def adopt(ctx: Context, sheet: Sheet) -> None:
    """A sheet is now the one being worked."""
    state, signing_in = ctx.state, ctx.state.work is Work.SIGNING_IN
    state.queue = Queue(sheet, state.settings, state.numbers)
    state.finished = state.complete_sent = False
    state.proposal, state.attempts, state.last_attempt, state.refused = None, {}, None, ()
    recall(ctx, sheet)
    if signing_in:
        state.work, state.pause_reason, state.work_since = Work.PAUSED, "pause.signed-in", ctx.mono
    ctx.save(SignedIn(state.agent, ctx.at), Adopted(sheet, ctx.at))
    if signing_in and state.traits.auto_ready:
        set_ready(ctx)
    if state.skipped_rows:
        ctx.note("note.rows-skipped", str(len(state.skipped_rows)))


def _other_sheet(ctx: Context, sheet: Sheet) -> None:
    """The agent's next sheet: taken when the present one is finished, refused as long as it is not."""
    state = ctx.state
    assert state.queue is not None
    # What is still being stored is made into files with the sheet it belongs to.
    busy = state.wrap_up is not None or state.call is not None or ctx.unsaved
    if busy or not state.queue.finished:
        refuse(ctx, Problem("note.other-sheet", sheet.id))
        return
    adopt(ctx, sheet)
    ctx.note("note.new-sheet", str(len(sheet.tasks)))
    if state.lease.stand is Stand.HELD:
        # Somebody may have worked on that one before.
        ctx.save(Leased(ctx.at, state.lease.since))
        state.lease.stand = Stand.ASKING
        lease.ask(ctx, "claim")


def _merge(ctx: Context, sheet: Sheet) -> None:
    state = ctx.state
    assert state.queue is not None
    try:
        merge = state.queue.merge(sheet, ctx.now.wall)
    except SheetRefused as error:
        refuse(ctx, Problem("note.old-revision", str(error)))
        return
    ctx.save(Adopted(merge.sheet or sheet, ctx.at))
    if state.queue.finished is False:
        state.finished = state.complete_sent = False
    ctx.note("note.revised", f"+{len(merge.added)} ~{len(merge.changed)} -{len(merge.withdrawn)}")
    look_at_preview(ctx)


def look_at_preview(ctx: Context) -> None:
    """The sheet has changed: is the callee that is shown still one to be called?"""
    state = ctx.state
    if state.preview is not None and not state.preview.manual and state.queue is not None:
        task = state.queue.task(state.preview.task.id)
        if task is None or task != state.preview.task or task.withdrawn:
            work.withdraw(ctx)


def refuse(ctx: Context, problem: Problem) -> None:
    """Keep the old queue, say why; at sign-in there is none, so the agent is sent back."""
    state = ctx.state
    # The timer looks again and again: the same trouble is heard once.
    heard = state.sheet_note == problem and state.work is not Work.SIGNING_IN and not state.fetch_manual
    if state.work is Work.SIGNING_IN:
        cancel_sign_in(ctx)
    state.sheet_note, state.note_until = problem, float("inf")
    if not heard:
        ctx.emit(Play("error"))


def wrong_pin(ctx: Context) -> None:
    """Refuse the PIN; after some tries the next has to wait."""
    state = ctx.state
    agent = state.agent
    _count_wrong_pin(ctx)
    cancel_sign_in(ctx)
    if state.call is None and state.incoming is None and state.preview is None:
        state.overlay = Overlay(OverlayKind.PIN, target=agent, error="error.wrong-pin")
    ctx.emit(Play("error"))


def renew_pin(ctx: Context, pin: str) -> None:
    """After a power cut: the PIN again, for the same agent and the same queue."""
    state = ctx.state
    if ctx.mono < state.pin_locked_until:
        ctx.note("note.pin-locked", str(int(state.pin_locked_until - ctx.mono) + 1))
        return
    state.overlay, state.pin_given, state.pin_wanted = None, True, False
    ctx.emit(SignIn(state.agent, pin), Flush())
    lease.hurry(ctx)
    fetch(ctx)


def _count_wrong_pin(ctx: Context) -> None:
    ctx.state.pin_failures += 1
    ctx.save(PinFailed(ctx.at))
    _lock_pin(ctx)


def _lock_pin(ctx: Context) -> None:
    """After some wrong PINs the next try has to wait, longer each time; also after a restart."""
    state = ctx.state
    if state.pin_failures >= PIN_TRIES:
        wait = min(PIN_WAIT * 2 ** (state.pin_failures - PIN_TRIES), PIN_LONGEST_WAIT)
        state.pin_locked_until = ctx.mono + wait


def sheet_unchanged(ctx: Context, event: ev.SheetUnchanged) -> None:
    """Nothing newer."""
    if event.id == ctx.state.fetch:
        ctx.state.fetch = 0
        _right_pin(ctx)
        _up_to_date(ctx)


def _right_pin(ctx: Context) -> None:
    """The server has answered: wrong PINs before do not count any more, also after a restart."""
    state = ctx.state
    if state.pin_failures and state.pin_given and state.queue is not None:
        ctx.save(SignedIn(state.agent, ctx.at))
        state.pin_failures = 0


def _up_to_date(ctx: Context) -> None:
    """Only whoever asked is told. What was wrong with the file on the server is no longer."""
    note = ctx.state.sheet_note
    if ctx.state.fetch_manual:
        ctx.note("note.unchanged")
    elif note is not None and (note.key in _OF_THE_FILE or note.key.startswith("note.sheet-")):
        ctx.state.sheet_note, ctx.state.note_until = None, 0.0


def sheet_failed(ctx: Context, event: ev.SheetFailed) -> None:
    """No sheet: the old queue goes on; the agent reads why."""
    state = ctx.state
    if event.id != state.fetch:
        return
    state.fetch = 0
    if event.kind == "credentials" and state.work is Work.SIGNING_IN:
        wrong_pin(ctx)
        state.sheet_note, state.note_until = Problem("note.sheet-credentials", event.reason), float("inf")
    elif event.kind == "credentials" and _asks_for_pin(ctx):
        return
    elif state.work is Work.SIGNING_IN or state.fetch_manual or event.kind in ("format", "other", "certificate"):
        refuse(ctx, Problem(f"note.sheet-{event.kind}", event.reason))


def _asks_for_pin(ctx: Context) -> bool:
    """The server wants the PIN that went with the power, or another than was typed after it."""
    state = ctx.state
    if state.work not in (Work.READY, Work.PAUSED) or state.traits.pin:
        return False
    state.pin_wanted = True
    return ask_for_pin(ctx)


def ask_for_pin(ctx: Context) -> bool:
    """Ask for it if the server wants it, between two calls: a queue that never rests must not keep results waiting."""
    state = ctx.state
    busy = (state.call, state.parked, state.incoming, state.overlay, state.wrap_up)
    going = bool(state.answering) or (state.preview is not None and state.preview.go)
    if not state.pin_wanted or state.work not in (Work.READY, Work.PAUSED) or going or any(b is not None for b in busy):
        return False
    state.pin_wanted = False
    error = ""
    if state.pin_given:
        _count_wrong_pin(ctx)
        error = "error.wrong-pin"
    state.overlay = Overlay(OverlayKind.PIN, target=state.agent, error=error)
    return True


def set_ready(ctx: Context) -> None:
    """The agent is ready: the queue may dial."""
    state = ctx.state
    if state.work is Work.PAUSED:
        state.work, state.pause_reason, state.work_since = Work.READY, "", ctx.mono
        state.refused, state.pause_after = (), ""
        state.sheet_note, state.note_until = None, 0.0


def sign_out(ctx: Context, *, remaining: bool = True) -> None:
    """Leave: what is unfinished is handed back to the management end, unless another phone works on it already.

    The lease is given back last, with all that the next phone must know.
    """
    state = ctx.state
    if state.queue is None or state.call is not None or state.parked is not None:
        ctx.note("note.finish-first")
        return
    work.withdraw(ctx)
    hand_over_unknown(ctx)
    work.look_ahead(ctx)
    entries = [Upload("remaining")] if remaining and not state.queue.finished else []
    if state.lease.since is not None:
        entries.append(Upload("release", since=state.lease.since))
    ctx.save(*entries, SignedOut(ctx.at))
    ctx.emit(Flush(), SignOut())
    state.work, state.work_since, state.fetch = Work.SIGNING_OUT, ctx.mono, 0
    state.overlay, state.outbox, state.lease = None, state.outbox + len(entries), Lease()


def leave(ctx: Context) -> None:
    """Back to the sign-in screen; what still waits in the outbox goes on by itself.

    A call, or an emergency number just dialled, goes on too.
    """
    state = ctx.state
    if state.work is not Work.SIGNING_OUT:
        return
    if ctx.unsaved and (state.untried or not state.backlog):
        # What has not been tried yet is tried now. If the disk refuses all of it, there is nothing to wait for:
        # it is kept as long as there is power, and stored when the disk recovers.
        state.retry_save_at = ctx.mono if state.backlog else state.retry_save_at
        ctx.note("note.still-storing", state.faults.get("store", ""))
        return
    state.work, state.agent, state.pin, state.queue = Work.OFF, "", "", None
    state.wrap_up, state.unknown, state.proposal = None, (), None
    state.finished = state.complete_sent = False
    state.attempts, state.last_attempt, state.last_dialled = {}, None, ""
    state.overlay, state.pause_after, state.pin_wanted = None, "", False
    state.sheet_note, state.refused, state.skipped_rows = None, (), ()
    if state.successor:
        state.sheet_note, state.note_until = Problem("note.handed-over", state.successor), float("inf")


def outbox_changed(ctx: Context, event: ev.OutboxChanged) -> None:
    """Uploads went out, or could not."""
    state = ctx.state
    state.outbox, state.outbox_error = event.pending, event.error
    if state.work is Work.SIGNING_OUT and not event.pending and not ctx.unsaved:
        leave(ctx)
