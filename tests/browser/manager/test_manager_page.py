# SPDX-License-Identifier: GPL-3.0-or-later
"""What a manager does all day, done in the page."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from sqlalchemy import func, select

from callsheet.formats.status import Status
from callsheet.manager.storage.tables import Agent, CallList, DoNotCall, Phone, Task
from tests.browser.manager.visit import POCKET

REFUSED = ("status of 403", "status of 422", "status of 429")
"""Chromium's word on answers that are refusals by intention."""


def unfinished(database, agent):
    """The tasks that are to be with an agent, sooner or later."""
    with database.read() as db:
        staying = Task.moving_to.is_(None) & (Task.agent_id == agent)
        return db.scalar(select(func.count()).where(Task.final.is_(False), staying | (Task.moving_to == agent)))


def say(database, phone, **changes):
    """The phone says something new."""
    with database.write() as db:
        row = db.get(Phone, phone)
        now = datetime.now(UTC)
        status = msgspec.structs.replace(msgspec.convert(row.status, Status), at=now, **changes)
        row.heard, row.status = now, msgspec.to_builtins(status)


def test_signing_in_with_wrong_and_right_password(visit):
    who = visit(expected=REFUSED).sign_in("mia", "wrong password")
    assert "Wrong user name or password" in who.text("[role=alert]")
    who.sign_in()
    assert who.text("h1") == "Agents" and "mia" in who.text(".self")
    who.tab.click("text=Sign out")
    who.tab.wait_for_url("**/sign-in")


def test_a_change_arrives_while_one_looks_on_and_keeps_the_focus(visit, database):
    who = visit().sign_in().live()
    with database.read() as db:
        task = db.scalars(select(Task).where(Task.agent_id == "102", Task.final.is_(False))).first()
        sheet = db.get(CallList, task.list_id).key
    who.tab.focus("#work-of-102")
    say(database, "phone-02", work="ready", activity="talking", activity_since=datetime.now(UTC), task=task.key,
        sheet=sheet, registered=True, headset=True, blocker="")
    who.shows("#agent-102 .c-state", "Talking")
    who.shows("#agent-102 .c-task", task.name)
    assert who.tab.evaluate("document.activeElement.id") == "work-of-102"
    say(database, "phone-02", work="paused", activity="idle", since=datetime.now(UTC), reason="pause.lunch", task="")
    who.shows("#agent-102 .c-state", "Paused")
    who.shows("#agent-102 .c-state", "Lunch")
    first = who.text("#agent-102 time")
    who.tab.wait_for_function("first => document.querySelector('#agent-102 time').innerText !== first", arg=first)


def test_an_agent_who_is_new_appears(visit, database):
    who = visit().sign_in().live()
    with database.write() as db:
        db.add(Agent(id="777", name="New Person", created=datetime.now(UTC)))
    who.tab.wait_for_selector("#agent-777", timeout=60_000)


def test_the_filter_also_holds_for_what_comes_in_later(visit, database):
    who = visit().sign_in().live()
    who.tab.fill("#find", "anna")
    assert who.tab.locator("#agents tbody tr:visible").count() == 1
    assert who.text("#shown") == "1 of 8"
    say(database, "phone-02", work="off", since=datetime.now(UTC))
    who.tab.wait_for_function("() => document.querySelector('#agent-102').dataset.state === 'off'")
    assert who.tab.locator("#agents tbody tr:visible").count() == 1


def test_work_is_dragged_to_another_agent(visit, database):
    before = unfinished(database, "101"), unfinished(database, "103")
    who = visit().sign_in().open("/work")
    who.tab.drag_and_drop("#card-101", "#card-103")
    who.tab.wait_for_selector("dialog[open] #forecast")
    assert who.tab.input_value("[name=source]") == "101" and who.tab.input_value("[name=target]") == "103"
    assert f"{before[0]} tasks move." in who.text("#forecast")
    who.tab.click("dialog button[type=submit]")
    who.tab.wait_for_selector("#page > .notice.good")
    assert (unfinished(database, "101"), unfinished(database, "103")) == (0, sum(before))
    assert not who.tab.is_visible("dialog")


def test_work_is_moved_with_the_keyboard_alone(visit, database):
    before = unfinished(database, "104"), unfinished(database, "105")
    who = visit().sign_in().open("/work")
    who.tab.focus("#card-104 button")
    who.tab.keyboard.press("Enter")
    who.tab.wait_for_selector("dialog[open]")
    assert who.tab.evaluate("document.activeElement.name") == "target"
    who.tab.keyboard.type("105")
    who.tab.keyboard.press("Tab")
    assert who.tab.evaluate("document.activeElement.tagName") == "SUMMARY"
    who.tab.keyboard.press("Enter")
    who.tab.fill("[name=most]", "3")
    who.shows("#forecast", "3 tasks move.")
    who.tab.focus("dialog button[type=submit]")
    who.tab.keyboard.press("Enter")
    who.tab.wait_for_selector("#page > .notice.good")
    assert (unfinished(database, "104"), unfinished(database, "105")) == (before[0] - 3, before[1] + 3)
    assert re.search(r"(?i)moved", who.text("#said"))


def test_escape_leaves_a_dialog_and_the_focus_goes_back(visit, database):
    before = unfinished(database, "104")
    who = visit().sign_in().open("/work")
    who.tab.focus("#card-104 button")
    who.tab.keyboard.press("Enter")
    who.tab.wait_for_selector("dialog[open]")
    who.tab.keyboard.press("Escape")
    assert not who.tab.is_visible("dialog")
    assert who.tab.evaluate("document.activeElement.closest('li').id") == "card-104"
    assert unfinished(database, "104") == before


def test_a_task_is_found_by_number_in_any_writing_and_shown_with_its_calls(visit, database):
    with database.read() as db:
        task = db.scalars(select(Task).where(Task.outcome == "busy")).first()
    national = "0" + task.number.removeprefix("+49")
    for words in (task.number, f"{national[:4]}/{national[4:]}", task.key, task.name.upper()):
        who = visit().sign_in().open("/search")
        who.tab.fill("main [name=q]", words)
        who.tab.keyboard.press("Enter")
        who.tab.click(f"a[href='/tasks/{task.id}']")
        assert who.text("h1") == task.name
    assert "486 Busy Here" in who.text("main") and "Q.850 17" in who.text("main")


def test_a_list_is_stopped_with_a_reason_and_goes_on(visit, database):
    who = visit().sign_in().open("/lists/1")
    who.tab.click("text=Stop")
    who.tab.fill("dialog [name=reason]", "Wrong price in the offer")
    who.tab.click("dialog button[type=submit]")
    who.shows("main", "Wrong price in the offer")
    with database.read() as db:
        assert db.get(CallList, 1).state == "stopped"
    who.tab.click("text=Resume")
    who.tab.click("dialog button[type=submit]")
    who.shows("main", "The list goes on.")
    with database.read() as db:
        assert db.get(CallList, 1).state == "open"


def test_a_number_is_added_to_do_not_call_found_and_removed(visit, database):
    who = visit(expected=REFUSED).sign_in().open("/do-not-call")
    who.tab.fill("[name=numbers]", "+49 30 / 999 00-11\nnot a number")
    who.tab.fill("section [name=reason]", "asked by letter")
    who.tab.click("section button[type=submit]")
    who.shows(".notice.bad", "not a number")
    who.tab.fill("[name=numbers]", "+49 30 / 999 00-11")
    who.tab.click("section button[type=submit]")
    who.shows(".notice.good", "Added 1")
    who.tab.fill("form[role=search] [name=q]", "030 9990011")
    who.tab.keyboard.press("Enter")
    who.tab.click("tr:has-text('+49309990011') button")
    who.tab.fill("dialog [name=reason]", "changed her mind")
    who.tab.click("dialog button[type=submit]")
    who.shows(".notice.good", "Removed 1")
    with database.read() as db:
        assert db.get(DoNotCall, "+49309990011") is None


def test_an_urgent_call_goes_into_a_sheet(visit, database):
    who = visit(expected=REFUSED).sign_in().open("/urgent")
    who.tab.select_option("[name=agent]", "103")
    who.tab.fill("[name=number]", "110")
    who.tab.click("main button[type=submit]")
    who.shows(".notice.bad", "emergency")
    who.tab.fill("[name=number]", "+49 30 5550199")
    who.tab.fill("[name=name]", "Frau <b>Eilig</b>")
    who.tab.click("main button[type=submit]")
    who.shows(".notice.good", "agent 103")
    who.tab.click("text=Show the task")
    assert who.text("h1") == "Frau <b>Eilig</b>" and "Europe/Berlin" in who.text("main")


def test_a_file_is_imported_and_its_bad_rows_come_back(visit, database, tmp_path):
    path = tmp_path / "clients.csv"
    path.write_text("Name;Telefon;Kunde\nFrau Neu;030 7654321;7\n<script>x</script>;0341 223344;8\nNiemand;xyz;9\n", "utf-8")
    who = visit().sign_in().open("/import")
    who.tab.set_input_files("[name=file]", path)
    who.tab.fill("[name=country]", "DE")
    who.tab.fill("[name=title]", "Spring")
    who.tab.select_option("[name=agents]", ["101"])
    who.tab.click("text=Look what would happen")
    who.shows("#result", "not a telephone number")
    with database.read() as db:
        assert db.scalar(select(CallList).where(CallList.key == "spring")) is None
    who.tab.select_option("th:has-text('Kunde') select", "service")
    who.tab.click("#result >> text=Look again")
    who.tab.wait_for_load_state("networkidle")
    who.tab.click("#result >> text=Import 2 calls")
    who.shows("#result", "Imported 2 calls.")
    with who.tab.expect_download() as download:
        who.tab.click("text=Download the rejected rows")
    assert "Niemand,xyz,9,not a telephone number" in Path(download.value.path()).read_text("utf-8-sig")
    with database.read() as db:
        found = db.scalars(select(Task).where(Task.key != "", Task.list_id == select(CallList.id).where(
            CallList.key == "spring").scalar_subquery()).order_by(Task.position)).all()
        assert [(task.name, task.number, task.agent_id, task.details["service"]) for task in found] == [
            ("Frau Neu", "+49307654321", "101", "7"), ("<script>x</script>", "+49341223344", "101", "8")]


def test_results_come_as_a_file_that_opens(visit, tmp_path):
    import python_calamine

    who = visit().sign_in().open("/downloads")
    who.tab.select_option("[name=list]", "heating-nov")
    with who.tab.expect_download() as download:
        who.tab.click("button:has-text('XLSX')")
    download.value.save_as(tmp_path / download.value.suggested_filename)
    book = python_calamine.CalamineWorkbook.from_path(tmp_path / download.value.suggested_filename)
    assert len(book.get_sheet_by_name("rows").to_python()) == 1 + 8 * 9
    with who.tab.expect_download() as download:
        who.tab.click("button:has-text('CSV')")
    assert re.fullmatch(r"callsheet-heating-nov-rows-\d{8}\.csv", download.value.suggested_filename)


def test_a_viewer_is_shown_no_way_to_change_anything(visit):
    who = visit(expected=REFUSED).sign_in("victor")
    for path in ("/", "/lists/1", "/work", "/tasks/1", "/do-not-call"):
        who.open(path)
        assert who.tab.locator("main button:visible, main [draggable=true]").filter(has_not_text="Find").count() == 0, path
    assert who.tab.locator("nav >> text=Users").count() == 0
    who.open("/users")
    assert "You may not do that" in who.text("main")


def test_users_are_made_and_get_in_with_the_password_that_is_shown_once(visit):
    who = visit().sign_in().open("/users")
    who.tab.fill("section [name=name]", "nora")
    who.tab.click("section button[type=submit]")
    password = who.text("#made")
    nora = visit().sign_in("nora", password)
    assert nora.text("h1") == "Agents" and "Viewer" in nora.text(".self")
    assert password not in who.open("/users").text("main")


def test_in_chinese(visit):
    who = visit(language="zh-CN", zone="Asia/Shanghai").sign_in()
    assert who.text("h1") == "坐席" and who.tab.get_attribute("html", "lang") == "zh-Hans"
    assert "Asia/Shanghai" in who.text(".self")
    for path in ("/problems", "/lists", "/lists/1", "/work", "/search?q=weber", "/tasks/1", "/do-not-call", "/downloads",
                 "/users", "/audit", "/urgent", "/import", "/account"):
        who.open(path)
        assert re.search(r"[\u4e00-\u9fff]", who.text("main")), path


def test_the_language_is_chosen_and_kept(visit):
    who = visit().sign_in().open("/account")
    who.tab.select_option("[name=language]", "zh")
    who.tab.select_option("[name=zone]", "Asia/Tokyo")
    who.tab.click("main form:has([name=language]) button")
    who.shows("nav", "坐席")
    assert "Asia/Tokyo" in who.text(".self")


def test_on_a_narrow_screen_nothing_is_cut_off_and_the_menu_opens(visit):
    who = visit(viewport=POCKET, has_touch=True).sign_in()
    for path in ("/", "/problems", "/lists", "/lists/1", "/work", "/search?q=weber", "/tasks/1", "/do-not-call",
                 "/downloads", "/users", "/audit", "/urgent", "/import", "/account"):
        who.open(path)
        wide = who.tab.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, path
    assert not who.tab.is_visible("nav")
    who.tab.click(".menu-button")
    who.tab.click("nav >> text=Lists")
    assert who.text("h1") == "Lists"


def test_a_session_that_is_over_leads_back_to_the_door(visit, database):
    from callsheet.manager.storage.tables import Session

    who = visit().sign_in().open("/users")
    with database.write() as db:
        db.query(Session).delete()
    who.tab.fill("section [name=name]", "nobody")
    who.tab.click("section button[type=submit]")
    who.tab.wait_for_url("**/sign-in")
