# SPDX-License-Identifier: GPL-3.0-or-later
"""The adapter's own deadlines, kept beside the stack so that everything runs on one thread."""

from __future__ import annotations

import heapq
import itertools
import time
from collections.abc import Callable


class Timers:
    """A heap of callbacks by monotonic time."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._dropped: set[int] = set()

    def after(self, seconds: float, action: Callable[[], None]) -> int:
        """Have `action` called in `seconds`; returns what `drop` takes."""
        ticket = next(self._order)
        heapq.heappush(self._heap, (time.monotonic() + seconds, ticket, action))
        return ticket

    def drop(self, ticket: int) -> None:
        """Forget a deadline; one that has passed is ignored."""
        if any(entry[1] == ticket for entry in self._heap):
            self._dropped.add(ticket)

    def wait(self, longest: float) -> float:
        """Seconds until the next deadline, at most `longest`."""
        return max(0.0, min(longest, self._heap[0][0] - time.monotonic())) if self._heap else longest

    def run(self) -> None:
        """Call what is due."""
        while self._heap and self._heap[0][0] <= time.monotonic():
            _, ticket, action = heapq.heappop(self._heap)
            if ticket in self._dropped:
                self._dropped.discard(ticket)
            else:
                action()

    def clear(self) -> None:
        """Forget all."""
        self._heap.clear()
        self._dropped.clear()
