# SPDX-License-Identifier: GPL-3.0-or-later
"""One key per session, made at sign-in, destroyed when the server has confirmed everything.

A key is two halves: one in a file of its own, one in the database. Either alone
says nothing. Destroying overwrites and unlinks the file and has SQLite overwrite
its half (secure_delete, and the log cut to nothing). A flash card may keep old
copies of both in blocks that it has not erased yet; what each is worth is told in
`firmware/docs/data.md`.
"""

from __future__ import annotations

import hmac
import os
import re
import secrets
import sqlite3
from contextlib import suppress
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from callsheet.adapters.store import schema
from callsheet.ports import StoreError

HALF = 32
_CHECK = 8
_FILE = re.compile(r"session-([0-9]+)\.key")


class LostKey(StoreError):
    """The key of a session is not there any more, or not the one its data was sealed with."""


class SessionKeys:
    """The keys of a data directory. For the store's thread only."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._known: dict[int, tuple[bytes, AESGCM]] = {}
        """With the database's half and check, so that what a rollback took back is not used again."""

    def get(self, db: sqlite3.Connection, session: int) -> AESGCM:
        """The key of a session. Raises LostKey."""
        stored = schema.get_bytes(db, _name(session))
        known = self._known.get(session)
        if known is not None and known[0] == stored:
            return known[1]
        try:
            half = self._path(session).read_bytes() if stored else b""
        except OSError:
            half = b""
        key = _whole(half, stored[:HALF])
        if len(stored) != HALF + _CHECK or len(half) != HALF or not hmac.compare_digest(_check(key), stored[HALF:]):
            raise LostKey(f"the key in {self._path(session).name} is lost")
        self._known[session] = stored, AESGCM(key)
        return self._known[session][1]

    def get_or_make(self, db: sqlite3.Connection, session: int) -> AESGCM:
        """The key of a session, made if it has none; inside the caller's transaction. Raises LostKey, OSError."""
        if not has(db, session):
            half, other = secrets.token_bytes(HALF), secrets.token_bytes(HALF)
            # On the disk before the transaction: after a power cut there may be a key without data, never the reverse.
            self._write(self._path(session), half)
            schema.put_bytes(db, _name(session), other + _check(_whole(half, other)))
        return self.get(db, session)

    def destroy_unneeded(self, db: sqlite3.Connection) -> None:
        """Destroy the files whose half is no longer in the database. Raises OSError."""
        for path, session in self._files():
            if not has(db, session):
                self._known.pop(session, None)
                _destroy(path)

    def put_aside(self, sessions: set[int], word: str) -> None:
        """Rename the files of these sessions, so that nothing is written over them: "session-3.key.WORD"."""
        for path, session in self._files():
            if session in sessions:
                self._known.pop(session, None)
                with suppress(OSError):
                    path.rename(f"{path}.{word}")

    def without_data(self, db: sqlite3.Connection) -> set[int]:
        """Sessions that have a file, but no half in the database."""
        return {session for _, session in self._files() if not has(db, session)}

    def _files(self) -> list[tuple[Path, int]]:
        found = ((path, _FILE.fullmatch(path.name)) for path in self._directory.iterdir())
        return [(path, int(match[1])) for path, match in found if match]

    def _path(self, session: int) -> Path:
        return self._directory / f"session-{session}.key"

    def _write(self, path: Path, half: bytes) -> None:
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            os.write(fd, half)
            os.fsync(fd)
        finally:
            os.close(fd)
        _sync(path.parent)


def has(db: sqlite3.Connection, session: int) -> bool:
    """Whether a session has a key, be it lost or not."""
    return bool(schema.get_bytes(db, _name(session)))


def forget(db: sqlite3.Connection, session: int) -> None:
    """Drop the database's half, inside the caller's transaction."""
    schema.put_bytes(db, _name(session), b"")


def _name(session: int) -> str:
    return f"key {session}"


def _whole(half: bytes, other: bytes) -> bytes:
    """256 bits that either half alone says nothing of (HMAC as a key derivation, RFC 5869 §2.2)."""
    return hmac.digest(half, other, "sha256")


def _check(key: bytes) -> bytes:
    return hmac.digest(key, b"check", "sha256")[:_CHECK]


def _destroy(path: Path) -> None:
    """Overwrite in place, so that a file system that writes in place keeps nothing; then unlink."""
    fd = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(fd, secrets.token_bytes(HALF))
        os.fsync(fd)
    finally:
        os.close(fd)
    path.unlink()
    _sync(path.parent)


def _sync(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
