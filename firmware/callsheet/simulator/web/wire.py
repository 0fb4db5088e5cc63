# SPDX-License-Identifier: GPL-3.0-or-later
"""What crosses the web socket between the handset and a page.

To the page, first one text message, `hello` (JSON: keypad, display, blink patterns), then binary ones:

    00                                  still here; every ALIVE seconds
    01 bits…                            frame: rows from the top, 8 pixels a byte, leftmost highest, 1 is lit
    02 contrast line work attention buzzer hook headset keys:u16 clock:u32 age:u32
                                        everything else; big-endian
       contrast 0–2; lamps 0 off, 1 on, 2 slow, 3 fast; buzzer 0 off, 1 ring, 2 warn; hook 1 is off-hook
       headset bits: 1 plugged in, 2 link open, 4 ringing, 8 muted
       keys: a bit per key held down by anyone, row * 4 + column
       clock: milliseconds since the common origin of the lamps' blinking
       age: milliseconds since the buzzer's pattern began

From the page, binary only, one edge each:

    10 row column closed                a key
    11 off                              the hook switch
    12 present                          the headset's plug
    13 button                           a headset button: 0 hook, 1 mute, 2 volume up, 3 volume down
    14                                  let go of all keys of this page

All else ends the connection (see `WireError`).
"""

from __future__ import annotations

import json
import struct
from typing import get_args

from msgspec import Struct

from callsheet.adapters.display.lamps import BUZZER, LAMPS, Phases
from callsheet.simulator.handset import SimulatedHandset
from callsheet.simulator.handset.headset import Button
from callsheet.simulator.handset.lamps import Buzz, Pattern

PROTOCOL = "callsheet.pins.1"
"""The web socket's subprotocol; its number changes with the messages."""
ALIVE = 2.0
"""Seconds between signs of life."""
LONGEST = 16
"""Bytes; no message of a page needs more."""

_ALIVE, _FRAME, _PINS = 0x00, 0x01, 0x02
_KEY, _HOOK, _PLUG, _BUTTON, _LET_GO = 0x10, 0x11, 0x12, 0x13, 0x14
_LENGTH = {_KEY: 4, _HOOK: 2, _PLUG: 2, _BUTTON: 2, _LET_GO: 1}


class WireError(ValueError):
    """A page sent what no page of ours sends."""


class Key(Struct, frozen=True):
    """A key went down or up."""

    row: int
    column: int
    closed: bool


class Hook(Struct, frozen=True):
    """The hook switch moved."""

    off: bool


class Plug(Struct, frozen=True):
    """The headset was plugged in or pulled out."""

    present: bool


class HeadsetPress(Struct, frozen=True):
    """A headset button."""

    button: Button


class LetGo(Struct, frozen=True):
    """Every key of this page comes up."""


Edge = Key | Hook | Plug | HeadsetPress | LetGo


def hello(handset: SimulatedHandset) -> str:
    """The first message: what the page must know to draw the phone."""
    width, height = handset.display.size
    return json.dumps(
        {
            "keypad": handset.keys.caps,
            "display": {"width": width, "height": height},
            "lamps": _blinking(LAMPS),
            "buzzer": _blinking(BUZZER),
            "alive": ALIVE * 1000,
        }
    )


def alive() -> bytes:
    """A sign of life."""
    return bytes([_ALIVE])


def frame(handset: SimulatedHandset) -> bytes:
    """What the glass shows."""
    return bytes([_FRAME]) + handset.display.bits


def pins(handset: SimulatedHandset) -> bytes:
    """Everything but the frame."""
    lamps, buzzing, headset = handset.lamps.patterns, handset.lamps.buzzing, handset.headset.state
    now = handset.lamps.clock()
    return struct.pack(
        ">8BH2I",
        _PINS,
        handset.display.level,
        *(get_args(Pattern).index(pattern) for pattern in lamps),
        get_args(Buzz).index(buzzing.pattern),
        handset.keys.off_hook,
        headset.present | headset.off_hook << 1 | headset.ring << 2 | headset.mute << 3,
        sum(1 << (row * 4 + column) for row, column in handset.keys.pressed),
        _milliseconds(now),
        _milliseconds(now - buzzing.since),
    )


def edge(message: bytes) -> Edge:
    """Reads a page's message. Raises WireError."""
    if not message:
        raise WireError("an empty message")
    kind, rest = message[0], message[1:]
    if kind not in _LENGTH:
        raise WireError(f"unknown message 0x{kind:02x}")
    if len(message) != _LENGTH[kind]:
        raise WireError(f"message 0x{kind:02x} has {len(message)} bytes, not {_LENGTH[kind]}")
    if kind == _LET_GO:
        return LetGo()
    if kind == _BUTTON:
        buttons: tuple[Button, ...] = get_args(Button)
        if rest[0] >= len(buttons):
            raise WireError(f"unknown headset button {rest[0]}")
        return HeadsetPress(buttons[rest[0]])
    if rest[-1] > 1:
        raise WireError(f"a switch is 0 or 1, not {rest[-1]}")
    state = bool(rest[-1])
    if kind == _KEY:
        return Key(rest[0], rest[1], state)
    return Hook(state) if kind == _HOOK else Plug(state)


def _blinking(patterns: dict[str, Phases]) -> dict[str, list[int]]:
    """Milliseconds on, off, on, off …, then again from the start; steady ones need no telling."""
    return {
        name: [_milliseconds(seconds) for _, seconds in phases] for name, phases in patterns.items() if len(phases) > 1
    }


def _milliseconds(seconds: float) -> int:
    # 32 bits last for 49 days.
    return round(max(0.0, seconds) * 1000) & 0xFFFFFFFF
