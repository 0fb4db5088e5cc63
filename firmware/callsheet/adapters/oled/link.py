# SPDX-License-Identifier: GPL-3.0-or-later
"""Between luma's device and the bus: a display can be started up again without a new device.

luma sends a controller's start-up commands when its device object is made, and keeps
every such object until the process ends. So one is made, its commands are kept, and
they are sent to whatever bus is open: at first, when the display comes back, and now
and then in case it lost its power for a moment.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

NOP = 0xE3
_OFF, _ON = 0xAE, 0xAF
_LONGEST_ARGUMENT = 32
"""Longer data is a picture: luma clears the screen as it starts."""


class Link:
    """luma's serial interface. Before a bus is attached it keeps what it is told."""

    def __init__(self) -> None:
        self._recording = True
        self._start: list[tuple[str, tuple[int, ...]]] = []
        self._bus: Any = None

    def attach(self, bus: Any) -> None:
        """Talk to this bus (one of luma.core.interface.serial) and start the display up. Raises what the bus raises."""
        self._recording = False
        self._bus = bus
        self.start_up(dark=True)

    def detach(self) -> None:
        """Let go of the bus."""
        bus, self._bus = self._bus, None
        if bus is not None:
            with suppress(Exception):
                bus.cleanup()

    def start_up(self, *, dark: bool) -> None:
        """All start-up commands but "display on", which comes when there is something to show.

        `dark` false: "display off" is left out too, for a display that is at work.
        """
        for kind, values in self._start:
            if kind == "data":
                self._bus.data(list(values))
            elif values != (_ON,):
                self._bus.command(*(values if dark or values[0] != _OFF else (NOP, *values[1:])))

    def command(self, *values: int) -> None:
        """From luma."""
        if self._recording:
            self._start.append(("command", values))
        elif self._bus is not None:
            self._bus.command(*values)

    def data(self, values: Any) -> None:
        """From luma."""
        if not self._recording:
            if self._bus is not None:
                self._bus.data(list(values))
        elif len(values) <= _LONGEST_ARGUMENT:
            self._start.append(("data", tuple(values)))

    def cleanup(self) -> None:
        """From luma, as the process ends."""
        self.detach()
