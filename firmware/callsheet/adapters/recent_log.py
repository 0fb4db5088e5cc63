# SPDX-License-Identifier: GPL-3.0-or-later
"""The last lines of the log, kept in memory for the console; on the card they would wear it out."""

from __future__ import annotations

import logging
import threading
from collections import deque

from msgspec import Struct

KEPT = 1000


class Line(Struct, frozen=True):
    """One line of the log; `number` only grows."""

    number: int
    text: str


class RecentLog(logging.Handler):
    """A handler that remembers."""

    def __init__(self, kept: int = KEPT) -> None:
        super().__init__()
        self._lines: deque[Line] = deque(maxlen=kept)
        self._next = 1
        self._guard = threading.Lock()

    def emit(self, record: logging.LogRecord) -> None:
        """Keep it."""
        text = self.format(record)
        with self._guard:
            for one in text.splitlines():
                self._lines.append(Line(self._next, one))
                self._next += 1

    def since(self, number: int, most: int = KEPT) -> list[Line]:
        """The lines after that number; of many the last `most`."""
        with self._guard:
            return [line for line in self._lines if line.number > number][-most:]
