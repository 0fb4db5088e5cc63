# SPDX-License-Identifier: GPL-3.0-or-later
"""The self-test's checks that speak for a version of the firmware, run beside the phone."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

ALWAYS = ("lamps", "display", "keys", "hook", "network", "storage")
HEADSET = ("sound", "buttons")
"""Only where one is plugged in. Server, account and clock are asked for otherwise, or are others' business."""
PATIENCE = 180.0

Selftest = Callable[[Path, tuple[str, ...]], tuple[str, ...]]
"""Takes the settings file and names of checks; returns the names that fail. Raises CheckTrouble."""


class CheckTrouble(Exception):
    """The self-test did not run."""


def failing(config: Path, names: tuple[str, ...]) -> tuple[str, ...]:
    """Run them. Raises CheckTrouble."""
    command = [sys.executable, "-m", "callsheet", "selftest", "--config", str(config), "--non-interactive", "--json", *names]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
        found = json.loads(done.stdout)
        return tuple(one["name"] for one in found["checks"] if one["result"] == "fail")
    except subprocess.TimeoutExpired:
        raise CheckTrouble(f"the self-test did not end within {PATIENCE:.0f} s") from None
    except (ValueError, KeyError, TypeError, OSError):
        raise CheckTrouble("the self-test does not run") from None
