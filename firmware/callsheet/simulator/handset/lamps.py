# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulated lamps and buzzer: keep the pattern each was told, and since when."""

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


class Lit(Struct, frozen=True):
    """What one lamp does."""

    pattern: Pattern = "off"
    since: float = 0.0
    """Monotonic seconds at which the pattern began, so that every onlooker sees the same phase."""


class Buzzing(Struct, frozen=True):
    """What the buzzer does."""

    pattern: Buzz = "off"
    since: float = 0.0


class SimulatedLamps:
    """`ports.Lamps`."""

    def __init__(self, observers: Observers, clock: Callable[[], float] = time.monotonic) -> None:
        self._observers = observers
        self._clock = clock
        self._lock = threading.Lock()
        self._lamps = (Lit(), Lit(), Lit())
        self._buzzer = Buzzing()

    def show(self, line: str, work: str, attention: str) -> None:
        """A lamp told the pattern it has keeps its phase. Raises ValueError for an unknown pattern."""
        wanted = (line, work, attention)
        for name, pattern in zip(LAMPS, wanted, strict=True):
            _check(name, pattern, get_args(Pattern))
        with self._lock:
            now = self._clock()
            lamps = tuple(
                lit if lit.pattern == pattern else Lit(cast(Pattern, pattern), now)
                for lit, pattern in zip(self._lamps, wanted, strict=True)
            )
            if lamps == self._lamps:
                return
            self._lamps = cast(tuple[Lit, Lit, Lit], lamps)
        self._observers.tell("lamps")

    def buzz(self, pattern: str) -> None:
        """Raises ValueError for an unknown pattern."""
        _check("buzzer", pattern, get_args(Buzz))
        with self._lock:
            if pattern == self._buzzer.pattern:
                return
            self._buzzer = Buzzing(cast(Buzz, pattern), self._clock())
        self._observers.tell("buzzer")

    def close(self) -> None:
        """All off."""
        self.show("off", "off", "off")
        self.buzz("off")

    @property
    def lit(self) -> tuple[Lit, Lit, Lit]:
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
