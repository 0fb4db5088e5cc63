# SPDX-License-Identifier: GPL-3.0-or-later
"""callsheet phone: run the phone."""

from __future__ import annotations

import argparse
import logging
import signal
import sys
from pathlib import Path

from callsheet.formats.errors import FormatError
from callsheet.formats.settings import read_settings
from callsheet.phone import memory
from callsheet.phone.build import Built, NoHardware, build
from callsheet.ports import PortError

SWITCH = 0.0005
"""Seconds after which a thread that computes lets another run: what the loop waits at worst for an upload or
a frame in progress before it can send an INVITE."""


def run(argv: list[str]) -> int:
    """Run until SIGINT or SIGTERM. Exit 1: it could not start; 2: bad usage."""
    parser = argparse.ArgumentParser(prog="callsheet phone", description="Run the phone.")
    parser.add_argument("--config", required=True, type=Path, metavar="FILE", help="the phone's settings (TOML)")
    parser.add_argument("--verbose", action="store_true", help="log more")
    arguments = parser.parse_args(argv)
    logging.basicConfig(level=logging.INFO if arguments.verbose else logging.WARNING,
                        format="%(asctime)s %(name)s: %(message)s", stream=sys.stderr)
    path: Path = arguments.config
    memory.frugal()
    sys.setswitchinterval(SWITCH)
    try:
        built = build(read_settings(path.read_bytes(), str(path)), path.resolve().parent)
        return _serve(built)
    except (FormatError, NoHardware, PortError, OSError) as error:
        print(f"callsheet phone: {error}", file=sys.stderr)
        return 1


def _serve(built: Built) -> int:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: built.phone.stop())
    try:
        for start in built.start:
            start()
        print(f"page {built.page}", flush=True)
        built.phone.run()
    finally:
        for close in built.close:
            close()
    return 0
