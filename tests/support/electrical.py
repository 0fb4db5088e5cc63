# SPDX-License-Identifier: GPL-3.0-or-later
"""A key matrix as electricity sees it, behind the calls of RPi.GPIO.

Lines are driven, or float with a pull. A key connects its row and its column, or, with a
diode, lets current flow from column to row only. What a line reads follows from that:
scanning that forgets to let rows float, reads too much into one contact or drives two
connected lines against each other does not pass.
"""

from __future__ import annotations

import threading
from collections.abc import Callable


class Short(AssertionError):
    """Two outputs drive one net to different levels."""


class ElectricalGpio:
    """RPi.GPIO on a keypad. `deaf` loses every edge, as a full buffer of the kernel does."""

    BCM, IN, OUT, LOW, HIGH, BOTH = 11, 1, 0, 0, 1, 33
    PUD_OFF, PUD_DOWN, PUD_UP = 20, 21, 22

    def __init__(self, rows: tuple[int, ...], columns: tuple[int, ...], *, diodes: bool = False) -> None:
        self.rows, self.columns, self.diodes = rows, columns, diodes
        self.lock = threading.RLock()
        self.driven: dict[int, int] = {}
        self.pulls: dict[int, int] = {}
        self.edges: dict[int, list[Callable[[int], None]]] = {}
        self.keys: set[tuple[int, int]] = set()
        self.grounded: set[int] = set()
        self.broken = ""
        self.deaf = False
        self.reads = 0
        self.setups = 0
        self.claims = 0

    def setwarnings(self, on: bool) -> None:
        pass

    def setmode(self, mode: int) -> None:
        if self.broken:
            raise RuntimeError(self.broken)
        assert mode == self.BCM
        self.claims += 1

    def setup(self, line: int, direction: int, pull_up_down: int = PUD_OFF, initial: int | None = None) -> None:
        if self.broken:
            raise RuntimeError(self.broken)
        with self._changing():
            self.setups += 1
            self.driven.pop(line, None)
            if direction == self.OUT:
                assert initial is not None, "an output without a level keeps whatever it had"
                self.driven[line] = initial
            else:
                self.pulls[line] = pull_up_down

    def add_event_detect(self, line: int, edge: int, callback: Callable[[int], None]) -> None:
        assert line in self.pulls, "not an input"
        assert edge == self.BOTH
        self.edges.setdefault(line, []).append(callback)

    def remove_event_detect(self, line: int) -> None:
        self.edges.pop(line, None)

    def cleanup(self, lines: tuple[int, ...]) -> None:
        for line in lines:
            self.driven.pop(line, None)
            self.pulls.pop(line, None)

    def input(self, line: int) -> int:
        if self.broken:
            raise RuntimeError(self.broken)
        with self.lock:
            assert line in self.pulls, "not set up"
            self.reads += 1
            return self._level(line)

    def press(self, row: int, column: int) -> None:
        """Close a contact."""
        with self._changing():
            self.keys.add((row, column))

    def release(self, row: int, column: int) -> None:
        """Open it."""
        with self._changing():
            self.keys.discard((row, column))

    def ground(self, line: int, on: bool) -> None:
        """A wire touches ground, or no longer does."""
        with self._changing():
            (self.grounded.add if on else self.grounded.discard)(line)

    def _changing(self):
        return _Change(self)

    def levels(self) -> dict[int, int]:
        """What the columns read."""
        return {column: self._level(column) for column in self.columns if column in self.pulls}

    def _level(self, line: int) -> int:
        pushing = {self.driven[other] for other in self._sources(line) if other in self.driven}
        if self.grounded & self._sources(line):
            pushing.add(self.LOW)
        if len(pushing) == 2:
            raise Short(f"line {line} is driven high and low")
        if pushing:
            return pushing.pop()
        pull = self.pulls.get(line, self.PUD_OFF)
        assert pull != self.PUD_OFF or line in self.rows, f"line {line} floats and nobody knows its level"
        return self.HIGH if pull == self.PUD_UP else self.LOW

    def _sources(self, line: int) -> set[int]:
        """The lines whose level a line feels: with diodes its own and the rows its keys lead to."""
        wires = {(self.rows[row], self.columns[column]) for row, column in self.keys}
        reached, todo = {line}, [line]
        while todo:
            here = todo.pop()
            near = {row for row, column in wires if column == here}
            if not self.diodes:
                near |= {column for row, column in wires if row == here}
            todo += near - reached
            reached |= near
        return reached


class _Change:
    def __init__(self, gpio: ElectricalGpio) -> None:
        self.gpio = gpio

    def __enter__(self) -> None:
        self.gpio.lock.acquire()
        self.before = self.gpio.levels()

    def __exit__(self, *_: object) -> None:
        try:
            after = self.gpio.levels()
            if not self.gpio.deaf:
                for column, level in after.items():
                    if self.before.get(column, level) != level:
                        for callback in self.gpio.edges.get(column, []):
                            callback(column)
        finally:
            self.gpio.lock.release()
