# SPDX-License-Identifier: GPL-3.0-or-later
"""What the glass says, before anyone decides where the pixels go.

`core.screens` makes a `Screen` from the state; `adapters.display` lays it out
for the display's size. Texts are final: translated, formatted, in any script.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Icon = Literal[
    "unregistered", "no-headset", "muted", "held", "upload", "fault", "secure", "clock", "message"
]
"""Small pictures in the status row. upload: results wait for the server; clock: time not known yet."""


class KeyHint(Struct, frozen=True):
    """What one key does now."""

    key: str
    """Its cap: "A", "#", "0" …"""
    label: str


class Screen(Struct, frozen=True):
    """One screenful."""

    mode: str
    """The behaviour table's name of the state; not shown."""
    title: str
    """State in a word or two: "Ready", "Talking"."""
    badge: str = ""
    """Right end of the status row: a timer, a count, the time of day."""
    icons: tuple[Icon, ...] = ()
    headline: str = ""
    """Who, or what is asked. Scrolls if too long."""
    number: str = ""
    """In big digits where there is room; also what is being typed in."""
    lines: tuple[str, ...] = ()
    """Further lines, most important first; shown page by page."""
    page: int = 0
    """Which page the agent scrolled to; the layout takes it modulo the number of pages."""
    alert: str = ""
    """The one reason why it is not dialling, or a fault; goes before `lines`."""
    progress: float | None = None
    """Share of a countdown that is left, 0 to 1."""
    keys: tuple[KeyHint, ...] = ()
    """Most important first; as many are shown as fit, the others on the next page."""
    cursor: int | None = None
    """In a menu: which of `lines` is chosen."""


class Lamps(Struct, frozen=True):
    """Patterns of the three lamps and of the buzzer."""

    line: Literal["off", "on", "slow", "fast"] = "off"
    work: Literal["off", "on", "slow", "fast"] = "off"
    attention: Literal["off", "on", "slow", "fast"] = "off"
    buzzer: Literal["off", "ring", "warn"] = "off"
