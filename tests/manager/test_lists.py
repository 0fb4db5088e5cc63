# SPDX-License-Identifier: GPL-3.0-or-later
"""A list's own values, agents and their PINs, numbers nobody rings, urgent calls."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select

from callsheet.core import pin as pins
from callsheet.core.presets import PRESETS
from callsheet.formats.errors import FormatError, Invalid
from callsheet.formats.header import header
from callsheet.manager import agents, dncfile, lists, urgent
from callsheet.manager.errors import Refused
from callsheet.manager.importer.columns import plan
from callsheet.manager.importer.source import open_source
from callsheet.manager.settings import ImportSettings, ManagerSettings
from callsheet.manager.storage.database import Database
from callsheet.manager.storage.tables import Agent, DoNotCall, Sheet, Task

NOW = datetime(2026, 11, 25, 9, tzinfo=UTC)
TOML = """\
mode = "progressive"
gap = 5
rules = "fr"
order = [{ by = "priority" }, { by = "city" }]
pause_reasons = ["Lunch", { en = "Training", zh = "培训" }]

[region_rules.CN]
hours = [{ days = ["mon", "sat"], start = 09:00:00, end = "21:00" }]
holidays = [2026-12-25]

[retry.busy]
action = "retry"
after = 600
"""


def test_values_in_toml_and_json_are_what_a_sheet_has() -> None:
    found = lists.read_header(TOML.encode(), "list.toml")
    assert found == lists.read_header(json.dumps(found).encode(), "list.json")
    sheet = header({**found, "id": "x", "agent": "101", "revision": 1})
    assert sheet.rules == PRESETS["fr"] and sheet.mode == "progressive" and sheet.gap == 5
    assert [key.by for key in sheet.order] == ["priority", "city"]
    assert sheet.region_rules["CN"].holidays[0].isoformat() == "2026-12-25"


def test_rules_by_name_go_before_those_in_the_file() -> None:
    found = lists.read_header(TOML.encode(), "list.toml", "us")
    assert header({**found, "id": "x", "agent": "x", "revision": 0}).rules == PRESETS["us"]


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("gap = 5\nmoed = 1\n", 2, 'did you mean "mode"'), ('rules = "xx"\n', 1, "known: us"),
        ("\nagent = 101\n", 2, "not a list's to say"), ('pin = "1"\n', 1, "agent pin"), ("gap = -1\n", 1, ">= 0"),
        ('[rules]\nhours = [{ days = ["mon"], start = "20:00", end = "09:00" }]\n', 2, "ends before"),
        ("gap = \n", 1, "TOML"), ('{"gap": }', 1, "JSON"), ('{"gap": "x"}', 0, "expected a number"),
        ('do_not_call = ["+49"]', 1, "dnc import"),
    ],
)
def test_values_that_cannot_be(text: str, line: int, said: str) -> None:
    with pytest.raises(FormatError) as caught:
        lists.read_header(text.encode(), "list.toml")
    assert said in str(caught.value) and caught.value.line == line and caught.value.file == "list.toml"


def test_keys_of_lists(database: Database) -> None:
    with database.write() as session:
        lists.create(session, "renewals", "Verlängerung 续约", {}, NOW)
        with pytest.raises(Refused, match="already"):
            lists.create(session, "renewals", "", {}, NOW)
        with pytest.raises(Refused, match='did you mean "renewals"'):
            lists.get(session, "renewal")
        for key in ("", " x", "x" * 65, "a\nb"):
            with pytest.raises(Invalid):
                lists.create(session, key, "", {}, NOW)


def test_agents_and_pins(database: Database) -> None:
    with database.write() as session:
        agent = agents.create(session, "101", NOW, "Ann Lee 王")
        agents.set_pin(agent, "4711")
        assert pins.matches("4711", agent.pin) and "4711" not in agent.pin
        for bad in ("123", "1111", "1234", "98765", "12a4", "1" * 13, "４７１１"):
            with pytest.raises(Refused):
                agents.set_pin(agent, bad)
        agents.set_pin(agent, "")
        assert agent.pin == ""
        for bad in ("", "abc", "1" * 17, "101", "１０１"):
            with pytest.raises(Refused):
                agents.create(session, bad, NOW)
        assert agents.create_missing(session, ["101", "102", "102"], NOW) == ["102"]
        with pytest.raises(Refused, match='did you mean "101"'):
            agents.get(session, "1011")


def test_a_drawn_pin_is_one_that_is_taken() -> None:
    agent = Agent(id="1", pin="")
    for _ in range(5):
        pin = agents.random_pin()
        agents.set_pin(agent, pin)
        assert len(pin) == 6 and pin.isdecimal()


def test_a_do_not_call_file_ends_calls(database: Database, tmp_path: Path) -> None:
    with database.write() as session:
        agents.create(session, "101", NOW)
        lists.create(session, "l", "", {}, NOW)
        session.add_all([Task(list_id=1, key=key, number=number, canonical=number, details={}, changed=NOW, agent_id="101")
                         for key, number in (("a", "+49305550101"), ("b", "+49305550102"))])
    source = open_source("dnc.csv", b"Telefon;seit\n030 5550101;2020\n(030) 5550-101;\n0900 1234567;\nx;\n;2\n")
    for added in (2, 0):
        with database.write() as session:
            taken = dncfile.take_in(session, source, plan(source, {"Telefon": "number"}), "DE", NOW, "cli", "register")
        assert (taken.rows, taken.added, taken.rejected) == (5, added, {"not a telephone number": 1, "there is no number": 1})
        assert taken.added + taken.known + sum(taken.rejected.values()) == taken.rows
    with database.read() as session:
        assert {t.key: (t.final, t.outcome) for t in session.scalars(select(Task))} == {
            "a": (True, "do-not-call"), "b": (False, "")}
        assert session.scalars(select(Sheet.agent_id)).all() == ["101"]
        assert dncfile.write(session, tmp_path / "dnc.csv") == 2
    assert "'+49305550101,register,file,2026-11-25 09:00" in (tmp_path / "dnc.csv").read_text("utf-8-sig")
    written = open_source("dnc.csv", (tmp_path / "dnc.csv").read_bytes())
    with database.write() as session:
        assert dncfile.take_in(session, written, plan(written), "", NOW, "cli", "").known == 2


SETTINGS = ManagerSettings(imports=ImportSettings(country="DE"))


def test_an_urgent_call_goes_first(database: Database) -> None:
    with database.write() as session:
        agent, call_list = agents.create(session, "101", NOW), lists.create(session, "l", "", {}, NOW)
        task = urgent.insert(session, call_list, agent, "030 5550101", SETTINGS, NOW, name="Ann", service="Leak")
        assert (task.number, task.zone, task.callback, task.not_before, task.agent_id) == (
            "+49305550101", "Europe/Berlin", True, NOW, "101")
        assert session.scalars(select(Sheet.revision)).all() == [1]


@pytest.mark.parametrize(
    ("number", "zone", "state", "said"),
    [
        ("112", "", "open", "emergency"), ("x", "", "open", "not a telephone"), ("030 5550109", "", "open", "do-not-call"),
        ("030 5550101", "Europe/Berln", "open", "unknown time zone"), ("030 5550101", "", "stopped", "is stopped"),
    ],
)
def test_urgent_calls_that_are_refused(database: Database, number: str, zone: str, state: str, said: str) -> None:
    with database.write() as session:
        agent, call_list = agents.create(session, "101", NOW), lists.create(session, "l", "", {}, NOW)
        session.add(DoNotCall(canonical="+49305550109", at=NOW))
        call_list.state = state
        session.flush()
        with pytest.raises((Invalid, Refused), match=said):
            urgent.insert(session, call_list, agent, number, SETTINGS, NOW, zone=zone)
