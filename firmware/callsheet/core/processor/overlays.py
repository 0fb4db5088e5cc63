# SPDX-License-Identifier: GPL-3.0-or-later
"""Input fields and menus on top of the phone's own business."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from callsheet.core.behaviour import Action
from callsheet.core.effects import Play, Transfer
from callsheet.core.model import Text
from callsheet.core.numbers import classify_number
from callsheet.core.processor import multitap, results, session, work
from callsheet.core.processor.context import Context
from callsheet.core.state import Overlay, OverlayKind, State, Work

ACTIONS = frozenset({
    Action.DIGIT, Action.CONFIRM, Action.BACK, Action.CLOSE, Action.UP, Action.DOWN, Action.CHOOSE, Action.PLUS,
    Action.PAGE, Action.DISPOSITION,
})
INTERVALS = ("900", "3600", "tomorrow", "clock")
"""Choices of "later" and "call back at": seconds from now, the same time tomorrow, or a time typed in."""
PAUSE_REASONS = ("pause.break", "pause.lunch", "pause.training", "pause.meeting", "pause.other")
MAX_FIELD = {OverlayKind.AGENT: 16, OverlayKind.PIN: 16, OverlayKind.DIALPAD: 32, OverlayKind.TRANSFER: 32,
             OverlayKind.CLOCK: 4, OverlayKind.NOTE: 200}


def pause_reasons(state: State) -> tuple[str, ...]:
    """Text keys, or the sheet's or the settings' own words."""
    own = (state.queue.sheet.pause_reasons if state.queue is not None else ()) or state.settings.pause_reasons
    return tuple(_own_words(reason, state.traits.language) for reason in own) or PAUSE_REASONS


def _own_words(text: Text, language: str) -> str:
    if isinstance(text, str):
        return text
    return text.get(language) or next(iter(text.values()), "")


def open_field(ctx: Context, kind: OverlayKind, text: str = "") -> None:
    """Ask for digits or text."""
    ctx.state.overlay = Overlay(kind, text)


def open_list(ctx: Context, kind: OverlayKind, items: tuple[str, ...], target: str = "") -> None:
    """Offer choices."""
    ctx.state.overlay = Overlay(kind, items=items, target=target)


def handle(ctx: Context, overlay: Overlay, action: Action, cap: str) -> Action | None:
    """One action within an overlay; returns an action of the mode beneath that was chosen from a menu."""
    overlay.error = ""
    match action:
        case Action.DIGIT:
            _digit(ctx, overlay, cap)
        case Action.PLUS:
            overlay.text = overlay.text[:-1] + "+" if overlay.text in ("", "0") else overlay.text
        case Action.BACK:
            _back(ctx, overlay)
        case Action.CLOSE:
            ctx.state.overlay = None
        case Action.UP | Action.DOWN:
            step = -1 if action is Action.UP else 1
            overlay.cursor = (overlay.cursor + step) % max(1, len(overlay.items))
        case Action.PAGE:
            ctx.state.page += 1
        case Action.DISPOSITION:
            _correct(ctx, cap)
        case Action.CONFIRM | Action.CHOOSE:
            return _confirm(ctx, overlay)
        case _:
            raise AssertionError(action)
    return None


def _digit(ctx: Context, overlay: Overlay, cap: str) -> None:
    if overlay.kind is OverlayKind.NOTE:
        multitap.tap(overlay, cap, ctx.mono, MAX_FIELD[overlay.kind])
        return
    if overlay.items:
        if cap.isdigit() and 1 <= int(cap) <= len(overlay.items):
            overlay.cursor = int(cap) - 1
            _confirm(ctx, overlay)
        return
    if len(overlay.text) < MAX_FIELD.get(overlay.kind, 0):
        overlay.text += cap


def _back(ctx: Context, overlay: Overlay) -> None:
    """Take back a character; from an empty field or a menu, go back."""
    overlay.multitap = None
    if overlay.text and not overlay.items:
        overlay.text = overlay.text[:-1]
    elif overlay.kind is OverlayKind.PIN and ctx.state.queue is None:
        ctx.state.overlay = Overlay(OverlayKind.AGENT, overlay.target)
    else:
        ctx.state.overlay = None


def _confirm(ctx: Context, overlay: Overlay) -> Action | None:
    state = ctx.state
    match overlay.kind:
        case OverlayKind.AGENT:
            _agent(ctx, overlay)
        case OverlayKind.PIN:
            if state.queue is not None and overlay.target == state.agent:
                session.renew_pin(ctx, overlay.text)
            else:
                session.sign_in(ctx, overlay.target, overlay.text)
        case OverlayKind.DIALPAD:
            _dial(ctx, overlay)
        case OverlayKind.TRANSFER:
            _transfer(ctx, overlay)
        case OverlayKind.MENU:
            state.overlay = None
            return Action(overlay.items[overlay.cursor])
        case OverlayKind.PAUSE:
            _pause(ctx, overlay.items[overlay.cursor])
        case OverlayKind.LATER:
            _later(ctx, overlay)
        case OverlayKind.CLOCK:
            _clock(ctx, overlay)
        case OverlayKind.NOTE:
            if state.wrap_up is not None:
                state.wrap_up.note = overlay.text.strip()
            state.overlay = None
        case OverlayKind.UPCOMING | OverlayKind.CORRECT:
            state.overlay = None
    return None


def _agent(ctx: Context, overlay: Overlay) -> None:
    if overlay.text:
        ctx.state.overlay = Overlay(OverlayKind.PIN, target=overlay.text)


def _dial(ctx: Context, overlay: Overlay) -> None:
    state = ctx.state
    kind = classify_number(overlay.text, state.numbers)
    signed_in = state.work in (Work.READY, Work.PAUSED)
    if kind == "invalid" or not overlay.text:
        overlay.error = "error.number"
    elif kind != "emergency" and not signed_in:
        overlay.error = "error.emergency-only"
    elif kind != "emergency" and not state.registered:
        overlay.error = "error.unregistered"
    elif state.call is not None or state.incoming is not None:
        overlay.error = "error.busy"
    else:
        state.overlay = None
        work.dial_by_hand(ctx, overlay.text)
        return
    ctx.emit(Play("error"))


def _transfer(ctx: Context, overlay: Overlay) -> None:
    state = ctx.state
    if state.call is None or state.call.answered is None:
        state.overlay = None
    elif classify_number(overlay.text, state.numbers) == "invalid" or not overlay.text:
        overlay.error = "error.number"
    else:
        state.overlay = None
        state.call.transfer = 100
        ctx.emit(Transfer(state.call.number, overlay.text))


def _pause(ctx: Context, reason: str) -> None:
    state = ctx.state
    state.overlay = None
    if state.call is not None or state.wrap_up is not None:
        state.pause_after = reason
        ctx.note("note.pause-after")
    elif state.work is Work.PAUSED:
        state.pause_reason = reason
    else:
        results.pause(ctx, reason)


def _later(ctx: Context, overlay: Overlay) -> None:
    choice = overlay.items[overlay.cursor]
    if choice == "clock":
        ctx.state.overlay = Overlay(OverlayKind.CLOCK, target=overlay.target)
        return
    until = ctx.at + (timedelta(days=1) if choice == "tomorrow" else timedelta(seconds=float(choice)))
    _put_off(ctx, overlay.target, until)


def _clock(ctx: Context, overlay: Overlay) -> None:
    """HHMM in the agent's own zone: today, or tomorrow if that time has passed."""
    until = _time_of_day(ctx, overlay.text)
    if until is None:
        overlay.error = "error.time"
        ctx.emit(Play("error"))
    else:
        _put_off(ctx, overlay.target, until)


def _time_of_day(ctx: Context, text: str) -> datetime | None:
    if len(text) not in (3, 4) or int(text[:-2]) > 23 or int(text[-2:]) > 59:
        return None
    local = ctx.at.astimezone(ZoneInfo(ctx.state.traits.zone or "UTC"))
    until = local.replace(hour=int(text[:-2]), minute=int(text[-2:]), second=0, microsecond=0)
    if until <= local:
        until += timedelta(days=1)
    return until.astimezone(ctx.at.tzinfo)


def _put_off(ctx: Context, target: str, until: datetime) -> None:
    state = ctx.state
    state.overlay = None
    if state.wrap_up is not None:
        results.finish(ctx, callback=until)
    elif state.unknown and state.unknown[0].task.id == target:
        results.decide_unknown(ctx, state.unknown[0], None, until, again=False)
    elif target:
        work.postpone(ctx, target, until, callback=True)


def _correct(ctx: Context, cap: str) -> None:
    chosen = next((d for d in results.dispositions(ctx) if d.key == cap), None)
    if chosen is not None:
        ctx.state.overlay = None
        results.amend(ctx, chosen)
        ctx.note("note.corrected")
