# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulated display: keeps what the glass would show."""

from __future__ import annotations

import threading

from PIL import Image

from callsheet.simulator.handset.observers import Observers

SIZES = ((128, 64), (256, 64))
"""SSD1306 and SH1106; SSD1322."""


class SimulatedDisplay:
    """`ports.Display`."""

    def __init__(self, size: tuple[int, int], observers: Observers) -> None:
        if size not in SIZES:
            raise ValueError(f"display size {size}: expected one of {SIZES}")
        self.size = size
        self._observers = observers
        self._lock = threading.Lock()
        self._dark = bytes(size[0] * size[1] // 8)
        self._bits = self._dark
        self._contrast = 2

    def show(self, frame: Image.Image) -> None:
        """Keeps the frame. Raises ValueError if it is not mode "1" or not of the display's size."""
        if frame.mode != "1" or frame.size != self.size:
            raise ValueError(f'frame is {frame.mode} {frame.size}: expected mode "1" and {self.size}')
        self._set_bits(frame.tobytes())

    def contrast(self, level: int) -> None:
        """0 sleeps, 1 dims, 2 is normal; anything else raises ValueError."""
        if level not in (0, 1, 2):
            raise ValueError(f"contrast {level}: expected 0, 1 or 2")
        with self._lock:
            if level == self._contrast:
                return
            self._contrast = level
        self._observers.tell("contrast")

    def close(self) -> None:
        """Blanks the glass."""
        self._set_bits(self._dark)

    @property
    def bits(self) -> bytes:
        """The frame: rows from the top, eight pixels to a byte, leftmost in the highest bit, 1 is lit."""
        with self._lock:
            return self._bits

    @property
    def level(self) -> int:
        """The contrast last set."""
        with self._lock:
            return self._contrast

    @property
    def frame(self) -> Image.Image:
        """A copy of the frame, mode "1"."""
        return Image.frombytes("1", self.size, self.bits)

    def _set_bits(self, bits: bytes) -> None:
        with self._lock:
            if bits == self._bits:
                return
            self._bits = bits
        self._observers.tell("frame")
