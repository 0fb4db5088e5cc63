# SPDX-License-Identifier: GPL-3.0-or-later
"""How many requests are answered at a time. Whoever comes when there is no room is told at once when to come back.

Without this a server that has fallen behind answers only phones that have given up
waiting, and never catches up again. A phone loses nothing by coming later: it keeps
results until they are taken, and its lease runs for many renewals. It loses least by
looking for a new sheet later, so those who only look are sent away first.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from contextlib import contextmanager

from callsheet.manager.phones.auth import Denied

MOST = 128
"""Requests in one process: what it answers within about a second, which is long before a phone gives up."""
WAIT = (10.0, 40.0)
"""Seconds; at random, so that those who were sent away do not come back together."""


class Room:
    """Of one process; for its event loop alone."""

    def __init__(self, most: int = MOST) -> None:
        self._most, self.inside = most, 0

    @contextmanager
    def place(self, *, only_looks: bool) -> Iterator[None]:
        """For as long as a request is being answered. Raises Denied if there is none."""
        if self.inside >= (self._most // 2 if only_looks else self._most):
            raise Denied(503, "too many phones at once", math.ceil(random.uniform(*WAIT)))
        self.inside += 1
        try:
            yield
        finally:
            self.inside -= 1
