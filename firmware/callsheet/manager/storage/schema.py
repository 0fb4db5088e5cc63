# SPDX-License-Identifier: GPL-3.0-or-later
"""Which revision of the tables a database has, and how it gets the newest."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

HERE = Path(__file__).parent / "migrations"
_LOCK = 0x63616C6C
"""Of PostgreSQL's advisory locks; any number that others are unlikely to take."""


def config() -> Config:
    """Alembic's configuration; `env.py` takes the connection from its attributes."""
    made = Config()
    made.set_main_option("script_location", str(HERE).replace("%", "%%"))
    return made


@cache
def known() -> frozenset[str]:
    """All revisions this version knows."""
    return frozenset(one.revision for one in ScriptDirectory.from_config(config()).walk_revisions())


@cache
def newest() -> str:
    """The revision that the tables in `tables.py` are."""
    return ScriptDirectory.from_config(config()).get_current_head() or ""


def current(connection: Connection) -> str:
    """The database's revision; empty: it has no tables."""
    return MigrationContext.configure(connection).get_current_revision() or ""


def upgrade(connection: Connection) -> None:
    """Bring the tables up to date in one transaction, while no other process does."""
    connection = connection.execution_options(callsheet_write=True)
    with connection.begin():
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        made = config()
        made.attributes["connection"] = connection
        command.upgrade(made, "head")
