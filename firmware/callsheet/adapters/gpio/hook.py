# SPDX-License-Identifier: GPL-3.0-or-later
"""The hook switch over gpiozero.

Debounced here and not by `bounce_time`: with lgpio that has open reports of phantom
and lost edges. An edge only wakes the thread; what counts is a level that stands still.
"""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable
from typing import Any

from callsheet.adapters.board import HookPin
from callsheet.adapters.faults import Faults
from callsheet.adapters.gpio.factory import real_pins
from callsheet.adapters.gpio.watcher import LineWatcher
from callsheet.core.events import HookChanged

PART = "hook"
REREAD = 1.0
"""Seconds after which the level is read although no edge was heard of."""
STEP = 0.002
"""Seconds between reads while the contact settles."""


def switch(pin: HookPin, factory: Any = None) -> Any:
    """The gpiozero device. The wiring board pulls the line, so the processor's own pull is off."""
    return importlib.import_module("gpiozero").DigitalInputDevice(
        pin.line, pull_up=None, active_state=pin.off_hook == "high", pin_factory=factory or real_pins())


class Hook(LineWatcher):
    """Posts HookChanged. At rest it is taken to lie on its hook; a switch that is not fitted reads so too."""

    part = PART
    what = "the hook switch's line"

    def __init__(self, make: Callable[[], Any], debounce: float, faults: Faults) -> None:
        """`debounce`: seconds for which a level must stand still."""
        super().__init__(faults)
        self._make = make
        self._debounce = debounce
        self._off = False

    def _watch(self) -> None:
        device = self._make()
        try:
            device.when_activated = device.when_deactivated = self._wake.set
            self._faults.tell(PART)
            while not self._closing:
                self._wake.clear()
                off = self._settled(device)
                if off != self._off:
                    self._off = off
                    self._post(HookChanged(off))
                self._wake.wait(REREAD)
        finally:
            device.close()

    def _settled(self, device: Any) -> bool:
        """The level, once it has not changed for the debounce time; at once if it is what it was."""
        level = bool(device.is_active)
        if level == self._off:
            return level
        since = time.monotonic()
        while not self._closing and time.monotonic() - since < self._debounce:
            time.sleep(STEP)
            now = bool(device.is_active)
            if now != level:
                level, since = now, time.monotonic()
        return level
