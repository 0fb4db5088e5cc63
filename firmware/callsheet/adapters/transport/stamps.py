# SPDX-License-Identifier: GPL-3.0-or-later
"""When a file's time and size may be trusted to tell that it has not changed.

FTP and SFTP count a file's time in seconds. Within one second a file may change
twice and keep its size, and the server's clock need not be ours. So time and size
tell nothing until they were found the same at two looks that lie further apart
than that, by our own clock: the second look still reads the file.
"""

from __future__ import annotations

import time

from callsheet.ports import Origin

SETTLED = "settled"
FRESH = 3.0
"""Seconds between two looks; some file systems count in two (FAT)."""


def now() -> float:
    """POSIX time."""
    return time.time()


def is_unchanged(modified: str, seen: Origin | None) -> bool:
    """Whether the file is the one `seen` describes."""
    return bool(modified and seen and seen.etag == SETTLED and seen.modified == modified)


def mark(modified: str, seen: Origin | None, now: float) -> str:
    """What to keep as the entity tag of a file found with this time and size at POSIX time `now`."""
    if not modified:
        return ""
    if seen is None or seen.modified != modified or not seen.etag.isdigit():
        return str(int(now))
    return SETTLED if abs(now - int(seen.etag)) > FRESH else seen.etag
