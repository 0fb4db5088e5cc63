# SPDX-License-Identifier: GPL-3.0-or-later
"""The page on an empty database, or on one with a believable day, on both engines."""

from __future__ import annotations

import pytest

pytest.importorskip("fastapi")

from tests.manager.believable import Day
from tests.manager.web.page_server import Visit, add_users, serving


@pytest.fixture
def peopled(database):
    """A database with two users."""
    add_users(database)
    return database


@pytest.fixture
def day(peopled):
    """A database with a small day."""
    Day(peopled, agents=6, tasks=12).fill()
    return peopled


@pytest.fixture
def page(peopled):
    with serving(peopled) as url:
        yield url


@pytest.fixture
def manager(page):
    visit = Visit(page)
    assert visit.sign_in("mia").status_code == 200
    return visit


@pytest.fixture
def viewer(page):
    visit = Visit(page)
    assert visit.sign_in("victor").status_code == 200
    return visit
