# SPDX-License-Identifier: GPL-3.0-or-later
"""A cable between the guest and this machine: one address at each end."""

from __future__ import annotations

import os
import socket
import struct
import subprocess
import threading
import time
from pathlib import Path
from typing import Self

NETWORK = "10.213"
"""Private (RFC 1918), and unlikely to be in use."""
NTP, NTP_EPOCH = 123, 2208988800
"""Port, and seconds from 1900 to 1970."""


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


class Office:
    """What else is on the cable: a DHCP server, which gives the guest its address, and a time server."""

    def __init__(self, cable: Cable, folder: Path) -> None:
        self._cable, self._folder = cable, folder
        self._dnsmasq: subprocess.Popen[bytes] | None = None
        self._clock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)

    def open(self) -> Self:
        """Begin to serve. Raises OSError."""
        folder, cable = self._folder, self._cable
        folder.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self._dnsmasq = subprocess.Popen(
                ["dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--port=0", "--user=root", "--group=root",
                 "--pid-file=", f"--interface={cable.device}", "--bind-interfaces", "--dhcp-authoritative", "--no-ping",
                 f"--dhcp-range={cable.guest},{cable.guest},255.255.255.0,10m", f"--dhcp-option=option:ntp-server,{cable.host}",
                 f"--dhcp-leasefile={folder / 'leases'}", "--log-dhcp", "--log-facility=-"], stdout=log, stderr=log)
        self._clock.bind((cable.host, NTP))
        threading.Thread(target=self._tell_time, daemon=True).start()
        return self

    def close(self) -> None:
        """Serve no more."""
        if self._dnsmasq is not None:
            self._dnsmasq.terminate()
            self._dnsmasq.wait()
        self._clock.close()

    @property
    def log(self) -> Path:
        """What the DHCP server said."""
        return self._folder / "dnsmasq.log"

    def _tell_time(self) -> None:
        """SNTP (RFC 4330 §4): this machine's clock, as from a primary server."""
        while True:
            try:
                asked, who = self._clock.recvfrom(512)
            except OSError:
                return
            now = time.time() + NTP_EPOCH
            stamp = struct.pack(">II", int(now), int(now % 1 * 2**32))
            head = struct.pack(">BBbbII4s", 4 << 3 | 4, 1, 6, -20, 0, 0, b"LOCL")
            self._clock.sendto(head + stamp + asked[40:48] + stamp + stamp, who)


def _ip(*words: str) -> str:
    return subprocess.run(["ip", *words], check=True, capture_output=True, text=True).stdout
