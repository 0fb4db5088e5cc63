# SPDX-License-Identifier: GPL-3.0-or-later
"""callsheet system: what needs root, for phone and console."""

from __future__ import annotations

import argparse
import grp
import logging
import os
import signal
import sys
import threading
from pathlib import Path

from callsheet.adapters.control import NAME, ControlServer, Refused
from callsheet.adapters.privileged import FOLDER
from callsheet.adapters.settings_layers import SettingsLayers
from callsheet.adapters.watchdog import Watchdog
from callsheet.formats.errors import FormatError
from callsheet.formats.network import NetworkSettings
from callsheet.formats.settings_tolerant import tolerant
from callsheet.system.verbs import Verbs

log = logging.getLogger("callsheet.system")


def run(argv: list[str]) -> int:
    """Until SIGTERM or SIGINT. Exit 1: it cannot start; 2: bad usage."""
    parser = argparse.ArgumentParser(
        prog="callsheet system", description="What needs root on an appliance: reboot, clock, network, update, reset.")
    parser.add_argument("--data", type=Path, default=Path("/data"), help="root of the data partition")
    parser.add_argument("--group", default="callsheet", help="who may ask (default: callsheet)")
    parser.add_argument("--config", type=Path, metavar="FILE",
                        help="settings whose [network] the system is given at the start")
    arguments = parser.parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(name)s: %(message)s", stream=sys.stderr)
    try:
        group = grp.getgrnam(arguments.group).gr_gid
        FOLDER.mkdir(mode=0o750, exist_ok=True)
        os.chown(FOLDER, -1, group)
        verbs = Verbs(arguments.data)
        verbs.updates.start()
        server = ControlServer(FOLDER, verbs)
        _at_start(verbs, arguments.config)
        server.start()
        os.chown(FOLDER / NAME, -1, group)
    except KeyError:
        print(f"callsheet system: there is no group {arguments.group}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"callsheet system: {error}", file=sys.stderr)
        return 1
    Watchdog().ready()
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    ended.wait()
    server.close()
    return 0


def _at_start(verbs: Verbs, config: Path | None) -> None:
    """A fault in the settings is no reason to be without a network: DHCP it is then, and the console tells what is wrong."""
    network = NetworkSettings()
    try:
        if config is not None:
            layers = SettingsLayers(config)
            # Only the phone's user writes them, so nothing is settled here.
            network = tolerant(layers.local.lasting(), layers.fleet.lasting())[0].network
    except (FormatError, OSError) as error:
        log.warning("the network's settings cannot be used: %s", error)
    try:
        verbs.at_start(network)
    except (OSError, Refused) as error:
        log.warning("the network is as it was: %s", error)
