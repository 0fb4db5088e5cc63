# SPDX-License-Identifier: GPL-3.0-or-later
"""From raw contacts of a key matrix to presses, long presses and releases."""

from __future__ import annotations

from math import inf
from typing import Literal

from msgspec import Struct

LAYOUTS: dict[str, tuple[str, ...]] = {
    "4x4": ("123A", "456B", "789C", "*0#D"),
    "3x4": ("123", "456", "789", "*0#"),
}
"""Caps by row and column, as printed on the usual membrane keypads."""

LOCKOUT = 0.015
"""Seconds for which a contact is not looked at again after it changed.

The first edge counts at once, so that a press is felt at once; the bounces that
follow it are over within 5 to 10 ms on membrane and tactile switches.
"""

DOUBT = 0.02
"""Seconds without any change after which a contact that may be a ghost is believed.

A ghost comes and goes with the key that causes it, but a scan sees the two up to one period (5 ms) apart.
"""


class KeyStroke(Struct, frozen=True):
    """What a finger did: "press" at contact, "long" while still down, "release"."""

    cap: str
    kind: Literal["press", "long", "release"]
    was_long: bool = False


class _Contact(Struct):
    raw: bool = False
    settled: bool = False
    locked_until: float = 0.0
    doubtful: bool = False
    down_at: float = 0.0
    long_sent: bool = False


class Keypad:
    """Debounces a key matrix and recognises long presses; time comes from outside (monotonic seconds).

    In a matrix without diodes three keys at the corners of a rectangle close the
    fourth as well, and nobody can tell which of them is the ghost: corners that were
    not pressed before the rectangle stood are not taken for a press as long as it
    stands. A contact that makes three corners waits, in case the fourth is about to be
    seen; one that is left over when a rectangle falls waits, in case it is about to go.
    """

    def __init__(self, layout: str = "4x4", long_press: float = 0.6) -> None:
        self.caps = LAYOUTS[layout]
        """Rows of caps."""
        self._long_press = long_press
        self._changed = 0.0
        self._contacts = {
            (row, column): _Contact() for row, caps in enumerate(self.caps) for column in range(len(caps))
        }

    def contact(self, row: int, column: int, closed: bool, mono: float) -> list[KeyStroke]:
        """A contact changed at `mono`. Contacts outside the matrix are ignored (a 3×4 pad on 4×4 wiring)."""
        # What was due before then comes first: it may be the release between two taps of the same key.
        strokes = self.tick(mono)
        contact = self._contacts.get((row, column))
        if contact is None or closed == contact.raw:
            return strokes
        contact.raw, contact.doubtful, self._changed = closed, False, mono
        return [*strokes, *self.tick(mono)]

    def tick(self, mono: float) -> list[KeyStroke]:
        """Lock-outs and long presses that are due."""
        strokes: list[KeyStroke] = []
        for place, contact in self._contacts.items():
            if contact.raw != contact.settled and mono >= self._decided(place, contact):
                strokes.append(self._settle(place, contact, mono))
            if contact.settled and not contact.long_sent and mono >= contact.down_at + self._long_press:
                contact.long_sent = True
                strokes.append(KeyStroke(self._cap(place), "long"))
        return strokes

    def deadline(self) -> float | None:
        """When `tick` has to be called next, in monotonic seconds; None: not before the next contact."""
        times = [self._decided(p, c) for p, c in self._contacts.items() if c.raw != c.settled]
        times += [c.down_at + self._long_press for c in self._contacts.values() if c.settled and not c.long_sent]
        return min((t for t in times if t < inf), default=None)

    def _settle(self, place: tuple[int, int], contact: _Contact, mono: float) -> KeyStroke:
        contact.settled = contact.raw
        contact.locked_until = mono + LOCKOUT
        cap = self._cap(place)
        if contact.settled:
            contact.down_at, contact.long_sent = mono, False
            return KeyStroke(cap, "press")
        return KeyStroke(cap, "release", contact.long_sent)

    def _decided(self, place: tuple[int, int], contact: _Contact) -> float:
        """From when on the contact's change counts; infinite while a rectangle leaves it open."""
        if not contact.raw:
            return contact.locked_until
        corners = self._corners(place)
        contact.doubtful = contact.doubtful or corners >= 3
        if corners == 4:
            return inf
        return max(contact.locked_until, self._changed + DOUBT) if contact.doubtful else contact.locked_until

    def _corners(self, place: tuple[int, int]) -> int:
        """How many corners of the fullest rectangle at this closed contact are closed."""
        row, column = place
        closed = {p for p, c in self._contacts.items() if c.raw}
        return max((1 + ((row, c) in closed) + ((r, column) in closed) + ((r, c) in closed)
                    for r, c in self._contacts if r != row and c != column), default=1)

    def _cap(self, place: tuple[int, int]) -> str:
        return self.caps[place[0]][place[1]]
