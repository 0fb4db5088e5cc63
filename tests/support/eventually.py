# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting for what another thread does. The limit is long: it only ends a test that fails anyway."""

from __future__ import annotations

import time
from collections.abc import Callable


def eventually(what: Callable[[], object], limit: float = 20.0) -> None:
    """Return as soon as `what()` is true; AssertionError after the limit."""
    until = time.monotonic() + limit
    while not what():
        assert time.monotonic() < until, f"did not happen in {limit:.0f} s"
        time.sleep(0.002)
