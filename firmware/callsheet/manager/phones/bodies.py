# SPDX-License-Identifier: GPL-3.0-or-later
"""Sheets that were made already, so that a revision is made once per process however many ask."""

from __future__ import annotations

import gzip
import threading
from collections import OrderedDict
from collections.abc import Callable

from msgspec import Struct

SMALL = 1024
"""Bytes below which compressing gains nothing."""


class Body(Struct, frozen=True):
    """One revision."""

    plain: bytes
    packed: bytes = b""
    """Gzip; empty: not worth it."""


Key = tuple[str, int, int, str]


class Bodies:
    """The latest used ones, up to so many bytes. May be used from any thread."""

    def __init__(self, most: int = 64 * 1024 * 1024) -> None:
        self._most, self._size = most, 0
        self._kept: OrderedDict[Key, Body] = OrderedDict()
        self._guard = threading.Lock()

    def get(self, key: Key, make: Callable[[], bytes]) -> Body:
        """The body, made if it is not there. Raises what `make` raises."""
        with self._guard:
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
                return found
        plain = make()
        body = Body(plain, gzip.compress(plain, 5, mtime=0) if len(plain) >= SMALL else b"")
        with self._guard:
            if key not in self._kept:
                self._kept[key] = body
                self._size += len(body.plain) + len(body.packed)
            while self._size > self._most and self._kept:
                _, old = self._kept.popitem(last=False)
                self._size -= len(old.plain) + len(old.packed)
        return body
