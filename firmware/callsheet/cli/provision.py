# SPDX-License-Identifier: GPL-3.0-or-later
"""callsheet provision: take the settings from the card's boot partition, before the phone starts."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from callsheet.adapters.settings_files import SettingsError, SettingsFiles
from callsheet.formats.errors import FormatError
from callsheet.formats.settings import Settings
from callsheet.formats.settings_layers import layered
from callsheet.provisioning.card import NAME, take


def run(argv: list[str]) -> int:
    """Exit 0: taken, or nothing to take; 1: the file is wrong, or the card fails; 2: bad usage."""
    parser = argparse.ArgumentParser(
        prog="callsheet provision", description=f"Take {NAME} from the card's boot partition, once, and wipe it there.")
    parser.add_argument("--boot", required=True, type=Path, metavar="FOLDER", help="where the boot partition is mounted")
    parser.add_argument("--config", required=True, type=Path, metavar="FILE", help="the phone's own settings (TOML)")
    arguments = parser.parse_args(argv)
    files = SettingsFiles(arguments.config)
    try:
        data = arguments.config.resolve().parent / _present(files).data.directory
        taken = take(arguments.boot, files, data)
    except (SettingsError, OSError) as error:
        print(f"callsheet provision: {error}", file=sys.stderr)
        return 1
    if taken.error:
        print(f"callsheet provision: {taken.error}", file=sys.stderr)
        return 1
    print(f"{NAME} was taken" if taken.found else f"no {NAME}")
    return 0


def _present(files: SettingsFiles) -> Settings:
    """The settings so far; the defaults where there are none, or wrong ones: a new file is to mend that."""
    try:
        return layered(files.current())
    except FormatError:
        return Settings()
