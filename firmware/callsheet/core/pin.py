# SPDX-License-Identifier: GPL-3.0-or-later
"""PINs: salted scrypt hashes (RFC 7914), for servers that cannot check a PIN themselves."""

from __future__ import annotations

import binascii
import hashlib
import hmac
from base64 import b64decode, b64encode

COST, BLOCK, PARALLEL = 2**14, 8, 1
"""16 MiB and some 50 ms on a Pi 4; a PIN of six digits has little entropy, so every try has to cost."""
MAX_MEMORY = 64 * 1024 * 1024


def make(pin: str, salt: bytes) -> str:
    """The hash to put into a sheet's `pin`; `salt` is at least 16 random bytes."""
    digest = hashlib.scrypt(pin.encode(), salt=salt, n=COST, r=BLOCK, p=PARALLEL, maxmem=MAX_MEMORY)
    return f"scrypt${COST}${BLOCK}${PARALLEL}${b64encode(salt).decode()}${b64encode(digest).decode()}"


def matches(pin: str, stored: str) -> bool:
    """Whether the PIN is the one that was hashed; a hash that cannot be read matches nothing."""
    try:
        kind, cost, block, parallel, salt, digest = stored.split("$")
        if kind != "scrypt":
            return False
        wanted = b64decode(digest, validate=True)
        found = hashlib.scrypt(pin.encode(), salt=b64decode(salt, validate=True), n=int(cost), r=int(block),
                               p=int(parallel), maxmem=MAX_MEMORY, dklen=len(wanted))
    except (ValueError, binascii.Error, MemoryError):
        return False
    return hmac.compare_digest(found, wanted)
