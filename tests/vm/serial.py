# SPDX-License-Identifier: GPL-3.0-or-later
"""The gadget serial port: what a USB cable from the phone to an admin's computer is, both ends in one guest.

dummy_hcd is a USB host and a device controller in one: g_serial makes /dev/ttyGS0 for the
phone, and the kernel's own cdc_acm finds /dev/ttyACM0 as on any computer.
"""

from __future__ import annotations

import os
import pty
import threading
import tty
from typing import Self

from tests.vm.channel import Channel
from tests.vm.machine import Machine

PHONE, ADMIN = "/dev/ttyGS0", "/dev/ttyACM0"


class Gadget:
    """The cable. Plugged in as a context manager."""

    def __init__(self, guest: Machine) -> None:
        self._guest = guest
        self._terminals: list[Terminal] = []

    def plug(self) -> Self:
        """Make both ends; returns when the computer has found the port."""
        self._guest.load("dummy_hcd", "is_super_speed=0")
        self._guest.load("cdc-acm")
        self._guest.load("g_serial")
        self._guest.run("sh", "-c", f"until [ -c {ADMIN} ]; do sleep 0.05; done")
        return self

    def pull(self) -> None:
        """Pull the cable out; whoever has an end open reads its end."""
        for terminal in self._terminals:
            terminal.close()
        self._terminals.clear()
        self._guest.unload("g_serial")

    def admin(self) -> Channel:
        """The computer's end, raw."""
        return self._guest.open(ADMIN, raw=True)

    def terminal(self) -> str:
        """The computer's end as a terminal of this machine, for pyserial or scripts/console: its path."""
        made = Terminal(self.admin())
        self._terminals.append(made)
        return made.path

    def __enter__(self) -> Self:
        return self.plug()

    def __exit__(self, *_: object) -> None:
        self.pull()


class Terminal:
    """A pseudo-terminal of this machine that carries a channel's bytes."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._ours, self._theirs = pty.openpty()
        tty.setraw(self._theirs)
        self.path = os.ttyname(self._theirs)
        for target in (self._down, self._up):
            threading.Thread(target=target, daemon=True).start()

    def close(self) -> None:
        """Let go of it."""
        self._channel.close()
        os.close(self._theirs)

    def _down(self) -> None:
        try:
            while data := os.read(self._ours, 4096):
                self._channel.write(data)
        except OSError:
            pass

    def _up(self) -> None:
        try:
            while data := self._channel.read(3600):
                os.write(self._ours, data)
        except (OSError, TimeoutError):
            pass
