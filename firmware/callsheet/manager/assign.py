# SPDX-License-Identifier: GPL-3.0-or-later
"""Who calls whom: a list's tasks that nobody has are dealt to agents. The same state gives the same deal."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Literal, NamedTuple

from msgspec import Struct, field
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from callsheet.formats.errors import nearest, shown
from callsheet.manager.errors import Refused
from callsheet.manager.storage.tables import Agent, CallList, Task
from callsheet.manager.work.sheets import touch

By = Literal["round-robin", "region", "language", "priority", "capacity", "load"]
"""How tasks are dealt; several together.

round-robin: one to each in turn (what is done unless "load" or "capacity" says otherwise).
region, language: only to agents who have the task's; an agent without any takes all, and so does a task.
priority: the most important first, so that no limit cuts them off.
capacity: in proportion to the agents' capacities. load: to whoever has the fewest unfinished tasks, in all lists.
Capacities are limits in any case.
"""
BY: tuple[By, ...] = ("round-robin", "region", "language", "priority", "capacity", "load")
_CHUNK = 5000
"""Tasks changed by one statement: the fewer, the less there is to plan; engines take 32,766 values and more."""


class Dealt(Struct):
    """What became of the tasks nobody had."""

    agents: Counter[str] = field(default_factory=Counter)
    unassigned: Counter[str] = field(default_factory=Counter)
    """By reason."""


class Waiting(NamedTuple):
    """Of a task that nobody has, what the deal goes by."""

    priority: int
    region: str
    language: str


class _Hand(Struct):
    """An agent during the deal."""

    id: str
    order: int
    regions: frozenset[str]
    languages: frozenset[str]
    left: float
    """Tasks that there is room for."""
    weight: float
    load: int

    @property
    def rank(self) -> tuple[float, int]:
        return self.load / self.weight, self.order


def assign(
    session: Session, call_list: CallList, agents: Sequence[str], by: Iterable[By], now: datetime,
) -> Dealt:
    """Deal the list's unfinished tasks that no agent has; each sheet that gets some has a new revision.

    `agents` in the order in which they are served; empty: all that are active.
    Raises Refused for an agent who is unknown or not active, or a closed list.
    """
    return assign_with(session, call_list, (), agents, by, now)[0]


def assign_with(
    session: Session, call_list: CallList, new: Sequence[Waiting], agents: Sequence[str], by: Iterable[By], now: datetime,
) -> tuple[Dealt, list[str | None]]:
    """The same, with tasks that are still to be stored behind all others of the list; also who is to have each of them.

    To change a row costs PostgreSQL as much as to store it, in all its indexes: so the caller stores it with its agent.
    """
    if call_list.state == "closed":
        raise Refused(f"list {call_list.key} is closed", f"callsheet manager list resume {call_list.key}")
    wanted = frozenset(by)
    hands = _hands(session, agents, wanted)
    rows = session.execute(
        select(Task.id, Task.priority, Task.region, Task.language)
        .where(Task.list_id == call_list.id, Task.agent_id.is_(None), Task.final.is_(False), Task.withdrawn.is_(False))
        .order_by(Task.position, Task.id)).all()
    dealt, got = _deal([*(Waiting(*row[1:]) for row in rows), *new], hands, wanted)
    ids: dict[str, list[int]] = {}
    for row, agent in zip(rows, got, strict=False):
        if agent is not None:
            ids.setdefault(agent, []).append(row.id)
    for agent, theirs in ids.items():
        for start in range(0, len(theirs), _CHUNK):
            session.execute(update(Task).where(Task.id.in_(theirs[start: start + _CHUNK])).values(agent_id=agent)
                            .execution_options(synchronize_session=False))
    touch(session, {(agent, call_list.id) for agent in dealt.agents}, now)
    return dealt, got[len(rows):]


def existing(session: Session, agents: Sequence[str]) -> list[Agent]:
    """These agents, or all active ones; raises Refused for one who is unknown or not active."""
    known = {agent.id: agent for agent in session.scalars(select(Agent).order_by(Agent.id))}
    if not agents:
        found = [agent for agent in known.values() if agent.active]
        if not found:
            raise Refused("there are no agents", "callsheet manager agent add 101")
        return found
    for id in agents:
        if id not in known:
            raise Refused(f"there is no agent {shown(id)}",
                          nearest(id, known) if known and len(known) < 25 else f"callsheet manager agent add {id}")
        if not known[id].active:
            raise Refused(f"agent {shown(id)} is not active", f"callsheet manager agent set {id} --active yes")
    return [known[id] for id in dict.fromkeys(agents)]


def _hands(session: Session, agents: Sequence[str], by: frozenset[By]) -> list[_Hand]:
    rows = existing(session, agents)
    counts = session.execute(select(Task.agent_id, func.count()).where(Task.final.is_(False)).group_by(Task.agent_id))
    loads = {agent: count for agent, count in counts if agent is not None}
    if "capacity" in by and not any(agent.capacity for agent in rows):
        raise Refused("none of the agents has a capacity", "callsheet manager agent set 101 --capacity 200")
    usual = max([agent.capacity or 0 for agent in rows] or [1]) or 1
    return [_Hand(
        agent.id, order, _folded(agent.regions), _folded(agent.languages),
        float("inf") if agent.capacity is None else max(0, agent.capacity - loads.get(agent.id, 0)),
        float((usual if agent.capacity is None else agent.capacity) or 1) if "capacity" in by else 1.0,
        loads.get(agent.id, 0) if "load" in by else 0,
    ) for order, agent in enumerate(rows)]


def _folded(names: Iterable[object]) -> frozenset[str]:
    return frozenset(str(name).strip().casefold() for name in names)


def _deal(tasks: Sequence[Waiting], hands: list[_Hand], by: frozenset[By]) -> tuple[Dealt, list[str | None]]:
    """Also who has each task, in the order given."""
    order: Iterable[int] = range(len(tasks))
    if "priority" in by:
        order = sorted(order, key=lambda n: -tasks[n].priority)
    queues: dict[tuple[str, str], list[tuple[tuple[float, int], int]]] = {}
    dealt = Dealt()
    got: list[str | None] = [None] * len(tasks)
    for number in order:
        _, region, language = tasks[number]
        key = (region.strip().casefold() if "region" in by else "",
               language.strip().casefold() if "language" in by else "")
        if key not in queues:
            fit = [hand for hand in hands if _fits(key[0], hand.regions) and _fits(key[1], hand.languages)]
            queues[key] = [(hand.rank, hand.order) for hand in fit]
            heapq.heapify(queues[key])
        hand = _next(queues[key], hands)
        if hand is None:
            dealt.unassigned[_why(region, language, key, hands)] += 1
            continue
        got[number] = hand.id
        hand.load += 1
        hand.left -= 1
        dealt.agents[hand.id] += 1
    return dealt, got


def _fits(wanted: str, has: frozenset[str]) -> bool:
    return not wanted or not has or wanted in has


def _next(queue: list[tuple[tuple[float, int], int]], hands: list[_Hand]) -> _Hand | None:
    """Who is next; an entry that another queue has overtaken is put back where it belongs."""
    while queue:
        rank, order = queue[0]
        hand = hands[order]
        if hand.left < 1:
            heapq.heappop(queue)
        elif rank != hand.rank:
            heapq.heapreplace(queue, (hand.rank, order))
        else:
            return hand
    return None


def _why(region: str, language: str, key: tuple[str, str], hands: list[_Hand]) -> str:
    if key[0] and not any(_fits(key[0], hand.regions) for hand in hands):
        return f"no agent for region {shown(region)}"
    if key[1] and not any(_fits(key[1], hand.languages) for hand in hands):
        return f"no agent for language {shown(language)}"
    if not any(_fits(key[0], hand.regions) and _fits(key[1], hand.languages) for hand in hands):
        return f"no agent for region {shown(region)} and language {shown(language)}"
    return "the agents' capacities are used up"
