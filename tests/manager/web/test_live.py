# SPDX-License-Identifier: GPL-3.0-or-later
"""Agents live: what is gathered, what is sent, and that nobody's browser is sent what it has."""

from __future__ import annotations

import asyncio
import threading
from datetime import UTC, datetime, timedelta
from functools import partial

import msgspec
import pytest

from callsheet.formats.status import Status
from callsheet.manager.settings import ManagerSettings
from callsheet.manager.storage.tables import Agent, Phone, WorkRecord
from callsheet.manager.web import texts
from callsheet.manager.web.live import gather
from callsheet.manager.web.live.hub import Hub
from callsheet.manager.web.live.kept import Kept
from callsheet.manager.web.live.rows import Callee, Figures, Seen, row, talk_percent
from callsheet.manager.web.pages.agents import blocked
from tests.manager.web.page_server import PATIENCE, Visit, words

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
SILENT = timedelta(minutes=3)


def status(**changes):
    return Status(**{"format": "callsheet-status", "version": 1, "at": NOW, "phone": "p1", "agent": "101", "work": "ready",
                     "since": NOW - timedelta(minutes=5), "registered": True, "headset": True, **changes})


def shown(heard=NOW, **changes):
    return row("101", "Anna", Seen("p1", heard, status(**changes)), Callee(7, "Karl", "+49301"), Figures(), NOW, SILENT)


@pytest.mark.parametrize(("changes", "state"), [
    ({"activity": "talking"}, "talking"), ({"activity": "wrap-up"}, "wrap-up"), ({}, "ready"),
    ({"work": "paused", "reason": "pause.lunch"}, "paused"), ({"work": "paused", "activity": "incoming"}, "incoming"),
    ({"work": "off", "activity": "incoming"}, "off"), ({"work": "signing-in"}, "signing-in"),
])
def test_what_an_agent_does_in_one_word(changes, state):
    assert shown(**changes).state == state


def test_a_phone_that_says_nothing_is_silent_unless_nobody_works_with_it():
    late = NOW - SILENT - timedelta(seconds=1)
    gone = shown(late, activity="talking", blocker="hours")
    assert (gone.state, gone.since, gone.registered, gone.blocker, gone.callee.id) == ("silent", late, False, "", 0)
    assert shown(late, work="off").state == "off"
    assert shown(NOW - SILENT).state == "ready"
    assert row("101", "", None, Callee(), Figures(), NOW, SILENT).state == "absent"


@pytest.mark.parametrize(("language", "text"), [("en", "Not registered"), ("zh", "未注册")])
def test_a_reason_whose_detail_only_the_phone_knows_ends_before_it(language, text):
    assert blocked(shown(blocker="unregistered"), say=partial(texts.say, language), clock=str) == text


def test_talk_share_is_of_the_time_ready():
    assert talk_percent(900, 3600) == 25
    assert talk_percent(10, 5) is None
    assert talk_percent(4000, 3600) == 100


def test_time_ready_is_added_up_over_phones_and_pauses(database):
    with database.write() as db:
        for minute, phone, work in ((0, "p1", "ready"), (10, "p1", "paused"), (15, "p1", "ready"), (20, "p1", "off"),
                                    (30, "p2", "ready"), (31, "p2", "ready")):
            db.add(WorkRecord(phone=phone, agent_id="101", at=NOW + timedelta(minutes=minute), work=work))
    with database.read() as db:
        found = gather.ready_seconds(db, NOW, NOW + timedelta(minutes=40))
    assert found == {"101": (10 + 5 + 10) * 60}


def heard(database, phone, at=None, **changes):
    at = at or datetime.now(UTC)
    with database.write() as db:
        known = db.get(Phone, phone) or Phone(id=phone)
        known.heard, known.agent_id = at, "101"
        known.status = msgspec.to_builtins(status(at=at, phone=phone, **changes))
        db.add(known)


@pytest.fixture
def hub(database, monkeypatch):
    monkeypatch.setattr("callsheet.manager.web.live.hub.PERIOD", 0.0)
    with database.write() as db:
        db.add_all((Agent(id="101", name="Anna", created=NOW), Agent(id="102", name="Bo", created=NOW)))
    return Hub(database, ManagerSettings())


def test_only_what_has_changed_is_told(hub, database):
    first = hub.snapshot()
    assert [one.state for one in first.rows] == ["absent", "absent"]
    assert hub.since(first.version).rows == ()
    heard(database, "p1", activity="talking")
    second = hub.snapshot()
    assert [one.agent for one in hub.since(first.version).rows] == ["101"]
    assert hub.since(second.version).rows == ()
    heard(database, "p1", activity="talking")
    assert hub.snapshot().version == second.version, "being heard of is no change"


def test_another_process_s_version_is_told_everything(hub):
    hub.snapshot()
    for version in ("other.3", "", "x", ".", hub.snapshot().version.split(".")[0] + ".-1"):
        assert len(hub.since(version).rows) == 2


def test_the_phone_heard_of_last_speaks_for_its_agent(hub, database):
    now = datetime.now(UTC)
    heard(database, "old", now - timedelta(seconds=30), work="paused")
    heard(database, "new", now, activity="talking")
    assert hub.snapshot().rows[0].phone == "new"
    heard(database, "old", now + timedelta(seconds=1), work="paused")
    assert (hub.snapshot().rows[0].phone, hub.snapshot().rows[0].state) == ("old", "paused")


def test_a_status_that_cannot_be_read_leaves_the_agent_as_it_was(hub, database):
    heard(database, "p1", activity="talking")
    hub.snapshot()
    with database.write() as db:
        phone = db.get(Phone, "p1")
        phone.heard, phone.status = datetime.now(UTC), {"format": "something else"}
    assert hub.snapshot().rows[0].state == "talking"


def lines_of(visit, since, wanted, found):
    with visit.get(f"/live/agents?since={since}", stream=True) as stream:
        for line in stream.iter_lines(decode_unicode=True):
            found.append(line)
            if wanted in line:
                return


def test_all_who_watch_hear_of_a_change(page, peopled):
    with peopled.write() as db:
        db.add(Agent(id="101", name="Anna", created=NOW))
    visits = [Visit(page) for _ in range(3)]
    for visit in visits:
        visit.sign_in("victor")
    found = [[] for _ in visits]
    threads = [threading.Thread(target=lines_of, args=(visit, "", 'own words', lines))
               for visit, lines in zip(visits, found, strict=True)]
    for thread in threads:
        thread.start()
    heard(peopled, "p1", work="paused", reason="<i>own words</i>")
    for thread in threads:
        thread.join(PATIENCE)
    for lines in found:
        text = "\n".join(lines)
        assert "event: rows" in text and 'hx-swap-oob="true"' in text and "&lt;i&gt;own words" in text
        assert any(line.startswith("id: ") for line in lines)


def test_the_page_shows_them_all_and_its_stream_goes_on_from_there(page, peopled, manager, monkeypatch):
    monkeypatch.setattr("callsheet.manager.web.live.hub.PERIOD", 0.0)
    with peopled.write() as db:
        db.add(Agent(id="101", name="Anna", created=NOW))
    heard(peopled, "p1", work="paused", reason="pause.lunch", registered=False, outbox=3, faults=("display",))
    answer = manager.get("/")
    for text in ("Anna", "Paused", "Lunch", "p1", "Broken: display"):
        assert text in words(answer)
    assert 'aria-label="Not registered"' in answer.text and "/live/agents?since=" in answer.text


def test_watchers_share_one_look_and_without_any_there_is_none(database, monkeypatch):
    looks = []
    monkeypatch.setattr("callsheet.manager.web.live.hub.PERIOD", 0.05)
    hub = Hub(database, ManagerSettings())
    monkeypatch.setattr(hub, "_refresh", lambda: looks.append(1))

    async def watch():
        async with hub.watching(), hub.watching(), hub.watching():
            polls = {task.get_name() for task in asyncio.all_tasks()}
            while len(looks) < 3:
                await asyncio.sleep(0.01)
        many = len(looks)
        await asyncio.sleep(0.3)
        return polls, many

    polls, many = asyncio.run(watch())
    assert "agents-live" in polls and len(polls) == 2
    assert len(looks) <= many + 1


def test_what_many_ask_for_is_made_once_and_little_is_kept():
    kept, made = Kept(32), []
    for _ in range(5):
        assert kept.get(("rows", "1", "2"), lambda: made.append(1) or "html") == "html"
    assert made == [1]
    for number in range(100):
        kept.get(("rows", str(number)), lambda: "html")
    assert len(kept) == 32
