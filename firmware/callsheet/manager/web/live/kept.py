# SPDX-License-Identifier: GPL-3.0-or-later
"""Texts that were made once and are wanted again."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable


class Kept:
    """At most `most` texts; the oldest go first. For any thread."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._texts: dict[Hashable, str] = {}

    def __len__(self) -> int:
        return len(self._texts)

    def get(self, key: Hashable, make: Callable[[], str]) -> str:
        """The text of a key; made, while others wait, if it is not there."""
        found = self._texts.get(key)
        if found is not None:
            return found
        with self._lock:
            if key not in self._texts:
                while len(self._texts) >= self._most:
                    del self._texts[next(iter(self._texts))]
                self._texts[key] = make()
            return self._texts[key]
