# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks a STUN server whether it is there, before the stack does.

The stack waits eight seconds for one that is silent, at its start once for every
transport and again before every call, and nothing else happens meanwhile.
"""

from __future__ import annotations

import os
import socket
import struct

_PORT = 3478
_BINDING_REQUEST = 0x0001
_BINDING_SUCCESS = 0x0101
_MAGIC = 0x2112A442
_TRIES = (0.2, 0.4, 0.8)
"""Seconds to wait for an answer (RFC 5389 §7.2.1 doubles as well, from 0.5 s)."""


def answers(server: str) -> bool:
    """Whether `server` (host or host:port) answers a Binding request (RFC 5389 §6) within 1.4 s."""
    host, _, port = server.rpartition(":") if ":" in server else (server, "", "")
    transaction = os.urandom(12)
    request = struct.pack("!HHI", _BINDING_REQUEST, 0, _MAGIC) + transaction
    try:
        address = socket.getaddrinfo(host, int(port or _PORT), socket.AF_INET, socket.SOCK_DGRAM)[0][4]
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.connect(address)
            return any(_ask(client, request, transaction, wait) for wait in _TRIES)
    except (OSError, ValueError):
        return False


def _ask(client: socket.socket, request: bytes, transaction: bytes, wait: float) -> bool:
    client.settimeout(wait)
    client.send(request)
    try:
        answer = client.recv(2048)
    except TimeoutError:
        return False
    return len(answer) >= 20 and answer[:2] == struct.pack("!H", _BINDING_SUCCESS) and answer[8:20] == transaction
