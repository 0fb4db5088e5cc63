# SPDX-License-Identifier: GPL-3.0-or-later
"""Which tasks move, and that what was foretold is what happens."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from callsheet.manager.storage.tables import Agent, CallList, Sheet, Task
from callsheet.manager.web import moving
from callsheet.manager.web.moving import Wish
from callsheet.manager.work import moves
from callsheet.manager.work.terms import Terms
from tests.manager.web.page_server import words

NOW = datetime.now(UTC).replace(microsecond=0)
TERMS = Terms(600, 60)


@pytest.fixture
def work(database):
    """Agent 101 has six tasks of a list that a phone holds, and two of one that nobody does; four are nobody's."""
    with database.write() as db:
        db.add_all(Agent(id=id, name=f"Agent {id}", created=NOW) for id in ("101", "102"))
        held, free = (CallList(key=key, title=key, created=NOW) for key in ("held", "free"))
        db.add_all((held, free))
        db.flush()
        for n in range(12):
            of, agent = (held, "101") if n < 6 else (free, "101") if n < 8 else (free, None)
            db.add(Task(list_id=of.id, key=f"t{n}", position=n, number=f"+4930{n:05}", canonical=f"+4930{n:05}", changed=NOW,
                        agent_id=agent, region="North" if n % 2 else "South", outcome="busy" if n == 1 else "",
                        priority=5 if n == 5 else 0, final=n == 0))
        db.add(Sheet(agent_id="101", list_id=held.id, issued=NOW, phone="p1", heard=NOW - timedelta(seconds=20),
                     until=NOW + timedelta(seconds=580), revision=2, held_revision=2))
        db.add(Sheet(agent_id="101", list_id=free.id, issued=NOW))
    return database


def keys(database, wish):
    with database.read() as db:
        return [key for _, _, key in moving.chosen(db, wish)]


def test_what_is_called_last_goes_first(work):
    assert keys(work, Wish("101", "102")) == ["t7", "t6", "t4", "t3", "t2", "t1", "t5"]
    assert keys(work, Wish("101", "102", most=2)) == ["t7", "t6"]


def test_filters(work):
    assert set(keys(work, Wish("101", "102", list_id=1, region="North"))) == {"t1", "t3", "t5"}
    assert set(keys(work, Wish("101", "102", list_id=1, fresh=True))) == {"t2", "t3", "t4", "t5"}
    assert set(keys(work, Wish(moves.POOL, "102"))) == {"t8", "t9", "t10", "t11"}
    assert keys(work, Wish("102", "101")) == []


@pytest.mark.parametrize("wish", [Wish("101", "102"), Wish("101", moves.POOL, most=3), Wish(moves.POOL, "102"),
                                  Wish("101", "102", list_id=1)])
def test_what_is_foretold_happens(work, wish):
    with work.read() as db:
        forecast = moving.forecast(db, wish, TERMS, NOW)
    with work.write() as db:
        moved = moves.move(db, {id: wish.target for id, _, _ in moving.chosen(db, wish)}, TERMS, NOW)
    assert (moved.at_once, moved.waiting) == (forecast.at_once, sum(one.count for one in forecast.waiting))
    assert moved.kept == 0 and forecast.count == moved.at_once + moved.waiting
    for one in forecast.waiting:
        assert (one.phone, one.asks, one.ends) == ("p1", NOW + timedelta(seconds=40), NOW + timedelta(seconds=640))


def test_a_lease_that_is_over_holds_nothing(work):
    with work.read() as db:
        assert moving.forecast(db, Wish("101", "102"), TERMS, NOW + timedelta(seconds=641)).waiting == ()


def test_the_board_counts_what_leaves_and_what_comes(work):
    with work.write() as db:
        moves.move(db, {id: "102" for id, _, _ in moving.chosen(db, Wish("101", "102", list_id=1))}, TERMS, NOW)
    with work.read() as db:
        loads = {load.agent: load for load in moving.board(db)}
    assert (loads["101"].count, loads["101"].leaving, loads["102"].coming, loads[moves.POOL].count) == (2, 5, 5, 4)


def test_the_page_moves_and_refuses(work, manager):
    same = manager.change("/work/move", {"source": "101", "target": "101"})
    assert same.status_code == 422 and "Choose another agent" in words(same)
    assert manager.change("/work/move", {"source": "101", "target": "999"}).status_code == 422
    nothing = manager.change("/work/move", {"source": "102", "target": "101"})
    assert "Nothing to move" in words(nothing)
    done = manager.change("/work/move", {"source": "101", "target": "102", "most": "3"})
    assert "2 tasks moved at once; 1 move when their phone lets go." in words(done)
    with work.read() as db:
        assert sorted(db.scalars(select(Task.key).where(Task.agent_id == "102"))) == ["t6", "t7"]
        assert db.scalars(select(Task.key).where(Task.moving_to == "102")).all() == ["t4"]
