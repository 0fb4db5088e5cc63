# SPDX-License-Identifier: GPL-3.0-or-later
"""`callsheet.toml` on the card's boot partition (FAT): taken once, then its secrets are gone from there.

The order is: settings and password on the data partition, then the file on the
card. A power cut in between means it is taken again, which changes nothing.
"""

from __future__ import annotations

import os
from pathlib import Path

from msgspec import Struct

from callsheet.adapters.settings_files import SettingsFiles
from callsheet.adapters.whole_file import sync_folder, write_whole
from callsheet.console.password import Password
from callsheet.formats.errors import FormatError
from callsheet.formats.settings import read_settings
from callsheet.formats.settings_layers import without_password

NAME = "callsheet.toml"
TAKEN = "callsheet-taken.txt"
ERROR = "callsheet-error.txt"
"""Beside the file, in words, for whoever puts the card into a computer again."""
_LARGEST = 1024 * 1024


class Taken(Struct, frozen=True):
    """What became of the file."""

    found: bool
    error: str = ""
    """Why it was not taken: place and remedy."""


COMPLAINT = "callsheet.toml.error"
"""In the data directory: what the phone shows of it."""


def complaint(data: Path) -> str:
    """What was wrong with the last file on the card; empty: nothing."""
    try:
        return (data / COMPLAINT).read_text(encoding="utf-8").strip()
    except OSError:
        return ""


def take(boot: Path, files: SettingsFiles, data: Path) -> Taken:
    """Take the file from the boot partition, if there is one. Raises OSError where the data partition fails."""
    path = boot / NAME
    try:
        if path.stat().st_size > _LARGEST:
            raise FormatError(0, 0, f"{NAME} is larger than a settings file can be")
        found = path.read_bytes()
        if found.startswith(b"\0"):
            # The power failed while it was being wiped: it had been taken before that.
            _wipe(path)
            return Taken(False)
        read_settings(found, NAME)
        text, password = without_password(found)
    except FileNotFoundError:
        return Taken(False)
    except FormatError as error:
        data.mkdir(parents=True, exist_ok=True, mode=0o700)
        _say(data / COMPLAINT, str(error))
        _say(boot / ERROR, f"{error}\r\nThe phone goes on with the settings it had. Correct {NAME} and start it again.\r\n")
        return Taken(True, str(error))
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    if password:
        Password(data).set(password)
    if text != files.current():
        files.apply(text)
    _say(boot / TAKEN, f"{NAME} was taken. To change settings again, put another {NAME} here, or use the console.\r\n")
    _wipe(path)
    for path in (boot / ERROR, data / COMPLAINT):
        path.unlink(missing_ok=True)
    return Taken(True)


def _wipe(path: Path) -> None:
    """FAT keeps a file where it is as long as it does not grow: zeros over the whole of it reach the same sectors."""
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.write(b"\0" * size)
        file.flush()
        os.fsync(file.fileno())
    path.unlink()
    sync_folder(path.parent)


def _say(path: Path, text: str) -> None:
    write_whole(path, text.encode(), 0o644)
