# SPDX-License-Identifier: GPL-3.0-or-later
"""What the pages show and do, beyond what the tests in the browser go through."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select

from callsheet.manager import audit, lists
from callsheet.manager.storage.tables import Agent, Attempt, Audit, DoNotCall, Phone, Task
from callsheet.manager.web import progress, times
from callsheet.manager.web.numbers import Unreadable, one_number
from callsheet.manager.web.pages.imports import key_of
from tests.manager.web.page_server import Visit, words


def test_a_list_s_parts_and_outcomes_add_up(day):
    with day.read() as db:
        lists = progress.of_lists(db)
        assert len(lists) == 3
        for one in lists:
            tasks = db.scalar(select(func.count()).select_from(Task).where(Task.list_id == one.call_list.id))
            assert one.total == tasks == sum(one.outcomes.values()) + one.parts["open"]
            assert abs(sum(width for *_, width in one.bar(1000)) - 1000) < 1
            first = datetime.now(UTC) - timedelta(hours=12)
            calls = db.scalar(select(func.count()).select_from(Attempt).where(Attempt.list_id == one.call_list.id))
            assert sum(made for _, made in progress.hours(db, one.call_list.id, first)) == calls
            assert sum(all for *_, all in progress.of_agents(db, one.call_list.id)) + one.unassigned == tasks


@pytest.mark.parametrize(("text", "number"), [
    ("+49 30 1234567", "+49301234567"), ("030/123 45 67", "+49301234567"), ("0049 (0)30 1234567", "+49301234567"),
    ("tel:+49-30-1234567", "+49301234567"), ("１２３", "123"), ("sip:alice@example.com", "alice@example.com"),
])
def test_numbers_as_people_type_them(text, number):
    assert one_number(text, "DE") == number


@pytest.mark.parametrize("text", ["", "nobody", "<script>", "+", "+49 30 12a"])
def test_what_is_no_number(text):
    with pytest.raises(Unreadable):
        one_number(text, "DE")


def test_searching_by_name_takes_wildcards_as_they_are(day, manager):
    with day.write() as db:
        db.get(Task, 1).name = "100%_sure"
    assert words(manager.get("/search?q=%25")).count("100%_sure") == 1
    assert "100%_sure" in words(manager.get("/search?q=0%25_s"))
    assert "No task matches." in words(manager.get("/search?q=zzzz_"))


@pytest.mark.parametrize("path", ["/import", "/urgent", "/downloads", "/work/move"])
def test_agents_stand_in_the_order_of_their_numbers(path, peopled, manager):
    with peopled.write() as db:
        db.add_all(Agent(id=id, name="Ann", active=True, created=datetime.now(UTC)) for id in ("1000", "99", "101"))
        lists.create(db, "renewals", "Renewals", {}, datetime.now(UTC))
    text = manager.get(path).text
    found = [text.index(f'<option value="{id}"') for id in ("99", "101", "1000")]
    assert found == sorted(found)


def test_a_held_task_is_released_and_a_task_taken_out(day, manager):
    with day.write() as db:
        task = db.scalars(select(Task).where(Task.final.is_(False))).first()
        task.held, id = "unknown", task.id
    assert "The task may be called again." in words(manager.change(f"/tasks/{id}/let-go"))
    assert "The task is taken out." in words(manager.change(f"/tasks/{id}/withdraw"))
    with day.read() as db:
        assert (db.get(Task, id).final, db.get(Task, id).withdrawn) == (True, True)
        actions = db.scalars(select(Audit.action).where(Audit.who == "mia")).all()
    assert actions == ["sign-in", "task.let-go", "task.withdraw"]


def test_numbers_are_added_all_or_none_and_the_log_has_none_of_them(day, manager):
    with day.read() as db:
        task = db.scalars(select(Task).where(Task.final.is_(False))).first()
    bad = manager.change("/do-not-call", {"numbers": f"{task.number}\nwrong", "reason": "letter"})
    assert bad.status_code == 422
    with day.read() as db:
        assert db.get(DoNotCall, task.canonical) is None
    manager.change("/do-not-call", {"numbers": f"{task.number}; +4930777", "reason": "letter"})
    with day.read() as db:
        assert db.get(DoNotCall, task.canonical).by == "mia" and db.get(Task, task.id).final
        lines = [f"{one.target} {one.detail}" for one in db.scalars(select(Audit))]
    assert not any("30777" in line or task.number in line for line in lines)


def test_the_log_pages_and_filters(peopled, manager):
    with peopled.write() as db:
        db.add_all(Audit(at=datetime.now(UTC), who="cli", action="import", target=f"t{n:03}", detail={}) for n in range(250))
    first = manager.get("/audit?who=cli").text
    assert "t249" in first and "t150" in first and "t149" not in first and "Older" in first
    assert "mia" not in words(manager.get("/audit?who=cli&action=import")).split("Details")[1]


def test_the_log_is_read_in_the_visitors_language_and_searched_in_it(peopled, manager):
    manager.http.headers["Accept-Language"] = "zh-CN"
    with peopled.write() as db:
        now = datetime.now(UTC)
        audit.note(db, now, audit.CLI, "user.add", "victor", role="viewer")
        audit.note(db, now, audit.CLI, "release", "101", force=True)
        audit.note(db, now, "mia", "import", "spring", rows=3, accepted=2, agents=["101", "102"])
        audit.note(db, now, "address:192.0.2.7", "sign-in.refused", "unknown:0123")
    text = words(manager.get("/audit"))
    for line in ("命令行 添加用户 victor 角色：查看者", "命令行 收回任务 101 不询问话机：是",
                 "mia 导入文件 spring 行数：3；接受：2；坐席：101、102", "地址 192.0.2.7", "未知用户 0123", "来自：127.0.0.1"):
        assert line in text
    found = words(manager.get("/audit?who=命令行")).split("详情")[1]
    assert "收回任务" in found and "mia" not in found and "192.0.2.7" not in found
    assert "192.0.2.7" in words(manager.get("/audit?who=地址 192.0.2.7")).split("详情")[1]


def test_a_broken_part_is_named_in_the_visitors_language(day, page):
    with day.write() as db:
        phone = db.get(Phone, "phone-01")
        phone.heard, phone.status = datetime.now(UTC), {**phone.status, "work": "off", "faults": ["headset", "gyro"]}
    for language, said in (("en", "Broken: headset's buttons Broken: gyro"), ("zh-CN", "故障：耳机按键 故障：gyro")):
        visit = Visit(page)
        visit.http.headers["Accept-Language"] = language
        assert said in words(visit.sign_in("mia"))


def test_things_that_are_not_there(manager):
    for path in ("/lists/999", "/tasks/999", "/lists/1/explode", "/nowhere", "/downloads/file?list=nowhere"):
        answer = manager.get(path)
        assert answer.status_code == 404 and "There is no such page" in words(answer), path
    assert manager.get("/downloads/file?since=yesterday").status_code == 422
    assert manager.change("/lists/999/stop", {"reason": "x"}).status_code == 404


def test_a_download_is_an_attachment_and_is_written_down(day, manager):
    answer = manager.get("/downloads/file?kind=csv&list=solar")
    assert answer.headers["content-disposition"].startswith("attachment")
    with day.read() as db:
        rows = db.scalar(select(func.count()).select_from(Task).join(Task.call_list).where(Task.call_list.has(key="solar")))
        taken = db.scalars(select(Audit).where(Audit.action == "download")).one()
    assert len(answer.content.decode("utf-8-sig").strip().splitlines()) == rows + 1
    assert (taken.who, taken.target, taken.detail["rows"]) == ("mia", "solar", rows)


@pytest.mark.parametrize(("title", "key"), [
    ("Spring 2026", "spring-2026"), ("Frühling/Köln.xlsx", "fruhling-koln"), ("../../etc/passwd", "etc-passwd"),
    ("a" * 200, "a" * 48),
])
def test_keys_of_lists_are_safe_in_names_of_files(title, key):
    assert key_of(title) == key


def test_a_title_without_latin_letters_gets_a_key_all_the_same():
    assert key_of("太阳能") != key_of("太阳能") and key_of("太阳能").startswith("list-")


def test_times_as_people_read_them():
    now, berlin = datetime(2026, 3, 2, 12, tzinfo=UTC), ZoneInfo("Europe/Berlin")
    assert times.clock(now, berlin, now) == "13:00"
    assert times.clock(now - timedelta(days=1), berlin, now) == "03-01 13:00"
    assert times.clock(now - timedelta(days=400), berlin, now) == "2025-01-26 13:00"
    assert [times.duration(s) for s in (-3, 7.9, 760, 11100)] == ["0:00", "0:07", "12:40", "3:05:00"]
    assert times.zone_of("../../etc/passwd").key == "UTC"
    assert times.zone_of("Asia/Shanghai").key == "Asia/Shanghai"
