# SPDX-License-Identifier: GPL-3.0-or-later
"""What the names of lamp and buzzer patterns mean in time: the one place that says so.

Used by the simulator, the hardware and the tests. All lamps blink in step, as
they share one clock.
"""

from __future__ import annotations

from itertools import accumulate

Phases = tuple[tuple[bool, float], ...]
"""Level and seconds, over and over; a single phase never ends."""

LAMPS: dict[str, Phases] = {
    "off": ((False, 1.0),),
    "on": ((True, 1.0),),
    # One blink a second: held, paused, attention needed.
    "slow": ((True, 0.5), (False, 0.5)),
    # One blink in 200 ms: ringing in, fault.
    "fast": ((True, 0.1), (False, 0.1)),
}
BUZZER: dict[str, Phases] = {
    "off": ((False, 1.0),),
    # The double ring of British exchanges: known as a telephone everywhere,
    # and pauses long enough to be spoken in.
    "ring": ((True, 0.4), (False, 0.2), (True, 0.4), (False, 2.0)),
    # Two pips now and then: the headset is not where it should be.
    "warn": ((True, 0.08), (False, 0.12), (True, 0.08), (False, 4.72)),
}
_ROUNDING = 1e-6


def level(pattern: str, t: float) -> bool:
    """Whether a lamp with this pattern is lit `t` seconds after the common origin.

    Raises KeyError for a pattern that is none.
    """
    return _phase(LAMPS[pattern], t)[0]


def buzzer_level(pattern: str, t: float) -> bool:
    """Whether the buzzer sounds `t` seconds after its pattern began. Raises KeyError."""
    return _phase(BUZZER[pattern], t)[0]


def until_change(phases: Phases, t: float) -> float | None:
    """Seconds until the level changes; None: never."""
    return None if len(phases) == 1 else _phase(phases, t)[1]


def _phase(phases: Phases, t: float) -> tuple[bool, float]:
    ends = list(accumulate(seconds for _, seconds in phases))
    at = (t + _ROUNDING) % ends[-1]
    for (lit, _), end in zip(phases, ends, strict=True):
        if at < end:
            return lit, end - at
    return phases[0][0], phases[0][1]
