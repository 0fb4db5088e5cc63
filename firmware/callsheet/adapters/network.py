# SPDX-License-Identifier: GPL-3.0-or-later
"""Tells when the network comes back, from the kernel's own messages (rtnetlink(7)).

Without it a phone would find out at its next registration retry.
"""

from __future__ import annotations

import os
import select
import socket
import threading
from pathlib import Path

from callsheet.core.events import NetworkChanged
from callsheet.ports import Post

GROUPS = 0x1 | 0x10 | 0x40 | 0x100 | 0x400
"""RTMGRP_LINK, IPV4_IFADDR, IPV4_ROUTE, IPV6_IFADDR, IPV6_ROUTE."""
SETTLE = 0.3
"""Seconds to let a burst of messages pass: an address comes before its route."""


class NetworkWatcher:
    """Posts NetworkChanged when the default route comes or goes, or addresses change beneath it."""

    def __init__(self, routes: Path = Path("/proc/net/route"), routes6: Path = Path("/proc/net/ipv6_route")) -> None:
        self._routes, self._routes6 = routes, routes6
        self._thread = threading.Thread(target=self._run, name="network", daemon=True)
        self._read, self._write = os.pipe()

    def start(self, post: Post) -> None:
        """Begin to watch."""
        self._post = post
        self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)
        self._socket.bind((0, GROUPS))
        self._thread.start()

    def close(self) -> None:
        """End."""
        os.write(self._write, b"x")
        if self._thread.is_alive():
            self._thread.join(2.0)

    def _run(self) -> None:
        before = self._fingerprint()
        while True:
            wanted: list[int] = [self._socket.fileno(), self._read]
            if self._read in select.select(wanted, [], [])[0]:
                self._socket.close()
                return
            self._drain()
            after = self._fingerprint()
            if after != before:
                before = after
                self._post(NetworkChanged(bool(after)))

    def _drain(self) -> None:
        """Read until it is quiet; an overflow of the kernel's buffer (ENOBUFS) means the same: look again."""
        while select.select([self._socket], [], [], SETTLE)[0]:
            try:
                self._socket.recv(65536)
            except OSError:
                continue

    def _fingerprint(self) -> tuple[str, ...]:
        """The default routes as they stand; empty: no network."""
        found: list[str] = []
        for path, column, zero in ((self._routes, 1, "0" * 8), (self._routes6, 0, "0" * 32)):
            try:
                lines = path.read_text().splitlines()
            except OSError:
                continue
            for line in lines:
                words = line.split()
                if len(words) > column and words[column] == zero and words[-1] != "lo":
                    found.append(" ".join(words[:4]))
        return tuple(sorted(found))
