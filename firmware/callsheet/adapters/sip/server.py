# SPDX-License-Identifier: GPL-3.0-or-later
"""A registrar as the phone sees it: found by name without stopping the phone, then registered at."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import threading
from collections import deque
from collections.abc import Callable

import pjsua2 as pj

from callsheet.adapters.sip.account import Account
from callsheet.adapters.sip.facts import Fact, Located
from callsheet.adapters.sip.stack import explain

_BUSY = 171001
"""PJSIP_EBUSY."""


def host_of(server: str) -> str:
    """The host of host or host:port or [IPv6]:port."""
    if server.startswith("["):
        return server[1:].partition("]")[0]
    return server.partition(":")[0]


class Server:
    """An account and the name of its server.

    The stack looks names up on the thread it runs on, and waits: with a dead DNS
    server for ten seconds and more, on every retry. So the name is looked up on a
    thread of its own first, and nothing is sent to a server that is not found.
    """

    def __init__(self, index: int, server: str, account: Account, inbox: deque[Fact], wake: Callable[[], None]) -> None:
        self._index = index
        self._host = host_of(server)
        self._account = account
        self._inbox = inbox
        self._wake = wake
        self._looking = threading.Event()

    def locate(self) -> None:
        """Look the name up; the answer is a `Located` fact, at once if it is an address already."""
        try:
            ipaddress.ip_address(self._host)
        except ValueError:
            if not self._looking.is_set():
                self._looking.set()
                threading.Thread(target=self._look_up, name="sip-dns", daemon=True).start()
        else:
            self._inbox.append(Located(self._index, ""))

    def register(self) -> str:
        """Send REGISTER; returns what hindered it."""
        try:
            self._account.setRegistration(True)
        except pj.Error as error:
            # Busy: the stack still repeats an earlier REGISTER that nobody has answered, which does as well.
            return "" if error.status == _BUSY else explain(error)
        return ""

    def unregister(self) -> None:
        """Send REGISTER with expiry 0; nothing depends on it."""
        with contextlib.suppress(pj.Error):
            self._account.setRegistration(False)

    def _look_up(self) -> None:
        problem = ""
        try:
            socket.getaddrinfo(self._host, None, type=socket.SOCK_DGRAM)
        except (OSError, UnicodeError) as error:
            problem = f"the server's name {self._host!r} is not found: {error}"
        self._looking.clear()
        self._inbox.append(Located(self._index, problem))
        self._wake()
