# SPDX-License-Identifier: GPL-3.0-or-later
"""How the process asks the system for memory."""

from __future__ import annotations

import ctypes
from contextlib import suppress

_M_TRIM_THRESHOLD = -1
_M_ARENA_MAX = -8
_TRIM_FROM = 128 * 1024


def frugal() -> None:
    """Have memory that was freed go back to the system; call it before any thread is started.

    glibc gives each thread an arena of its own and keeps what one of them once needed: after a sheet
    of 10,000 tasks was fetched, 5 MB. Elsewhere than on glibc this does nothing (mallopt(3)).
    """
    with suppress(AttributeError, OSError):
        library = ctypes.CDLL(None)
        library.mallopt(_M_ARENA_MAX, 1)
        # Named, it no longer grows with the largest block that was ever freed.
        library.mallopt(_M_TRIM_THRESHOLD, _TRIM_FROM)
