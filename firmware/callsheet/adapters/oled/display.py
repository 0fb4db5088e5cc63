# SPDX-License-Identifier: GPL-3.0-or-later
"""`ports.Display` on a real display: the newest frame wins, and nobody waits for the bus."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from PIL import Image

from callsheet.adapters.faults import Faults
from callsheet.adapters.oled.glass import Glass
from callsheet.adapters.oled.shift import next_move, shifted

PART = "display"
PROBE = 2.0
"""Seconds between looks whether the display still answers while nothing is sent."""
RENEW = 60.0
"""Seconds after which registers and picture are sent anew: a display that lost its power for a blink shows it not."""
RETRY = 1.0
"""Seconds between tries to reach a display that does not answer."""


class OledDisplay:
    """A display that may be pulled out at any time; when it is back it shows what it should."""

    def __init__(self, size: tuple[int, int], open_glass: Callable[[], Glass], faults: Faults,
                 clock: Callable[[], float] = time.monotonic) -> None:
        """`open_glass` starts the display up, or raises."""
        self.size = size
        self._open = open_glass
        self._faults = faults
        self._clock = clock
        self._wake = threading.Condition()
        self._frame = Image.new("1", size)
        self._level = 2
        self._changed = False
        self._closing = False
        self._glass: Glass | None = None
        self._renewed = 0.0
        self._thread = threading.Thread(target=self._run, name="display", daemon=True)
        self._thread.start()

    def show(self, frame: Image.Image) -> None:
        """Takes the frame and returns. Raises ValueError if it is not mode "1" or not of the display's size."""
        if frame.mode != "1" or frame.size != self.size:
            raise ValueError(f'frame is {frame.mode} {frame.size}: expected mode "1" and {self.size}')
        with self._wake:
            self._frame, self._changed = frame.copy(), True
            self._wake.notify()

    def contrast(self, level: int) -> None:
        """0 sleeps, 1 dims, 2 is normal; anything else raises ValueError."""
        if level not in (0, 1, 2):
            raise ValueError(f"contrast {level}: expected 0, 1 or 2")
        with self._wake:
            if level != self._level:
                self._level, self._changed = level, True
                self._wake.notify()

    def close(self) -> None:
        """Blanks the glass and lets go."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        self._thread.join(3.0)

    def _run(self) -> None:
        while not self._closing:
            try:
                wait = self._turn()
            except Exception as error:  # noqa: BLE001 - luma, smbus2 and spidev share no base but Exception
                self._lost(error)
                wait = RETRY
            with self._wake:
                # A display that is gone is not tried again for every frame.
                self._wake.wait_for(lambda: self._closing or (self._changed and self._glass is not None), wait)
        self._end()

    def _turn(self) -> float:
        """Bring the glass up to date; returns when to look again, in seconds."""
        now = self._clock()
        if self._glass is None or now - self._renewed >= RENEW:
            self._start_up(now)
        assert self._glass is not None
        with self._wake:
            frame, level, self._changed = self._frame, self._level, False
        sent = level > 0 and self._glass.show(shifted(frame, now))
        sent = self._glass.level(level) or sent
        if not sent:
            self._glass.probe()
        self._faults.tell(PART)
        return min(PROBE, next_move(now) - now, self._renewed + RENEW - now)

    def _start_up(self, now: float) -> None:
        if self._glass is None:
            self._glass = self._open()
        else:
            self._glass.renew()
        self._renewed = now

    def _lost(self, error: Exception) -> None:
        self._faults.tell(PART, f"the display does not answer: {error}")
        glass, self._glass = self._glass, None
        if glass is not None:
            glass.abandon()

    def _end(self) -> None:
        if self._glass is not None:
            try:
                self._glass.close()
            except Exception as error:  # noqa: BLE001 - as above
                self._faults.tell(PART, f"the display could not be blanked: {error}")
