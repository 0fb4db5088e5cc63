# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys, hook switch and headset button: from the behaviour table to what is done."""

from __future__ import annotations

from collections.abc import Callable

from callsheet.core import events as ev
from callsheet.core.behaviour import (
    OVERLAY_MODES,
    TABLE,
    Action,
    Mode,
    beneath,
    binding,
    has_long,
    menu_actions,
    mode,
)
from callsheet.core.effects import Dtmf, Hold, Volume
from callsheet.core.keypad import KeyStroke
from callsheet.core.outcomes import Outcome
from callsheet.core.processor import calls, handover, overlays, results, session, work
from callsheet.core.processor.context import Context
from callsheet.core.state import OverlayKind, State


def stroke(ctx: Context, key: KeyStroke) -> None:
    """One press, long press or release of a key."""
    state, at = ctx.state, mode(ctx.state)
    state.touched = ctx.mono
    two_way = has_long(at, key.cap)
    # A key means what it meant when it went down: nothing, in a state that it has brought about itself.
    waits = two_way and key.cap in state.keys_waiting
    match key.kind:
        case "press":
            state.keys_waiting = state.keys_waiting | {key.cap} if two_way else state.keys_waiting - {key.cap}
            found = None if two_way else binding(at, key.cap, long=False)
        case "long":
            state.keys_waiting -= {key.cap}
            found = binding(at, key.cap, long=True) if waits else None
        case "release":
            state.keys_waiting -= {key.cap}
            found = binding(at, key.cap, long=False) if waits else None
    if found is not None:
        act(ctx, found.action, key.cap)


def hook(ctx: Context, event: ev.HookChanged) -> None:
    """The handset was lifted or put down."""
    state = ctx.state
    state.hook_seen, state.hook_off = True, event.off
    state.touched = ctx.mono
    row = TABLE[_under_the_menu(state)]
    action = row.hook_off if event.off else row.hook_on
    if action is not None:
        act(ctx, action, "")


def _under_the_menu(state: State) -> Mode:
    """In a call the hook switch hangs up also while a menu is open."""
    at = mode(state)
    return beneath(state) if at in OVERLAY_MODES and state.call is not None else at


def headset_button(ctx: Context, event: ev.HeadsetButton) -> None:
    """A button on the headset: the hook button does whatever the hook switch would."""
    state = ctx.state
    state.touched = ctx.mono
    match event.button:
        case "mute":
            _mute(ctx, "")
        case "volume-up":
            ctx.emit(Volume(1))
        case "volume-down":
            ctx.emit(Volume(-1))
        case "hook":
            row = TABLE[_under_the_menu(state)]
            in_call = state.call is not None and state.incoming is None
            action = row.hook_on if in_call else row.hook_off
            if action is not None and action is not Action.DIALPAD:
                act(ctx, action, "")


def act(ctx: Context, action: Action, cap: str) -> None:
    """Carry out one action of the table."""
    state = ctx.state
    if state.overlay is not None and action in overlays.ACTIONS and mode(state) not in (
        Mode.INCOMING, Mode.CALL_WAITING
    ):
        chosen = overlays.handle(ctx, state.overlay, action, cap)
        if chosen is not None:
            act(ctx, chosen, "")
        return
    _HANDLERS[action](ctx, cap)


def _dial(ctx: Context, cap: str) -> None:
    work.dial_now(ctx)


def _hang_up(ctx: Context, cap: str) -> None:
    state = ctx.state
    state.overlay = None
    if state.preview is not None and state.preview.go:
        manual = state.preview.manual
        work.withdraw(ctx)
        if not manual:
            results.pause(ctx, "pause.agent")
        return
    if state.answering and state.incoming is not None:
        state.answering = 0
        calls.decline(ctx)
        return
    calls.hang_up(ctx, "agent")


def _ready(ctx: Context, cap: str) -> None:
    session.set_ready(ctx)


def _pause(ctx: Context, cap: str) -> None:
    overlays.open_list(ctx, OverlayKind.PAUSE, overlays.pause_reasons(ctx.state))


def _later(ctx: Context, cap: str) -> None:
    """Put off whom the screen shows: after a call, in doubt, or next."""
    state = ctx.state
    task = ""
    if state.wrap_up is not None:
        task = state.wrap_up.task.id
    elif state.unknown:
        task = state.unknown[0].task.id
    elif state.preview is not None:
        task = state.preview.task.id
    overlays.open_list(ctx, OverlayKind.LATER, overlays.INTERVALS, target=task)


def _disposition(ctx: Context, cap: str) -> None:
    state = ctx.state
    chosen = next((d for d in results.dispositions(ctx) if d.key == cap), None)
    if chosen is None:
        return
    if chosen.effect == "callback" and chosen.after is None:
        _later(ctx, cap)
    elif state.wrap_up is not None:
        results.finish(ctx, chosen)
    elif state.unknown:
        results.decide_unknown(ctx, state.unknown[0], chosen, None, again=False)


def _next(ctx: Context, cap: str) -> None:
    results.finish(ctx)


def _again(ctx: Context, cap: str) -> None:
    if ctx.state.unknown:
        results.decide_unknown(ctx, ctx.state.unknown[0], None, None, again=True)


def _stretch(ctx: Context, cap: str) -> None:
    work.stretch(ctx)


def _mute(ctx: Context, cap: str) -> None:
    call = ctx.state.call
    if call is not None:
        calls.mute(ctx, not call.muted)


def _hold(ctx: Context, cap: str) -> None:
    call = ctx.state.call
    if call is not None and call.answered is not None:
        call.held = not call.held
        ctx.emit(Hold(call.number, call.held))


def _dtmf(ctx: Context, cap: str) -> None:
    call = ctx.state.call
    if call is not None:
        call.sent += cap
        ctx.emit(Dtmf(call.number, cap))


def _empty(ctx: Context, cap: str) -> None:
    """The agent hears the announcement: this number does not exist."""
    call = ctx.state.call
    if call is not None and call.answered is None:
        call.overrule = Outcome.EMPTY
        calls.hang_up(ctx, "agent")


def _page(ctx: Context, cap: str) -> None:
    ctx.state.page += 1


def _menu(ctx: Context, cap: str) -> None:
    items = tuple(a.value for a in menu_actions(beneath(ctx.state)))
    if items:
        overlays.open_list(ctx, OverlayKind.MENU, items)


def _sign_in(ctx: Context, cap: str) -> None:
    overlays.open_field(ctx, OverlayKind.AGENT, cap if cap.isdigit() else "")


def _dialpad(ctx: Context, cap: str) -> None:
    overlays.open_field(ctx, OverlayKind.DIALPAD)


def _transfer(ctx: Context, cap: str) -> None:
    if ctx.state.call is not None and ctx.state.call.answered is not None:
        overlays.open_field(ctx, OverlayKind.TRANSFER)


def _note(ctx: Context, cap: str) -> None:
    wrap_up = ctx.state.wrap_up
    if wrap_up is not None:
        wrap_up.until = None
        overlays.open_field(ctx, OverlayKind.NOTE, wrap_up.note)


def _correct(ctx: Context, cap: str) -> None:
    if ctx.state.last_attempt is not None:
        overlays.open_list(ctx, OverlayKind.CORRECT, (), target=ctx.state.last_attempt.id)
    else:
        ctx.note("note.nothing-to-correct")


def _redial(ctx: Context, cap: str) -> None:
    if ctx.state.last_dialled and ctx.state.call is None:
        overlays.open_field(ctx, OverlayKind.DIALPAD, ctx.state.last_dialled)


def _upcoming(ctx: Context, cap: str) -> None:
    ctx.state.page = 0
    overlays.open_list(ctx, OverlayKind.UPCOMING, ())


def _fetch(ctx: Context, cap: str) -> None:
    session.fetch(ctx, manual=True)


def _sign_out(ctx: Context, cap: str) -> None:
    results.finish(ctx)
    session.sign_out(ctx)


def _volume(step: int) -> Callable[[Context, str], None]:
    def change(ctx: Context, cap: str) -> None:
        ctx.emit(Volume(step))

    return change


def _nothing(ctx: Context, cap: str) -> None:
    """Only overlays know this action."""


_HANDLERS: dict[Action, Callable[[Context, str], None]] = {
    Action.DIAL: _dial,
    Action.HANG_UP: _hang_up,
    Action.READY: _ready,
    Action.PAUSE: _pause,
    Action.LATER: _later,
    Action.CALLBACK: _later,
    Action.DISPOSITION: _disposition,
    Action.NEXT: _next,
    Action.AGAIN: _again,
    Action.STRETCH: _stretch,
    Action.MUTE: _mute,
    Action.HOLD: _hold,
    Action.DTMF: _dtmf,
    Action.EMPTY: _empty,
    Action.PAGE: _page,
    Action.MENU: _menu,
    Action.SIGN_IN: _sign_in,
    Action.SIGN_OUT: _sign_out,
    Action.DIALPAD: _dialpad,
    Action.TRANSFER: _transfer,
    Action.NOTE: _note,
    Action.CORRECT: _correct,
    Action.REDIAL: _redial,
    Action.UPCOMING: _upcoming,
    Action.FETCH: _fetch,
    Action.VOLUME_UP: _volume(1),
    Action.VOLUME_DOWN: _volume(-1),
    Action.ANSWER: lambda ctx, cap: calls.answer(ctx),
    Action.DECLINE: lambda ctx, cap: calls.decline(ctx),
    Action.LEAVE: lambda ctx, cap: session.leave(ctx),
    Action.TAKE_OVER: lambda ctx, cap: handover.take_over(ctx),
    Action.FORCE: lambda ctx, cap: handover.force(ctx),
    Action.CANCEL: lambda ctx, cap: session.cancel_sign_in(ctx),
    **dict.fromkeys((Action.DIGIT, Action.CONFIRM, Action.BACK, Action.CLOSE, Action.UP, Action.DOWN, Action.CHOOSE, Action.PLUS), _nothing),
}
