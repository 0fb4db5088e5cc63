# SPDX-License-Identifier: GPL-3.0-or-later
"""Verified TLS: the system's CAs, and one of the owner's own beside them."""

from __future__ import annotations

import ssl
from functools import lru_cache
from pathlib import Path

from callsheet.adapters.transport.client import TransferError


def context(ca_file: str) -> ssl.SSLContext:
    """What connections are verified with; names and dates are always checked. Raises TransferError."""
    if not ca_file:
        return _context("", 0)
    try:
        return _context(ca_file, Path(ca_file).stat().st_mtime_ns)
    except ssl.SSLError:
        raise TransferError("certificate", "sheet.ca_file holds no certificate in PEM form") from None
    except OSError as error:
        raise TransferError("certificate", f"sheet.ca_file cannot be read: {error.strerror}") from None


# Loading the system's CAs takes some 100 ms on a small Pi.
@lru_cache(maxsize=4)
def _context(ca_file: str, _changed: int) -> ssl.SSLContext:
    made = ssl.create_default_context()
    if ca_file:
        made.load_verify_locations(cafile=ca_file)
    return made
