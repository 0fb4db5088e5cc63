# SPDX-License-Identifier: GPL-3.0-or-later
"""When a number was called, without the number: rolling caps outlive the sheets (mission, "Attempts and caps differ").

A number is kept as HMAC-SHA-256 under a random key of this phone, in a file of
its own with mode 0600: without the key nobody can try out all numbers.
"""

from __future__ import annotations

import hmac
import secrets
import sqlite3
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from callsheet.adapters.whole_file import write_whole
from callsheet.core.model import Sheet

LookUp = Callable[[Iterable[str]], dict[str, tuple[float, ...]]]
KEEP = 60 * 86400.0
"""Seconds; the longest rolling period in use is 30 days (outcomes.md, France)."""


def load_key(path: Path) -> bytes:
    """The phone's key, made at the first start. Raises OSError."""
    try:
        key = path.read_bytes()
        if len(key) == 32:
            return key
    except FileNotFoundError:
        pass
    key = secrets.token_bytes(32)
    write_whole(path, key)
    return key


def note(db: sqlite3.Connection, key: bytes, number: str, at: float) -> None:
    """Remember a call to a canonical number at a POSIX time, inside the caller's transaction.

    What is 60 days older than this call is dropped, unless it comes out of order or
    after a leap of more than 60 days: a clock that is wrong for once wipes nothing.
    """
    latest = db.execute("SELECT max(at) FROM called").fetchone()[0]
    db.execute("INSERT OR IGNORE INTO called VALUES (?, ?)", (_hash(key, number), at))
    if latest is not None and 0 <= at - latest < KEEP:
        db.execute("DELETE FROM called WHERE at < ?", (at - KEEP,))


def look_up(db: sqlite3.Connection, key: bytes, numbers: Iterable[str]) -> dict[str, tuple[float, ...]]:
    """The calls to each of these canonical numbers, oldest first; numbers without calls are left out."""
    known: dict[bytes, list[float]] = {}
    for digest, at in db.execute("SELECT hash, at FROM called ORDER BY at"):
        known.setdefault(digest, []).append(at)
    if not known:
        return {}
    found = {}
    for number in numbers:
        times = known.get(_hash(key, number))
        if times:
            found[number] = tuple(times)
    return found


def _hash(key: bytes, number: str) -> bytes:
    return hmac.digest(key, number.encode(), "sha256")


def added_to(sheet: Sheet, look_up: LookUp, canonical: Callable[[str], str]) -> Sheet:
    """The sheet with the phone's own memory added to its `recent` calls.

    The sheet may know some of them already, with other fractions of a second: who
    counts calls must take two of one number within a second for one (core.caps).
    """
    found = look_up({canonical(task.number) for task in sheet.tasks})
    if not found:
        return sheet
    recent = dict(sheet.recent)
    for number, times in found.items():
        known = recent.get(number, ())
        recent[number] = tuple(sorted({*known, *(datetime.fromtimestamp(at, UTC) for at in times)}))
    return msgspec.structs.replace(sheet, recent=recent)
