# SPDX-License-Identifier: GPL-3.0-or-later
"""callsheet manager init: a folder with settings and an empty database, or a database brought up to date."""

from __future__ import annotations

import argparse
import os
from typing import Any

from callsheet.cli.manager.common import add_command
from callsheet.cli.output import print_json
from callsheet.formats.moments import zone
from callsheet.manager.countries import check_country
from callsheet.manager.settings import (
    FILE_NAME,
    check_database_url,
    load_manager_settings,
    read_manager_settings,
)
from callsheet.manager.storage.database import open_database

ORDER = 0
_SETTINGS = """\
# Settings of the Callsheet manager. What is not here has its default; firmware/callsheet/manager/README.md has all.

[database]
url = "{database}"

[import]
country = "{country}"  # of numbers without "+"
zone = "{zone}"  # of callees whose number and row do not tell; empty: unknown

[serve]
listen = "127.0.0.1:8470"
url = "{url}"  # where phones reach it from outside

[retention]
days = 180  # after a list is closed, its names, numbers and notes are erased
"""


def register(commands: Any) -> None:
    """Add the command to the parser."""
    parser = add_command(
        commands, "init", _run, "make settings and database, or bring the database up to date",
        "callsheet manager init --folder office --country DE --zone Europe/Berlin",
        "Make the folder, its manager.toml and the database. Where they are already, the settings are left alone and "
        "the\ndatabase is brought up to the newest form.",
    )
    parser.add_argument("--database", default="sqlite:///callsheet.db", metavar="URL",
                        help="sqlite:///FILE or postgresql+psycopg://USER@HOST/NAME (default: %(default)s)")
    parser.add_argument("--country", default="", metavar="CC", help='ISO code of numbers written without "+", such as DE')
    parser.add_argument("--zone", default="", help="time zone of callees whose number does not tell, such as Europe/Berlin")
    parser.add_argument("--url", default="", help="where phones will reach the server, such as https://calls.example.com")


def _run(options: argparse.Namespace) -> int:
    path = options.folder / FILE_NAME
    made = not path.exists()
    if made:
        _write(options)
    settings = load_manager_settings(options.folder)
    database = open_database(settings.database.url, options.folder, check=False)
    try:
        database.upgrade()
        database.check()
    finally:
        database.close()
    if options.json:
        print_json({"settings": str(path), "made": made, "database": database.shown})
    else:
        print(f"{path}: {'made' if made else 'was there, left alone'}")
        print(f"{database.shown}: ready")
    return 0


def _write(options: argparse.Namespace) -> None:
    """The settings file, after all values in it have been found good; raises Invalid, FormatError or OSError."""
    check_database_url(options.database)
    country = options.country and check_country(options.country)
    if options.zone:
        zone(options.zone)
    text = _SETTINGS.format(database=options.database.replace("\\", "/"), country=country, zone=options.zone,
                            url=options.url)
    read_manager_settings(text.encode(), FILE_NAME)
    options.folder.mkdir(parents=True, exist_ok=True)
    # The URL may have a password in it.
    handle = os.open(options.folder / FILE_NAME, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
