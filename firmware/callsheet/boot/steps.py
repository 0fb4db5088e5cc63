# SPDX-License-Identifier: GPL-3.0-or-later
"""How far the system has come, from what systemd leaves in /run."""

from __future__ import annotations

from collections.abc import Callable

PHONE = "callsheet.service"
STEPS = (
    ("boot.phone", PHONE),
    ("boot.network", "callsheet-network.service"),
    ("boot.settings", "callsheet-system.service"),
    ("boot.settings", "callsheet-provision.service"),
    ("boot.erase", "callsheet-reset.service"),
    ("boot.card", "callsheet-storage.service"),
)
"""What is said once a unit has been begun, the last in time first."""
FIRST = "boot.start"
SHARE = {FIRST: 0.1, "boot.card": 0.25, "boot.erase": 0.4, "boot.settings": 0.5, "boot.network": 0.7, "boot.phone": 0.85,
         "boot.stuck": 1.0}
"""Of the whole way, for the bar."""
PATIENCE = 120.0
"""Seconds from the phone's start until it is said that it does not come up."""


def step(begun: Callable[[str], bool], since: float) -> str:
    """The key of what is going on; `begun` tells of a unit, `since` how many seconds ago the phone's was begun."""
    for key, unit in STEPS:
        if begun(unit):
            return "boot.stuck" if unit == PHONE and since >= PATIENCE else key
    return FIRST
