# SPDX-License-Identifier: GPL-3.0-or-later
"""The keypad's thread: sleeps until a column changes, scans while a key is down, sleeps again."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress

from callsheet.adapters.faults import Faults
from callsheet.adapters.gpio.matrix import Crossing, Matrix
from callsheet.adapters.gpio.watcher import LineWatcher
from callsheet.core.events import KeyContact

PART = "keypad"
SCAN = 0.005
"""Seconds between scans while a key is down."""
REREAD = 1.0
"""Seconds after which the columns are read although no edge was heard of."""
STUCK = 60.0
"""Seconds after which a contact that stays closed is a short or a jammed key."""
STUCK_SCAN = 0.1
"""Seconds between scans from then on, so that a jammed key costs nothing."""


class Keypad(LineWatcher):
    """Posts KeyContact for every contact that changes."""

    part = PART
    what = "the keypad's lines"

    def __init__(self, make: Callable[[], Matrix], faults: Faults,
                 describe: Callable[[Crossing], str] = str, wire: Callable[[int], object] = str) -> None:
        """`make` gives the matrix; what it raises names the fault. `describe` names a key, `wire` a line."""
        super().__init__(faults)
        self._make = make
        self._describe = describe
        self._wire = lambda line: str(wire(line))
        self._closed: frozenset[Crossing] = frozenset()
        self._since = 0.0

    def _lost(self) -> None:
        self._show(frozenset())

    def _watch(self) -> None:
        """From claiming the lines until something fails or the phone closes."""
        matrix = self._make()
        try:
            matrix.open(lambda _: self._wake.set())
            self._faults.tell(PART)
            while not self._closing:
                self._wake.clear()
                # After the clear, so that an edge in between is not lost.
                if matrix.touched():
                    self._scan(matrix)
                else:
                    self._wait(REREAD)
        finally:
            with suppress(Exception):
                matrix.close()

    def _scan(self, matrix: Matrix) -> None:
        """Until no key is down."""
        while not self._closing:
            self._show(matrix.scan())
            if not self._closed and not matrix.shorted:
                break
            time.sleep(self._pace(matrix.shorted))
        self._faults.tell(PART)
        matrix.rest()

    def _show(self, closed: frozenset[Crossing]) -> None:
        changed = closed ^ self._closed
        if not changed:
            return
        self._closed, self._since = closed, time.monotonic()
        # Openings first: what has gone may tell that another is no ghost.
        for place in sorted(changed, key=lambda place: (place in closed, place)):
            self._post(KeyContact(*place, place in closed))

    def _pace(self, shorted: frozenset[int]) -> float:
        if shorted:
            self._faults.tell(PART, "a wire touches ground: " + ", ".join(map(self._wire, sorted(shorted))))
            return STUCK_SCAN
        if time.monotonic() - self._since < STUCK:
            return SCAN
        stuck = ", ".join(self._describe(place) for place in sorted(self._closed))
        self._faults.tell(PART, f"down for more than {STUCK:.0f} s: {stuck}")
        return STUCK_SCAN
