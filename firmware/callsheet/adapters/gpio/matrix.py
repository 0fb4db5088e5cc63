# SPDX-License-Identifier: GPL-3.0-or-later
"""The key matrix, row by row: which contacts conduct. Bounces and ghosts are the core's business.

Rows are driven low or float; columns are pulled up. A row is never driven high: two
keys in one column would then connect a high output to a low one.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from callsheet.adapters.board import KeypadPins

Crossing = tuple[int, int]


class Matrix:
    """The wires of the keypad. Everything raises RuntimeError or OSError if the GPIO chip refuses."""

    def __init__(self, gpio: Any, pins: KeypadPins, layout: str, sleep: Callable[[float], None] = time.sleep) -> None:
        """`gpio` is RPi.GPIO, or what behaves like it. Raises KeyError for an unknown layout."""
        self._gpio = gpio
        self.rows = pins.rows
        self.columns = pins.columns_of(layout)
        self._level = gpio.LOW if pins.driven == "low" else gpio.HIGH
        self._pull = gpio.PUD_UP if pins.column_pull == "up" else gpio.PUD_DOWN
        self._settle = pins.settle_us / 1e6
        self._sleep = sleep
        self.shorted: frozenset[int] = frozenset()
        """Columns that the last scan found low with every row floating: a wire touches ground."""

    def open(self, edge: Callable[[int], None]) -> None:
        """Claim the lines, drive every row, and call `edge` whenever a column changes."""
        gpio = self._gpio
        gpio.setwarnings(False)
        gpio.setmode(gpio.BCM)
        for column in self.columns:
            gpio.setup(column, gpio.IN, pull_up_down=self._pull)
            gpio.add_event_detect(column, gpio.BOTH, callback=edge)
        self.rest()

    def rest(self) -> None:
        """Drive every row, so that any key at all changes a column."""
        for row in self.rows:
            self._drive(row)
        self._sleep(self._settle)

    def touched(self) -> bool:
        """Whether any key is down; at rest only."""
        return any(self._conducts(column) for column in self.columns)

    def scan(self) -> frozenset[Crossing]:
        """The contacts that conduct now, shorted columns left out; afterwards all rows float, until `rest`."""
        for row in self.rows:
            self._release(row)
        self._sleep(self._settle)
        self.shorted = frozenset(column for column in self.columns if self._conducts(column))
        closed: set[Crossing] = set()
        for number, row in enumerate(self.rows):
            self._drive(row)
            self._sleep(self._settle)
            closed |= {(number, place) for place, column in enumerate(self.columns)
                       if column not in self.shorted and self._conducts(column)}
            self._release(row)
        return frozenset(closed)

    def close(self) -> None:
        """Give the lines back: rows float, nothing is called any more."""
        for column in self.columns:
            self._gpio.remove_event_detect(column)
        self._gpio.cleanup((*self.rows, *self.columns))

    def _conducts(self, column: int) -> bool:
        return bool(self._gpio.input(column) == self._level)

    def _drive(self, row: int) -> None:
        self._gpio.setup(row, self._gpio.OUT, initial=self._level)

    def _release(self, row: int) -> None:
        self._gpio.setup(row, self._gpio.IN, pull_up_down=self._gpio.PUD_OFF)
