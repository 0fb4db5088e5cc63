# SPDX-License-Identifier: GPL-3.0-or-later
"""Which revision of the tables a database has, and how it gets the newest."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text

if TYPE_CHECKING:
    # Imported where the tables are changed only: every command asks for the revision, and this takes as long as all else.
    from alembic.config import Config

HERE = Path(__file__).parent / "migrations"
_LOCK = 0x63616C6C
"""Of PostgreSQL's advisory locks; any number that others are unlikely to take."""


def config() -> Config:
    """Alembic's configuration; `env.py` takes the connection from its attributes."""
    from alembic.config import Config

    made = Config()
    made.set_main_option("script_location", str(HERE).replace("%", "%%"))
    return made


@cache
def known() -> frozenset[str]:
    """All revisions this version knows: their files are called r{revision}_{what}.py."""
    return frozenset(path.name[1:].partition("_")[0] for path in (HERE / "versions").glob("r*.py"))


@cache
def newest() -> str:
    """The revision that the tables in `tables.py` are."""
    return max(known())


def current(connection: Connection) -> str:
    """The database's revision; empty: it has no tables."""
    if not inspect(connection).has_table("alembic_version"):
        return ""
    return connection.scalar(text("SELECT version_num FROM alembic_version")) or ""


def upgrade(connection: Connection) -> None:
    """Bring the tables up to date in one transaction, while no other process does."""
    from alembic import command

    connection = connection.execution_options(callsheet_write=True)
    with connection.begin():
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        made = config()
        made.attributes["connection"] = connection
        command.upgrade(made, "head")
