# SPDX-License-Identifier: GPL-3.0-or-later
"""Time, and whether it can be trusted."""

from __future__ import annotations

import ctypes
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from callsheet.core.events import Now

STA_UNSYNC = 0x0040
"""Kernel clock status bit, set until something disciplines the clock (adjtimex(2))."""
LOOK_EVERY = 10.0
"""Seconds between looks at the status, until it is good once."""
BUILT = datetime(2026, 1, 1, tzinfo=UTC).timestamp()
"""A clock that stands before this was never set."""


class SystemClock:
    """The machine's clock. With `verify`, wall time counts as unknown until the kernel or timesyncd says otherwise.

    A Raspberry Pi has no battery clock: after power-on its time is the saved one,
    good for logs but not for deciding whether a callee's evening has begun.
    """

    def __init__(self, *, verify: bool) -> None:
        self._trusted = not verify
        self._looked = float("-inf")

    def now(self) -> Now:
        """Monotonic and wall time."""
        mono, wall = time.monotonic(), time.time()
        if not self._trusted and mono - self._looked >= LOOK_EVERY:
            self._looked = mono
            self._trusted = wall > BUILT and synchronised()
        return Now(mono, wall, self._trusted)


def synchronised() -> bool:
    """Whether the time has come from the network or from a battery clock since power-on."""
    if Path("/run/systemd/timesync/synchronized").exists() or Path("/dev/rtc0").exists():
        return True
    return _kernel_says_so()


def _kernel_says_so() -> bool:
    buffer = ctypes.create_string_buffer(512)
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        state = libc.adjtimex(buffer)
    except (OSError, AttributeError):
        return False
    if state < 0:
        return False
    # struct timex: modes (int, padded), offset, freq, maxerror, esterror (long each), then status (int).
    at = ctypes.sizeof(ctypes.c_long) * 5
    return not int.from_bytes(buffer.raw[at : at + 4], sys.byteorder) & STA_UNSYNC
