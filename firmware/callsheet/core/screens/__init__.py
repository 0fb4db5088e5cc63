# SPDX-License-Identifier: GPL-3.0-or-later
"""What the display says, as a function of the state and the time."""

from __future__ import annotations

from msgspec.structs import replace

from callsheet.core.behaviour import TABLE, Action, Mode, mode
from callsheet.core.events import Now
from callsheet.core.screen import Icon, KeyHint, Screen
from callsheet.core.screens import calling, fields, rest
from callsheet.core.screens.words import Words
from callsheet.core.state import State

_BUILDERS = {**rest.BUILDERS, **calling.BUILDERS, **fields.BUILDERS}


def screen(state: State, now: Now) -> Screen:
    """The one screen for the present state."""
    at = mode(state)
    words = Words(state, now)
    made = _BUILDERS[at](state, now, words)
    made = replace(made, icons=_icons(state, now), page=state.page, keys=_hints(state, at, words))
    note = state.sheet_note
    if note is not None and now.mono < state.note_until and not made.alert:
        made = replace(made, alert=words(note.key, detail=words(note.detail)))
    return made


def _icons(state: State, now: Now) -> tuple[Icon, ...]:
    call = state.call
    shown: list[tuple[bool, Icon]] = [
        (bool(state.faults or state.backlog), "fault"),
        (not state.registered, "unregistered"),
        (not state.headset, "no-headset"),
        (call is not None and call.muted, "muted"),
        (call is not None and (call.held or call.held_by_far), "held"),
        (call is not None and call.secure, "secure"),
        (state.outbox > 0, "upload"),
        (not now.trusted, "clock"),
        (bool(state.unknown), "message"),
    ]
    return tuple(icon for wanted, icon in shown if wanted)


def _hints(state: State, at: Mode, words: Words) -> tuple[KeyHint, ...]:
    letters = state.traits.keypad == "4x4"
    hints: list[KeyHint] = []
    for bound in TABLE[at].keys:
        caps = [c for c in bound.caps if letters or not c.isalpha()]
        if bound.hint and caps and not (at is Mode.MENU and bound.action in (Action.UP, Action.DOWN)):
            hints.append(KeyHint(caps[0] + ("…" if bound.long else ""), words(_label(state, bound.action))))
    return tuple(hints)


def _label(state: State, action: Action) -> str:
    """The text key of an action; toggles say what they will do."""
    call = state.call
    if action is Action.MUTE and call is not None and call.muted:
        return "key.unmute"
    if action is Action.HOLD and call is not None and call.held:
        return "key.resume"
    return f"key.{action.value}"
