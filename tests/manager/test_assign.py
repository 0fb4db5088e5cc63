# SPDX-License-Identifier: GPL-3.0-or-later
"""Who gets which calls, and why some get none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from callsheet.manager import lists
from callsheet.manager.assign import BY, By, Dealt, assign
from callsheet.manager.errors import Refused
from callsheet.manager.storage.database import Database, open_database
from callsheet.manager.storage.tables import Agent, CallList, Sheet, Task

NOW = datetime(2026, 11, 25, 9, tzinfo=UTC)
KINDS = ("101", "102", "103")


def set_up(database: Database, tasks: Sequence[dict[str, object]], agents: Sequence[dict[str, object]]) -> None:
    with database.write() as session:
        session.add_all([Agent(**{"created": NOW, "languages": [], "regions": [], **one}) for one in agents])
        lists.create(session, "l", "", {}, NOW)
        session.add_all([Task(**{"list_id": 1, "key": f"t{n}", "position": n, "number": f"+4930{n}", "details": {},
                                 "canonical": f"+4930{n}", "changed": NOW, **one}) for n, one in enumerate(tasks)])


def dealt(database: Database, *by: By, agents: Sequence[str] = KINDS) -> tuple[Dealt, list[str | None]]:
    with database.write() as session:
        done = assign(session, session.scalars(select(CallList)).one(), agents, by, NOW)
    with database.read() as session:
        return done, list(session.scalars(select(Task.agent_id).order_by(Task.position)))


def plain(*ids: str) -> list[dict[str, object]]:
    return [{"id": id} for id in ids]


def test_in_turn_in_the_order_given(database: Database) -> None:
    set_up(database, [{}] * 7, plain(*KINDS))
    done, who = dealt(database, agents=("103", "101"))
    assert who == ["103", "101", "103", "101", "103", "101", "103"]
    assert done.agents == {"103": 4, "101": 3} and not done.unassigned
    with database.read() as session:
        assert {(s.agent_id, s.revision) for s in session.scalars(select(Sheet))} == {("101", 1), ("103", 1)}


def test_what_somebody_has_or_is_done_with_stays(database: Database) -> None:
    set_up(database, [{}, {"agent_id": "102"}, {"final": True}, {"withdrawn": True, "final": True}, {}], plain(*KINDS))
    _, who = dealt(database, agents=("101",))
    assert who == ["101", "102", None, None, "101"]
    again, _ = dealt(database, agents=("101",))
    assert not again.agents and not again.unassigned


def test_regions_and_languages(database: Database) -> None:
    set_up(database, [{"region": "Berlin"}, {"region": "berlin ", "language": "de"}, {"region": "Köln", "language": "zh"},
                      {"region": "Bonn"}, {}, {"region": "Köln", "language": "fr"}],
           [{"id": "101", "regions": ["Berlin"], "languages": ["DE"]}, {"id": "102", "regions": ["Köln", "berlin"]}])
    done, who = dealt(database, "region", "language", agents=("101", "102"))
    assert who == ["101", "102", "102", None, "101", "102"]
    assert done.unassigned == {'no agent for region "Bonn"': 1}


def test_why_nobody_can_take_it(database: Database) -> None:
    set_up(database, [{"region": "A", "language": "x"}, {"language": "z"}],
           [{"id": "101", "regions": ["A"], "languages": ["y"]}, {"id": "102", "regions": ["B"], "languages": ["x"]}])
    done, who = dealt(database, "region", "language", agents=("101", "102"))
    assert who == [None, None]
    assert done.unassigned == {'no agent for region "A" and language "x"': 1, 'no agent for language "z"': 1}


def test_capacities_are_limits_and_the_important_go_first(database: Database) -> None:
    set_up(database, [{"priority": n % 3} for n in range(9)] + [{"agent_id": "101"}],
           [{"id": "101", "capacity": 3}, {"id": "102", "capacity": 2}])
    done, who = dealt(database, "priority", agents=("101", "102"))
    assert who[:9] == [None, "102", "101", None, None, "102", None, None, "101"]
    assert done.unassigned == {"the agents' capacities are used up": 5}


def test_in_proportion_to_capacities(database: Database) -> None:
    set_up(database, [{}] * 60, [{"id": "101", "capacity": 100}, {"id": "102", "capacity": 200}])
    assert dealt(database, "capacity", agents=("101", "102"))[0].agents == {"101": 20, "102": 40}


def test_to_whoever_has_the_fewest(database: Database) -> None:
    set_up(database, [{"agent_id": "101"}] * 4 + [{"agent_id": "102", "final": True}] * 9 + [{}] * 6, plain("101", "102"))
    assert dealt(database, "load", agents=("101", "102"))[0].agents == {"101": 1, "102": 5}


@pytest.mark.parametrize(
    ("agents", "by", "said"),
    [
        (("104",), (), "there is no agent"), (("102",), (), "not active"), ((), (), "no agents"),
        (("101",), ("capacity",), "has a capacity"),
    ],
)
def test_refused(database: Database, agents: Sequence[str], by: Sequence[By], said: str) -> None:
    set_up(database, [{}], [{"id": "101", "active": bool(agents)}, {"id": "102", "active": False}])
    with pytest.raises(Refused, match=said):
        dealt(database, *by, agents=agents)


def test_a_closed_list_is_not_dealt(database: Database) -> None:
    set_up(database, [{}], plain("101"))
    with database.write() as session:
        lists.get(session, "l").state = "closed"
    with pytest.raises(Refused, match="closed"):
        dealt(database, agents=("101",))


TRAITS = st.lists(st.sampled_from(["A", "B"]), max_size=2, unique=True)
AGENTS = st.lists(st.tuples(TRAITS, TRAITS, st.one_of(st.none(), st.integers(0, 5))), min_size=1, max_size=4)
TASKS = st.lists(st.tuples(st.sampled_from(["", "A", "B", "C"]), st.sampled_from(["", "A", "B"]), st.integers(0, 2)),
                 max_size=25)


@given(AGENTS, TASKS, st.sets(st.sampled_from([one for one in BY if one != "capacity"])))
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_deal_keeps_the_rules_and_is_the_same_again(new_database, agents, tasks, by) -> None:
    deals = []
    for _ in range(2):
        database = open_database(new_database("sqlite"))
        set_up(database, [{"region": r, "language": lang, "priority": p} for r, lang, p in tasks],
               [{"id": str(n), "regions": r, "languages": lang, "capacity": c} for n, (r, lang, c) in enumerate(agents)])
        deals.append(dealt(database, *by, agents=[str(n) for n in range(len(agents))]))
        database.close()
    (done, who), again = deals
    assert again[1] == who
    got = Counter(one for one in who if one is not None)
    assert done.agents == got and done.agents.total() + done.unassigned.total() == len(tasks)

    def fits(agent: int, task: int) -> bool:
        (regions, languages, _), (region, language, _) = agents[agent], tasks[task]
        return (("region" not in by or not region or not regions or region in regions)
                and ("language" not in by or not language or not languages or language in languages))

    for task, one in enumerate(who):
        if one is not None:
            assert fits(int(one), task)
        else:
            # Nobody who could have taken it has room.
            assert all(capacity is not None and got[str(agent)] >= capacity
                       for agent, (_, _, capacity) in enumerate(agents) if fits(agent, task))
