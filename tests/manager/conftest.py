# SPDX-License-Identifier: GPL-3.0-or-later
"""The manager's databases: every test that takes `database` runs on SQLite and on PostgreSQL."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

pytest.importorskip("sqlalchemy")

from callsheet.manager.storage.database import Database, open_database
from tests.manager.postgres import PostgresServer, binaries

TEMPLATE = "callsheet_template"
ENGINES = ("sqlite", "postgresql")
NUMBERS = itertools.count(1)


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A server with a database that has the tables, to be copied."""
    found = binaries()
    if found is None:
        pytest.skip("PostgreSQL is not installed")
    server = PostgresServer(found)
    try:
        server.start()
        server.execute(f"CREATE DATABASE {TEMPLATE}")
        _make(server.url(TEMPLATE))
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "callsheet.db"
    _make(f"sqlite:///{path}")
    return path


def _make(url: str) -> None:
    made = open_database(url, check=False)
    made.upgrade()
    made.close()


@pytest.fixture
def new_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[str], str]]:
    """Of "sqlite" or "postgresql" a fresh database with the tables; gives its URL."""
    made: list[str] = []

    def make(engine: str) -> str:
        number = next(NUMBERS)
        if engine == "sqlite":
            path = tmp_path / f"callsheet-{number}.db"
            shutil.copy(request.getfixturevalue("sqlite_template"), path)
            return f"sqlite:///{path}"
        server: PostgresServer = request.getfixturevalue("postgres")
        made.append(f"test_{number}")
        server.execute(f"CREATE DATABASE {made[-1]} TEMPLATE {TEMPLATE}")
        return server.url(made[-1])

    yield make
    for name in made:
        request.getfixturevalue("postgres").execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=ENGINES)
def database_url(request: pytest.FixtureRequest, new_database: Callable[[str], str]) -> str:
    """Of an empty database with the tables."""
    return new_database(request.param)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """Empty, with the tables."""
    opened = open_database(database_url)
    yield opened
    opened.close()
