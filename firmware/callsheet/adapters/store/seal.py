# SPDX-License-Identifier: GPL-3.0-or-later
"""Callee data as it lies on the card: AES-256-GCM under the session's key, bound to the row it belongs to.

A sealed value is a version byte, 12 random bytes, ciphertext and tag (NIST SP
800-38D). Session and place of the row are authenticated with it, so that no row
can be put in another's place.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

from cryptography.exceptions import InvalidTag

from callsheet.adapters.store.keys import LostKey, SessionKeys

_VERSION = b"\x01"
"""Neither JSON nor zlib begins so, which is what older databases hold."""
_NONCE = 12


class Unreadable(ValueError):
    """Not what was sealed for this row, or its key is lost."""


class Seals:
    """Seals and opens. For the store's thread only."""

    def __init__(self, directory: Path) -> None:
        self.keys = SessionKeys(directory)

    def shut(self, db: sqlite3.Connection, session: int, place: str, content: bytes) -> bytes:
        """The sealed form of what a row at `place` ("entry 7") holds; inside the caller's transaction.

        Raises LostKey, OSError.
        """
        nonce = os.urandom(_NONCE)
        key = self.keys.get_or_make(db, session)
        return _VERSION + nonce + key.encrypt(nonce, content, _bound(session, place))

    def opener(self, db: sqlite3.Connection, session: int) -> Callable[[str, object], bytes]:
        """Opens the rows of a session: place and sealed value in, content out. It raises Unreadable."""
        try:
            key = self.keys.get(db, session)
        except LostKey:
            return _unreadable

        def open(place: str, sealed: object) -> bytes:
            if not isinstance(sealed, bytes) or sealed[:1] != _VERSION:
                raise Unreadable(place)
            try:
                return key.decrypt(sealed[1:1 + _NONCE], sealed[1 + _NONCE:], _bound(session, place))
            except (InvalidTag, ValueError):
                raise Unreadable(place) from None

        return open


def is_plain(content: object) -> bool:
    """Whether a row holds what older versions wrote: JSON, or zlib's format (RFC 1950 §2.2)."""
    return isinstance(content, bytes) and content[:1] in (b"{", b"x")


def _unreadable(place: str, sealed: object) -> bytes:
    raise Unreadable(place)


def _bound(session: int, place: str) -> bytes:
    return f"{session} {place}".encode()
