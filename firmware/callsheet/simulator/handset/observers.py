# SPDX-License-Identifier: GPL-3.0-or-later
"""Who wants to know when something about the handset changes."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Literal

Part = Literal["frame", "contrast", "lamps", "buzzer", "keys", "hook", "headset"]
"""What changed. The observer reads the new value from the handset; changes that follow fast may be seen as one."""

Observer = Callable[[Part], None]
"""Called on the thread that made the change. Must return at once."""

log = logging.getLogger(__name__)


class Observers:
    """Any number of observers, which come and go on any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._all: dict[object, Observer] = {}

    def subscribe(self, observer: Observer) -> Callable[[], None]:
        """Adds an observer; calling what is returned removes it (once or more often)."""
        token = object()
        with self._lock:
            self._all[token] = observer

        def unsubscribe() -> None:
            with self._lock:
                self._all.pop(token, None)

        return unsubscribe

    def tell(self, part: Part) -> None:
        """Tells everyone. An observer that raises is logged: the phone must not suffer from who watches it."""
        with self._lock:
            everyone = tuple(self._all.values())
        for observer in everyone:
            try:
                observer(part)
            except Exception:
                log.exception("an observer of the simulated handset failed")
