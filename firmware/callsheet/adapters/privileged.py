# SPDX-License-Identifier: GPL-3.0-or-later
"""What needs root: a few words to a small program that runs as root, and nothing else of ours does.

Phone and console run without privileges. `callsheet system` listens on a Unix
socket that only their group can open; it knows the words below, checks what comes
with them, and never runs anything that it was told as text.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from callsheet.adapters.control import ControlClient, NoPhone, Refused
from callsheet.ports import PortError

FOLDER = Path(os.environ.get("CALLSHEET_SYSTEM", "/run/callsheet-system"))
VERBS = ("reboot", "power-off", "set-clock", "network", "update", "update-status", "update-offer", "update-settle",
         "update-back", "factory-reset")
PATIENCE = 30.0


class SystemTrouble(PortError, OSError):
    """The system did not do it."""


def ask_system(verb: str, *, patience: float = PATIENCE, **more: Any) -> dict[str, Any]:
    """Have the system do something. Raises SystemTrouble, which says why it does not."""
    try:
        found = ControlClient(FOLDER, patience).ask(verb, **more)
    except NoPhone:
        raise SystemTrouble("this machine is not an appliance of ours: do it as its administrator") from None
    except Refused as refused:
        remedy = f" ({refused.remedy})" if refused.remedy else ""
        raise SystemTrouble(f"{refused.reason}{remedy}") from None
    return found if isinstance(found, dict) else {}
