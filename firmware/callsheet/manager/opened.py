# SPDX-License-Identifier: GPL-3.0-or-later
"""A manager that is open: its folder, its settings, its database."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from callsheet.manager.errors import Refused
from callsheet.manager.settings import FILE_NAME, ManagerSettings, load_manager_settings
from callsheet.manager.storage.database import Database, open_database


@dataclass(frozen=True)
class Manager:
    """All that the manager's programs share."""

    folder: Path
    """Of manager.toml; relative paths in the settings begin here."""
    settings: ManagerSettings
    database: Database


def open_manager(folder: Path) -> Manager:
    """The manager in a folder; raises Refused, OSError, FormatError or DatabaseError."""
    try:
        settings = load_manager_settings(folder)
    except FileNotFoundError:
        raise Refused(f"there is no {FILE_NAME} in {folder}",
                      "make one with callsheet manager init, or name its folder with --folder") from None
    return Manager(folder, settings, open_database(settings.database.url, folder, pool=settings.database.pool))
