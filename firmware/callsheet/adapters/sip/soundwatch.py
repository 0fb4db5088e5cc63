# SPDX-License-Identifier: GPL-3.0-or-later
"""Opens and closes the sound device for the core, and brings back one that stopped by itself."""

from __future__ import annotations

from collections.abc import Callable

from callsheet.adapters.sip.bridge import Bridge
from callsheet.adapters.sip.timers import Timers
from callsheet.core.events import FaultChanged
from callsheet.ports import SoundError

PART = "headset-audio"
REOPEN_AFTER = 1.0
"""Seconds between tries to open a device that failed."""


class SoundWatch:
    """The device is open, closed, or failed and being tried again until somebody opens or closes it."""

    def __init__(self, bridge: Bridge, timers: Timers, report: Callable[[FaultChanged], None]) -> None:
        self._bridge = bridge
        self._timers = timers
        self._report = report
        self._retry: int | None = None

    def open(self) -> None:
        """Open it. Raises SoundError."""
        self._bridge.open()
        self._recovered()

    def close(self) -> None:
        """Close it; a fault is forgotten with it."""
        self._bridge.close()
        self._recovered()

    def failed(self) -> None:
        """It stopped: pulled out, most likely."""
        if self._bridge.is_open:
            self._bridge.close()
            self._report(FaultChanged(PART, "the sound device stopped"))
            self._again()

    def _again(self) -> None:
        self._retry = self._timers.after(REOPEN_AFTER, self._reopen)

    def _reopen(self) -> None:
        try:
            self._bridge.open()
        except SoundError:
            self._again()
        else:
            self._recovered()

    def _recovered(self) -> None:
        if self._retry is not None:
            self._timers.drop(self._retry)
            self._retry = None
            self._report(FaultChanged(PART))
