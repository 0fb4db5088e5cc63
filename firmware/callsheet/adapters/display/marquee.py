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

_HOLD_TICKS = round(HOLD / TICK)
_ROUNDING = 1e-6


def offset(length: int, clock: float) -> int:
    """How many pixels a text of `length` pixels has moved; 0 when a lap is done."""
    return max(0, _ticks(clock) % _lap(length) - _HOLD_TICKS) * STEP


def until_move(length: int, clock: float) -> float:
    """Seconds until `offset` changes."""
    now = _ticks(clock)
    phase = now % _lap(length)
    wait = 1 if phase > _HOLD_TICKS else _HOLD_TICKS + 1 - phase
    return (now + wait) * TICK - clock


def turn(pages: int, clock: float) -> int:
    """Which of several pages is shown."""
    return int(clock / TURN + _ROUNDING) % pages


def until_turn(clock: float) -> float:
    """Seconds until the next page."""
    return (int(clock / TURN + _ROUNDING) + 1) * TURN - clock


def _ticks(clock: float) -> int:
    """Whole ticks since the clock began: all that moves moves at these."""
    return int(clock / TICK + _ROUNDING)


def _lap(length: int) -> int:
    """Ticks from standing still to standing still again."""
    return _HOLD_TICKS + -(-(length + GAP) // STEP)
