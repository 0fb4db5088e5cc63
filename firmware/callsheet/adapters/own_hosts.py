# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a request's Host header means this machine. A name that an attacker points here (DNS rebinding) does not."""

from __future__ import annotations

import ipaddress
import socket
from urllib.parse import urlsplit


def own_names() -> frozenset[str]:
    """The names under which this machine may be asked for."""
    name = socket.gethostname().lower()
    return frozenset({"localhost", name, f"{name}.local"})


def is_ours(host: str, names: frozenset[str]) -> bool:
    """Whether a Host header (RFC 9110 §7.2) is an address literal, or one of the names."""
    try:
        name = (urlsplit(f"//{host}").hostname or "").rstrip(".")
    except ValueError:
        return False
    if name in names:
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
