# SPDX-License-Identifier: GPL-3.0-or-later
"""What moves by itself: text too long for its place, and pages that take turns.

Functions of a clock in seconds that starts when the screen's words change. A
long text stands still, runs through once, and stands still again: most of the
time nothing moves, and the phone has nothing to draw.
"""

from __future__ import annotations

HOLD = 3.0
"""Seconds a long text stands still at its beginning."""
STEP = 2
"""Pixels per move."""
TICK = 0.05
"""Seconds per move: 40 pixels a second, six small letters."""
GAP = 28
"""Dark pixels between the end of a text and its next beginning."""
TURN = 3.0
"""Seconds each of several pages is shown."""

_ROUNDING = 1e-6


def offset(length: int, clock: float) -> int:
    """How many pixels a text of `length` pixels has moved; 0 when a lap is done."""
    phase = clock % _lap(length) - HOLD
    if phase < 0:
        return 0
    return min(int(phase / TICK + _ROUNDING) * STEP, length + GAP)


def until_move(length: int, clock: float) -> float:
    """Seconds until `offset` changes."""
    phase = clock % _lap(length) - HOLD
    if phase < 0:
        return -phase + TICK
    return (int(phase / TICK + _ROUNDING) + 1) * TICK - phase


def turn(pages: int, clock: float) -> int:
    """Which of several pages is shown."""
    return int(clock / TURN + _ROUNDING) % pages


def until_turn(clock: float) -> float:
    """Seconds until the next page."""
    return (int(clock / TURN + _ROUNDING) + 1) * TURN - clock


def _lap(length: int) -> float:
    moves = -(-(length + GAP) // STEP)
    return HOLD + moves * TICK
