# SPDX-License-Identifier: GPL-3.0-or-later
"""Where things are: the checkout, its environment, the cache outside it."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
LIB = ROOT / "scripts" / "lib"
VENV = ROOT / ".venv"
RUNTIME_LOCK = ROOT / "requirements.lock"
TEST_LOCK = ROOT / "requirements-test.lock"
PYPI_PJSUA2_LOCK = LIB / "pypi-pjsua2.lock"


def cache_dir() -> Path:
    """Return the cache's directory; it may not exist, and losing it costs only time."""
    own = os.environ.get("CALLSHEET_CACHE")
    if own:
        return Path(own).expanduser().resolve()
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base).expanduser().resolve() / "callsheet"
