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

from callsheet.adapters.control import NAME, ControlServer
from callsheet.adapters.privileged import FOLDER
from callsheet.system.verbs import Verbs


def run(argv: list[str]) -> int:
    """Until SIGTERM or SIGINT. Exit 1: it cannot start; 2: bad usage."""
    parser = argparse.ArgumentParser(
        prog="callsheet system", description="What needs root on an appliance: reboot, clock, network, update, reset.")
    parser.add_argument("--data", type=Path, default=Path("/data"), help="root of the data partition")
    parser.add_argument("--group", default="callsheet", help="who may ask (default: callsheet)")
    arguments = parser.parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(name)s: %(message)s", stream=sys.stderr)
    try:
        group = grp.getgrnam(arguments.group).gr_gid
        FOLDER.mkdir(mode=0o750, exist_ok=True)
        os.chown(FOLDER, -1, group)
        verbs = Verbs(arguments.data)
        verbs.updates.start()
        server = ControlServer(FOLDER, verbs)
        server.start()
        os.chown(FOLDER / NAME, -1, group)
    except KeyError:
        print(f"callsheet system: there is no group {arguments.group}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"callsheet system: {error}", file=sys.stderr)
        return 1
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    ended.wait()
    server.close()
    return 0
