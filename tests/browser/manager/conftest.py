# SPDX-License-Identifier: GPL-3.0-or-later
"""The manager's page with a small, believable day, in Chromium."""

from __future__ import annotations

import shutil

import pytest

pytest.importorskip("fastapi")

from callsheet.manager.storage.database import open_database
from tests.browser.manager.visit import Visit
from tests.manager.believable import Day
from tests.manager.web.page_server import add_users, serving


@pytest.fixture(scope="session")
def template(tmp_path_factory):
    path = tmp_path_factory.mktemp("day") / "template.db"
    made = open_database(f"sqlite:///{path}", check=False)
    made.upgrade()
    add_users(made)
    Day(made, agents=8, tasks=18).fill()
    made.close()
    return path


@pytest.fixture
def database(template, tmp_path):
    shutil.copy(template, tmp_path / "day.db")
    opened = open_database(f"sqlite:///{tmp_path / 'day.db'}")
    yield opened
    opened.close()


@pytest.fixture
def page(database):
    with serving(database) as url:
        yield url


@pytest.fixture
def visit(chromium, page):
    """Makes visits; at the end no page may have complained, or asked anyone but the server."""
    made = []

    def make(expected=(), **options):
        made.append((Visit(chromium, page, **options), expected))
        return made[-1][0]

    yield make
    for one, _ in made:
        one.close()
    for one, expected in made:
        assert [text for text in one.complaints if not any(known in text for known in expected)] == []
        assert [url for url in one.asked if not url.startswith((page, "blob:"))] == []
