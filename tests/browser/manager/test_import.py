# SPDX-License-Identifier: GPL-3.0-or-later
"""A large import as Chromium shows it: how far it is, for eyes and for ears, and how it ends."""

from __future__ import annotations

from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest
from sqlalchemy import func, select

from callsheet.manager.storage.tables import CallList, Task
from tests.browser.manager.visit import Visit
from tests.contract.transport.proxy import FAR, NEAR, Proxy
from tests.manager.web.page_server import serving

ROWS = 5000
SAID = {
    "en-GB": ("Step 2 of ", "0 of 5 000 rows · 0 %", "Imported 5000 calls.", "The connection broke off."),
    "zh-CN": ("第 2 步", "0 / 5 000 行 · 0 %", "已导入 5000 个任务。", "连接中断。"),
}


@pytest.fixture
def clients(tmp_path):
    path = tmp_path / "clients.csv"
    path.write_text("Name;Telefon\n" + "".join(f"Callee {n};030 {5000000 + n}\n" for n in range(ROWS)), "utf-8")
    return path


def look(who, path):
    """Through the form up to what would happen."""
    who.sign_in().open("/import")
    who.tab.set_input_files("[name=file]", path)
    who.tab.fill("[name=country]", "DE")
    who.tab.fill("[name=title]", "Spring")
    who.tab.click("[hx-post='/import/try']")
    who.tab.wait_for_selector("#result [hx-post='/import/do']")
    return who


@contextmanager
def writing(database):
    """Somebody else is SQLite's one writer."""
    with database.write() as db:
        db.execute(select(1))
        yield


def begin(who):
    """Import, until all is read: then it waits for whoever writes."""
    who.tab.focus("#result [hx-post='/import/do']")
    who.tab.keyboard.press("Enter")
    who.tab.wait_for_function("() => / · 0 %/.test(document.getElementById('working-text').textContent)")


@pytest.mark.parametrize("language", sorted(SAID))
def test_how_far_an_import_is_is_seen_and_heard(visit, database, clients, tmp_path, language):
    step, text, done, _ = SAID[language]
    who = look(visit(language=language), clients)
    with writing(database):
        begin(who)
        bar = who.tab.get_by_role("progressbar")
        assert bar.count() == 1 and bar.get_attribute("value") == "0"
        assert bar.get_attribute("aria-valuetext") == who.text("#working-text") == text
        assert who.tab.evaluate("""() => { const box = document.getElementById("working").getBoundingClientRect();
            return box.top >= 0 && box.bottom <= innerHeight; }""")
        assert who.text("#working-step").startswith(step) and who.text("#said").startswith(step)
        assert who.tab.get_attribute("#said", "role") == "status"
        assert who.tab.locator("#import button[type=submit]:enabled").count() == 0
        who.tab.screenshot(path=tmp_path / f"working-{language}.png", full_page=True)
    who.shows("#result .notice.good", done)
    who.tab.screenshot(path=tmp_path / f"done-{language}.png", full_page=True)
    assert not who.tab.is_visible("#working") and done in who.text("#said")
    assert who.tab.evaluate("document.activeElement.id") == "result"
    with database.read() as db:
        assert db.scalar(select(func.count()).where(
            Task.list_id == select(CallList.id).where(CallList.key == "spring").scalar_subquery())) == ROWS


@pytest.mark.parametrize("language", sorted(SAID))
def test_a_connection_that_breaks_off_is_told_and_stays_to_be_read(chromium, database, clients, language):
    with serving(database) as url:
        way = Proxy(urlsplit(url).port)
        who = look(Visit(chromium, url.replace(FAR, NEAR), language=language), clients)
        with writing(database):
            begin(who)
            way.close()
            who.shows("#working-step", SAID[language][3])
            assert not who.tab.is_visible("#working-bar") and who.tab.is_visible("#alarm")
        who.close()
