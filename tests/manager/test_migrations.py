# SPDX-License-Identifier: GPL-3.0-or-later
"""What the migrations make is what the code expects, on both engines, also when many begin at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text

from callsheet.manager.storage import schema
from callsheet.manager.storage.database import Database, DatabaseError, open_database
from callsheet.manager.storage.tables import Base
from tests.manager.conftest import ENGINES, NUMBERS
from tests.manager.postgres import PostgresServer


@pytest.fixture(params=ENGINES)
def bare(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """URL of a database without tables."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'bare.db'}"
    server: PostgresServer = request.getfixturevalue("postgres")
    name = f"bare_{next(NUMBERS)}"
    server.execute(f"CREATE DATABASE {name}")
    return server.url(name)


def test_the_migrations_make_the_tables(database: Database) -> None:
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, Base.metadata) == []


def test_revisions_are_known_by_the_names_of_their_files() -> None:
    scripts = ScriptDirectory.from_config(schema.config())
    assert schema.known() == {one.revision for one in scripts.walk_revisions()}
    assert schema.newest() == scripts.get_current_head()


def test_the_way_back_leaves_nothing(database: Database) -> None:
    with database.engine.execution_options(callsheet_write=True).begin() as connection:
        made = schema.config()
        made.attributes["connection"] = connection
        command.downgrade(made, "base")
    with database.engine.connect() as connection:
        assert inspect(connection).get_table_names() == ["alembic_version"]
    database.upgrade()
    database.check()


def test_eight_processes_begin_at_once(bare: str) -> None:
    def begin(_: int) -> None:
        one = open_database(bare, check=False)
        one.upgrade()
        one.check()
        one.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(begin, range(8)))


def test_a_database_without_tables_says_what_to_do(bare: str) -> None:
    with pytest.raises(DatabaseError, match="callsheet manager init"):
        open_database(bare)


@pytest.mark.parametrize(("revision", "said"), [("9999", "newer version"), ("", "no tables")])
def test_a_database_of_another_version_is_refused(database: Database, revision: str, said: str) -> None:
    with database.write() as session:
        session.execute(text("DELETE FROM alembic_version"))
        if revision:
            session.execute(text("INSERT INTO alembic_version VALUES (:r)"), {"r": revision})
    with pytest.raises(DatabaseError, match=said):
        database.check()
