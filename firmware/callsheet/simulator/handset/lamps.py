# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulated lamps and buzzer: keep the pattern each was told."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Literal, cast, get_args

from msgspec import Struct

from callsheet.simulator.handset.observers import Observers

Pattern = Literal["off", "on", "slow", "fast"]
Buzz = Literal["off", "ring", "warn"]
LAMPS = ("line", "work", "attention")
"""Green, amber, red."""


class Buzzing(Struct, frozen=True):
    """What the buzzer does."""

    pattern: Buzz = "off"
    since: float = 0.0
    """When it began, on the clock of the lamps."""


class SimulatedLamps:
    """`ports.Lamps`. The three blink in step, so that they share a clock; the buzzer begins with its pattern's start."""

    def __init__(self, observers: Observers, clock: Callable[[], float] = time.monotonic) -> None:
        self._observers = observers
        self._origin = clock()
        self._clock = clock
        self._lock = threading.Lock()
        self._lamps: tuple[Pattern, Pattern, Pattern] = ("off", "off", "off")
        self._buzzer = Buzzing()

    def show(self, line: str, work: str, attention: str) -> None:
        """Raises ValueError for an unknown pattern."""
        wanted = (line, work, attention)
        for name, pattern in zip(LAMPS, wanted, strict=True):
            _check(name, pattern, get_args(Pattern))
        with self._lock:
            if wanted == self._lamps:
                return
            self._lamps = cast(tuple[Pattern, Pattern, Pattern], wanted)
        self._observers.tell("lamps")

    def buzz(self, pattern: str) -> None:
        """Raises ValueError for an unknown pattern."""
        _check("buzzer", pattern, get_args(Buzz))
        with self._lock:
            if pattern == self._buzzer.pattern:
                return
            self._buzzer = Buzzing(cast(Buzz, pattern), self.clock())
        self._observers.tell("buzzer")

    def close(self) -> None:
        """All off."""
        self.show("off", "off", "off")
        self.buzz("off")

    def clock(self) -> float:
        """Seconds since the common origin of all blinking."""
        return self._clock() - self._origin

    @property
    def patterns(self) -> tuple[Pattern, Pattern, Pattern]:
        """Line, work, attention."""
        with self._lock:
            return self._lamps

    @property
    def buzzing(self) -> Buzzing:
        """The buzzer."""
        with self._lock:
            return self._buzzer


def _check(name: str, pattern: str, known: tuple[str, ...]) -> None:
    if pattern not in known:
        raise ValueError(f"{name}: pattern {pattern!r}, expected one of {', '.join(known)}")
