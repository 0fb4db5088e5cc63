# SPDX-License-Identifier: GPL-3.0-or-later
"""Wrong PINs: after some, whoever guesses has to wait; a phone that knows the PIN is not disturbed."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

SPAN = 300.0
"""Seconds for which a wrong PIN is remembered."""
PER_PLACE, PER_AGENT = 10, 20
"""Wrong ones in that time: from one address for whatever agents, and for one agent from wherever."""
KEPT = 20_000


class Tries:
    """Of one process. Not safe to share between threads without a lock."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._wrong: OrderedDict[tuple[str, str], list[float]] = OrderedDict()

    def wait(self, agent: str, address: str) -> int:
        """Seconds until another PIN may be tried; 0: now."""
        return max(self._wait(("place", address), PER_PLACE), self._wait(("agent", agent), PER_AGENT))

    def wrong(self, agent: str, address: str) -> None:
        """Count one."""
        for key in (("place", address), ("agent", agent)):
            times = self._wrong.pop(key, [])
            self._wrong[key] = [*times[-PER_AGENT:], self._clock()]
        while len(self._wrong) > KEPT:
            self._wrong.popitem(last=False)

    def _wait(self, key: tuple[str, str], limit: int) -> int:
        since = self._clock() - SPAN
        times = [at for at in self._wrong.get(key, ()) if at > since]
        return int(times[-limit] - since) + 1 if len(times) >= limit else 0
