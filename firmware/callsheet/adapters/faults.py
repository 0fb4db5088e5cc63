# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with the handset's parts: told once when it begins, once when it is over."""

from __future__ import annotations

import logging
import threading

from callsheet.core.events import FaultChanged
from callsheet.ports import Post

log = logging.getLogger("callsheet.parts")


class Faults:
    """Collected from the drivers' threads; parts may fail before anybody listens."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._post: Post | None = None
        self._standing: dict[str, str] = {}

    def connect(self, post: Post) -> None:
        """Tell `post` what stands, and every change from here on."""
        with self._lock:
            self._post = post
            for part, reason in self._standing.items():
                post(FaultChanged(part, reason))

    def tell(self, part: str, reason: str = "") -> None:
        """A part failed, or (empty reason) works again; what is known already is not told twice."""
        with self._lock:
            if reason == self._standing.get(part, ""):
                return
            if reason:
                self._standing[part] = reason
                log.warning("%s: %s", part, reason)
            else:
                del self._standing[part]
                log.warning("%s: works again", part)
            if self._post is not None:
                self._post(FaultChanged(part, reason))

    @property
    def standing(self) -> dict[str, str]:
        """What is wrong now: part and reason."""
        with self._lock:
            return dict(self._standing)
