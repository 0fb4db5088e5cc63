# SPDX-License-Identifier: GPL-3.0-or-later
"""callsheet settle: is the version that was just installed good?"""

from __future__ import annotations

import argparse
import logging
import sys
from pathlib import Path

from callsheet.adapters.control import ControlClient
from callsheet.adapters.privileged import SystemTrouble, ask_system
from callsheet.adapters.settings_layers import SettingsLayers
from callsheet.formats.settings import Settings
from callsheet.update import record
from callsheet.update.check import failing
from callsheet.update.slots import COMMAND_LINE, slots
from callsheet.update.trial import PATIENCE, Trial

WORD = "callsheet.patience="

def run(argv: list[str]) -> int:
    """Exit 0: it stays, or nothing was on trial; 1: it is taken back, or the system does not do it; 2: bad usage."""
    parser = argparse.ArgumentParser(prog="callsheet settle", description="Decide about the first start of a new version.")
    parser.add_argument("--config", required=True, type=Path, metavar="FILE", help="the phone's settings (TOML)")
    parser.add_argument("--patience", type=float, default=_patience(), metavar="SECONDS",
                        help=f"default: {WORD}… among the kernel's words (boot-options.txt), else {PATIENCE:.0f}")
    arguments = parser.parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(name)s: %(message)s", stream=sys.stderr)
    if not slots().on_trial:
        print("nothing is on trial")
        return 0
    settings = _settings(arguments.config)
    data = arguments.config.resolve().parent / settings.data.directory
    account = bool(settings.sip.server and settings.sip.register)
    trial = Trial(ControlClient(data), ask_system, arguments.config, failing, account, patience=arguments.patience)
    try:
        stays = trial.run(record.present())
    except SystemTrouble as trouble:
        print(f"callsheet settle: {trouble}", file=sys.stderr)
        return 1
    print("this version stays" if stays else "this version is taken back")
    return 0 if stays else 1


def _patience() -> float:
    """A slow machine, or a network that takes its time, is told so on the card."""
    try:
        found = [word.removeprefix(WORD) for word in COMMAND_LINE.read_text().split() if word.startswith(WORD)]
        return float(found[-1]) if found else PATIENCE
    except (OSError, ValueError):
        return PATIENCE


def _settings(config: Path) -> Settings:
    """As the phone has them: it tolerates what is wrong in the file."""
    try:
        return SettingsLayers(config).tolerant()[0]
    except OSError:
        return Settings()
