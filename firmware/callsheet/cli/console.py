# SPDX-License-Identifier: GPL-3.0-or-later
"""callsheet console: the admin's console, on serial ports or here."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
import termios
from pathlib import Path

from callsheet.adapters.dhcp import LeaseWatcher
from callsheet.console.desk import Desk
from callsheet.console.line import raw
from callsheet.console.ports import USUAL, Ports
from callsheet.console.terminal import Terminal
from callsheet.console.trial import TrialKeeper, take_effect
from callsheet.provisioning.fleet import Fleet


def run(argv: list[str]) -> int:
    """Until SIGTERM or SIGINT; with --here until somebody logs out. Exit 2: bad usage."""
    parser = argparse.ArgumentParser(
        prog="callsheet console", description="The admin's console of a phone, over serial lines.",
        epilog="On the admin's computer, scripts/console finds the phone by itself.")
    parser.add_argument("--config", required=True, type=Path, metavar="FILE", help="the phone's settings (TOML)")
    parser.add_argument("--port", action="append", metavar="DEVICE",
                        help=f"a serial port, or a pattern; may be given again (default: {' '.join(USUAL)})")
    parser.add_argument("--here", action="store_true",
                        help="on this terminal, without a password: who may read the settings file may change it")
    arguments = parser.parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s: %(message)s", stream=sys.stderr)
    desk = Desk(arguments.config)
    if arguments.here:
        return _here(desk)
    ports = Ports(desk, tuple(arguments.port or USUAL))
    keepers = [TrialKeeper(desk, files, ports.tell) for files in (desk.layers.local, desk.layers.fleet)]
    leases = LeaseWatcher(desk.usable().dhcp)
    fleet = Fleet(desk.usable, desk.layers.fleet, desk.data, lambda: _offered(desk, leases), lambda text: _take(desk, text))
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ports.close())
    # A console nobody can log in to would be no console; the display shows a password that was made here.
    desk.password.ensure()
    leases.start(lambda event: None)
    for keeper in keepers:
        keeper.start()
    fleet.start()
    ports.run()
    fleet.close()
    leases.close()
    for keeper in keepers:
        keeper.close()
    return 0


def _offered(desk: Desk, leases: LeaseWatcher) -> str:
    """DHCP's link to settings, if the phone's own allow that."""
    return leases.offer().provision if desk.usable().dhcp.enabled else ""


def _take(desk: Desk, text: str) -> None:
    """New settings of the fleet: on trial, as an admin's would be."""
    with desk.guard:
        before = desk.usable()
        desk.layers.fleet.apply(text.encode(), trial=before.console.trial)
    take_effect(desk, before)


def _here(desk: Desk) -> int:
    logging.getLogger().setLevel(logging.ERROR)
    terminal = Terminal(desk, "a shell", trusted=True)
    keeper = TrialKeeper(desk, desk.files, terminal.tell)
    keeper.start()
    before = termios.tcgetattr(0) if os.isatty(0) else None
    try:
        if before is not None:
            raw(0)
        terminal.run(0, 1, once=True)
    finally:
        if before is not None:
            termios.tcsetattr(0, termios.TCSADRAIN, before)
        keeper.close()
    return 0
