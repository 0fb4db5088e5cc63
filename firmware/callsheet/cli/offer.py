# SPDX-License-Identifier: GPL-3.0-or-later
"""callsheet offer: is there an update on the stick that was just plugged in?"""

from __future__ import annotations

import argparse
import sys

from callsheet.adapters.privileged import SystemTrouble, ask_system
from callsheet.update.rauc import INSPECTS


def run(argv: list[str]) -> int:
    """Exit 0: looked, or withdrawn; 1: the system does not answer; 2: bad usage."""
    parser = argparse.ArgumentParser(prog="callsheet offer", description="Have display and console tell what update is on a stick.")
    parser.add_argument("--withdraw", action="store_true", help="the stick was pulled out")
    parser.add_argument("folder", help="where the stick is mounted")
    arguments = parser.parse_args(argv)
    try:
        found = ask_system("update-offer", patience=INSPECTS + 30.0, folder=arguments.folder, withdraw=arguments.withdraw)
    except SystemTrouble as trouble:
        print(f"callsheet offer: {trouble}", file=sys.stderr)
        return 1
    print(found.get("version") or found.get("error") or ("withdrawn" if arguments.withdraw else "no update there"))
    return 0
