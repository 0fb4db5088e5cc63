# SPDX-License-Identifier: GPL-3.0-or-later
"""Word to systemd that the main loop turns (sd_notify(3)). Behind systemd stands the hardware's watchdog."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from contextlib import suppress

START = 300.0
"""Seconds a phone may take to start itself anew; as TimeoutStartSec= in callsheet.service."""


class Watchdog:
    """Does nothing where nobody asked to be told."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        self._address = environment.get("NOTIFY_SOCKET", "")
        mine = environment.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        limit = environment.get("WATCHDOG_USEC", "") if mine else ""
        self._limit = limit if self._address and limit.isdigit() and int(limit) else ""
        self.period = int(limit) / 3e6 if self._limit else None
        """Seconds between two words: a third of the time after which systemd gives the program up; None: never."""
        self._next = 0.0

    def ready(self) -> None:
        """The phone has come up."""
        # The time as set: the program may have had longer to start itself anew.
        self._say(f"READY=1\nWATCHDOG_USEC={self._limit}" if self._limit else "READY=1")

    def feed(self, mono: float) -> None:
        """The loop has turned; says so when it is time."""
        if self.period is not None and mono >= self._next:
            self._next = mono + self.period
            self._say("WATCHDOG=1")

    def stopping(self) -> None:
        """The phone is going."""
        self._say("STOPPING=1")

    def restarting(self) -> None:
        """The phone is going, and comes up again in the same process: to systemd nothing ends, but no loop turns."""
        if self._limit:
            self._say(f"WATCHDOG_USEC={round(START * 1e6)}")

    def _say(self, word: str) -> None:
        if not self._address:
            return
        # "@" stands for the zero byte of the abstract namespace (unix(7)).
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
            line.sendto(word.encode(), address)
