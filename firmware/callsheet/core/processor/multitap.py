# SPDX-License-Identifier: GPL-3.0-or-later
"""Letters on a number pad, as on the phones of old (ITU-T E.161)."""

from __future__ import annotations

from callsheet.core.state import Overlay

LETTERS = {
    "0": " 0", "1": ".,-?!1", "2": "abc2", "3": "def3", "4": "ghi4", "5": "jkl5", "6": "mno6", "7": "pqrs7",
    "8": "tuv8", "9": "wxyz9",
}
PAUSE = 1.0
"""Seconds after which the same key begins a new letter."""


def tap(overlay: Overlay, cap: str, mono: float, limit: int) -> None:
    """One tap: the next letter of the key tapped last, or the first of another."""
    choices = LETTERS.get(cap)
    if choices is None:
        return
    last = overlay.multitap
    if last is not None and last[0] == cap and mono - last[2] < PAUSE and overlay.text:
        count = last[1] + 1
        overlay.text = overlay.text[:-1] + choices[count % len(choices)]
    elif len(overlay.text) < limit:
        count = 0
        overlay.text += choices[0]
    else:
        return
    overlay.multitap = (cap, count, mono)
