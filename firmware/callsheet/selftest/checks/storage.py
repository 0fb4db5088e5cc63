# SPDX-License-Identifier: GPL-3.0-or-later
"""Room for results, a card that takes them, and books that are whole."""

from __future__ import annotations

import os
import sqlite3
import tempfile
import time
from contextlib import closing
from pathlib import Path

from callsheet.selftest.bench import Bench
from callsheet.selftest.verdict import Verdict

NAME = "storage"
LEAST = 50
"""MB that a phone should have left: a sheet has at most 64 MB, most have one."""
_BLOCK = 64 * 1024


def check(bench: Bench) -> Verdict:
    """Writes a file and flushes it, and looks at the ledger without touching it."""
    place = bench.data
    try:
        ms = _write(place)
        room = os.statvfs(place)
    except OSError as error:
        return bench.verdict(NAME, "fail", "storage.refused", place=place, reason=error.strerror)
    free = room.f_bavail * room.f_frsize // 1_000_000
    if free < LEAST:
        return bench.verdict(NAME, "fail", "storage.full", free=free, place=place)
    for path in sorted(place.glob("*.db")):
        if reason := _damage(path):
            return bench.verdict(NAME, "fail", "storage.damaged", name=path.name, reason=reason)
    return bench.verdict(NAME, "pass", "storage.works", free=free, ms=ms)


def _write(place: Path) -> int:
    began = time.monotonic()
    with tempfile.NamedTemporaryFile(dir=place, prefix=".selftest-") as file:
        file.write(os.urandom(_BLOCK))
        file.flush()
        os.fsync(file.fileno())
    return round(1000 * (time.monotonic() - began))


def _damage(path: Path) -> str:
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=5.0)) as ledger:
            (found,) = ledger.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.Error as error:
        return str(error)
    return "" if found == "ok" else str(found)
