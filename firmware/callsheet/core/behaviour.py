# SPDX-License-Identifier: GPL-3.0-or-later
"""The one table of how the handset behaves: state × keys × lamps × sound (S8).

Key hints on the screen, the menus, the documentation and the tests are made
from it. A letter key does not exist on a 3×4 keypad: there the same actions are
reached through the menu, which lists whatever the present mode can do.
"""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from callsheet.core.state import LIVE, OverlayKind, Phase, State, Work

DIGITS = "0123456789"


class Mode(StrEnum):
    """What the handset is doing, as far as keys, lamps and screens are concerned."""

    OFF = "off"
    AGENT = "agent"
    PIN = "pin"
    SIGNING_IN = "signing-in"
    WAITING = "waiting"
    FINISHED = "finished"
    PREVIEW = "preview"
    COUNTDOWN = "countdown"
    PLACING = "placing"
    RINGING = "ringing"
    EARLY_MEDIA = "early-media"
    TALKING = "talking"
    HELD = "held"
    ENDING = "ending"
    WRAP_UP = "wrap-up"
    UNKNOWN = "unknown"
    PAUSED = "paused"
    INCOMING = "incoming"
    CALL_WAITING = "call-waiting"
    DIALPAD = "dialpad"
    TRANSFER = "transfer"
    MENU = "menu"
    PAUSE = "pause"
    LATER = "later"
    CLOCK = "clock"
    NOTE = "note"
    CORRECT = "correct"
    UPCOMING = "upcoming"
    TAKEN = "taken"
    ASKED = "asked"
    FORCE = "force"
    SIGNING_OUT = "signing-out"


class Action(StrEnum):
    """What a key can do."""

    DIGIT = "digit"
    CONFIRM = "confirm"
    BACK = "back"
    CLOSE = "close"
    UP = "up"
    DOWN = "down"
    CHOOSE = "choose"
    PAGE = "page"
    MENU = "menu"
    SIGN_IN = "sign-in"
    SIGN_OUT = "sign-out"
    LEAVE = "leave"
    READY = "ready"
    PAUSE = "pause"
    DIAL = "dial"
    LATER = "later"
    STRETCH = "stretch"
    HANG_UP = "hang-up"
    ANSWER = "answer"
    DECLINE = "decline"
    MUTE = "mute"
    HOLD = "hold"
    DTMF = "dtmf"
    TRANSFER = "transfer"
    EMPTY = "empty"
    DISPOSITION = "disposition"
    CALLBACK = "callback"
    NEXT = "next"
    NOTE = "note"
    CORRECT = "correct"
    AGAIN = "again"
    DIALPAD = "dialpad"
    REDIAL = "redial"
    FETCH = "fetch"
    UPCOMING = "upcoming"
    VOLUME_UP = "volume-up"
    VOLUME_DOWN = "volume-down"
    PLUS = "plus"
    CANCEL = "cancel"
    TAKE_OVER = "take-over"
    FORCE = "force"


class Binding(Struct, frozen=True):
    """A key, or a line of the menu, that does something in a mode."""

    action: Action
    caps: str = ""
    """The keys that do it; empty: only in the menu."""
    long: bool = False
    """On a long press."""
    hint: bool = True
    """Named in the key row of the screen."""
    menu: bool = False
    """Listed in the menu."""


class Pattern(Struct, frozen=True):
    """Lamps of a mode: green line, amber work; red is made from what needs attention."""

    line: str = "off"
    work: str = "on"


class Behaviour(Struct, frozen=True):
    """One row of the table."""

    keys: tuple[Binding, ...]
    lamps: Pattern
    hook_off: Action | None = None
    """What lifting the handset (or the headset's button) does."""
    hook_on: Action | None = None
    """What putting it down (or the headset's button) does."""
    sound: str = ""
    """The tone that is heard on entering, or "network": what the far end sends."""


def _b(action: Action, caps: str = "", **flags: bool) -> Binding:
    return Binding(action, caps, **flags)


_MENU = _b(Action.MENU, "*")
_GENERAL = (
    _b(Action.UPCOMING, menu=True),
    _b(Action.FETCH, menu=True),
    _b(Action.CORRECT, menu=True),
    _b(Action.REDIAL, menu=True),
    _b(Action.VOLUME_UP, menu=True),
    _b(Action.VOLUME_DOWN, menu=True),
    _b(Action.SIGN_OUT, menu=True),
)
_FIELD = (_b(Action.CONFIRM, "#"), _b(Action.BACK, "*"), _b(Action.DIGIT, DIGITS, hint=False))
_LIST = (
    _b(Action.CHOOSE, "#D"),
    _b(Action.BACK, "*"),
    _b(Action.UP, "2A", hint=False),
    _b(Action.DOWN, "8B", hint=False),
)
_CHOICES = (*_LIST[:2], _b(Action.DIGIT, DIGITS, hint=False), _b(Action.UP, "A", hint=False),
            _b(Action.DOWN, "B", hint=False))
_IN_CALL_MENU = (_b(Action.VOLUME_UP, menu=True), _b(Action.VOLUME_DOWN, menu=True))
_QUIET, _LINE = Pattern("off", "on"), Pattern("on", "on")
_OFF, _SLOW = Pattern("off", "off"), Pattern("off", "slow")

TABLE: dict[Mode, Behaviour] = {
    Mode.OFF: Behaviour((_b(Action.SIGN_IN, DIGITS, hint=False), _b(Action.SIGN_IN, "#"),
                         _b(Action.DIALPAD, "D", menu=True), _b(Action.MENU, "*", hint=False)),
                        _OFF, hook_off=Action.DIALPAD),
    Mode.AGENT: Behaviour((*_FIELD, _b(Action.DIALPAD, "D")), _OFF, hook_off=Action.DIALPAD),
    Mode.PIN: Behaviour(_FIELD, _OFF),
    Mode.SIGNING_IN: Behaviour((_b(Action.CANCEL, "*"), _b(Action.DIALPAD, "D")), _OFF, hook_off=Action.DIALPAD),
    Mode.WAITING: Behaviour((_b(Action.PAUSE, "A", menu=True), _b(Action.DIALPAD, "D", menu=True), _MENU,
                             *_GENERAL), _QUIET, hook_off=Action.DIALPAD),
    Mode.FINISHED: Behaviour((_b(Action.SIGN_OUT, "#"), _b(Action.PAUSE, "A", menu=True),
                              _b(Action.DIALPAD, "D", menu=True), _MENU, *_GENERAL),
                             _QUIET, hook_off=Action.DIALPAD, sound="end-of-sheet"),
    Mode.PREVIEW: Behaviour((_b(Action.DIAL, "#D"), _b(Action.LATER, "B", menu=True),
                             _b(Action.PAUSE, "A", menu=True), _b(Action.PAGE, "8", hint=False),
                             _b(Action.PAGE, "C"), _MENU, _b(Action.DIALPAD, menu=True), *_GENERAL),
                            _QUIET, hook_off=Action.DIAL),
    Mode.COUNTDOWN: Behaviour((_b(Action.DIAL, "#D"), _b(Action.LATER, "B", menu=True),
                               _b(Action.STRETCH, "0", menu=True), _b(Action.PAUSE, "A", menu=True),
                               _b(Action.PAGE, "8", hint=False), _b(Action.PAGE, "C"), _MENU,
                               _b(Action.DIALPAD, menu=True), *_GENERAL),
                              _QUIET, hook_off=Action.DIAL, sound="warning"),
    Mode.PLACING: Behaviour((_b(Action.HANG_UP, "D#"), _b(Action.PAGE, "8", hint=False)),
                            _LINE, hook_on=Action.HANG_UP, sound="placed"),
    Mode.RINGING: Behaviour((_b(Action.HANG_UP, "D#"), _b(Action.EMPTY, "B", menu=True),
                             _b(Action.PAGE, "8", hint=False), _b(Action.MENU, "*", hint=False),
                             *_IN_CALL_MENU), _LINE, hook_on=Action.HANG_UP, sound="ring-back"),
    Mode.EARLY_MEDIA: Behaviour((_b(Action.HANG_UP, "D#"), _b(Action.EMPTY, "B", menu=True),
                                 _b(Action.PAGE, "8", hint=False), _b(Action.MENU, "*", hint=False),
                                 *_IN_CALL_MENU), _LINE, hook_on=Action.HANG_UP, sound="network"),
    Mode.TALKING: Behaviour((_b(Action.HANG_UP, "D", menu=True), _b(Action.MUTE, "C", menu=True),
                             _b(Action.HOLD, "C", long=True, menu=True), _b(Action.PAGE, "A", menu=True),
                             _b(Action.PAGE, "#", long=True, hint=False), _b(Action.MENU, "B"),
                             _b(Action.MENU, "*", long=True, hint=False),
                             _b(Action.DTMF, DIGITS + "*#", hint=False), _b(Action.TRANSFER, menu=True),
                             _b(Action.PAUSE, menu=True), *_IN_CALL_MENU),
                            _LINE, hook_on=Action.HANG_UP, sound="answered"),
    Mode.HELD: Behaviour((_b(Action.HOLD, "C", menu=True), _b(Action.HANG_UP, "D", menu=True),
                          _b(Action.PAGE, "A"), _b(Action.PAGE, "8", hint=False), _b(Action.MENU, "B"),
                          _b(Action.MENU, "*", long=True, hint=False), _b(Action.TRANSFER, menu=True)),
                         Pattern("slow", "on"), hook_on=Action.HANG_UP),
    Mode.ENDING: Behaviour((), _LINE),
    Mode.WRAP_UP: Behaviour((_b(Action.DISPOSITION, DIGITS, hint=False), _b(Action.NEXT, "#"),
                             _b(Action.CALLBACK, "B", menu=True), _b(Action.STRETCH, "*"),
                             _b(Action.NOTE, "C", menu=True), _b(Action.PAUSE, "A", menu=True),
                             _b(Action.DIALPAD, menu=True), _b(Action.MENU, "*", long=True, hint=False),
                             _b(Action.PAGE, "D", hint=False, menu=True)),
                            _QUIET),
    Mode.UNKNOWN: Behaviour((_b(Action.AGAIN, "#D", menu=True), _b(Action.DISPOSITION, DIGITS, hint=False),
                             _b(Action.LATER, "B", menu=True), _b(Action.MENU, "*", hint=False),
                             _b(Action.PAGE, "C", menu=True), _b(Action.DIALPAD, menu=True),
                             _b(Action.SIGN_OUT, menu=True)), _SLOW),
    Mode.PAUSED: Behaviour((_b(Action.READY, "A", menu=True), _b(Action.PAUSE, "B", menu=True),
                            _b(Action.DIALPAD, "D", menu=True), _MENU, _b(Action.READY, "#", hint=False),
                            *_GENERAL), _SLOW, hook_off=Action.DIALPAD),
    Mode.INCOMING: Behaviour((_b(Action.ANSWER, "D#"), _b(Action.DECLINE, "B*")),
                             Pattern("fast", "on"), hook_off=Action.ANSWER, sound="ringing"),
    Mode.CALL_WAITING: Behaviour((_b(Action.ANSWER, "A#"), _b(Action.DECLINE, "B*"), _b(Action.HANG_UP, "D")),
                                 Pattern("fast", "on"), hook_on=Action.HANG_UP, sound="ringing"),
    Mode.DIALPAD: Behaviour((_b(Action.CONFIRM, "#D"), _b(Action.BACK, "*"), _b(Action.CLOSE, "B"),
                             _b(Action.DIGIT, DIGITS, hint=False), _b(Action.PLUS, "0", long=True, hint=False),
                             _b(Action.CLOSE, "*", long=True, hint=False)),
                            _QUIET, hook_on=Action.CLOSE),
    Mode.TRANSFER: Behaviour((_b(Action.CONFIRM, "#D"), _b(Action.BACK, "*"), _b(Action.CLOSE, "B"),
                              _b(Action.DIGIT, DIGITS, hint=False),
                              _b(Action.PLUS, "0", long=True, hint=False)), _LINE, hook_on=Action.HANG_UP),
    Mode.MENU: Behaviour(_LIST, _QUIET),
    Mode.PAUSE: Behaviour(_CHOICES, _QUIET),
    Mode.LATER: Behaviour(_CHOICES, _QUIET),
    Mode.CLOCK: Behaviour(_FIELD, _QUIET),
    Mode.NOTE: Behaviour(_FIELD, _QUIET),
    Mode.CORRECT: Behaviour((_b(Action.DISPOSITION, DIGITS, hint=False), _b(Action.BACK, "*")), _QUIET),
    Mode.UPCOMING: Behaviour((_b(Action.BACK, "*#"), _b(Action.PAGE, "8B"), _b(Action.PAGE, "C", hint=False)),
                             _QUIET),
    Mode.TAKEN: Behaviour((_b(Action.TAKE_OVER, "#"), _b(Action.CANCEL, "*"), _b(Action.DIALPAD, "D")),
                          _OFF, hook_off=Action.DIALPAD, sound="error"),
    Mode.ASKED: Behaviour((_b(Action.CANCEL, "*"), _b(Action.DIALPAD, "D")), _OFF, hook_off=Action.DIALPAD),
    Mode.FORCE: Behaviour((_b(Action.FORCE, "#", long=True), _b(Action.CANCEL, "*"), _b(Action.DIALPAD, "D")),
                          _OFF, hook_off=Action.DIALPAD),
    Mode.SIGNING_OUT: Behaviour((_b(Action.LEAVE, "#"), _b(Action.DIALPAD, "D")), _SLOW, hook_off=Action.DIALPAD),
}

_OVERLAYS = {kind: Mode(kind.value) for kind in OverlayKind}
OVERLAY_MODES = frozenset(_OVERLAYS.values())
"""Input fields and menus."""
_PHASES = {
    Phase.DIALLING: Mode.PLACING, Phase.RINGING: Mode.RINGING, Phase.EARLY_MEDIA: Mode.EARLY_MEDIA,
    Phase.TALKING: Mode.TALKING, Phase.ENDING: Mode.ENDING, Phase.ANSWERING: Mode.PLACING,
}


def mode(state: State) -> Mode:
    """The row of the table that holds now."""
    if state.incoming is not None and not state.answering:
        return Mode.CALL_WAITING if state.call is not None else Mode.INCOMING
    if state.overlay is not None:
        return _OVERLAYS[state.overlay.kind]
    return beneath(state)


def beneath(state: State) -> Mode:
    """The mode under whatever input field or menu is open."""
    call = state.call
    if call is not None and call.phase in LIVE:
        return Mode.HELD if call.phase is Phase.TALKING and call.held else _PHASES[call.phase]
    if state.answering:
        return Mode.PLACING
    if state.preview is not None and (state.preview.go or state.preview.headset):
        return Mode.PLACING if state.preview.go else Mode.COUNTDOWN
    return _at_rest(state)


def _at_rest(state: State) -> Mode:
    match state.work:
        case Work.OFF:
            return Mode.OFF
        case Work.SIGNING_IN:
            return Mode.SIGNING_IN
        case Work.SIGNING_OUT:
            return Mode.SIGNING_OUT
        case Work.READY | Work.PAUSED:
            pass
    if state.wrap_up is not None:
        return Mode.WRAP_UP
    if state.unknown:
        return Mode.UNKNOWN
    if state.work is Work.PAUSED:
        return Mode.PAUSED
    if state.preview is not None:
        return Mode.PREVIEW if state.preview.dial_at is None else Mode.COUNTDOWN
    return Mode.FINISHED if state.finished else Mode.WAITING


def binding(at: Mode, cap: str, *, long: bool) -> Binding | None:
    """What a key does in a mode; None: nothing."""
    return next((b for b in TABLE[at].keys if cap in b.caps and b.long is long), None)


def has_long(at: Mode, cap: str) -> bool:
    """A key with a meaning of its own when held acts on release; all others act at contact."""
    return any(cap in b.caps and b.long for b in TABLE[at].keys)


def menu_actions(at: Mode) -> tuple[Action, ...]:
    """The lines of the menu in a mode."""
    return tuple(b.action for b in TABLE[at].keys if b.menu)
