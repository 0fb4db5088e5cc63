# SPDX-License-Identifier: GPL-3.0-or-later
"""A cable between the guest and this machine: one address at each end."""

from __future__ import annotations

import os
import subprocess
from typing import Self

NETWORK = "10.213"
"""Private (RFC 1918), and unlikely to be in use."""


class Cable:
    """A tap device with an address, so that servers and callees of the test can listen there. Needs root."""

    def __init__(self) -> None:
        self.device = f"cs{os.getpid()}"[:15]
        for number in range(1, 255):
            self.host, self.guest = f"{NETWORK}.{number}.1", f"{NETWORK}.{number}.2"
            if f" {NETWORK}.{number}." not in _ip("-4", "-o", "address"):
                break

    def plug(self) -> Self:
        """Make it. Raises CalledProcessError."""
        _ip("tuntap", "add", "dev", self.device, "mode", "tap")
        _ip("address", "add", f"{self.host}/24", "dev", self.device)
        _ip("link", "set", self.device, "up")
        return self

    def cut(self, cut: bool) -> None:
        """Take the network away, or give it back."""
        _ip("link", "set", self.device, "down" if cut else "up")

    def unplug(self) -> None:
        """Remove it."""
        subprocess.run(["ip", "link", "del", self.device], check=False, capture_output=True)


def _ip(*words: str) -> str:
    return subprocess.run(["ip", *words], check=True, capture_output=True, text=True).stdout
