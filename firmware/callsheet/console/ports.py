# SPDX-License-Identifier: GPL-3.0-or-later
"""The serial ports that have a console: those that are there, those that come, those that come back.

Three kinds: the Pi's own UART on GPIO14/15, with a USB bridge between it and the
admin's computer (every model has it); the USB gadget port, where a board has one free;
a USB-UART adapter plugged into the Pi. A port that fails is opened again.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from pathlib import Path

import serial

from callsheet.console.desk import Desk
from callsheet.console.terminal import Terminal

log = logging.getLogger("callsheet.console")

USUAL = ("/dev/serial0", "/dev/ttyAMA0", "/dev/ttyGS*", "/dev/ttyUSB*")
"""Not ttyACM*: some headsets and modems show themselves as one."""
LOOK = 2.0
"""Seconds between looks for ports that have come."""


class Ports:
    """A thread for each port that is there."""

    def __init__(self, desk: Desk, patterns: Sequence[str] = USUAL, look: float = LOOK) -> None:
        self._desk = desk
        self._patterns = tuple(patterns)
        self._look = look
        self._open: dict[str, threading.Thread] = {}
        self._terminals: dict[str, Terminal] = {}
        self._failed: dict[str, str] = {}
        self._closed = threading.Event()

    def run(self) -> None:
        """Until `close`."""
        while not self._closed.is_set():
            for port in self._there():
                thread = self._open.get(port)
                if thread is None or not thread.is_alive():
                    self._open[port] = threading.Thread(target=self._serve, args=(port,), name=port, daemon=True)
                    self._open[port].start()
            self._closed.wait(self._look)

    def close(self) -> None:
        """Open no more ports; those that are open end with the program."""
        self._closed.set()

    def tell(self, text: str) -> None:
        """Something for whoever is logged in."""
        for terminal in list(self._terminals.values()):
            terminal.tell(text)

    def _there(self) -> list[str]:
        """Ports by their real names: /dev/serial0 is a link to one of the others."""
        found = (path.resolve() for pattern in map(Path, self._patterns) for path in sorted(pattern.parent.glob(pattern.name)))
        return list(dict.fromkeys(map(str, found)))

    def _serve(self, port: str) -> None:
        try:
            with serial.Serial(port, self._desk.usable().console.speed, timeout=0, exclusive=True) as line:
                self._failed.pop(port, None)
                log.info("console on %s", port)
                terminal = self._terminals[port] = Terminal(self._desk, port)
                terminal.run(line.fileno(), line.fileno())
        except (OSError, ValueError) as error:
            self._once(port, str(error))
        except Exception:  # a fault of ours at one port must not take the others' console away
            log.exception("the console on %s failed", port)
        finally:
            self._terminals.pop(port, None)

    def _once(self, port: str, reason: str) -> None:
        """A port that cannot be opened is tried again and again, and named once."""
        if self._failed.get(port) != reason:
            self._failed[port] = reason
            log.warning("no console on %s: %s", port, reason)


