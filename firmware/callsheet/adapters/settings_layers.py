# SPDX-License-Identifier: GPL-3.0-or-later
"""The two settings files of a phone, its own and its fleet's, as one."""

from __future__ import annotations

import hashlib
from pathlib import Path

from callsheet.adapters.settings_files import SettingsFiles
from callsheet.formats.settings import Settings
from callsheet.formats.settings_layers import layered
from callsheet.formats.settings_tolerant import tolerant

FLEET = "fleet.toml"


class SettingsLayers:
    """What is set at this phone goes before what its fleet has."""

    def __init__(self, path: Path, local: SettingsFiles | None = None) -> None:
        """`path` is the phone's own file; its fleet's lies beside it."""
        self.path = path
        self.local = local or SettingsFiles(path)
        self.fleet = SettingsFiles(path.with_name(FLEET))

    def settings(self) -> Settings:
        """Those in force. Raises FormatError, SettingsError."""
        return layered(self.local.current(), self.fleet.current(), str(self.path))

    def tolerant(self) -> tuple[Settings, tuple[str, ...]]:
        """Those in force without what is wrong in the files, and what that was. Raises SettingsError."""
        return tolerant(self.local.current(), self.fleet.current())

    def digest(self) -> str:
        """Of both files, so that a phone can say which it runs with. Raises SettingsError."""
        both = (hashlib.sha256(files.current()).digest() for files in (self.local, self.fleet))
        return hashlib.sha256(b"".join(both)).hexdigest()

    def settle(self) -> None:
        """At start: take back what was on trial and not confirmed in time. Raises SettingsError."""
        for files in (self.local, self.fleet):
            files.settle()
