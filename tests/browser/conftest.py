# SPDX-License-Identifier: GPL-3.0-or-later
"""Chromium on the real page, served by the real server, over a simulated handset."""

import queue
import shutil

import pytest

from callsheet.simulator.handset import SimulatedHandset
from callsheet.simulator.web import WebHandset
from tests.browser.phone_page import FLAGS, PhonePage

playwright_api = pytest.importorskip("playwright.sync_api")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.fixture(scope="session")
def chromium():
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed (Debian: apt install chromium)")
    with playwright_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def handset():
    return SimulatedHandset()


@pytest.fixture
def posted(handset):
    """Every event the handset posts to the phone, from its start on."""
    posted = queue.Queue()
    handset.keys.start(posted.put)
    handset.headset.start(posted.put)
    posted.get_nowait()
    return posted


@pytest.fixture
def web(handset):
    with WebHandset(handset) as web:
        yield web


@pytest.fixture
def open_page(chromium, web):
    """Opens pages on the phone; at the end no page may have complained, or asked anyone but the phone."""
    opened = []

    def open_one(url=None, **options):
        page = PhonePage(chromium, url or web.url, **options)
        opened.append(page)
        return page

    yield open_one
    for page in opened:
        page.close()
    for page in opened:
        assert page.complaints == []
        assert [url for url in page.asked if not url.startswith(page.url)] == []


@pytest.fixture
def phone(open_page):
    return open_page()
