# SPDX-License-Identifier: GPL-3.0-or-later
"""Each diagnosis finds what it looks for, and nothing where all is well."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from callsheet.manager.settings import ManagerSettings
from callsheet.manager.storage.tables import Agent, CallList, Delivery, Sheet, Task
from callsheet.manager.web.diagnoses import DIAGNOSES, Context, diagnose
from callsheet.manager.web.live.rows import Callee, Figures, Row

NOW = datetime.now(UTC)
HOURS = {"rules": {"hours": [{"days": ["mon"], "start": "08:00:00", "end": "20:00:00"}]}}


def agent(**changes):
    return Row(**{"agent": "101", "name": "Anna", "state": "ready", "since": NOW, "reason": "", "callee": Callee(),
                  "task_since": None, "figures": Figures(), "phone": "p1", "registered": True, "headset": True, "blocker": "",
                  "blocked_until": None, "outbox": 0, "faults": (), **changes})


def well(db):
    """An office where nothing is wrong."""
    db.add(Agent(id="101", name="Anna", created=NOW))
    made = CallList(id=1, key="spring", title="Spring", header=HOURS, created=NOW)
    db.add(made)
    db.flush()
    db.add(Task(id=1, list_id=1, key="t1", number="+49301", canonical="+49301", zone="Europe/Berlin", agent_id="101", changed=NOW))
    db.add(Sheet(id=1, agent_id="101", list_id=1, issued=NOW, phone="p1", until=NOW + timedelta(seconds=550)))
    db.flush()


def found(database, rows=(), change=None):
    with database.write() as db:
        well(db)
        if change:
            change(db)
    with database.read() as db:
        return {problem.key: problem for problem in diagnose(Context(db, rows, ManagerSettings(), NOW))}


def test_where_all_is_well_nothing_is_found(database):
    assert found(database, [agent(), agent(state="off", registered=False, headset=False)]) == {}


@pytest.mark.parametrize(("key", "changes"), [
    ("unregistered", {"registered": False}), ("no-headset", {"headset": False}), ("silent", {"state": "silent"}),
    ("broken", {"faults": ("display",)}), ("outbox", {"outbox": 10}),
])
def test_phones(database, key, changes):
    problems = found(database, [agent(**changes), agent()])
    assert set(problems) == {key} and problems[key].count == 1 and "p1 · Anna" in problems[key].cases[0].name


def set_of(row, id, **values):
    return lambda db: [setattr(db.get(row, id), key, value) for key, value in values.items()]


@pytest.mark.parametrize(("key", "change"), [
    ("stopped", set_of(CallList, 1, state="stopped", stop_reason="608 Rejected")),
    ("zones", set_of(Task, 1, zone="")),
    ("held", set_of(Task, 1, held="unknown")),
    ("late", set_of(Task, 1, callback=True, not_before=NOW - timedelta(minutes=11))),
    ("nobody", set_of(Task, 1, agent_id=None)),
    ("moving", set_of(Task, 1, moving_to="")),
    ("leases", set_of(Sheet, 1, until=NOW + timedelta(seconds=299))),
    ("rejected", lambda db: db.add(Delivery(name="r.json", sha256="0", kind="result", agent_id="101", phone="p1",
                                            received=NOW, error="line 1: not JSON"))),
])
def test_lists_sheets_and_files(database, key, change):
    problems = found(database, (), change)
    assert set(problems) == {key} and problems[key].count == 1


@pytest.mark.parametrize("change", [
    set_of(CallList, 1, header={}), set_of(CallList, 1, header={**HOURS, "zone": "Europe/Berlin"}),
])
def test_a_zone_is_needed_only_where_there_are_calling_hours_and_the_list_has_none(database, change):
    def both(db):
        change(db)
        set_of(Task, 1, zone="")(db)

    assert found(database, (), both) == {}


def test_every_diagnosis_is_tried_here():
    assert len(DIAGNOSES) == 13
