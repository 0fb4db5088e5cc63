# SPDX-License-Identifier: GPL-3.0-or-later
"""A way out, an address, and names that can be looked up."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

from callsheet.selftest.bench import Bench
from callsheet.selftest.verdict import Verdict

NAME = "network"
_ANYWHERE = ("192.0.2.1", "2001:db8::1")
"""Set aside for documentation (RFC 5737, RFC 3849): nothing is sent there, the kernel only says how it would go."""


def check(bench: Bench) -> Verdict:
    """The servers of the settings can be looked up, and there is a route."""
    for host in dict.fromkeys(filter(None, (_host(bench.settings.sip.server), urlsplit(bench.settings.sheet.url).hostname))):
        try:
            socket.getaddrinfo(host, None)
        except OSError:
            return bench.verdict(NAME, "fail", "network.name" if address() else "network.none", host=host)
    here = address()
    if not here:
        return bench.verdict(NAME, "fail", "network.none")
    return bench.verdict(NAME, "pass", "network.works", address=here)


def address() -> str:
    """Our own address towards the world; empty without a default route."""
    for family, there in ((socket.AF_INET, _ANYWHERE[0]), (socket.AF_INET6, _ANYWHERE[1])):
        try:
            with socket.socket(family, socket.SOCK_DGRAM) as line:
                line.connect((there, 9))
                return str(line.getsockname()[0])
        except OSError:
            continue
    return ""


def _host(server: str) -> str:
    return urlsplit(f"//{server}").hostname or ""
