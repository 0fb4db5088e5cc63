# SPDX-License-Identifier: GPL-3.0-or-later
"""callsheet phone: run the phone."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
from pathlib import Path

from msgspec.structs import replace

from callsheet.adapters.control import ControlServer
from callsheet.adapters.recent_log import RecentLog
from callsheet.adapters.settings_layers import SettingsLayers
from callsheet.core.events import FaultChanged
from callsheet.formats.errors import FormatError
from callsheet.phone import memory
from callsheet.phone.answers import Answers
from callsheet.phone.build import Built, NoHardware, build
from callsheet.ports import PortError

SWITCH = 0.0005
"""Seconds after which a thread that computes lets another run: what the loop waits at worst for an upload or
a frame in progress before it can send an INVITE."""
FORM = "%(asctime)s %(name)s: %(message)s"


def run(argv: list[str]) -> int:
    """Run until SIGINT or SIGTERM. Exit 1: it could not start; 2: bad usage."""
    parser = argparse.ArgumentParser(prog="callsheet phone", description="Run the phone.")
    parser.add_argument("--config", required=True, type=Path, metavar="FILE", help="the phone's settings (TOML)")
    parser.add_argument("--tolerate", action="store_true",
                        help="start also with settings that are wrong, without these; the display names them")
    parser.add_argument("--verbose", action="store_true", help="log more")
    arguments = parser.parse_args(argv)
    logging.basicConfig(level=logging.INFO if arguments.verbose else logging.WARNING, format=FORM, stream=sys.stderr)
    path: Path = arguments.config
    recent = RecentLog()
    recent.setFormatter(logging.Formatter(FORM))
    logging.getLogger().addHandler(recent)
    memory.frugal()
    sys.setswitchinterval(SWITCH)
    try:
        if not arguments.tolerate:
            path.stat()  # a wrong name on the command line is no phone with default settings
        layers = SettingsLayers(path)
        layers.settle()
        digest = layers.digest()
        settings, problems = layers.tolerant() if arguments.tolerate else (layers.settings(), ())
        built = build(settings, path.resolve().parent)
        control = ControlServer(path.resolve().parent / settings.data.directory, Answers(built.phone, recent, digest))
        for problem in problems:
            logging.getLogger("callsheet").error("settings: %s", problem)
        if problems:
            built.phone.post(FaultChanged("settings", problems[0]))
        built = replace(built, start=(*built.start, control.start), close=(control.close, *built.close))
        return _serve(built) or _again(built)
    except (FormatError, NoHardware, PortError, OSError) as error:
        print(f"callsheet phone: {error}", file=sys.stderr)
        return 1


def _again(built: Built) -> int:
    """With other settings: a new process in this one's place, so that nothing of the SIP stack is left over."""
    if built.phone.restarting:
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])
    return 0


def _serve(built: Built) -> int:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: built.phone.stop())
    try:
        for start in built.start:
            start()
        print(f"page {built.page}" if built.page else "ready", flush=True)
        built.phone.run()
    finally:
        for close in built.close:
            close()
    return 0
